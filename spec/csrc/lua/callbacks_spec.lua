-- What the caller's own functions and tables may do in the middle of a call: raise, close the client, make calls, return invalid values.

local core = require "ivs.core"
local interpreter = require "support.interpreter"
local ivs = require "ivs"

local ARN = "arn:aws:ivs:us-west-2:123456789012:recording-configuration/AbCdEf123456"
local KEYS = { access_key_id = "AKIAIOSFODNN7EXAMPLE", secret_access_key = "secret" }

local function client_with(options, body)
  options.region, options.env, options.credentials = "us-west-2", {}, options.credentials or KEYS
  options.transport = options.transport or function() return { status = 200, body = body or "{}" } end
  return assert(ivs.client(options))
end

describe("a caller's function or table", function()
  it("may close the client while its credentials are read", function()
    local output, status = interpreter.run [[
      local ivs = require "ivs"
      local function trap()
        local client
        client = ivs.client { region = "x", env = {}, transport = function() return { status = 200, body = "{}" } end,
          credentials = function()
            return setmetatable({}, { __index = function(_, name) client:close() if name ~= "expiration" then return "k" end end })
          end }
        return client
      end
      print(select(2, trap():get_recording_configuration "arn").code, select(2, trap():credentials()).code)]]
    assert.same({ "ClientClosedError\tClientClosedError\n", 0 }, { output, status })
  end)

  it("that raises while its credentials are read makes the call return an error", function()
    local client = client_with { credentials = function()
      return setmetatable({}, { __index = function() error "no keys today" end })
    end }
    local response, err = client:get_recording_configuration(ARN)
    assert.is_nil(response)
    assert.equal("CredentialRetrievalError", err.code)
    assert.truthy(err.message:find("no keys today", 1, true))
  end)

  it("that logs and raises does not change the result of the call", function()
    local response = client_with({ logger = function() error "disk full" end }):get_recording_configuration(ARN)
    assert.equal(200, response.ResponseMetadata.HTTPStatusCode)
  end)

  it("that logs and raises does not lose credentials of any source", function()
    local function loud() error "disk full" end
    for _, given in ipairs { { credentials = function() return KEYS end },
      { env = { AWS_ACCESS_KEY_ID = "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY = "secret" } } } do
      local client = assert(ivs.client { region = "us-west-2", env = given.env or {}, credentials = given.credentials, logger = loud,
        transport = function() return { status = 200, body = "{}" } end })
      assert(client:get_recording_configuration(ARN))
      assert(client:credentials())
      local call = assert(core.client { region = "us-west-2", env = given.env or {}, credentials = given.credentials,
        logger = loud }):call(ARN)
      local _, provider = call:next()
      assert.equal("exchange", (call:next(provider {})))
    end
    local client = assert(ivs.client { region = "us-west-2", env = {}, logger = loud,
      credentials = function() return nil, "the vault is shut" end })
    assert.equal("the vault is shut", select(2, client:get_recording_configuration(ARN)).message)
    assert.equal("the vault is shut", select(2, client:credentials()).message)
  end)

  it("that returns credentials gives the call and client:credentials() the same errors", function()
    local ours = select(2, client_with { credentials = function() return nil, "first" end }:credentials())
    local cases = {
      nothing = function() end,
      ["a text"] = function() return nil, "the vault is shut" end,
      ["an empty text"] = function() return nil, "" end,
      ["a number"] = function() return nil, 5 end,
      ["an empty table"] = function() return nil, {} end,
      ["a bare table"] = function() return nil, { kind = "timeout", code = "ReadTimeoutError", message = "late",
        causes = { { provider = "vault", message = "sealed" } } } end,
      ["an unknown kind"] = function() return nil, { kind = "odd", code = "", message = {}, causes = 5 } end,
      ["causes that are none"] = function() return nil, { message = "m", causes = { 5, true } } end,
      ["tricks"] = function() return nil, setmetatable({}, { __index = function() error "trick" end }) end,
      ["an error object"] = function() return nil, ours end,
      ["a raised text"] = function() error("raised", 0) end,
      ["a raised table"] = function() error {} end,
      ["half a pair"] = function() return { access_key_id = "A" } end,
      ["a text as keys"] = function() return "A:S" end,
      ["true"] = function() return true end,
      ["keys that raise"] = function() return setmetatable({}, { __index = function() error("no keys today", 0) end }) end,
    }
    for case, give in pairs(cases) do
      local client = client_with { credentials = give }
      local called = select(2, client:get_recording_configuration(ARN))
      local asked = select(2, client:credentials())
      assert.equal("string", type(asked.message), case)
      assert.is_true(#asked.message > 0, case)
      for _, name in ipairs { "kind", "code", "message", "retryable", "attempts", "operation_name" } do
        assert.is_not_nil(asked[name], case .. ": " .. name)
        assert.equal(called[name], asked[name], case .. ": " .. name)
      end
      assert.equal(tostring(called), tostring(asked), case)
      assert.equal(getmetatable(called), getmetatable(asked))
    end
  end)

  it("that logs gets each message as one line, whatever the service sends", function()
    local lines = {}
    local client = client_with { logger = function(_, message) lines[#lines + 1] = message end,
      transport = function() return { status = 404, body = '{"code":"X","message":"a\\nFAKE line\\u0007"}' } end }
    client:get_recording_configuration(ARN)
    assert.truthy(#lines > 1)
    for _, line in ipairs(lines) do assert.is_nil(line:find("%c"), line) end
  end)

  it("that logs cannot advance the call that it is called for", function()
    local call, message
    local client = assert(core.client { region = "x", env = {}, credentials = KEYS, logger = function()
      if call then message = select(2, pcall(call.next, call)) end
    end })
    call = client:call(ARN)
    assert.equal("exchange", (call:next()))
    assert.truthy(message:find("by the logger", 1, true), message)
    assert.equal("done", (call:next { status = 200, body = "{}" }))
  end)

  it("that returns a table with metamethods is read raw", function()
    local client = client_with { max_attempts = 1, transport = function()
      return setmetatable({ status = 200 }, { __index = function(_, name) error(name) end })
    end }
    local _, err = client:get_recording_configuration(ARN)
    assert.equal("ResponseParserError", err.code)
  end)

  it("may require the module again", function()
    local client = client_with {}
    package.loaded.ivs = nil
    local again = require "ivs"
    assert.is_not_equal(ivs, again)
    assert.truthy(client:get_recording_configuration(ARN))
    assert.equal("us-west-2", client.region)
    package.loaded.ivs = ivs
  end)

  it("in the clock has to be a valid one", function()
    assert.is_false((pcall(core.client, {}, { clock = os.time })))
    assert.is_false((pcall(core.client, {}, { time = 5 })))
  end)

  it("for time and randomness may return invalid values", function()
    local client = assert(core.client({ region = "x", env = {}, credentials = KEYS }, { time = function() return 0 / 0 end,
      random = function() return 1e300 end }))
    local step, request = client:call(ARN):next()
    assert.equal("exchange", step)
    assert.truthy(request.headers["amz-sdk-invocation-id"]:find("^%x+%-%x+%-4%x+%-[89ab]%x+%-%x+$"))
  end)
end)

describe("a member's name", function()
  it("that begins like a documented one is unknown", function()
    local client = client_with({}, '{"recordingConfiguration":{"arn\\u0000x":"v","arn":"a"}}')
    assert.same({ arn = "a" }, client:get_recording_configuration(ARN).recordingConfiguration)
    local _, err = client:get_recording_configuration { arn = ARN, ["arn\0x"] = 1 }
    assert.equal("ParamValidationError", err.code)
  end)
end)
