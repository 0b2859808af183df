--- Waits until a recording configuration is ACTIVE. The caller has the functions that make calls and sleep.
--
-- States are CREATING, ACTIVE and CREATE_FAILED (Amazon IVS API Reference, RecordingConfiguration). The errors have botocore's code
-- for a waiter that gives up, WaiterError.
-- Not for: waiting without sleeping in between; an event loop that uses `ivs.core` does this itself.
-- @module ivs.waiter

local failure = require "ivs.failure"
local names = require "ivs.names"
local printable = require "ivs.printable"

local waiter = {}

local PREFIX = "Waiter RecordingConfigurationActive failed: "

local function new_error(kind, message, fields)
  return failure.new(kind, "WaiterError", PREFIX .. message, fields)
end

local function state_of(response)
  return response and response.recordingConfiguration and response.recordingConfiguration.state
end

--- The advice for a CREATE_FAILED. Source: Amazon IVS API Reference, CreateRecordingConfiguration, "Known issue", and the user guide's
-- "Auto-Record to Amazon S3", which names the bucket's region and policy.
local function creation_failed(response)
  local configuration = response.recordingConfiguration
  local s3 = configuration.destinationConfiguration and configuration.destinationConfiguration.s3
  local bucket = s3 and s3.bucketName and (' "%s"'):format(printable.escape(s3.bucketName)) or ""
  local region = (configuration.arn or ""):match "^arn:[^:]*:ivs:([a-z0-9-]+):"
  return new_error("service", ("the state is CREATE_FAILED. Usually the S3 bucket%s is in another region than the recording "
    .. "configuration%s, or a policy keeps Amazon IVS from writing to it. Look at the bucket's region and policy, delete this "
    .. "recording configuration, and create a new one (Amazon IVS API Reference, CreateRecordingConfiguration).")
    :format(bucket, region and " (" .. region .. ")" or ""), { response = response })
end

local function gave_up(err, response)
  return new_error(err.kind, "a call failed: " .. tostring(err.message),
    { cause = err, response = response, status = err.status, request_id = err.request_id })
end

--- What one look means.
-- @tab|nil response of the call, or nil
-- @tab|nil err of the call
-- @tab|nil last the last response before this look
-- @treturn string "active", "failed", or "waiting"
-- @treturn table|nil for "failed": the error object
function waiter.judge(response, err, last)
  if not response then
    if err.retryable then return "waiting" end
    return "failed", gave_up(err, last)
  end
  local state = state_of(response)
  if state == "ACTIVE" then return "active" end
  if state == "CREATE_FAILED" then return "failed", creation_failed(response) end
  return "waiting"
end

--- The error of a wait that took too long.
-- @number timeout seconds
-- @tab|nil response the last response
-- @tab|nil err of the last call, if that failed
function waiter.timed_out(timeout, response, err)
  local state = state_of(response)
  local seen = err and "the last call failed: " .. tostring(err.message) or state and "its state is still " .. state or "its state is not known"
  return new_error("timeout", ("it was not ACTIVE within %g seconds; %s."):format(timeout, seen),
    { cause = err, response = response, retryable = true })
end

local DEFAULTS = { timeout = 300, delay = 2 }
local MEMBERS = { "arn", "delay", "timeout" }

--- What is wrong with the argument, to be raised at the caller's level; or nil.
-- @param params `{ arn, timeout?, delay? }`, or the ARN
function waiter.misuse(params)
  if type(params) == "string" or params == nil then return nil end
  if type(params) ~= "table" then return "table or string expected, got " .. type(params) end
  for name, value in pairs(params) do
    if DEFAULTS[name] then
      local is_number = type(value) == "number" and value >= 0 and value < math.huge
      if not is_number or (name == "delay" and value == 0) then
        local got = type(value) == "number" and tostring(value) or type(value)
        return ("'%s' has to be a number of seconds%s, got %s"):format(name, name == "delay" and " above 0" or "", got)
      end
    elseif name ~= "arn" then
      return names.unknown("member", name, MEMBERS)
    end
  end
end

--- Polls until the recording configuration is ACTIVE.
-- @tab host `get(params)` → response | nil, err; `sleep(seconds)`; `now()`, seconds of a clock that only goes forward
-- @param params `{ arn, timeout = 300, delay = 2 }` (seconds), or the ARN
-- @treturn table|nil the response
-- @treturn table|nil a WaiterError; `cause` is the failure that ended it, `response` the last response
function waiter.wait(host, params)
  local options = type(params) == "table" and params or { arn = params }
  local timeout, delay = options.timeout or DEFAULTS.timeout, options.delay or DEFAULTS.delay
  local deadline, last = host.now() + timeout, nil
  while true do
    local response, err = host.get { arn = options.arn }
    local outcome, problem = waiter.judge(response, err, last)
    last = response or last
    if outcome == "active" then return response end
    if outcome == "failed" then return nil, problem end
    local left = deadline - host.now()
    if left <= 0 then return nil, waiter.timed_out(timeout, last, err) end
    host.sleep(math.min(delay, left))
  end
end

return waiter
