--- The user's logger inside nginx: it may wait, raise and call, like any other Lua of a request's. Inside C, where the core calls
-- its own logger, any of that would crash the worker.

local http_server = require "support.http_server"
local nginx = require "support.nginx"

if not nginx.available then return end

local ACTIVE = '{"recordingConfiguration":{"state":"ACTIVE"}}'

--- What a logger may do; %d is the port of a server that answers.
local LOGGERS = {
  ["sleeps"] = "ngx.sleep(0.005)",
  ["talks over a cosocket"] = [[
    local sock = ngx.socket.tcp()
    assert(sock:connect("127.0.0.1", port))
    assert(sock:send "GET /log HTTP/1.0\r\n\r\n")
    assert(sock:receive())
    sock:close()]],
  ["starts a light thread"] = "ngx.thread.spawn(function() ngx.sleep(0.005) end)",
  ["runs a coroutine"] = "for _ in coroutine.wrap(function() coroutine.yield(1) coroutine.yield(2) end) do end",
  ["waits in a coroutine"] = "coroutine.resume(coroutine.create(function() ngx.sleep(0.005) end))",
  ["waits for a semaphore"] = "require('ngx.semaphore').new(0):wait(0.005)",
}

local CALLS = [[
local port, url, logged, provider = %d, %q, 0, nil
local KEYS = { access_key_id = "AKID", secret_access_key = "spec" }
if %s then provider = function() ngx.sleep(0.001) return KEYS end end
local client = require("resty.ivs").client { region = "us-west-2", env = {}, endpoint_url = url, max_attempts = 2,
  credentials = provider or KEYS, logger = function(level, message)
    assert(type(level) == "string" and type(message) == "string")
    %s
    logged = logged + 1
  end }
local told = {}
for i = 1, 3 do
  local response, err = client:get_recording_configuration "arn"
  told[i] = response and response.recordingConfiguration.state or tostring(err)
end
for _ = 1, 1000 do if logged >= 6 then break end ngx.sleep(0.01) end
return { told, logged >= 6, ngx.worker.pid() }
]]

describe("inside nginx, a logger", function()
  local site, source

  lazy_setup(function()
    source = http_server.start { routes = { ["POST /GetRecordingConfiguration"] = { body = ACTIVE }, ["GET /log"] = { body = "" } } }
    site = nginx.start {}
  end)

  lazy_teardown(function()
    local errors = table.concat(site:stop(), "\n")
    source:stop()
    assert.is_nil(errors:match "[^\n]*%.lua:%d[^\n]*")
    assert.is_nil(errors:match "[^\n]*exited on signal[^\n]*")
  end)

  for name, code in pairs(LOGGERS) do
    it("that " .. name .. " does not affect the call, its credentials, or the worker", function()
      local worker = site:workers()[1]
      for _, is_function in ipairs { "false", "true" } do
        local told = site:run(CALLS, source.port, source.url, is_function, code)
        assert.same({ { "ACTIVE", "ACTIVE", "ACTIVE" }, true, worker }, told)
      end
    end)
  end

  it("gets each step in order, from the call that takes it", function()
    source:route("POST /GetRecordingConfiguration", { { status = 500, body = "{}" }, { body = ACTIVE } })
    local told = site:run([[
      local lines = {}
      local client = require("resty.ivs").client { region = "us-west-2", env = {}, endpoint_url = %q, max_attempts = 2,
        credentials = function() return { access_key_id = "AKID", secret_access_key = "spec" } end,
        logger = function(level, message) ngx.sleep(0) lines[#lines + 1] = level .. " " .. message:match "^%%S+ %%S+" end }
      client:get_recording_configuration "arn"
      return lines]], source.url)
    assert.same({ "debug requesting credentials", "debug credentials from", "debug attempt 1:", "info attempt 1", "debug attempt 2:",
      "debug attempt 2:" }, told)
  end)

  it("that raises, or closes the client, does not affect the worker", function()
    source:route("POST /GetRecordingConfiguration", { body = ACTIVE })
    assert.same({ "ACTIVE", "ClientClosedError" }, site:run([[
      local ivs, told = require "resty.ivs", {}
      local client
      for i, logger in ipairs { function() error "raised" end, function() client:close() end } do
        client = ivs.client { region = "us-west-2", env = {}, endpoint_url = %q, logger = logger,
          credentials = { access_key_id = "AKID", secret_access_key = "spec" } }
        local response, err = client:get_recording_configuration "arn"
        told[i] = response and response.recordingConfiguration.state or err.code
      end
      return told]], source.url))
  end)
end)
