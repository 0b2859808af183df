--- connect_timeout inside nginx: one time for name, TCP, tunnel and TLS together, whatever nginx's resolver_timeout is; and
-- that it costs a pooled connection nothing.

local hostile = require "support.hostile_calls"
local hostile_server = require "support.hostile_server"
local nginx = require "support.nginx"
local resolver = require "support.resolver"

if not nginx.available then return end

local REQUEST, ANSWER, RESET, HANG = { "request" }, { "send", hostile.answer() }, { "reset" }, { "hang" }

local CALL = [[
local options = %s
options.region, options.env, options.max_attempts = "us-west-2", {}, 1
options.credentials = { access_key_id = "AKID", secret_access_key = "spec" }
local client = require("resty.ivs").client(options)
local spawn, spawned = ngx.thread.spawn, 0
ngx.thread.spawn = function(...)
  spawned = spawned + 1
  return spawn(...)
end
ngx.update_time()
local began, told = ngx.now(), {}
for i = 1, %d do
  local response, err = client:get_recording_configuration "arn"
  told[i] = response and response.recordingConfiguration.state or err.kind .. " " .. err.code
end
ngx.update_time()
ngx.thread.spawn = spawn
return { told = told, seconds = ngx.now() - began, spawned = spawned }
]]

describe("inside nginx, connect_timeout", function()
  local names, site, wire

  lazy_setup(function()
    names = resolver.start()
    wire = hostile_server.start { certificates = true }
    site = nginx.start { http = ("lua_socket_log_errors off; resolver %s; resolver_timeout 20s; lua_ssl_trusted_certificate %s;")
      :format(names.address, wire.ca_bundle) }
  end)

  lazy_teardown(function()
    local errors = table.concat(site:stop(), "\n")
    wire:stop()
    names:stop()
    assert.is_nil(errors:match "[^\n]*%.lua:%d[^\n]*")
  end)

  local function url(name) return ("http://%s:%d"):format(name, wire.port) end

  local function call(options, times)
    options.connect_timeout = options.connect_timeout or 0.3
    return site:run(CALL, options, times or 1)
  end

  it("covers the name lookup, of the host and of the proxy", function()
    for _, options in ipairs { { endpoint_url = url "silent.example" }, { endpoint_url = "https://silent.example" },
      { endpoint_url = "http://10.0.0.1", proxy = url "silent.example" } } do
      local told = call(options)
      assert.same({ "timeout ConnectTimeoutError" }, told.told)
      assert.truthy(told.seconds >= 0.28 and told.seconds < 20, told.seconds) -- resolver_timeout
    end
  end)

  it("starts a timer for a name without a pooled connection, and for nothing else", function()
    wire:play { REQUEST, ANSWER, { "again" } }
    local told = call({ endpoint_url = url "good.example", connect_timeout = 5 }, 4)
    assert.same({ "ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE" }, told.told)
    assert.equal(1, wire:connections())
    assert.equal(2, told.spawned)
    -- another client, which takes what that one left
    told = call({ endpoint_url = url "good.example", connect_timeout = 5 }, 2)
    assert.same({ { "ACTIVE", "ACTIVE" }, 0 }, { told.told, told.spawned })
    assert.equal(1, wire:connections())
    told = call({ endpoint_url = url "127.0.0.1", connect_timeout = 5 }, 2)
    assert.same({ { "ACTIVE", "ACTIVE" }, 0 }, { told.told, told.spawned })
    assert.equal(2, wire:connections())
  end)

  it("does not affect TLS and the pool", function()
    wire:play { { "tls" }, REQUEST, ANSWER, { "again", 2 } }
    local told = call({ endpoint_url = ("https://good.example:%d"):format(wire.port), connect_timeout = 5, verify = false }, 3)
    assert.same({ "ACTIVE", "ACTIVE", "ACTIVE" }, told.told)
    assert.equal(1, wire:connections())
  end)

  it("starts a timer again when the kept connections are gone", function()
    wire:play { REQUEST, ANSWER, { "close" } }
    local told = call({ endpoint_url = url "good-again.example", connect_timeout = 5, keepalive_timeout = 0.05 })
    assert.same({ { "ACTIVE" }, 2 }, { told.told, told.spawned })
    site:run "ngx.sleep(0.1)"
    told = call({ endpoint_url = url "good-again.example", connect_timeout = 5, keepalive_timeout = 0.05 })
    assert.same({ { "ACTIVE" }, 2 }, { told.told, told.spawned })
    assert.equal(2, wire:connections())
  end)

  it("leaves to TLS the time that name lookup and TCP have left", function()
    wire:play { HANG }
    local told = call { endpoint_url = ("https://good.example:%d"):format(wire.port) }
    assert.same({ "timeout ConnectTimeoutError" }, told.told)
    assert.truthy(told.seconds >= 0.28, told.seconds)
  end)

  it("covers a handshake that was cut off and the second attempt together", function()
    wire:play_each { { { "bytes", 5 }, { "wait", 3 }, RESET }, { HANG } }
    local told = call { endpoint_url = wire.tls_url, connect_timeout = 4 }
    assert.equal(2, wire:connections())
    assert.truthy(told.seconds >= 3.98 and told.seconds < 6.9, told.seconds) -- a limit of its own would end the second try after 7 s
  end)
end)
