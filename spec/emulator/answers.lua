-- Which answer an ARN gets: from the store, or by a special resource id that makes the service misbehave.
--
-- An answer is `{ status, headers?, body?, raw?, close? }`. The special ids are listed at the end of this file;
-- each may have any account and region, and most may be followed by `-anything`, which keeps the counts of two
-- tests apart. A header `x-emulator-answer: ID` does the same for any ARN. State is kept in a shared dictionary, so
-- that it would survive a second worker. Runs inside nginx; request checks and writing are in service.lua.
-- luacheck: std ngx_lua

local cjson = require "cjson"
local store = require "emulator.store"

local answers = {}

local NAMESPACE = "com.amazon.ivs#"
local URI = ":http://internal.amazon.com/coral/com.amazon.ivs/"
local ACTION = "ivs:GetRecordingConfiguration"
-- A bucket admits a request that is this part of a token early: calls that are sent evenly do not arrive so.
local JITTER = 0.25

local counts = ngx.shared.emulator

local function encode(value)
  -- The only empty lists of the operation are these two members; cjson writes an empty table as an object.
  -- It also escapes slashes, which AWS does not.
  local text = cjson.encode(value):gsub('("renditions":){}', "%1[]"):gsub('("storage":){}', "%1[]")
  return (text:gsub("\\(.)", { ["/"] = "/" }))
end

--- The 200 that carries a configuration.
function answers.configuration(configuration)
  return { status = 200, body = encode { recordingConfiguration = configuration } }
end

--- An error as AWS writes it.
-- @tparam number status
-- @tparam string code
-- @tparam[opt] table options `member`, the message's name in the body, and `style`, where and how the code is
--   spelt: in the header plain, with a `uri` behind it, or in a `namespace`; or only in the body, as `type` or `code`
function answers.fault(status, code, message, options)
  local style = options and options.style
  local body = { [options and options.member or "message"] = message }
  local headers = { ["x-amzn-ErrorType"] = code }
  if style == "uri" then
    headers["x-amzn-ErrorType"] = code .. URI
  elseif style == "namespace" then
    headers["x-amzn-ErrorType"] = NAMESPACE .. code
  elseif style == "type" then
    headers, body.__type = {}, NAMESPACE .. code
  elseif style == "code" then
    headers, body.code = {}, code
  end
  return { status = status, headers = headers, body = encode(body) }
end

local function modelled(status, code, message, style)
  return answers.fault(status, code, message, { member = "exceptionMessage", style = style })
end

local FAULTS = {
  ["access-denied"] = {
    403, "AccessDeniedException",
    "User: arn:aws:iam::123456789012:user/emulator is not authorized to perform: " .. ACTION
      .. " on resource: %s because no identity-based policy allows the " .. ACTION .. " action",
  },
  ["not-found"] = { 404, "ResourceNotFoundException", "Resource: %s not found" },
  ["validation"] = { 400, "ValidationException", "1 validation error detected: Value '%s' at 'arn' is not served" },
  ["internal-error"] = { 500, "InternalServerException", "Internal server error" },
  ["throttled"] = { 429, "ThrottlingException", "Rate exceeded" },
  ["conflict"] = { 409, "ConflictException", "Resource: %s is being modified" },
  ["pending-verification"] = { 403, "PendingVerification", "Your account is pending verification" },
  ["quota-exceeded"] = { 402, "ServiceQuotaExceededException", "The service quota was exceeded" },
  ["service-unavailable"] = { 503, "ServiceUnavailable", "Service unavailable" },
  ["channel-not-broadcasting"] = { 404, "ChannelNotBroadcasting", "The channel is not broadcasting" },
  ["stream-unavailable"] = { 503, "StreamUnavailable", "The stream is temporarily unavailable" },
}

-- One of FAULTS by name.
local function modelled_fault(name, arn, style)
  local status, code, message = unpack(FAULTS[name])
  return modelled(status, code, message:format(arn), style)
end

-- How often something was asked for, this time included.
local function count(...)
  local number = counts:incr(table.concat({ ... }, "\n"), 1, 0)
  return number
end

