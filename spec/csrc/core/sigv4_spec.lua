--- The request of one call, byte for byte beside botocore's (docs/protocol.md, "Signature").
--
-- Named examples show which rule is broken; a thousand random cases look for others. All expected
-- values come from one run of spec/oracle/sigv4.py. The random cases are the same on every machine and every Lua:
-- the generator is our own, exact in doubles.
-- Not for: where a call goes (endpoint_spec), or which endpoints are valid.

local core = require "ivs.core"
local oracle = require "support.oracle"

local ARN = "arn:aws:ivs:us-west-2:123456789012:recording-configuration/AbCdEf123456"
local MIDNIGHT = 1700006400 -- 2023-11-15T00:00:00Z
local RANDOM_CASES = 1200
local SHOWN_FAILURES = 3

local BASE = {
  access_key_id = "AKIDEXAMPLE",
  secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  region = "us-west-2",
  arn = ARN,
  time = 1700000000,
}

local function case(changes)
  local made = {}
  for _, from in ipairs { BASE, changes or {} } do
    for key, value in pairs(from) do
      made[key] = value
    end
  end
  return made
end

-- The module ---------------------------------------------------------------------------------------------------

--- A client for the case; `clock.now` is the time that it will be told.
local function client_for(input, clock)
  return assert(core.client({
    region = not input.region_from_arn and input.region or nil,
    endpoint_url = input.endpoint_url,
    credentials = {
      access_key_id = input.access_key_id,
      secret_access_key = input.secret_access_key,
      session_token = input.session_token,
    },
    env = {},
  }, {
    time = function() return clock.now end,
    random = function() return 0.5 end,
  }))
end

local function request_of(client, arn)
  local step, request = client:call({ arn = arn }):next()
  assert(step == "exchange", "expected an exchange, got " .. tostring(step) .. ": " .. tostring(request))
  return request
end

local function request_for(input)
  return request_of(client_for(input, { now = input.time }), input.arn)
end

local function compared(request)
  return {
    url = request.url,
    body = request.body,
    host = request.headers["Host"],
    date = request.headers["X-Amz-Date"],
    token = request.headers["X-Amz-Security-Token"],
    authorization = request.headers["Authorization"],
    content_type = request.headers["Content-Type"],
  }
end

