-- Responses of the IVS operations: success, errors, and special answers, with which the service misbehaves.
--
-- An answer is `{ status, headers?, body?, raw?, close? }`. The special answers are FAULTS by name, and SPECIAL at the end
-- of this file; most may be followed by `-anything`, so that two tests have separate counts. The resource id of an ARN selects
-- one, with any account and region. For any call, so does a header `x-emulator-answer: ID`, or a path that begins with
-- `/answer/ID`, for example in the client's endpoint URL. The state is in a shared dictionary, so that it would also work with
-- several workers. Runs inside nginx; service.lua checks requests and writes responses.
-- luacheck: std ngx_lua

local cjson = require "cjson"

local answers = {}

local NAMESPACE = "com.amazon.ivs#"
local URI = ":http://internal.amazon.com/coral/com.amazon.ivs/"
-- A bucket admits a request that is early by this part of a token, because evenly sent calls do not arrive evenly.
local JITTER = 0.25

local counts = ngx.shared.emulator

local function encode(value)
  -- The only lists of the operations are these members; cjson writes an empty table as an object.
  -- It also escapes slashes, which AWS does not.
  local text = cjson.encode(value)
  for _, name in ipairs { "renditions", "storage", "recordingConfigurations" } do
    text = text:gsub('("' .. name .. '":){}', "%1[]")
  end
  return (text:gsub("\\(.)", { ["/"] = "/" }))
end

--- A 200 response with an output.
function answers.success(output)
  return { status = 200, body = encode(output) }
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

--- The response to members that violate a constraint.
function answers.invalid(message)
  return modelled(400, "ValidationException", message)
end

-- {caller} is whose credentials signed, {resource} the ARN that the request is about, {action} the operation as IAM names it.
local FAULTS = {
  ["access-denied"] = {
    403, "AccessDeniedException",
    "User: {caller} is not authorized to perform: {action} on resource: {resource} "
      .. "because no identity-based policy allows the {action} action",
  },
  ["not-found"] = { 404, "ResourceNotFoundException", "Resource: {resource} not found" },
  ["validation"] = { 400, "ValidationException", "1 validation error detected: Value '{resource}' at 'arn' is not served" },
  ["internal-error"] = { 500, "InternalServerException", "Internal server error" },
  ["throttled"] = { 429, "ThrottlingException", "Rate exceeded" },
  ["conflict"] = { 409, "ConflictException", "Resource: {resource} is being modified" },
  ["pending-verification"] = { 403, "PendingVerification", "Your account is pending verification" },
  ["quota-exceeded"] = { 402, "ServiceQuotaExceededException", "The service quota was exceeded" },
  ["service-unavailable"] = { 503, "ServiceUnavailable", "Service unavailable" },
  ["channel-not-broadcasting"] = { 404, "ChannelNotBroadcasting", "The channel is not broadcasting" },
  ["stream-unavailable"] = { 503, "StreamUnavailable", "The stream is temporarily unavailable" },
}

-- One of FAULTS by name.
local function modelled_fault(name, request, style)
  local status, code, message = unpack(FAULTS[name])
  local texts = { caller = request.caller, resource = request.resource, action = "ivs:" .. request.operation }
  return modelled(status, code, message:gsub("{(%l+)}", texts), style)
end

--- The number of requests for something, including this one.
function answers.count(...)
  local number = counts:incr(table.concat({ ... }, "\n"), 1, 0)
  return number
end

-- Fails this number of times within one call of the SDK, whose attempts have the same invocation ID, then succeeds.
local function flaky(request, times)
  if answers.count("flaky", request.resource, request.headers["amz-sdk-invocation-id"] or "") <= tonumber(times) then
    return modelled_fault("internal-error", request)
  end
  return request.succeed()
end

local function slow(request, milliseconds)
  ngx.sleep(tonumber(milliseconds) / 1000)
  return request.succeed()
end

-- The service's quota (Amazon IVS Service Quotas, "API Call Rate Quotas"): a token bucket for an operation, account and region,
-- independent of the number of ARNs. A request may set its time (X-Emulator-Time, in seconds), for tests that must not depend on
-- the speed of the machine.
local function throttle(request, rate)
  rate = tonumber(rate)
  ngx.update_time()
  local now = tonumber(request.headers["x-emulator-time"]) or ngx.now()
  local bucket = table.concat({ "bucket", rate, request.operation, request.region, request.account }, "\n")
  local tokens, filled = counts:get(bucket) or rate, counts:get(bucket .. "\nat") or now
  tokens = math.min(rate, tokens + (now - filled) * rate)
  local admitted = tokens >= 1 - JITTER
  counts:set(bucket, admitted and tokens - 1 or tokens)
  counts:set(bucket .. "\nat", now)
  if not admitted then
    return modelled_fault("throttled", request)
  end
  return request.succeed()
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
    return modelled_fault("not-found", request)
  end
  local list = script.answers or { script }
  local answer = list[math.min(#list, answers.count("scripted", name, script.serial or ""))]
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

-- Special answers beside the names in FAULTS and `NAME--STYLE` (access-denied--namespace).
local SPECIAL = {
  { "^flaky%-(%d+)", flaky },
  { "^slow%-(%d+)", slow },
  { "^throttle%-(%d+)%-tps", throttle },
  { "^scripted%-(.+)$", scripted },
}

--- A special answer, or nil if the id names none.
-- @tparam table request an authenticated request with `resource`, the ARN that it is about, and `succeed`, a function
--   that returns the operation's own answer
-- @tparam string id
-- @tparam[opt] table own the special answers of the operation alone, in the form of SPECIAL
function answers.special(request, id, own)
  local name, style = id:match("^(.-)%-%-(%l+)$")
  name = name or id
  if FAULTS[name] then
    return modelled_fault(name, request, style)
  end
  for _, list in ipairs { SPECIAL, own } do
    for _, special in ipairs(list) do
      local argument = id:match(special[1])
      if argument then
        return special[2](request, argument)
      end
    end
  end
end

return answers
