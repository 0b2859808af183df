-- GetRecordingConfiguration: returns the configuration, or the special answer, for an ARN. Runs inside nginx.
-- luacheck: std ngx_lua

local cjson = require "cjson"
local answers = require "emulator.answers"
local store = require "emulator.store"
local validation = require "emulator.validation"

local get = {}

local ARN_PATTERN = "^arn:aws:ivs:[a-z0-9-]+:[0-9]+:recording-configuration/[a-zA-Z0-9-]+$"
local ARN_WHOLE = ARN_PATTERN:gsub("%$$", "\\z") -- PCRE's $ would allow a newline behind it
local ARN_MAXIMUM = 128

local function configuration_answer(configuration)
  return answers.success { recordingConfiguration = configuration }
end

-- CREATING for this number of requests, counted for each ARN, then `state`.
local function becomes(state)
  return function(request, times)
    local configuration = store.complete(request.resource)
    local is_creating = answers.count("creating", request.resource) <= tonumber(times)
    configuration.state = is_creating and "CREATING" or state
    return configuration_answer(configuration)
  end
end

-- Special resource ids beside those of answers.lua.
local SPECIAL = {
  { "^creating%-(%d+)", becomes "ACTIVE" },
  { "^create%-failing%-(%d+)", becomes "CREATE_FAILED" },
}

local function validate(arn)
  if arn == nil then
    return validation.message { validation.problem(nil, "arn", "not be null") }
  end
  local problems = {}
  if not ngx.re.find(arn, ARN_WHOLE, "jo") then
    problems[1] = validation.problem(arn, "arn", "satisfy regular expression pattern: " .. ARN_PATTERN)
  end
  if #arn > ARN_MAXIMUM then
    problems[#problems + 1] = validation.problem(arn, "arn", "have length less than or equal to " .. ARN_MAXIMUM)
  end
  return validation.message(problems)
end

--- The response to an authenticated request.
-- @tparam table request see service.lua
-- @tparam table input the decoded body
function get.respond(request, input)
  local arn = input.arn
  if arn == cjson.null then
    arn = nil
  end
  if arn ~= nil and type(arn) ~= "string" then
    return answers.fault(400, "SerializationException", "The member arn is not a string")
  end
  local invalid = validate(arn)
  if invalid then
    return answers.invalid(invalid)
  end
  request.resource = arn
  request.region, request.account = arn:match("^arn:aws:ivs:([^:]+):([^:]+):")
  request.succeed = function()
    return configuration_answer(store.complete(arn))
  end
  local reply = request.answer and answers.special(request, request.answer, SPECIAL)
  if reply then
    return reply
  end
  local configuration = store.find(arn)
  if configuration then
    return configuration_answer(configuration)
  end
  return answers.special(request, arn:match("/(.*)$"), SPECIAL) or answers.special(request, "not-found")
end

return get
