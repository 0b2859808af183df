--- resty.ivs.phases: in which phases of nginx a call can be made. (What a cache does in the others: cache_spec.)

local hostile_server = require "support.hostile_server"
local http_server = require "support.http_server"
local nginx = require "support.nginx"
local shell = require "emulator.shell"

if not nginx.available then return end

local INIT = [[
told = {}
function call()
  local client = require("resty.ivs").client { region = "us-west-2", env = {}, endpoint_url = %q, max_attempts = 1,
    credentials = function() return { access_key_id = "AKID", secret_access_key = "spec" } end }
  local response, err = client:get_recording_configuration "arn"
  told[ngx.get_phase()] = response and response.recordingConfiguration.state or err.code .. ": " .. err.message
end
]]

local SERVER = [[server {
  listen 127.0.0.1:%d ssl;
  ssl_certificate %s/server.pem;
  ssl_certificate_key %s/server.key;
  %s_by_lua_block { call() }
  location / { content_by_lua_block { ngx.print(told[%q]) } }
}]]

describe("a call in nginx's phase", function()
  local pem, source

  lazy_setup(function()
    pem = hostile_server.start { certificates = true } -- for its certificates
    source = http_server.start { routes = { ["POST /GetRecordingConfiguration"] =
      { body = '{"recordingConfiguration":{"state":"ACTIVE"}}' } } }
  end)

  lazy_teardown(function()
    source:stop()
    pem:stop()
  end)

  --- What a call during a handshake returns, as a page of the connection that the handshake is for.
  local function call_in(phase, directive)
    local port = require("support.redis_server").free_port()
    local site = nginx.start { init = INIT:format(source.url),
      http = SERVER:format(port, pem.directory, pem.directory, directive, phase) }
    local told = shell.run(("curl -sk --max-time 30 https://localhost:%d/"):format(port))
    assert.same({}, site:stop())
    return told
  end

  it("ssl_client_hello, where waiting would end the connection, is an error that names the phase, and the connection goes on", function()
    assert.matches("^InvalidConfigError: .*nginx's phase ssl_client_hello,", call_in("ssl_client_hello", "ssl_client_hello"))
  end)

  it("ssl_cert succeeds", function()
    assert.equal("ACTIVE", call_in("ssl_cert", "ssl_certificate"))
  end)

  for _, phase in ipairs { "ssl_session_fetch", "preread" } do
    it(phase .. " is an error that names the phase", function()
      local site = nginx.start { init = INIT:format(source.url) }
      local told = site:run([[
        local get_phase = ngx.get_phase
        ngx.get_phase = function() return %q end
        call()
        ngx.get_phase = get_phase
        return told[%q] or told.content]], phase, phase)
      site:stop()
      assert.matches("^InvalidConfigError: .*nginx's phase " .. phase .. ",", told)
    end)
  end
end)
