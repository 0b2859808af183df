--- Scenarios of ListRecordingConfigurations, the same for `ivs`, `ivs.core` in a loop, and `resty.ivs`.
--
-- `list_scenarios.run(new_client, options)` makes every call and returns a table: name of the scenario → "as expected", or the
-- difference. `new_client(options)` returns a client with the methods of `ivs`; `options` are those of a client of the emulator.
-- Uses no test framework, so that it also runs inside nginx. Expected values: the emulator's store, botocore's texts.

local store = require "emulator.store"
local stub = require "ivs.stub"

local list_scenarios = {}

local OPERATION = "ListRecordingConfigurations"
local ARN = store.configurations.complete.arn
local MEMBERS = { "arn", "name", "state", "destinationConfiguration", "tags" }

local function expect(expected, actual, what)
  if expected ~= actual then
    error(("%s is %s, should be %s"):format(what, tostring(actual), tostring(expected)), 0)
  end
end

local function expect_same(expected, actual, path)
  if type(expected) ~= "table" or type(actual) ~= "table" then return expect(expected, actual, path) end
  for name, value in pairs(expected) do expect_same(value, actual[name], path .. "." .. tostring(name)) end
  for name in pairs(actual) do
    if expected[name] == nil then error(path .. "." .. tostring(name) .. " should not be there", 0) end
  end
end

local function expect_error(code, err)
  expect("table", type(err), "the error")
  expect(code, err.code, "the code")
  expect(OPERATION, err.operation_name, "the operation")
end

local function expected_summaries()
  local summaries = {}
  for at, label in ipairs(store.labels) do
    summaries[at] = {}
    for _, member in ipairs(MEMBERS) do summaries[at][member] = store.configurations[label][member] end
  end
  return summaries
end

