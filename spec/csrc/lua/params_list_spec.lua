--- The parameters of ListRecordingConfigurations, whose problems are reported with botocore's messages (spec/oracle/parameters.py).

local core = require "ivs.core"
local ivs = require "ivs"
local oracle = require "support.oracle"

local OPERATION = "ListRecordingConfigurations"
local KEYS = { access_key_id = "AKIDEXAMPLE", secret_access_key = "secret" }
local HEADING = "Parameter validation failed:"

--- Parameters that botocore refuses.
local REFUSED = {
  { maxResults = 0 }, { maxResults = -3 }, { maxResults = 1.5 }, { maxResults = "5" }, { maxResults = "x" },
  { nextToken = 5 }, { nextToken = true }, { nextToken = 1.5 },
  { foo = 1 }, { arn = "a" }, { foo = 1, bar = 2 },
  { maxResults = 0, nextToken = 7 }, { foo = 1, maxResults = "x", nextToken = false }, { MaxResults = 5, nexttoken = "t" },
}

--- Python's names of types in Lua's words.
local TYPES = { str = "string", int = "number", float = "number", bool = "boolean", dict = "table", list = "table" }

local function in_words_of_lua(line)
  line = line:gsub("valid types: <class 'int'>", "valid types: integer"):gsub("<class '(%a+)'>", TYPES)
  return (line:gsub("value: True", "value: true"):gsub("value: False", "value: false"))
end

--- The lines in one order, and in them the known names: the order of a model's members depends on botocore's version.
local function sorted(lines)
  for at, line in ipairs(lines) do lines[at] = line:gsub("one of: nextToken, maxResults$", "one of: maxResults, nextToken") end
  table.sort(lines)
  return lines
end

local function lines_of(message)
  assert.equal(HEADING, message:sub(1, #HEADING))
  local lines = {}
  for line in message:sub(#HEADING + 1):gmatch "\n([^\n]*)" do lines[#lines + 1] = line end
  return lines
end

local function recording_client(options)
  local sent = {}
  local given = { region = "us-west-2", credentials = KEYS, env = {}, transport = function(request)
    sent[#sent + 1] = request
    return { status = 200, body = '{"recordingConfigurations":[]}' }
  end }
  for name, value in pairs(options or {}) do given[name] = value or nil end
  return assert(ivs.client(given)), sent
end

local function refused(params)
  local client, sent = recording_client()
  local response, err = client:list_recording_configurations(params)
  assert.is_nil(response)
  assert.same({ "params", "ParamValidationError", OPERATION, 0, 0 },
    { err.kind, err.code, err.operation_name, err.attempts, #sent })
  return err.message
end

describe("the parameters of a list", function()
  it("are refused where botocore refuses them, all problems at once, with its messages", function()
    local cases = {}
    for at, params in ipairs(REFUSED) do cases[at] = { operation = OPERATION, parameters = params } end
    for at, problems in ipairs(oracle.run("parameters", cases)) do
      local expected = {}
      for index, line in ipairs(problems) do expected[index] = in_words_of_lua(line) end
      assert.is_true(#expected > 0)
      assert.same(sorted(expected), sorted(lines_of(refused(REFUSED[at]))))
    end
  end)

  it("are refused if maxResults is above the service's maximum, unlike in botocore", function()
    for _, value in ipairs { 101, 1000, 2 ^ 53 } do
      assert.equal(("%s\nInvalid value for parameter maxResults, value: %.14g, valid max value: 100"):format(HEADING, value),
        refused { maxResults = value })
    end
  end)

  it("are refused if maxResults is not a finite number or nextToken is not UTF-8", function()
    for _, value in ipairs { math.huge, -math.huge, 0 / 0, {}, true, print } do
      assert.truthy(refused { maxResults = value }:find("\nInvalid type for parameter maxResults, value: .*, valid types: integer$"))
    end
    assert.equal(HEADING .. "\nInvalid value for parameter nextToken: it is not valid UTF-8", refused { nextToken = "\255" })
  end)

  it("are refused if they are larger than a request may be", function()
    assert.truthy(refused { nextToken = ("t"):rep(2 * 1024 * 1024) }:find "Invalid length for input")
  end)

  -- bodies as botocore sends them
  for body, params in pairs {
    ["{}"] = {},
    ['{"maxResults": 1}'] = { maxResults = 1 },
    ['{"maxResults": 100}'] = { maxResults = 100.0 },
    ['{"nextToken": ""}'] = { nextToken = "" },
    ['{"nextToken": "\\u00e9\\"", "maxResults": 50}'] = { nextToken = 'é"', maxResults = 50 },
  } do
    it("are sent as " .. body, function()
      local client, sent = recording_client()
      assert(client:list_recording_configurations(params))
      assert.equal(body, sent[1].body)
      assert.equal("https://ivs.us-west-2.amazonaws.com/ListRecordingConfigurations", sent[1].url)
    end)
  end

  it("may be absent", function()
    local client, sent = recording_client()
    assert(client:list_recording_configurations())
    assert(client:list_recording_configurations(nil))
    assert.same({ "{}", "{}" }, { sent[1].body, sent[2].body })
  end)

  it("may come from a metamethod, for the iterator too", function()
    local client, sent = recording_client()
    local params = setmetatable({}, { __index = { maxResults = 7, nextToken = "t" } })
    assert(client:list_recording_configurations(params))
    for _ in client:recording_configurations(params) do error "the list is empty" end
    assert.same({ '{"nextToken": "t", "maxResults": 7}', '{"nextToken": "t", "maxResults": 7}' }, { sent[1].body, sent[2].body })
  end)

  it("raise at the caller's line if they are neither a table nor absent, or too many", function()
    local client = recording_client()
    local bare = assert(core.client { region = "us-west-2", credentials = KEYS, env = {} })
    local calls = {
      ["#1 to 'list_recording_configurations' (table expected, got string)"] = {
        function() client:list_recording_configurations "arn" end,
        function() ivs.list_recording_configurations "arn" end,
        function() bare:list_recording_configurations "arn" end,
      },
      ["#1 to 'recording_configurations' (table expected, got number)"] = {
        function() client:recording_configurations(5) end,
        function() ivs.recording_configurations(5) end,
      },
      ["#2 to 'list_recording_configurations' (one argument expected: a table { nextToken = … })"] = {
        function() client:list_recording_configurations({}, 1) end,
        function() bare:list_recording_configurations({}, 1) end,
      },
    }
    for problem, functions in pairs(calls) do
      for _, call in ipairs(functions) do
        local returned, message = pcall(call)
        assert.is_false(returned)
        assert.truthy(message:find("params_list_spec.lua:%d+: "), message)
        assert.truthy(message:gsub("to '[?]'", "to 'x'"):find(problem:gsub("to '.-'", ""):match "%b()", 1, true), message)
      end
    end
  end)

  it("raises if self is not a client", function()
    local client = recording_client()
    for _, value in ipairs { {}, "client", io.stdout } do
      assert.is_false((pcall(client.list_recording_configurations, value)))
      assert.is_false((pcall(client.recording_configurations, value)))
    end
  end)
end)
