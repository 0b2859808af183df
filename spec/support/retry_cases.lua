--- Sequences of responses for the retries of a call: named cases for every code, status, body and fault, and generated ones.
--
-- A case is `{ name, mode, max_attempts, random, answers }`. An answer is `{ status, headers, body }` or `{ fault }`, with its
-- duration `ticks`. Its other members describe it for a spec: `code` and `form`, `is_bad` (undecodable body), `is_skew`.

local by_hand = require "support.by_hand"
local made_up = require "support.made_up"

local NOW = by_hand.NOW

local retry_cases = {}

local LONGEST = 8 -- answers
retry_cases.MODES = { "standard", "adaptive", "legacy" }

local THROTTLING = { "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
  "TooManyRequestsException", "ProvisionedThroughputExceededException", "TransactionInProgressException",
  "RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException", "RequestThrottled", "SlowDown",
  "PriorRequestNotComplete", "EC2ThrottledException" }
local TRANSIENT = { "RequestTimeout", "RequestTimeoutException" }
local FOREIGN = { "IDPCommunicationError" } -- worth another attempt at STS, not at IVS
local SKEW = { "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture", "InvalidSignatureException",
  "SignatureDoesNotMatch", "AuthFailure" }
local OTHER = { "ResourceNotFoundException", "ValidationException", "AccessDeniedException", "InternalServerException",
  "ServiceUnavailable", "ConflictException", "ExpiredTokenException", "UnrecognizedClientException", "NewException",
  "throttlingexception", "500" }
local STATUSES = { 301, 400, 401, 403, 404, 408, 409, 413, 429, 500, 501, 502, 503, 504, 505, 509, 529, 599 }
local FAULT_NAMES = { "ConnectTimeoutError", "ReadTimeoutError", "ConnectionClosedError", "EndpointConnectionError",
  "ProxyConnectionError", "HTTPClientError", "SSLError" }
-- Invalid 200 responses (docs/protocol.md, "Responses").
local BAD_BODIES = { "", "<html>busy</html>", '{"recordingConfiguration":{"state":"ACT', "OK",
  '{"recordingConfiguration":{"recordingReconnectWindowSeconds":"soon"}}' }

---- answers ----

--- The forms of an error code: the headers and the body for each.
local FORMS = {
  function(code) return { ["x-amzn-ErrorType"] = code }, '{"message":"m"}' end,
  function(code) return { ["x-amzn-ErrorType"] = code .. ":http://internal.amazon.com/coral/" }, '{"message":"m"}' end,
  function(code) return {}, '{"code":"' .. code .. '","message":"m"}' end,
  function(code) return {}, '{"Code":"' .. code .. '","Message":"m"}' end,
  function(code) return {}, '{"__type":"com.amazonaws.ivs#' .. code .. '","message":"m"}' end,
  function(code) return { ["x-amzn-ErrorType"] = code }, "" end,
}
local BARE = { "", "{}", '{"message":"m"}', "<html><body>busy</body></html>", "try later" }

--- An answer with a code. `told`: the form of the code, for other codes in the same form.
local function coded(status, code, form)
  local headers, body = FORMS[form or 1](code)
  return { status = status, headers = headers, body = body, code = code, form = form or 1 }
end

local function bare(status, body)
  return { status = status, headers = {}, body = body or "" }
end

local function fault(name) return { fault = name } end
local function bad(body) return { status = 200, headers = {}, body = body or "", is_bad = true } end
local function good() return { status = 200, headers = {}, body = by_hand.GOOD.body } end

--- An error that clock skew can cause; not if the skew is below four minutes.
local function skewed(code, offset)
  local answer = coded(403, code)
  answer.headers.Date = os.date("!%a, %d %b %Y %H:%M:%S GMT", NOW + offset)
  answer.is_skew = math.abs(offset) > 300
  return answer
end

---- cases ----

retry_cases.HINTS = { false, "0", "20", "750", "4000", "60000", "x", "-5", "1.5", "", "+750", "-0", "-750", "--1", "+", "1_000", "1__0",
  "_1", "1_", "1e3", "0x10", "00000000000000000000000750", ("9"):rep(19), ("9"):rep(25), ("9"):rep(308), ("9"):rep(400),
  "+" .. ("9"):rep(25), "-" .. ("9"):rep(25), " 750\t" }