--- Items, and the error that ended the iteration.
local function collect(iterator)
  local items, problem = {}, nil
  for item, err in iterator do
    if problem then error("the iterator goes on after a failure", 0) end
    if item then items[#items + 1] = item else problem = err end
  end
  return items, problem
end

-- Each scenario: name, address of the emulator that responds (nil: the account's list), options, function with the client as
-- argument.
list_scenarios.list = {
  { name = "one call gives the account's summaries and the response's metadata", run = function(client)
    local response = assert(client:list_recording_configurations())
    expect_same(expected_summaries(), response.recordingConfigurations, "the list")
    expect(nil, response.nextToken, "the token")
    local metadata = response.ResponseMetadata
    expect_same({ 200, 0, "string" }, { metadata.HTTPStatusCode, metadata.RetryAttempts, type(metadata.RequestId) }, "metadata")
  end },
  { name = "a page has as many as maxResults, and a token for the next one", run = function(client)
    local all = expected_summaries()
    local first = assert(client:list_recording_configurations { maxResults = 5 })
    expect(5, #first.recordingConfigurations, "the size")
    local second = assert(client:list_recording_configurations { maxResults = 5, nextToken = first.nextToken })
    expect(all[6].arn, second.recordingConfigurations[1].arn, "the sixth")
  end },
  { name = "the iterator gives all items of all pages", answer = "many-250", run = function(client)
    local items, err = collect(client:recording_configurations { maxResults = 100 })
    expect_same({ 250 }, { #items, err }, "items and error")
    local seen = {}
    for _, item in ipairs(items) do
      expect(nil, seen[item.arn], item.arn)
      seen[item.arn] = true
    end
  end },
  { name = "the iterator without parameters gives them, too", run = function(client)
    expect_same(expected_summaries(), (collect(client:recording_configurations())), "the list")
  end },
  { name = "a token that repeats ends the iterator after its page", answer = "endless-1", run = function(client)
    local items, err = collect(client:recording_configurations())
    expect(2 * #store.labels, #items, "the number of items")
    expect_error("PaginationError", err)
  end },
  { name = "an error of the service names the operation", answer = "access-denied", run = function(client)
    local response, err = client:list_recording_configurations()
    expect(nil, response, "the response")
    expect_error("AccessDeniedException", err)
    local start = "An error occurred (AccessDeniedException) when calling the ListRecordingConfigurations operation"
    expect(start, tostring(err):sub(1, #start), "the text")
    expect(403, err.status, "the status")
  end },
  { name = "a failure ends the iterator with false and the error", answer = "access-denied", run = function(client)
    local step = client:recording_configurations()
    local item, err = step()
    expect(false, item, "the item")
    expect_error("AccessDeniedException", err)
    expect(nil, (step()), "the next item")
  end },
  { name = "a failing server is asked again", answer = "flaky-2", options = { max_attempts = 3 }, run = function(client)
    expect(2, assert(client:list_recording_configurations()).ResponseMetadata.RetryAttempts, "the number of retries")
  end },
  { name = "a region is needed", options = { region = false }, run = function(client)
    local _, err = client:list_recording_configurations()
    expect_error("NoRegionError", err)
    expect("You must specify a region.", err.message, "the message")
    assert(client:get_recording_configuration(ARN)) -- whose ARN has one
  end },
  { name = "wrong parameters are refused", run = function(client)
    local _, err = client:list_recording_configurations { maxResults = 101, foo = 1 }
    expect_error("ParamValidationError", err)
    local problem = "\nInvalid value for parameter maxResults, value: 101, valid max value: 100"
    expect("number", type(err.message:find(problem, 1, true)), err.message)
    expect("number", type(err.message:find('\nUnknown parameter in input: "foo"', 1, true)), err.message)
  end },
  { name = "without credentials the error names the operation", options = { credentials = function() return nil, "none here" end },
    run = function(client)
      local _, err = client:list_recording_configurations()
      expect_error("CredentialRetrievalError", err)
      expect("none here", err.message, "the message")
    end },
  { name = "a closed client refuses", run = function(client)
    client:close()
    expect_error("ClientClosedError", select(2, client:list_recording_configurations()))
    expect_error("ClientClosedError", select(2, collect(client:recording_configurations())))
  end },
  { name = "one client makes the calls of both operations", run = function(client)
    for _ = 1, 2 do
      expect(ARN, assert(client:get_recording_configuration(ARN)).recordingConfiguration.arn, "the ARN")
      expect(#store.labels, #assert(client:list_recording_configurations()).recordingConfigurations, "the number of items")
    end
    local _, err = client:get_recording_configuration(store.arn "nobody")
    expect("GetRecordingConfiguration", err.operation_name, "the operation")
  end },
}

local function run_stub(new_client)
  local service = stub.new { [ARN] = { state = "ACTIVE" }, [store.arn "B"] = { state = "CREATING" } }
  local client = assert(new_client(service:options()))
  expect("ACTIVE", assert(client:get_recording_configuration(ARN)).recordingConfiguration.state, "the state")
  local items, err = collect(client:recording_configurations { maxResults = 1 })
  expect_same({ 2 }, { #items, err }, "items and error")
  local operations = {}
  for at, request in ipairs(service.requests) do operations[at] = request.operation end
  expect_same({ "GetRecordingConfiguration", OPERATION, OPERATION }, operations, "operations")
end

local function run_scenario(scenario, new_client, options)
  local given = {}
  for name, value in pairs(options) do given[name] = value end
  given.max_attempts = 1
  for name, value in pairs(scenario.options or {}) do given[name] = value or nil end
  if scenario.answer then given.endpoint_url = given.endpoint_url .. "/answer/" .. scenario.answer end
  if scenario.options and scenario.options.region == false then given.region = nil end
  scenario.run(assert(new_client(given)))
end

local function outcome_of(...)
  local passed, problem = pcall(...)
  return passed and "as expected" or tostring(problem)
end

--- The name of the scenario over `ivs.stub`, which needs no emulator.
list_scenarios.STUB = "ivs.stub answers both operations"

function list_scenarios.run(new_client, options)
  local found = { [list_scenarios.STUB] = outcome_of(run_stub, new_client) }
  for _, scenario in ipairs(list_scenarios.list) do
    found[scenario.name] = outcome_of(run_scenario, scenario, new_client, options)
  end
  return found
end

--- The names of all scenarios.
function list_scenarios.names()
  local names = { list_scenarios.STUB }
  for _, scenario in ipairs(list_scenarios.list) do names[#names + 1] = scenario.name end
  return names
end

return list_scenarios
