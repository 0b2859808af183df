--- Responses of the service and the expected results of a call (docs/protocol.md, "Responses" and "Retries"; docs/design.md,
-- "Errors").
--
-- Data only, so that all drivers run the same list. A scenario is
--
--   name      the behavior
--   arn       the ARN of the request to the emulator; or else
--   answer    { status, headers?, body? }, sent literally; `body_base64` or `raw` if only a server can send it
--   botocore  true: botocore has the same message (a service error in a literal answer)
--   expect    { result = the recordingConfiguration, false for none; metadata = fields of ResponseMetadata }
--             or { error = fields of err }; `scenarios.ABSENT`: the field is absent; { contains = text }: the field
--             contains the text
--
-- Every call has a single attempt (max_attempts = 1). Expected values come from the documents, from botocore's parser, or from
-- the emulator's store, never from our own output.

local cases = require "emulator.cases"
local store = require "emulator.store"

local ABSENT = {}
local scenarios = { ABSENT = ABSENT, list = {} }

local function add(name, answer, expect, more)
  local scenario = { name = name, answer = answer, expect = expect }
  for key, value in pairs(more or {}) do scenario[key] = value end
  scenarios.list[#scenarios.list + 1] = scenario
end

-- Results ------------------------------------------------------------------------------------------------------

for _, label in ipairs(store.labels) do
  scenarios.list[#scenarios.list + 1] = {
    name = "the configuration " .. label .. " comes whole and under its documented names",
    arn = store.configurations[label].arn,
    expect = { result = store.configurations[label], metadata = { HTTPStatusCode = 200, RetryAttempts = 0 } },
  }
end

local BARE = { arn = "A", state = "ACTIVE" }

local function with(members)
  local result = {}
  for _, from in ipairs { BARE, members } do
    for name, value in pairs(from) do result[name] = value end
  end
  return result
end

local function recording(members)
  return '{"recordingConfiguration":{"arn":"A",' .. members .. '"state":"ACTIVE"}}'
end

local function gives(name, members, result)
  add(name, { status = 200, body = recording(members .. ",") }, { result = with(result or {}) })
end

local function whole(name, body, result, more)
  add(name, { status = 200, body = body }, { result = result }, more)
end

whole("a new value of the state passes through",
  '{"recordingConfiguration":{"state":"ARCHIVED"}}', { state = "ARCHIVED" })
gives("new values of the renditions pass through",
  '"renditionConfiguration":{"renditionSelection":"SOME","renditions":["UHD","HD"]}',
  { renditionConfiguration = { renditionSelection = "SOME", renditions = { "UHD", "HD" } } })
gives("new values of the thumbnails pass through",
  '"thumbnailConfiguration":{"recordingMode":"SCENE","resolution":"UHD","storage":["NONE"]}',
  { thumbnailConfiguration = { recordingMode = "SCENE", resolution = "UHD", storage = { "NONE" } } })

for _, member in ipairs { "name", "tags", "recordingReconnectWindowSeconds", "renditionConfiguration",
  "thumbnailConfiguration", "destinationConfiguration" } do
  gives("a null " .. member .. " is absent", ('"%s":null'):format(member))
end
gives("a null bucket is absent", '"destinationConfiguration":{"s3":{"bucketName":null}}',
  { destinationConfiguration = { s3 = {} } })
gives("a null s3 is absent", '"destinationConfiguration":{"s3":null}', { destinationConfiguration = {} })
gives("nulls inside structures are absent",
  '"thumbnailConfiguration":{"recordingMode":null,"storage":null,"targetIntervalSeconds":null,"resolution":"HD"}',
  { thumbnailConfiguration = { resolution = "HD" } })
gives("nulls in a list stay out of it and leave no gap",
  '"renditionConfiguration":{"renditions":[null,"HD",null,null,"SD",null]}',
  { renditionConfiguration = { renditions = { "HD", "SD" } } })
gives("a list of nulls is empty", '"thumbnailConfiguration":{"storage":[null,null]}',
  { thumbnailConfiguration = { storage = {} } })
gives("a null tag is absent", '"tags":{"a":null,"b":"c"}', { tags = { b = "c" } })
whole("a null recordingConfiguration is absent", '{"recordingConfiguration":null}', false)
whole("an object without the member is a result without it", "{}", false)

whole("unknown members are dropped at every level", [==[{"nextToken":"t","recordingConfiguration":{"arn":"A","new":{"a":[1]},
  "destinationConfiguration":{"gcs":{"bucketName":"x"},"s3":{"bucketName":"b","keyPrefix":"p"}},
  "renditionConfiguration":{"codec":"av1","renditions":["HD"]},"thumbnailConfiguration":{"format":"webp"}},"x":[[]]}]==],
  { arn = "A", destinationConfiguration = { s3 = { bucketName = "b" } },
    renditionConfiguration = { renditions = { "HD" } }, thumbnailConfiguration = {} })
whole("members are told by their exact names", '{"recordingConfiguration":{"ARN":"A","Name":"n","arn":"b"}}', { arn = "b" })

-- docs/protocol.md, "Result": 60 and "60" are 60, 60.9 is 60
for text, number in pairs { ["60"] = 60, ['"60"'] = 60, ["60.9"] = 60, ["60.0"] = 60, ["6e1"] = 60, ["0"] = 0,
  ["-1"] = -1, ["-1.9"] = -1, ['"-7"'] = -7, ["0.5"] = 0, ["2147483648"] = 2147483648,
  ["9007199254740991"] = 9007199254740991, ['"9007199254740991"'] = 9007199254740991 } do
  gives("the integer " .. text .. " is " .. ("%.0f"):format(number),
    ('"recordingReconnectWindowSeconds":%s,"thumbnailConfiguration":{"targetIntervalSeconds":%s}'):format(text, text),
    { recordingReconnectWindowSeconds = number, thumbnailConfiguration = { targetIntervalSeconds = number } })
end

gives("text is UTF-8, however it was escaped", [["name":"caf\u00e9 \ud83d\ude00 é 😀","tags":{"\u0000":"\"\\\/\n","":""}]],
  { name = "caf\195\169 \240\159\152\128 \195\169 \240\159\152\128", tags = { ["\0"] = '"\\/\n', [""] = "" } })
whole("white space around the body is no matter", " \r\n\t" .. recording "" .. "\n", BARE)
add("any status of 2xx is a success", { status = 206, body = recording "" },
  { result = BARE, metadata = { HTTPStatusCode = 206 } })
add("gzip is decoded if it comes", { status = 200, headers = { ["Content-Encoding"] = "gzip" },
  body_base64 = "H4sIAAAAAAACA6tWKkpNzi9KycxLd87PS8tMLy1KLMnMz1OyqlZKLAJSSo5KOkrFJYklqSC2c4hnmCtQAK4pCMjIy0tNLgnPzEvJL"
    .. "w8GcVOKlazMDGprAU2ifMxcAAAA" }, { result = with { recordingReconnectWindowSeconds = 60 } })
add("the request id is told", { status = 200, headers = { ["x-amzn-RequestId"] = "id-1" }, body = recording "" },
  { result = BARE, metadata = { RequestId = "id-1" } })
add("x-amzn-requestid is told before x-amz-request-id",
  { status = 200, headers = { ["x-amz-request-id"] = "id-2", ["x-amzn-requestid"] = "id-1" }, body = recording "" },
  { result = BARE, metadata = { RequestId = "id-1" } })

local function raw(headers, body)
  return "HTTP/1.1 200 OK\r\n" .. headers .. "Content-Length: " .. #body .. "\r\n\r\n" .. body
end

add("a missing request id is absent", { raw = raw("", recording "") },
  { result = BARE, metadata = { RequestId = ABSENT, HTTPStatusCode = 200 } })
add("x-amz-request-id serves in its place", { raw = raw("X-Amz-Request-Id: id-2\r\n", recording "") },
  { result = BARE, metadata = { RequestId = "id-2" } })

-- Successes that cannot be decoded ---------------------------------------------------------------------------------

local function unreadable(name, body, status, more)
  add(name, { status = status or 200, body = body }, { error = { kind = "response", code = "ResponseParserError",
    status = status or 200, retryable = true, attempts = 1 } }, more)
end

unreadable("an empty body of a 200 is no success", "")
unreadable("a body of white space of a 200 is no success", " \n")
unreadable("a 201 without a body is no success", "", 201)
unreadable("HTML with a 200 is no success", "<html><body>Sign in to the network</body></html>")
unreadable("a truncated body of a 200 is no success", recording(""):sub(1, -6))
unreadable("trailing text makes a body unreadable", recording "" .. "x")
unreadable("a JSON array is no result", "[1]")
unreadable("an empty JSON array is no result", "[]")
unreadable("a JSON string is no result", '"recordingConfiguration"')
unreadable("a JSON number is no result", "5")
unreadable("JSON's null is no result", "null")
unreadable("JSON's true is no result", "true")
unreadable("a body that is not UTF-8 is unreadable", recording '"name":"\255",')
unreadable("NaN is no JSON", recording '"recordingReconnectWindowSeconds":NaN,')
unreadable("endless nesting is refused, unknown member or not", '{"x":' .. ("["):rep(5000) .. ("]"):rep(5000) .. "}")

for members, what in pairs {
  ['"recordingReconnectWindowSeconds":"soon"'] = "a word for an integer",
  ['"recordingReconnectWindowSeconds":""'] = "an empty text for an integer",
  ['"recordingReconnectWindowSeconds":"60.5"'] = "a fraction in text for an integer",
  ['"recordingReconnectWindowSeconds":{}'] = "an object for an integer",
  ['"recordingReconnectWindowSeconds":[60]'] = "a list for an integer",
  ['"recordingReconnectWindowSeconds":1e300'] = "a number beyond all integers",
  ['"recordingReconnectWindowSeconds":1e999'] = "a number beyond all doubles",
  ['"recordingReconnectWindowSeconds":"99999999999999999999"'] = "digits beyond all integers",
  ['"name":5'] = "a number for a string",
  ['"name":{}'] = "an object for a string",
  ['"name":true'] = "a boolean for a string",
  ['"tags":"a=b"'] = "a string for a map",
  ['"tags":["a"]'] = "a list for a map",
  ['"tags":{"a":1}'] = "a number for a tag's value",
  ['"destinationConfiguration":"s3"'] = "a string for a structure",
  ['"destinationConfiguration":{"s3":[{"bucketName":"b"}]}'] = "a list for a structure",
  ['"renditionConfiguration":{"renditions":"HD"}'] = "a string for a list",
  ['"renditionConfiguration":{"renditions":{"0":"HD"}}'] = "an object for a list",
  ['"renditionConfiguration":{"renditions":[["HD"]]}'] = "a list inside a list",
  ['"thumbnailConfiguration":{"targetIntervalSeconds":false}'] = "a boolean for an integer",
} do
  unreadable(what .. " makes a body unreadable", recording(members .. ","))
end
unreadable("a string for the recordingConfiguration makes a body unreadable", '{"recordingConfiguration":"A"}')

-- Service errors -----------------------------------------------------------------------------------------------

local function fails(name, answer, error, more)
  error.kind, error.status, error.attempts = "service", answer.status, 1
  add(name, answer, { error = error }, more)
end

local SAME = { botocore = true } -- for botocore from 1.29 on
local NAMESPACE, URI = "com.amazon.ivs#", ":http://internal.amazon.com/coral/com.amazon.ivs/"

for code, status in pairs { ResourceNotFoundException = 404, InternalServerException = 500,
  AccessDeniedException = 403, ValidationException = 400, ThrottlingException = 429 } do
  local retryable = status == 500 or status == 429
  local function form(how, headers, member, value, more)
    local body = '{"message":"m"' .. (member and (',"%s":"%s"'):format(member, value) or "") .. "}"
    fails(code .. " is told " .. how, { status = status, headers = headers, body = body },
      { code = code, message = "m", retryable = retryable }, more)
  end
  form("by the header", { ["x-amzn-ErrorType"] = code }, nil, nil, SAME)
  form("by the header with a URI", { ["x-amzn-ErrorType"] = code .. URI }, nil, nil, SAME)
  form("by the header with a namespace", { ["x-amzn-ErrorType"] = NAMESPACE .. code })
  form("by the header with a namespace and a URI", { ["x-amzn-ErrorType"] = NAMESPACE .. code .. URI })
  form("by code", nil, "code", code, SAME)
  form("by Code", nil, "Code", code, SAME)
  form("by __type", nil, "__type", code, SAME)
  form("by __type with a namespace", nil, "__type", NAMESPACE .. code, SAME)
  form("by code with a namespace", nil, "code", NAMESPACE .. code)
  fails(code .. " has its modelled exceptionMessage for a message", -- docs/design.md, "Differences from boto3": lost by botocore
    { status = status, headers = { ["x-amzn-ErrorType"] = code }, body = '{"exceptionMessage":"what went wrong"}' },
    { code = code, message = "what went wrong", retryable = retryable })
end

for id, modelled in pairs(cases.modelled) do
  for _, style in ipairs { "", "--uri", "--namespace", "--type", "--code" } do
    scenarios.list[#scenarios.list + 1] = { name = "the emulator's " .. modelled[1] .. style .. " is mapped",
      arn = store.arn(id .. style), expect = { error = { kind = "service", code = modelled[1], status = modelled[2],
        message = { contains = modelled[3] }, attempts = 1 } } }
  end
end

local function body_error(name, body, error, more)
  fails(name, { status = 400, body = body }, error, more)
end

fails("the header's code comes before the body's", { status = 400, headers = { ["x-amzn-ErrorType"] = "Header" },
  body = '{"code":"Body","__type":"Type","message":"m"}' }, { code = "Header", message = "m" }, SAME)
body_error("code comes before Code and __type", '{"__type":"T","Code":"C","code":"c"}', { code = "c", message = "" }, SAME)
body_error("Code comes before __type", '{"__type":"T","Code":"C"}', { code = "C", message = "" }, SAME)
body_error("message comes before Message and exceptionMessage",
  '{"code":"c","exceptionMessage":"e","Message":"M","message":"m"}', { code = "c", message = "m" }, SAME)
body_error("Message comes before exceptionMessage", '{"code":"c","exceptionMessage":"e","Message":"M"}',
  { code = "c", message = "M" }, SAME)
body_error("a code that no model names arrives as it came", '{"code":"SomethingNew","message":"m"}',
  { code = "SomethingNew", message = "m", retryable = false }, SAME)
body_error("without a code the status is the code", '{"message":"m"}', { code = "400", message = "m" }, SAME)
body_error("an empty object has the status for a code", "{}", { code = "400", message = "", retryable = false }, SAME)
body_error("an error without a body has the status for a code", "", { code = "400", message = "" }, SAME)
body_error("text is the message as it stands", "Bad Request: \"x\"", { code = "400", message = "Bad Request: \"x\"" }, SAME)
body_error("truncated JSON is the message as it stands", '{"message":"m', { code = "400", message = '{"message":"m' }, SAME)
body_error("a JSON array has no message", '["m"]', { code = "400", message = { contains = "" } })
body_error("a JSON string is text", '"m"', { code = "400", message = '"m"' })
body_error("a message that is no string is passed over", '{"code":"c","message":{"a":1},"Message":"M"}',
  { code = "c", message = "M" })
body_error("a throttling code counts at any status", '{"code":"SlowDown"}', { code = "SlowDown", message = "",
  retryable = true }, SAME)
body_error("RequestTimeout counts at any status", '{"code":"RequestTimeout"}', { code = "RequestTimeout", message = "",
  retryable = true }, SAME)
fails("a bare 429 is throttling", { status = 429, body = '{"message":"Too Many Requests"}' },
  { code = "429", message = "Too Many Requests", retryable = true }, SAME)
fails("HTML below 500 is the message", { status = 404, body = "<html>no</html>" },
  { code = "404", message = "<html>no</html>", retryable = false }, SAME)
fails("a JSON error at 503 keeps its code", { status = 503, body = '{"code":"ServiceUnavailable","message":"m"}' },
  { code = "ServiceUnavailable", message = "m", retryable = true }, SAME)
fails("text at 502 is the message", { status = 502, body = "upstream" }, { code = "502", message = "upstream" }, SAME)
fails("the request id and the headers of an error are told", { status = 400, body = "{}",
  headers = { ["x-amzn-RequestId"] = "id-1", ["X-Extra"] = "Yes" } }, { code = "400", request_id = "id-1" })

-- The reason phrases are RFC 9110's.
for status, reason in pairs { [500] = "Internal Server Error", [502] = "Bad Gateway", [503] = "Service Unavailable",
  [504] = "Gateway Timeout", [501] = "Not Implemented" } do
  local error = { code = tostring(status), message = reason, retryable = status ~= 501 }
  for what, body in pairs { ["an empty body"] = "", ["a page of HTML"] = "<html><h1>Sorry</h1></html>" } do
    fails(what .. " at " .. status .. " gives the reason phrase", { status = status, body = body,
      headers = { ["Content-Type"] = "text/html" } }, { code = error.code, message = error.message,
      retryable = error.retryable }, SAME)
  end
end
for _, status in ipairs { 300, 301, 302, 303, 307, 308 } do
  fails("a " .. status .. " is an error and is not followed", { status = status, body = "",
    headers = { Location = "https://ivs.invalid/" } }, { code = tostring(status), message = "", retryable = false })
end

return scenarios