-- Fails so many times within one call of the SDK, which its attempts share the invocation id of, then succeeds.
local function flaky(request, times)
  if count("flaky", request.arn, request.headers["amz-sdk-invocation-id"] or "") <= tonumber(times) then
    return modelled_fault("internal-error", request.arn)
  end
  return answers.configuration(store.complete(request.arn))
end

local function slow(request, milliseconds)
  ngx.sleep(tonumber(milliseconds) / 1000)
  return answers.configuration(store.complete(request.arn))
end

-- CREATING so many times, counted for each ARN, and `state` from then on.
local function becomes(state)
  return function(request, times)
    local configuration = store.complete(request.arn)
    if count("creating", request.arn) <= tonumber(times) then
      configuration.state = "CREATING"
    else
      configuration.state = state
    end
    return answers.configuration(configuration)
  end
end

-- The service's quota: a token bucket for an account and region, however many ARNs of theirs are asked for. A request may name the
-- time that it is to be counted at (X-Emulator-Time, in seconds), for a test that must not depend on how fast it runs.
local function throttle(request, rate)
  rate = tonumber(rate)
  ngx.update_time()
  local now = tonumber(request.headers["x-emulator-time"]) or ngx.now()
  local bucket = "bucket\n" .. rate .. "\n" .. request.arn:match("^arn:aws:ivs:([^:]+:[^:]+):")
  local tokens, filled = counts:get(bucket) or rate, counts:get(bucket .. "\nat") or now
  tokens = math.min(rate, tokens + (now - filled) * rate)
  local admitted = tokens >= 1 - JITTER
  counts:set(bucket, admitted and tokens - 1 or tokens)
  counts:set(bucket .. "\nat", now)
  if not admitted then
    return modelled_fault("throttled", request.arn)
  end
  return answers.configuration(store.complete(request.arn))
end

-- An answer that a test wrote into scripted.json: `{ NAME: ANSWER }`, or for one answer after the other, the last
-- of them repeated, `{ NAME: { answers: [ANSWER, …], serial: N } }`; a new serial starts the list again.
-- ANSWER is `{ status?, headers?, body?, body_base64?, delay?, close?, raw? }`: delay in seconds; close drops the
-- connection without an answer; raw is written as it stands instead of a response, and then the connection is closed.
local function scripted(request, name)
  local file = io.open(ngx.config.prefix() .. "scripted.json", "rb")
  local script = file and cjson.decode(file:read("*a"))[name]
  if file then
    file:close()
  end
  if not script then
    return modelled_fault("not-found", request.arn)
  end
  local list = script.answers or { script }
  local answer = list[math.min(#list, count("scripted", name, script.serial or ""))]
  if answer.delay then
    ngx.sleep(answer.delay)
  end
  return {
    status = answer.status or 200,
    headers = answer.headers,
    body = answer.body_base64 and ngx.decode_base64(answer.body_base64) or answer.body or "",
    raw = answer.raw,
    close = answer.close,
  }
end

-- Special resource ids beside the names in FAULTS and `NAME--STYLE` (access-denied--namespace).
local SPECIAL = {
  { "^flaky%-(%d+)", flaky },
  { "^slow%-(%d+)", slow },
  { "^creating%-(%d+)", becomes "ACTIVE" },
  { "^create%-failing%-(%d+)", becomes "CREATE_FAILED" },
  { "^throttle%-(%d+)%-tps", throttle },
  { "^scripted%-(.+)$", scripted },
}

--- The answer to a well-formed, authenticated request.
-- @tparam table request `{ arn, headers }`
function answers.find(request)
  local id = request.headers["x-emulator-answer"] or request.arn:match("/(.*)$")
  local configuration = store.find(request.arn)
  if configuration and not request.headers["x-emulator-answer"] then
    return answers.configuration(configuration)
  end
  local name, style = id:match("^(.-)%-%-(%l+)$")
  name = name or id
  if FAULTS[name] then
    return modelled_fault(name, request.arn, style)
  end
  for _, special in ipairs(SPECIAL) do
    local argument = id:match(special[1])
    if argument then
      return special[2](request, argument)
    end
  end
  return modelled_fault("not-found", request.arn)
end

return answers
