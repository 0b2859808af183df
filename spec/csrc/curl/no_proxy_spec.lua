--- Which proxy a call goes through, and for which hosts (docs/protocol.md, "Proxies"). A closed port shows that one is used; the
-- emulator without TLS can stand for one.

local cjson = require "cjson"
local endpoint = require "support.endpoint"
local interpreter = require "support.interpreter"
local ivs = require "ivs"
local server = require "emulator.server"
local store = require "emulator.store"

local ARN = store.configurations.complete.arn
local CLOSED = "127.0.0.1:1" -- tcpmux: nothing listens there

describe("a call goes through a proxy", function()
  local emulator

  lazy_setup(function() emulator = server.start() end)
  lazy_teardown(function() emulator:stop() end)

  local function last_request()
    local log = emulator:request_log()
    return cjson.decode(log[#log])
  end

  local function client_with(more)
    return assert(ivs.client(endpoint.options(emulator, more)))
  end

  local function proxied(env, more)
    local given = { env = env, max_attempts = 1 }
    for name, value in pairs(more or {}) do given[name] = value end
    local client = client_with(given)
    local response, err = client:get_recording_configuration(ARN)
    client:close()
    assert(response or err.code == "ProxyConnectionError", err and tostring(err))
    return response == nil
  end

  it("that the option or the environment names for the endpoint's scheme", function()
    local plain = { endpoint_url = emulator.http_endpoint_url }
    assert.is_true(proxied({}, { proxy = "http://" .. CLOSED }))
    assert.is_true(proxied { https_proxy = "http://" .. CLOSED })
    assert.is_true(proxied { HTTPS_PROXY = CLOSED })
    assert.is_true(proxied({ http_proxy = "http://" .. CLOSED }, plain))
    assert.is_true(proxied({ HTTP_PROXY = "http://" .. CLOSED }, plain))
    assert.is_false(proxied { http_proxy = "http://" .. CLOSED })
    assert.is_false(proxied({ https_proxy = "http://" .. CLOSED }, plain))
    assert.is_false(proxied { ALL_PROXY = "http://" .. CLOSED, all_proxy = "http://" .. CLOSED })
  end)

  it("by the lowercase variable first, and never by HTTP_PROXY in a CGI process", function()
    local working = "http://127.0.0.1:" .. emulator.http_port
    local plain = { endpoint_url = emulator.http_endpoint_url }
    assert.is_false(proxied({ http_proxy = working, HTTP_PROXY = "http://" .. CLOSED }, plain))
    assert.is_true(proxied({ http_proxy = "http://" .. CLOSED, HTTP_PROXY = working }, plain))
    assert.is_false(proxied({ HTTP_PROXY = "http://" .. CLOSED, REQUEST_METHOD = "GET" }, plain))
  end)

  it("except for the hosts of no_proxy", function()
    for no_proxy, direct in pairs { ["localhost"] = true, ["example.com, localhost"] = true, ["*"] = true,
      [".localhost"] = true, ["LOCALHOST"] = true, ["ocalhost"] = false, ["example.com"] = false, ["127.0.0.0/8"] = false,
      ["localhost:" .. emulator.https_port] = true, ["localhost:1"] = false } do
      assert.equal(not direct, proxied({ https_proxy = "http://" .. CLOSED, no_proxy = no_proxy }), no_proxy)
      assert.equal(not direct, proxied({}, { proxy = "http://" .. CLOSED, no_proxy = no_proxy }), no_proxy)
    end
    assert.is_false(proxied { https_proxy = "http://" .. CLOSED, NO_PROXY = "localhost" })
  end)

  it("whose user and password are percent-decoded and appear in no message", function()
    local client = client_with { endpoint_url = emulator.http_endpoint_url,
      proxy = "http://us%40er:p%20w%3A@127.0.0.1:" .. emulator.http_port }
    assert(client:get_recording_configuration(ARN))
    -- base64 of "us@er:p w:"
    assert.equal("Basic dXNAZXI6cCB3Og==", last_request().headers["proxy-authorization"])
    local _, err = client_with { proxy = "http://us%40er:p%20w%3A@" .. CLOSED, max_attempts = 1 }:get_recording_configuration(ARN)
    assert.same({ "connection", "ProxyConnectionError" }, { err.kind, err.code })
    assert.is_nil(tostring(err):find("p%20w", 1, true))
    assert.is_nil(tostring(err):find("p w:", 1, true))
  end)

  it("but never one that libcurl reads from the environment by itself", function()
    local output = interpreter.run(([[
      local client = require "ivs".client { region = "us-west-2", env = {}, endpoint_url = %q, ca_bundle = %q,
        max_attempts = 1, credentials = { access_key_id = %q, secret_access_key = %q } }
      print(assert(client:get_recording_configuration(%q)).recordingConfiguration.state)]])
      :format(emulator.endpoint_url, emulator.ca_bundle, emulator.access_key_id, emulator.secret_access_key, ARN),
      { https_proxy = "http://" .. CLOSED, ALL_PROXY = "http://" .. CLOSED, SSL_CERT_FILE = "/nonexistent" })
    assert.equal("ACTIVE\n", output)
  end)
end)
