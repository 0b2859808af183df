--- The argument and the result of batch_get_recording_configuration: the parts that are the same for every driver. The result
-- has the shape of the service's own BatchGetChannel.
--
-- No I/O. Not for: when a request is sent, which each driver decides (csrc/lua/blocking/batch.c).
-- @module ivs.batch

local failure = require "ivs.failure"
local names = require "ivs.names"
local printable = require "ivs.printable"

local batch = {}

--- The most that `max_concurrency` may be.
batch.MAX_CONCURRENCY = 256

--- The service's quota of GetRecordingConfiguration, in calls a second for an account and region (Amazon IVS Service Quotas, "API
-- Call Rate Quotas").
batch.MAX_TPS = 3

local DEFAULT_CONCURRENCY = 16

local MEMBERS = { "arns", "max_concurrency", "max_tps", "on_progress", "on_result" }
local KNOWN = {}
for _, name in ipairs(MEMBERS) do KNOWN[name] = true end

-- Misuse --------------------------------------------------------------------------------------------------------------

local function is_whole(number) return number == math.floor(number) and number < math.huge end

local function check_members(params)
  for name in pairs(params) do
    if not KNOWN[name] then return names.unknown("member", name, MEMBERS) end
  end
end

local function check_arns(arns)
  if type(arns) ~= "table" then return "'arns' has to be a list of strings, got " .. type(arns) end
  local count = 0
  for key, arn in pairs(arns) do
    if type(key) ~= "number" or key < 1 or not is_whole(key) then
      return "'arns' has to be a list of strings; it has the key " .. printable.escape(tostring(key))
    end
    if type(arn) ~= "string" then return ("arns[%d] has to be a string, got %s"):format(key, type(arn)) end
    count = count + 1
  end
  if count ~= #arns then return "'arns' has to be a list without gaps" end
end

local function check_concurrency(value)
  if value == nil then return end
  if type(value) ~= "number" then return "'max_concurrency' has to be an integer, got " .. type(value) end
  if not is_whole(value) or value < 1 or value > batch.MAX_CONCURRENCY then
    return ("'max_concurrency' has to be an integer from 1 to %d, got %s"):format(batch.MAX_CONCURRENCY, tostring(value))
  end
end

local function check_tps(value)
  if value == nil or value == false then return end
  if type(value) ~= "number" then return "'max_tps' has to be a number above 0, or false for no limit, got " .. tostring(value) end
  if not (value > 0 and value < math.huge) then
    return ("'max_tps' has to be a number above 0, or false for no limit, got %s"):format(tostring(value))
  end
end

local function check_function(params, name)
  local value = params[name]
  if value ~= nil and type(value) ~= "function" then
    return ("'%s' has to be a function, got %s"):format(name, type(value))
  end
end

--- What is wrong with the argument of batch_get_recording_configuration, to be raised at the caller's level; or nil.
function batch.misuse(params)
  if type(params) ~= "table" then return "table expected, { arns = { … } }, got " .. type(params) end
  return check_members(params) or check_arns(params.arns) or check_concurrency(params.max_concurrency)
    or check_tps(params.max_tps) or check_function(params, "on_progress") or check_function(params, "on_result")
end

-- Before and after ----------------------------------------------------------------------------------------------------

--- Each ARN once, at its first place.
local function without_duplicates(arns)
  local unique, is_known = {}, {}
  for _, arn in ipairs(arns) do
    if not is_known[arn] then
      is_known[arn] = true
      unique[#unique + 1] = arn
    end
  end
  return unique
end

--- Reads a valid argument.
-- @treturn table `arns` (each once), `max_concurrency`, `max_tps` (0: no limit), `on_progress`, `on_result`
function batch.plan(params)
  local max_tps = params.max_tps
  if max_tps == nil then max_tps = batch.MAX_TPS end
  return { arns = without_duplicates(params.arns), max_concurrency = params.max_concurrency or DEFAULT_CONCURRENCY,
    max_tps = max_tps or 0, on_progress = params.on_progress, on_result = params.on_result }
end

--- The error of a success without a recording configuration, which would leave a hole in the list.
function batch.no_configuration()
  return failure.new("response", "ResponseParserError", "The response has no recordingConfiguration.")
end

--- The result.
-- @tab arns of the plan
-- @tab configurations by the ARN's index in that list
-- @tab errors error objects, by the same
-- @treturn table `{ recordingConfigurations, errors = { { arn, code, message, error }, … } }`, both in the order of the ARNs
function batch.result(arns, configurations, errors)
  local result = { recordingConfigurations = {}, errors = {} }
  for index, arn in ipairs(arns) do
    local err = errors[index]
    if err then
      table.insert(result.errors, { arn = arn, code = err.code, message = err.message, error = err })
    else
      table.insert(result.recordingConfigurations, configurations[index])
    end
  end
  return result
end

return batch