local function hinted(die, answer)
  if die:once_in(6) then answer.headers["x-amz-retry-after"] = die:pick(retry_cases.HINTS) or nil end
  if die:once_in(8) then answer.headers["Retry-After"] = die:pick { "0", "1", "3", "100", "soon", "-1" } end
  return answer
end

local function make_answer(die)
  local what = die:roll(20)
  if what <= 4 then return hinted(die, coded(die:pick { 400, 403, 429, 500, 503 }, die:pick(THROTTLING), die:roll(#FORMS))) end
  if what <= 6 then return hinted(die, coded(die:pick(STATUSES), die:pick(OTHER), die:roll(#FORMS))) end
  if what == 7 then return coded(die:pick { 400, 408, 500 }, die:pick(TRANSIENT), die:roll(#FORMS)) end
  if what <= 11 then return hinted(die, bare(die:pick { 500, 502, 503, 504 }, die:pick(BARE))) end
  if what == 12 then return hinted(die, bare(429, die:pick(BARE))) end
  if what == 13 then return hinted(die, bare(die:pick(STATUSES), die:pick(BARE))) end
  if what <= 16 then return fault(die:pick(FAULT_NAMES)) end
  if what == 17 then return bad(die:pick(BAD_BODIES)) end
  if what == 18 then return skewed(die:pick(SKEW), die:pick { 3600, -3600, 86400, -86400, 0, 100 }) end
  if what == 19 then return coded(500, "InternalServerException", die:roll(#FORMS)) end
  return good()
end

function retry_cases.make(seed)
  local die, answers = made_up.die(seed), {}
  for index = 1, die:roll(LONGEST) do
    answers[index] = make_answer(die)
    answers[index].ticks = die:pick { 0, 0, 20, 300, 1024 }
  end
  return { name = "seed " .. seed, mode = retry_cases.MODES[seed % 3 + 1], max_attempts = die:roll(6),
    random = die:pick { 0, 0.25, 0.5, 0.75 }, answers = answers }
end

function retry_cases.named()
  local cases = {}
  local function add(name, answers, max_attempts)
    for _, mode in ipairs(retry_cases.MODES) do
      cases[#cases + 1] = { name = name .. " in mode " .. mode, mode = mode, max_attempts = max_attempts or 2, random = 0.5,
        answers = answers }
    end
  end
  for _, code in ipairs(THROTTLING) do
    for _, status in ipairs { 400, 403, 429 } do add(code .. " " .. status, { coded(status, code), good() }) end
  end
  for _, codes in ipairs { TRANSIENT, FOREIGN, OTHER, SKEW } do
    for _, code in ipairs(codes) do add(code .. " 400", { coded(400, code), good() }) end
  end
  for _, status in ipairs(STATUSES) do add("status " .. status, { bare(status), good() }) end
  for _, body in ipairs(BARE) do add("bare 429 " .. body, { bare(429, body) }, 3) end
  for form = 1, #FORMS do add("form " .. form, { coded(400, "ThrottlingException", form) }, 3) end
  for _, name in ipairs(FAULT_NAMES) do add(name, { fault(name), fault(name), fault(name), good() }, 3) end
  for _, body in ipairs(BAD_BODIES) do add("200 with " .. body, { bad(body), good() }) end
  for _, code in ipairs(SKEW) do
    add("a wrong clock, " .. code, { skewed(code, 3600), good() })
    add("a clock wrong twice, " .. code, { skewed(code, 3600), skewed(code, -3600), good() }, 5)
  end
  for attempts = 1, 6 do
    add(attempts .. " attempts", { bare(500) }, attempts)
    add("not again at the end of " .. attempts, { bare(500), bare(503), coded(404, "ResourceNotFoundException") }, attempts)
    add("throttled " .. attempts .. " times", { coded(429, "ThrottlingException") }, attempts)
    add("a wrong clock, then " .. attempts .. " attempts", { skewed("RequestExpired", -3600), bare(500) }, attempts)
    add("a wrong clock after a retry, of " .. attempts, { bare(500), skewed("AuthFailure", 3600), bare(500), good() }, attempts)
  end
  return cases
end

retry_cases.coded, retry_cases.bare, retry_cases.fault, retry_cases.good = coded, bare, fault, good

return retry_cases
