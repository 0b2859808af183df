--- The argument of the call (docs/protocol.md, "Parameter validation"): what is refused before anything is sent, and what is sent
-- as it is for the service to judge.

local cjson = require "cjson"
local core = require "ivs.core"
local endpoint = require "support.endpoint"
local ivs = require "ivs"
local server = require "emulator.server"
local store = require "emulator.store"

local ARN = store.configurations.complete.arn
local KEYS = { access_key_id = "AKIDEXAMPLE", secret_access_key = "secret" }
local PLAIN = '{"recordingConfiguration":{"state":"ACTIVE"}}'

--- A client over a transport that keeps what it was given.
local function recording_client()
  local sent = {}
  local client = assert(ivs.client { region = "us-west-2", credentials = KEYS, env = {}, transport = function(request)
    sent[#sent + 1] = request
    return { status = 200, body = PLAIN }
  end })
  return client, sent
end

local function here()
  local info = debug.getinfo(2, "Sl")
  return info.short_src .. ":" .. info.currentline .. ":"
end

describe("the argument", function()
  local client, sent

  before_each(function() client, sent = recording_client() end)

  local function refused(argument)
    local response, err = client:get_recording_configuration(argument)
    assert.is_nil(response)
    assert.same({ "params", "ParamValidationError", 0, false }, { err.kind, err.code, err.attempts, err.retryable })
    assert.equal("GetRecordingConfiguration", err.operation_name)
    assert.equal(0, #sent)
    return err.message
  end

  it("is a table with the ARN, or the ARN itself", function()
    assert(client:get_recording_configuration { arn = ARN })
    assert(client:get_recording_configuration(ARN))
    assert.equal('{"arn": "' .. ARN .. '"}', sent[1].body)
    assert.equal(sent[1].body, sent[2].body)
  end)

  it("is reported when it is absent", function()
    local missing = 'Parameter validation failed:\nMissing required parameter in input: "arn"'
    assert.equal(missing, refused(nil))
    assert.equal(missing, refused {})
    local _, err = client:get_recording_configuration()
    assert.equal(missing, err.message)
  end)

  it("is reported with its value and type when it is not a string", function()
    local start = "Parameter validation failed:\nInvalid type for parameter arn, value: "
    assert.equal(start .. "5, type: number, valid types: string", refused { arn = 5 })
    assert.equal(start .. "true, type: boolean, valid types: string", refused { arn = true })
    assert.equal(start .. "false, type: boolean, valid types: string", refused { arn = false })
    for _, value in ipairs { {}, print, io.stdout } do
      local message = refused { arn = value }
      assert.equal(start, message:sub(1, #start))
      assert.truthy(message:find("type: " .. type(value) .. ", valid types: string", 1, true), message)
    end
  end)

  it("is reported with all its problems at once", function()
    local message = refused { arn = 5, foo = 1, Arn = ARN, [1] = ARN }
    for _, name in ipairs { "foo", "Arn", "1" } do
      assert.truthy(message:find(('\nUnknown parameter in input: "%s", must be one of: arn'):format(name), 1, true), message)
    end
    assert.truthy(message:find("\nInvalid type for parameter arn, value: 5", 1, true), message)
    local _, lines = message:gsub("\n", "")
    assert.equal(4, lines)
    assert.truthy(refused { foo = 1 }:find('Missing required parameter in input: "arn"', 1, true))
    assert.truthy(refused { foo = 1 }:find('Unknown parameter in input: "foo"', 1, true))
  end)

  it("cannot break the message with a name or a value", function()
    local message = refused { ["a\r\nb\0c"] = 1, [("x"):rep(100000)] = 2 }
    assert.is_nil(message:find("[%z\1-\9\11-\31]"))
    assert.is_true(#message < 10000)
  end)

  it("is refused when it has too many problems to list", function()
    local argument = { arn = ARN }
    for index = 1, 500 do argument["unknown" .. index] = true end
    assert.truthy(refused(argument):find("Unknown parameter in input", 1, true))
  end)

  it("is refused when it is not UTF-8", function()
    for _, text in ipairs { "\255", ARN .. "\195", "\192\128", "\237\160\128", "\244\144\128\128", "a\128b" } do
      assert.truthy(refused(text):find("arn", 1, true))
      assert.truthy(refused { arn = text }:find("UTF-8", 1, true))
    end
    assert(client:get_recording_configuration(ARN), "the client serves on")
  end)

  it("is refused when it is larger than any request", function()
    refused(("a"):rep(2 * 1024 * 1024))
    assert(client:get_recording_configuration(ARN), "the client serves on")
  end)

  it("raises at the caller's line when it is neither a table nor a string", function()
    for _, value in ipairs { 5, true, print, io.stdout } do
      local line
      local fine, message = pcall(function()
        line = here() client:get_recording_configuration(value)
      end)
      assert.is_false(fine)
      assert.equal(line, message:sub(1, #line))
      assert.truthy(message:find("#1 ", 1, true), message)
      fine, message = pcall(function()
        line = here() local response = ivs.client { region = "x", credentials = KEYS, env = {} }
        line = here() response = response.get_recording_configuration(response, value)
        return response
      end)
      assert.is_false(fine)
      assert.equal(line, message:sub(1, #line))
    end
    assert.equal(0, #sent)
  end)

  it("is called the first one of ivs.get_recording_configuration when it raises", function()
    local line
    local fine, message = pcall(function()
      line = here() ivs.get_recording_configuration(5)
    end)
    assert.is_false(fine)
    assert.equal(line, message:sub(1, #line))
    assert.truthy(message:find("#1 ", 1, true), message)
  end)

  it("raises if self is not a client", function()
    for _, value in ipairs { {}, "client", io.stdout } do
      assert.is_false((pcall(client.get_recording_configuration, value, ARN)))
      assert.is_false((pcall(client.close, value)))
    end
  end)

  it("raises at the caller's line in ivs.core, too", function()
    local line
    local fine, message = pcall(function()
      local bare = core.client { region = "us-west-2", credentials = KEYS, env = {} }
      line = here() bare:call(5)
    end)
    assert.is_false(fine)
    assert.equal(line, message:sub(1, #line))
    assert.truthy(message:find("#1 ", 1, true), message)
  end)

  it("may come from a metamethod", function()
    local argument = setmetatable({}, { __index = function(_, name) return name == "arn" and ARN:upper() or nil end })
    assert(client:get_recording_configuration(argument))
    assert.equal('{"arn": "' .. ARN:upper() .. '"}', sent[1].body)
  end)

  it("may come from a metamethod that keeps no reference to the text", function()
    local junk = {}
    local bare = core.client({ region = "us-west-2", credentials = KEYS, env = {} }, { random = function()
      collectgarbage() -- what nobody holds is gone, and its memory used again
      for index = 1, 50 do junk[#junk + 1] = ("junk %d "):format(index):rep(20) end
      return 0.5
    end })
    local text = ("é"):rep(70)
    local step, request = bare:call(setmetatable({}, { __index = function(_, name)
      return name == "arn" and ("é"):rep(70) or nil
    end })):next()
    assert.equal("exchange", step, tostring(request))
    assert.equal(text, cjson.decode(request.body).arn)
  end)

  it("is not changed", function()
    local options = { region = "us-west-2", credentials = { access_key_id = "A", secret_access_key = "S" },
      env = { AWS_REGION = "eu-west-1" }, transport = function() return { status = 200, body = PLAIN } end }
    local argument = { arn = ARN }
    local seal = { __newindex = function() error("the caller's table was written to", 0) end }
    local tables = { options, options.credentials, options.env, argument }
    for _, one in ipairs(tables) do setmetatable(one, seal) end
    local made = assert(ivs.client(options))
    assert(made:get_recording_configuration(argument))
    made:close()
    assert.same({ arn = ARN }, argument)
    assert.same({ access_key_id = "A", secret_access_key = "S" }, options.credentials)
    assert.same({ AWS_REGION = "eu-west-1" }, options.env)
    for _, one in ipairs(tables) do assert.equal(seal, getmetatable(one)) end
  end)
end)

describe("an ARN with unusual content", function()
  local emulator, client

  lazy_setup(function()
    emulator = server.start()
    client = assert(ivs.client(endpoint.options(emulator, { max_attempts = 1 })))
  end)

  lazy_teardown(function() emulator:stop() end)

  -- JSON as Python's json.dumps writes it, which is what botocore sends
  for arn, body in pairs {
    [""] = '{"arn": ""}',
    [" "] = '{"arn": " "}',
    ["not an arn"] = '{"arn": "not an arn"}',
    ["arn:aws:ivs:us-west-2:1:recording-configuration/a/b"] = '{"arn": "arn:aws:ivs:us-west-2:1:recording-configuration/a/b"}',
    ["\"\\/\b\f\n\r\t"] = '{"arn": "\\"\\\\/\\b\\f\\n\\r\\t"}',
    ["\0\1\31\127"] = '{"arn": "\\u0000\\u0001\\u001f\\u007f"}',
    ["\195\169\226\130\172\240\159\152\128"] = '{"arn": "\\u00e9\\u20ac\\ud83d\\ude00"}',
    ["{\"arn\": \"x\"}"] = '{"arn": "{\\"arn\\": \\"x\\"}"}',
    [("a"):rep(4000)] = '{"arn": "' .. ("a"):rep(4000) .. '"}',
  } do
    it(("is sent as it is and judged by the service: %q"):format(arn:sub(1, 60):gsub("%c", "?")), function()
      local before = emulator:requests()
      local response, err = client:get_recording_configuration { arn = arn }
      assert.is_nil(response)
      assert.same({ "service", "ValidationException", 400 }, { err.kind, err.code, err.status })
      local log = emulator:request_log()
      assert.equal(before + 1, #log)
      assert.equal(body, cjson.decode(log[#log]).body)
    end)
  end
end)