--- What differs, as text for a person; nil when nothing does.
local function difference(expected, request)
  local actual, lines = compared(request), {}
  for _, name in ipairs { "url", "body", "host", "date", "token", "content_type", "authorization" } do
    if actual[name] ~= expected[name] then
      local is, should_be = tostring(actual[name]), tostring(expected[name])
      lines[#lines + 1] = ("%s\n  is        %s\n  should be %s"):format(name, is, should_be)
    end
  end
  if #lines > 0 then
    lines[#lines + 1] = "botocore's canonical request:\n" .. expected.canonical_request
    return table.concat(lines, "\n")
  end
end

-- Named examples -----------------------------------------------------------------------------------------------

local HOST = "https://ivs.example"

-- { name, changes to BASE, also against a complete botocore client }
local EXAMPLES = {
  { "a plain call is signed", {}, true },
  { "a session token is sent and signed", { session_token = "FwoGZXIvYXdzEXAMPLE/+==" }, true },
  { "a token of 2 KB is sent whole", { session_token = ("IQoJb3JpZ2luX2Vj"):rep(128) }, true },
  { "an empty session token counts as none", { session_token = "" }, true },
  { "a secret longer than a SHA-256 block works", { secret_access_key = ("s"):rep(200) }, true },
  { "a secret's bytes are taken as they are", { secret_access_key = "\195\169 \226\130\172\240\159\152\128" }, true },
  { "a base path comes before the operation", { endpoint_url = HOST .. "/base" }, true },
  { "one slash at the end of the base path is absorbed", { endpoint_url = HOST .. "/base/" }, true },
  { "the root slash is absorbed", { endpoint_url = HOST .. "/" }, true },
  { "dot segments are signed resolved and sent as they are", { endpoint_url = HOST .. "/a/./b/../c" }, true },
  { "dot segments do not climb above the root", { endpoint_url = HOST .. "/../../a" }, true },
  { "double slashes are signed as one", { endpoint_url = HOST .. "//a///b//" }, true },
  { "an escape in the path is encoded once more", { endpoint_url = HOST .. "/x%20y/%2F/%e9" }, true },
  { "an escaped dot segment is no dot segment", { endpoint_url = HOST .. "/a/%2e%2e/b" }, true },
  { "a tilde in the path is not encoded", { endpoint_url = HOST .. "/~user" }, true },
  { "sub-delimiters in the path are encoded", { endpoint_url = HOST .. "/a:b=c@d;e,f+g$h!i*j(k)l'm&n" }, true },
  { "the query is sorted by name", { endpoint_url = HOST .. "?b=2&a=1&B=3" } },
  { "repeated names are sorted by value", { endpoint_url = HOST .. "/p?a=2&a=10&a=1" } },
  { "names are sorted as names, not with their values", { endpoint_url = HOST .. "?a-=1&a=2&a1=3&a.=4&a%20=5" } },
  { "a name without a value counts as an empty value", { endpoint_url = HOST .. "?b&a=&c" } },
  { "only the first equals sign divides", { endpoint_url = HOST .. "?k=v=w&k==" } },
  { "an empty pair is kept", { endpoint_url = HOST .. "?a=1&&b=2&" } },
  { "escapes in the query are signed as they are", { endpoint_url = HOST .. "?a=%7e&b=~&c=%2F&d=+" } },
  { "a question mark without a query is dropped", { endpoint_url = HOST .. "/p?" }, true },
  { "the host is lowercased", { endpoint_url = "https://IVS.Example.COM" }, true },
  { "the scheme is lowercased", { endpoint_url = "HTTPS://ivs.example" }, true },
  { "443 is dropped for https", { endpoint_url = "https://ivs.example:443" }, true },
  { "80 is dropped for http", { endpoint_url = "http://ivs.example:80" }, true },
  { "80 is kept for https", { endpoint_url = "https://ivs.example:80" }, true },
  { "443 is kept for http", { endpoint_url = "http://ivs.example:443" }, true },
  { "another port is kept", { endpoint_url = "http://localhost:4566/ivs" }, true },
  { "a dot at the end of the host is kept", { endpoint_url = "https://ivs.example." }, true },
  { "an IPv4 address is a host", { endpoint_url = "http://127.0.0.1:8080" }, true },
  { "an IPv6 address stands in brackets", { endpoint_url = "http://[::1]:8080" }, true },
  { "an IPv6 address is lowercased", { endpoint_url = "https://[FD00:EC2::23]:443/p" }, true },
  { "a quote, a backslash and a slash", { arn = "\"\\/" }, true },
  { "control characters and DEL", { arn = "\0\1\8\9\10\12\13\27\31\127" }, true },
  { "characters of the BMP", { arn = "\194\128\195\169\226\130\172\226\128\168\239\191\191" }, true },
  { "characters outside the BMP", { arn = "\240\144\128\128\240\159\152\128\244\143\191\191" }, true },
  { "an empty ARN is sent", { arn = "" }, true },
  { "an overlong ARN is sent", { arn = ("a"):rep(300) }, true },
  { "a fraction of a second is cut off", { time = MIDNIGHT - 0.001 }, true },
  { "a leap day", { time = 1709164800 + 86399 }, true },
  { "the year 2100", { time = 4102444800 }, true },
  { "a month and a day of one digit", { time = 1704067200 }, true },
}

-- Sequences that a remembered signing key must follow: { name, steps }, each step changes to BASE. Steps with the
-- same `client` share one client, and its options are those of the first of them.
local SEQUENCES = {
  { "the scope's date changes at midnight UTC, forth and back", {
    { client = 1, time = MIDNIGHT - 1 }, { client = 1, time = MIDNIGHT }, { client = 1, time = MIDNIGHT + 86400 },
    { client = 1, time = MIDNIGHT - 1 },
  } },
  { "clients of two regions do not share a key", {
    { client = 1 }, { client = 2, region = "us-east-1" }, { client = 1 }, { client = 2, region = "us-east-1" },
  } },
  { "clients with one access key and two secrets do not share a key", {
    { client = 1 }, { client = 2, secret_access_key = "another" }, { client = 1 },
    { client = 2, secret_access_key = "another" },
  } },
  { "clients with one key pair and two tokens do not share a token", {
    { client = 1, session_token = "one" }, { client = 2, session_token = "two" }, { client = 3 },
    { client = 1, session_token = "one" },
  } },
  { "a client without a region signs for each ARN's own", {
    { client = 1, region_from_arn = true }, { client = 1, region_from_arn = true, region = "eu-west-1",
      arn = "arn:aws:ivs:eu-west-1:123456789012:recording-configuration/x" },
    { client = 1, region_from_arn = true },
  } },
}

-- Random cases -------------------------------------------------------------------------------------------------

local state = 20200714 -- the API's version; the generator is Park and Miller's, whose products stay below 2^53

local function random(limit)
  state = state * 16807 % 2147483647
  return state % limit + 1
end

local function pick(list) return list[random(#list)] end

local function text(length, alphabet)
  local made = {}
  for index = 1, length do
    local at = random(#alphabet)
    made[index] = alphabet:sub(at, at)
  end
  return table.concat(made)
end

local function pieces(most, piece, separator)
  local made = {}
  for index = 1, random(most + 1) - 1 do
    made[index] = piece()
  end
  return table.concat(made, separator or "")
end

local DIGITS, LOWER = "0123456789", "abcdefghijklmnopqrstuvwxyz"
local ALNUM = DIGITS .. LOWER .. LOWER:upper()
local REGIONS = { "us-east-1", "us-west-2", "ap-south-1", "ap-northeast-1", "ap-northeast-2", "eu-central-1",
  "eu-west-1", "us-gov-west-1", "cn-north-1", "sa-east-1", "eu-south-2", "us-west-9" }
local HOSTS = { "ivs.example", "IVS.Example.Com", "localhost", "127.0.0.1", "[::1]", "[2001:DB8::a:1]", "x",
  "ivs.example.", "vpce-0a1b.ivs.us-west-2.vpce.amazonaws.com", "xn--bcher-kva.example", "1.2.3.example" }
local PORTS = { "", "", ":80", ":443", ":8080", ":1", ":65535" }
local SEGMENTS = { "", ".", "..", "...", ".a", "a.", "%2e", "%2E%2E", "%20", "%2f", "%C3%A9", "~", "%7e", "-_.~",
  "a+b", "a=b", "k:v@w", "$&;,", "!*'()" }
local QUERY = ALNUM .. "-_.~!$'()*+,;:@/?="
local CHARACTERS = { "\"", "\\", "/", "\127", "\194\128", "\195\191", "\226\130\172", "\226\128\168", "\238\128\128",
  "\239\187\191", "\239\191\189", "\240\144\128\128", "\240\159\146\169", "\244\143\191\191", "\\u0041", "%", "<&>" }

local function random_region()
  if random(3) > 1 then
    return pick(REGIONS)
  end
  return text(1, LOWER) .. text(random(30), LOWER .. DIGITS .. "-") .. text(1, ALNUM)
end

local function segment()
  return random(2) == 1 and pick(SEGMENTS) or text(random(8), ALNUM .. "-_.~")
end

local function query_name()
  return random(6) == 1 and ("%%%02x"):format(random(256) - 1) or text(random(3) - 1, "abAB-_.~1")
end

local function pair()
  return query_name() .. (random(4) > 1 and "=" .. text(random(6) - 1, QUERY) or "")
end

local function random_endpoint()
  local path = pieces(4, function() return "/" .. segment() end)
  local query = random(2) == 1 and "?" .. pieces(6, pair, "&") or ""
  return pick { "http://", "https://" } .. pick(HOSTS) .. pick(PORTS) .. path .. query
end

local function character()
  local kind = random(4)
  return kind == 1 and pick(CHARACTERS) or kind == 2 and string.char(random(128) - 1) or text(1, ALNUM .. ":/-")
end

local function random_case()
  return {
    access_key_id = text(random(40), ALNUM),
    secret_access_key = text(random(100), ALNUM .. "/+="),
    session_token = pick { false, false, text(random(60), ALNUM .. "/+="), text(2048, ALNUM .. "/+=") } or nil,
    region = random_region(),
    endpoint_url = random(5) > 1 and random_endpoint() or nil,
    arn = random(4) == 1 and ARN or random(20) == 1 and pieces(300, character) or pieces(60, character),
    time = random(2000000000) * 2 + (random(8) - 1) / 8,
  }
end

-- The specs ----------------------------------------------------------------------------------------------------

describe("a signed request", function()
  local examples, random_cases, expected = {}, {}, {}

  lazy_setup(function()
    local all = {}
    local function add(input)
      all[#all + 1] = input
      return input
    end
    for index, example in ipairs(EXAMPLES) do
      examples[index] = add(case(example[2]))
      examples[index].client = example[3]
    end
    for _, sequence in ipairs(SEQUENCES) do
      for _, step in ipairs(sequence[2]) do
        step.input = add(case(step))
        step.input.client = nil
      end
    end
    for index = 1, RANDOM_CASES do
      random_cases[index] = add(random_case())
    end
    for index, result in ipairs(oracle.run("sigv4", all)) do
      expected[all[index]] = result
    end
  end)

  it("is expected to be what a complete botocore client passes to its transport", function()
    for index, example in ipairs(EXAMPLES) do
      local result = expected[examples[index]]
      for name, value in pairs(result.client or {}) do
        assert.are.equal(value, result[name], example[1] .. ": " .. name)
      end
      assert.are.equal(example[3], result.client and true, example[1])
    end
  end)

  for index, example in ipairs(EXAMPLES) do
    it("is botocore's: " .. example[1], function()
      local input = examples[index]
      local found = difference(expected[input], request_for(input))
      assert(not found, found)
    end)
  end

  for _, sequence in ipairs(SEQUENCES) do
    it("is botocore's with a reused derived key: " .. sequence[1], function()
      local clients, clocks = {}, {}
      for number, step in ipairs(sequence[2]) do
        local id, input = step.client, step.input
        clocks[id] = clocks[id] or {}
        clocks[id].now = input.time
        clients[id] = clients[id] or client_for(input, clocks[id])
        local found = difference(expected[input], request_of(clients[id], input.arn))
        assert(not found, ("step %d: %s"):format(number, found or ""))
      end
    end)
  end

  it("is botocore's in " .. RANDOM_CASES .. " random cases", function()
    local failures, shown = 0, {}
    for index, input in ipairs(random_cases) do
      local made, found = pcall(function() return difference(expected[input], request_for(input)) end)
      found = made and found or not made and tostring(found)
      if found then
        failures = failures + 1
        if failures <= SHOWN_FAILURES then
          shown[failures] = ("case %d (endpoint_url %s)\n%s"):format(index, tostring(input.endpoint_url), found)
        end
      end
    end
    assert(failures == 0, failures .. " differ, the first are:\n" .. table.concat(shown, "\n\n"))
  end)

  it("has exactly the documented headers", function()
    local request, names = request_for(case { session_token = "token" }), {}
    for name in pairs(request.headers) do
      names[#names + 1] = name
    end
    table.sort(names)
    assert.are.same({ "Accept-Encoding", "Authorization", "Content-Length", "Content-Type", "Host", "User-Agent",
      "X-Amz-Date", "X-Amz-Security-Token", "amz-sdk-invocation-id", "amz-sdk-request" }, names)
    assert.are.equal("POST", request.method)
    assert.are.equal(tostring(#request.body), tostring(request.headers["Content-Length"]))
    assert.are.equal("attempt=1", request.headers["amz-sdk-request"])
    local id = request.headers["amz-sdk-invocation-id"]
    assert(id:match("^%x%x%x%x%x%x%x%x%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"), id)
  end)

  it("signs content-type, host, x-amz-date, and the token if there is one", function()
    local signed = "SignedHeaders=([^,]*),"
    assert.are.equal("content-type;host;x-amz-date", request_for(BASE).headers["Authorization"]:match(signed))
    assert.are.equal("content-type;host;x-amz-date;x-amz-security-token",
      request_for(case { session_token = "token" }).headers["Authorization"]:match(signed))
  end)
end)
