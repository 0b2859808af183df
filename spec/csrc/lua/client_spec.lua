--- The client: its fields, its lifetime, and what it never shows or sends (docs/design.md, "Clients"). Its settings are in
-- settings_spec, its credentials in spec/lua/ivs/credentials/option_spec.

local core = require "ivs.core"
local interpreter = require "support.interpreter"
local ivs = require "ivs"
local server = require "emulator.server"
local store = require "emulator.store"

local ARN = store.configurations.complete.arn
local KEYS = { access_key_id = "AKIDEXAMPLE", secret_access_key = "wJalrXUtnFEMI/K7MDENG" }
local GOOD = { status = 200, body = '{"recordingConfiguration":{"state":"ACTIVE"}}' }

local function no_transport() error("nothing may be sent", 0) end

--- Options with which a client can be made and nothing sent.
local function options(more)
  local made = { region = "us-west-2", credentials = KEYS, env = {}, transport = no_transport }
  for name, value in pairs(more or {}) do made[name] = value or nil end
  return made
end

--- The first request that a client with these options makes.
local function request_of(more)
  local given = options(more)
  given.transport = nil
  local step, request = assert(core.client(given)):call(ARN):next()
  assert(step == "exchange", tostring(request))
  return request
end

describe("a client", function()
  it("has its region and endpoint, and is read-only", function()
    local client = assert(ivs.client(options()))
    assert.same({ "us-west-2", "https://ivs.us-west-2.amazonaws.com" }, { client.region, client.endpoint_url })
    client = assert(ivs.client(options { region = "fips-us-east-1" }))
    assert.same({ "us-east-1", "https://ivs-fips.us-east-1.amazonaws.com" }, { client.region, client.endpoint_url })
    for _, name in ipairs { "region", "endpoint_url", "close", "anything" } do
      assert.is_false((pcall(function() client[name] = "x" end)))
    end
    assert.is_nil(client.anything)
    assert.equal(false, getmetatable(client))
  end)

  it("has the configured endpoint even before it knows a region", function()
    local client = assert(ivs.client(options { region = false, endpoint_url = "https://ivs.example" }))
    assert.is_nil(client.region)
    assert.equal("https://ivs.example", client.endpoint_url)
  end)

  it("can be closed twice, and then returns errors", function()
    local client = assert(ivs.client(options { transport = function() return GOOD end }))
    assert(client:get_recording_configuration(ARN))
    client:close()
    client:close()
    local response, err = client:get_recording_configuration(ARN)
    assert.is_nil(response)
    assert.same({ "cancelled", "ClientClosedError", 0 }, { err.kind, err.code, err.attempts })
    assert.equal("us-west-2", client.region)
    assert.truthy(tostring(client):find("closed", 1, true))
  end)

  it("may be closed by its own transport, logger or provider", function()
    for _, closing in ipairs { "transport", "credentials", "logger" } do
      local output, status = interpreter.run(([[
        local ivs, client = require "ivs", nil
        local options = { env = {}, region = "x", credentials = { access_key_id = "A", secret_access_key = "S" },
          transport = function() return { status = 200, body = "{}" } end }
        local before = options.%s
        options.%s = function(...) client:close() return type(before) == "function" and before(...) or before end
        client = ivs.client(options)
        local response, err = client:get_recording_configuration "arn"
        assert(response or err.code == "ClientClosedError", err and tostring(err))
        assert(select(2, client:get_recording_configuration "arn").code == "ClientClosedError")
        print "alive"]]):format(closing, closing))
      assert.same({ closing, "alive\n", 0 }, { closing, output, status })
    end
  end)

  it("may be collected in any order with its calls, closed or not", function()
    local output, status = interpreter.run [[
      local core, ivs = require "ivs.core", require "ivs"
      local keys = { access_key_id = "A", secret_access_key = "S" }
      for round = 1, 200 do
        local client = core.client { env = {}, region = "x", credentials = keys }
        local call = client:call "arn"
        call:next()
        if round % 3 == 0 then client:close() end
        local used = ivs.client { env = {}, region = "x", credentials = keys,
          transport = function() return { status = 404, body = "" } end }
        used:get_recording_configuration "arn"
        if round % 2 == 0 then used:close() end
        if round % 10 == 0 then collectgarbage() end
      end
      print "alive"]]
    assert.equal("alive\n", output)
    assert.equal(0, status)
  end)

  it("is closed at the end of its scope in Lua 5.4", function()
    if _VERSION ~= "Lua 5.4" then return end
    local outer = assert(load [[
      local ivs, options = ...
      local outer
      do
        local client <close> = assert(ivs.client(options))
        outer = client
      end
      return outer]])(ivs, options())
    assert.equal("ClientClosedError", select(2, outer:get_recording_configuration(ARN)).code)
    outer:close()
  end)

  it("contains no secret in its text, its errors and its log", function()
    local seen = {}
    local keys = { access_key_id = "AKIDEXAMPLE", secret_access_key = "S3cr3tKey-0123456789", session_token = "T0k3n-0123456789" }
    local signature
    local client = assert(ivs.client(options { credentials = function() return keys end, max_attempts = 2,
      proxy = "http://user:Pr0xyPw@localhost:1", logger = function(level, message)
        seen[#seen + 1] = assert(level) .. " " .. message
      end, transport = function(request)
        signature = request.headers.Authorization:match("Signature=(%x+)")
        return { status = 500, body = "" }
      end }))
    local _, err = client:get_recording_configuration(ARN)
    seen[#seen + 1] = tostring(client)
    seen[#seen + 1] = tostring(err)
    for _, value in pairs(err) do seen[#seen + 1] = tostring(value) end
    seen[#seen + 1] = tostring(select(2, ivs.client(options { proxy = "http://user:Pr0xyPw@local host:1" })))
    seen[#seen + 1] = tostring(select(2, ivs.client(options { endpoint_url = "https://user:Pr0xyPw@host" })))
    local text = table.concat(seen, "\n")
    assert.truthy(text:find("attempt 1", 1, true))
    for _, secret in ipairs { "S3cr3tKey", "T0k3n", "Pr0xyPw", signature, "AWS4-HMAC-SHA256" } do
      assert.is_nil(text:find(secret, 1, true), secret)
    end
  end)

  it("describes itself in User-Agent in the SDKs' grammar", function()
    local function agent(more) return request_of(more).headers["User-Agent"] end
    local pattern = "^[%w-]+/%d%S* ua/2%.1 os/%l+#%S+ lang/%l+#%d%S* md/%S+ m/%S+ cfg/retry%-mode#standard$"
    assert.truthy(agent():match(pattern), agent())
    assert.truthy(agent { retry_mode = "adaptive" }:find(" cfg/retry-mode#adaptive", 1, true))
    assert.truthy(agent { sdk_ua_app_id = "my app (1)/x" }:find(" app/my-app--1--x", 1, true))
    assert.truthy(agent { user_agent_extra = "tool/1.0" }:find(" tool/1.0", 1, true))
  end)

  it("sends Lambda's trace ID, unsigned", function()
    local function trace(env) return request_of { env = env }.headers["X-Amzn-Trace-Id"] end
    local id = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
    local env = { AWS_LAMBDA_FUNCTION_NAME = "f", _X_AMZN_TRACE_ID = id }
    assert.equal(id, trace(env))
    assert.is_nil(request_of { env = env }.headers.Authorization:lower():find("trace", 1, true))
    assert.is_nil(trace { _X_AMZN_TRACE_ID = id })
    assert.is_nil(trace { AWS_LAMBDA_FUNCTION_NAME = "f" })
    assert.equal("a%20b%0D%0Ac", trace { AWS_LAMBDA_FUNCTION_NAME = "f", _X_AMZN_TRACE_ID = "a b\r\nc" })
  end)
end)

describe("the default client", function()
  it("is called by a C function", function()
    assert.equal("C", debug.getinfo(ivs.get_recording_configuration, "S").what)
  end)

  it("uses the process environment", function()
    local emulator = server.start()
    local output = interpreter.run('local ivs = require "ivs" for i = 1, 2 do print(assert('
      .. ('ivs.get_recording_configuration { arn = %q }).recordingConfiguration.state) end'):format(ARN),
      emulator:environment())
    local requests = emulator:requests()
    emulator:stop()
    assert.equal("ACTIVE\nACTIVE\n", output)
    assert.equal(2, requests)
  end)

  it("is not remembered if it could not be made", function()
    local output = interpreter.run [[
      local ivs, attempts = require "ivs", "0"
      local variables = { AWS_ENDPOINT_URL = "http://127.0.0.1:1", AWS_ACCESS_KEY_ID = "A", AWS_SECRET_ACCESS_KEY = "S",
        AWS_REGION = "x" }
      os.getenv = function(name) return name == "AWS_MAX_ATTEMPTS" and attempts or variables[name] end
      for _, given in ipairs { "0", "many", "1" } do
        attempts = given
        print(select(2, ivs.get_recording_configuration "arn").code)
      end]]
    assert.equal("InvalidMaxRetryAttemptsError\nInvalidMaxRetryAttemptsError\nEndpointConnectionError\n", output)
  end)
end)

