--- Runs the scenarios of scenarios.lua with any driver, and returns the differences.
--
-- A driver is a function `get(options, arn) → response, err`; `options` are those of a client. Uses no test framework, so that it
-- also runs inside nginx.

local scenarios = require "support.scenarios"

local runner = {}

--- The answer as the result of a `transport` function; nil if only a server can send it.
function runner.literal(scenario)
  local answer = scenario.answer
  if not answer or answer.raw or answer.body_base64 then return nil end
  return { status = answer.status, headers = answer.headers, body = answer.body or "" }
end

--- The ARN of the scenario for the emulator. A literal answer is passed to the emulator first.
function runner.arn(emulator, scenario)
  runner.serial = (runner.serial or 0) + 1
  return scenario.arn or emulator:script("scenario-" .. runner.serial, scenario.answer)
end

local function show(value)
  if type(value) ~= "table" then return type(value) == "string" and ("%q"):format(value) or tostring(value) end
  local parts = {}
  for name, member in pairs(value) do parts[#parts + 1] = tostring(name) .. " = " .. show(member) end
  table.sort(parts)
  return "{ " .. table.concat(parts, ", ") .. " }"
end

local function is_same(expected, actual)
  if type(expected) ~= "table" or type(actual) ~= "table" then return expected == actual end
  for name, value in pairs(expected) do
    if not is_same(value, actual[name]) then return false end
  end
  for name in pairs(actual) do
    if expected[name] == nil then return false end
  end
  return true
end

local function fits(expected, actual)
  if expected == scenarios.ABSENT then return actual == nil end
  if type(expected) == "table" then return type(actual) == "string" and actual:find(expected.contains, 1, true) ~= nil end
  return expected == actual
end

local function add_differences(lines, where, expected, actual)
  for name, value in pairs(expected or {}) do
    if not fits(value, actual[name]) then
      lines[#lines + 1] = ("%s%s is %s, should be %s"):format(where, name, show(actual[name]), show(value))
    end
  end
end

local function result_differences(lines, expect, response)
  local expected = expect.result or nil
  if not is_same(expected, response.recordingConfiguration) then
    lines[#lines + 1] = ("the result is %s, should be %s"):format(show(response.recordingConfiguration), show(expected))
  end
  for name in pairs(response) do
    if name ~= "recordingConfiguration" and name ~= "ResponseMetadata" then
      lines[#lines + 1] = "an undocumented member: " .. show(name)
    end
  end
  add_differences(lines, "ResponseMetadata.", expect.metadata, response.ResponseMetadata)
end

--- The difference from the scenario's expectation as text; nil if there is none.
function runner.differences(scenario, response, err)
  local lines, expect = {}, scenario.expect
  if expect.error then
    if response ~= nil or type(err) ~= "table" then return "a success where an error belongs: " .. show(response) end
    add_differences(lines, "err.", expect.error, err)
  elseif response == nil then
    return "an error where a result belongs: " .. tostring(err)
  else
    result_differences(lines, expect, response)
  end
  return lines[1] and table.concat(lines, "\n")
end

return runner
