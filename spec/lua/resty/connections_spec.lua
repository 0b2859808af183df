--- Connections inside nginx: kept, replaced, tunnelled, verified; and the error that each way of failing gives, the same as
-- the blocking driver's (spec/faults/hostile_connection_spec, spec/csrc/curl/tls_spec).

local hostile = require "support.hostile_calls"
local hostile_server = require "support.hostile_server"
local json = require "cjson"
local nginx = require "support.nginx"
local server = require "emulator.server"
local shell = require "emulator.shell"
local store = require "emulator.store"
local tinyproxy = require "support.tinyproxy"

if not nginx.available then return end

local ARN = store.configurations.complete.arn
local OK, TIMEOUT = hostile.answer(), hostile.TIMEOUT
local TIMEOUT_OF = hostile.TIMEOUT_OF
local REQUEST, CLOSE, RESET, HANG, TLS = { "request" }, { "close" }, { "reset" }, { "hang" }, { "tls" }
local HEAD = "HTTP/1.1 200 OK\r\nContent-Length: 45\r\n\r\n"

--- Makes so many calls; tells of the last one.
local CALL = [[
local client = require("resty.ivs").client(%s)
local response, err
ngx.update_time()
local began = ngx.now()
for i = 1, %d do
  response, err = client:get_recording_configuration(%q)
end
ngx.update_time()
return { state = response and (response.recordingConfiguration or {}).state, kind = err and err.kind, code = err and err.code,
  status = err and err.status,
  message = err and err.message, attempts = client:stats().attempts, seconds = ngx.now() - began }]]

describe("inside nginx, a connection", function()
  local emulator, site, wire, bundle

  lazy_setup(function()
    emulator = server.start { hostnames = { "ivs.example.com" } }
    wire = hostile_server.start { certificates = true }
    bundle = os.tmpname()
    shell.run(("cat %s %s > %s"):format(shell.quote(emulator.ca_bundle), shell.quote(wire.ca_bundle), shell.quote(bundle)))
    site = nginx.start { http = "lua_socket_log_errors off; lua_ssl_trusted_certificate " .. bundle .. ";" }
  end)

  lazy_teardown(function()
    os.remove(bundle)
    local errors = table.concat(site:stop(), "\n")
    wire:stop()
    emulator:stop()
    assert.is_nil(errors:match "[^\n]*%.lua:%d[^\n]*")
  end)

  --- Calls of the emulator.
  local function call(more, times, arn)
    local options = { region = emulator.region, endpoint_url = emulator.endpoint_url, env = {}, max_attempts = 1,
      credentials = { access_key_id = emulator.access_key_id, secret_access_key = emulator.secret_access_key } }
    for name, value in pairs(more or {}) do options[name] = value end
    return site:run(CALL, options, times or 1, arn or ARN)
  end

  --- A call of the hostile server.
  local function attack(connections, more)
    if type(connections[1][1]) == "table" then wire:play_each(connections) else wire:play(connections) end
    local options = { endpoint_url = wire.url, read_timeout = hostile.PATIENCE, connect_timeout = hostile.PATIENCE }
    for name, value in pairs(more or {}) do options[name] = value end
    local times = options.times
    options.times = nil
    return call(options, times)
  end

  local function fails(connections, kind, code, more)
    local options = {}
    if TIMEOUT_OF[code] then options[TIMEOUT_OF[code]] = TIMEOUT end
    for name, value in pairs(more or {}) do options[name] = value end
    local told = attack(connections, options)
    assert.same({ kind, code, 1 }, { told.kind, told.code, told.attempts }, told.message)
    hostile.took_at_least(TIMEOUT_OF[code] and TIMEOUT or 0, told.seconds)
    return told
  end

  local function connections_of(log, from)
    local seen, count = {}, 0
    for at = from + 1, #log do
      local number = json.decode(log[at]).connection
      if not seen[number] then count = count + 1 end
      seen[number] = true
    end
    return count
  end

  describe("is kept", function()
    it("for the next call of any client", function()
      for _, url in ipairs { emulator.endpoint_url, emulator.http_endpoint_url } do
        local before = emulator:requests()
        assert.equal("ACTIVE", call({ endpoint_url = url }, 20).state)
        assert.equal("ACTIVE", call({ endpoint_url = url }, 5).state)
        assert.equal(before + 25, emulator:requests())
        assert.equal(1, connections_of(emulator:request_log(), before))
      end
    end)

    it("not for a client with other trust settings", function()
      local before = emulator:requests()
      call({ keepalive_timeout = 30, verify = false }, 2)
      call({ verify = true }, 1)
      assert.equal(2, connections_of(emulator:request_log(), before))
    end)

    it("not if the response says close, or has bytes after its end", function()
      for _, answer in ipairs { hostile.answer(nil, "Connection: close\r\n"), OK .. "more" } do
        local told = attack({ REQUEST, { "send", answer }, REQUEST, { "send", answer } }, { times = 2 })
        assert.equal("ACTIVE", told.state)
        assert.equal(2, wire:connections())
      end
    end)

    it("not longer than keepalive_timeout", function()
      local script = CALL:gsub("for i", "ngx.sleep(0.06) for i")
      wire:play { REQUEST, { "send", OK }, REQUEST, { "send", OK } }
      local options = { region = "us-west-2", endpoint_url = wire.url, env = {}, keepalive_timeout = 0.02,
        credentials = { access_key_id = "A", secret_access_key = "S" } }
      for _ = 1, 2 do assert.equal("ACTIVE", site:run(script, options, 1, ARN).state) end
      assert.equal(2, wire:connections())
      wire:await("gone", 2)
    end)
  end)

  it("that the server closed meanwhile is replaced without a failure", function()
    -- closed while idle, and at the moment at which the next request arrives
    for _, ending in ipairs { { { "wait", 0.02 }, CLOSE }, { REQUEST, CLOSE }, { REQUEST, RESET } } do
      local first = { REQUEST, { "send", OK } }
      for _, step in ipairs(ending) do first[#first + 1] = step end
      local told = attack({ first, { REQUEST, { "send", OK } } }, { times = 2 })
      assert.equal("ACTIVE", told.state, told.message)
      assert.equal(2, told.attempts)
      assert.equal(2, wire:connections())
    end
  end)

  it("that ends within a response is not replaced, kept or new", function()
    local told = attack({ { REQUEST, { "send", OK }, REQUEST, { "send", HEAD .. "{" }, CLOSE }, { REQUEST, { "send", OK } } }, { times = 2 })
    assert.same({ "connection", "ConnectionClosedError", 2 }, { told.kind, told.code, told.attempts })
  end)

  describe("that is cut off", function()
    for name, steps in pairs {
      ["before the headers"] = { REQUEST, CLOSE }, ["by a reset"] = { REQUEST, RESET },
      ["within the headers"] = { REQUEST, { "send", "HTTP/1.1 200 OK\r\nConte" }, CLOSE },
      ["within the body"] = { REQUEST, { "send", HEAD .. "{" }, CLOSE },
      ["within the body by a reset"] = { REQUEST, { "send", HEAD .. "{" }, { "wait", 0.02 }, RESET },
    } do
      it(name .. " is a ConnectionClosedError", function()
        local told = fails(steps, "connection", "ConnectionClosedError")
        assert.truthy(told.message:find("Connection was closed before we received a valid response", 1, true))
      end)
    end

    it("once is retried", function()
      local told = attack({ { REQUEST, RESET }, { REQUEST, { "send", OK } } }, { max_attempts = 2 })
      assert.same({ "ACTIVE", 2 }, { told.state, told.attempts })
    end)
  end)

  describe("that hangs", function()
    for name, steps in pairs {
      ["before the headers"] = { REQUEST, HANG }, ["within the headers"] = { REQUEST, { "send", "HTTP/1.1 2" }, HANG },
      ["within the body"] = { REQUEST, { "send", HEAD .. "{" }, HANG },
      ["again and again"] = { REQUEST, { "drip", HEAD .. ("x"):rep(45), 0.1 } },
    } do
      it(name .. " is a ReadTimeoutError in time", function()
        local told = fails(steps, "timeout", "ReadTimeoutError")
        assert.equal(('Read timeout on endpoint URL: "%s/GetRecordingConfiguration"'):format(wire.url), told.message)
      end)
    end

    it("in its handshake is a ConnectTimeoutError", function()
      fails({ HANG }, "timeout", "ConnectTimeoutError", { endpoint_url = wire.tls_url })
    end)
  end)

  describe("that delivers", function()
    for name, case in pairs {
      ["no HTTP"] = { "SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTPClientError" },
      ["two lengths"] = { "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}", "HTTPClientError" },
      ["a head without end"] = { "HTTP/1.1 200 OK\r\nX: " .. ("x"):rep(300000), "ResponseParserError" },
      ["too large a body"] = { "HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n" .. ("x"):rep(2000000), "ResponseParserError" },
      ["a coding that nobody asked for"] = { hostile.answer("x", "Content-Encoding: br\r\n"), "HTTPClientError" },
      ["broken gzip"] = { hostile.answer("not gzip at all", "Content-Encoding: gzip\r\n"), "HTTPClientError" },
    } do
      it(name .. " is an error of kind response", function()
        fails({ REQUEST, { "send", case[1] } }, "response", case[2])
      end)
    end

    it("an empty body, with any Content-Encoding, is the service's own error", function()
      for coding, status in pairs { gzip = 403, br = 503 } do
        local told = fails({ REQUEST, { "send", ("HTTP/1.1 %d No\r\nContent-Encoding: %s\r\nContent-Length: 0\r\n\r\n")
          :format(status, coding) } }, "service", tostring(status))
        assert.equal(status, told.status)
      end
    end)
  end)

  describe("that cannot be made", function()
    it("is an EndpointConnectionError", function()
      local told = call { endpoint_url = "http://127.0.0.1:1" }
      assert.same({ "connection", "EndpointConnectionError" }, { told.kind, told.code })
      assert.truthy(told.message:find('Could not connect to the endpoint URL: "http://127.0.0.1:1/', 1, true), told.message)
    end)

    it("for lack of a resolver says what to set", function()
      local told = call { endpoint_url = "http://ivs.invalid" }
      assert.same({ "connection", "EndpointConnectionError" }, { told.kind, told.code })
      assert.truthy(told.message:find("set `resolver` in its configuration", 1, true), told.message)
    end)
  end)

  describe("over TLS", function()
    it("is verified: an unknown authority is refused, once, with nginx's setting for trust in the message", function()
      local strict = nginx.start { http = "lua_socket_log_errors off;" }
      local told = strict:run(CALL, { region = "us-west-2", endpoint_url = emulator.endpoint_url, env = {},
        credentials = { access_key_id = "A", secret_access_key = "S" } }, 1, ARN)
      strict:stop()
      assert.same({ "tls", "SSLError", 1 }, { told.kind, told.code, told.attempts })
      assert.truthy(told.message:find("lua_ssl_trusted_certificate", 1, true), told.message)
    end)

    for certificate, words in pairs { other_host = "another name", expired = "expired", self_signed = "lua_ssl_trusted_certificate",
      unknown = "lua_ssl_trusted_certificate" } do
      it("with the certificate `" .. certificate .. "` is refused", function()
        local told = fails({ { "tls", certificate }, REQUEST, { "send", OK } }, "tls", "SSLError", { endpoint_url = wire.tls_url })
        assert.truthy(told.message:find(words, 1, true), told.message)
      end)
    end

    it("is not verified with verify = false", function()
      assert.equal("ACTIVE", attack({ TLS, REQUEST, { "send", OK } }, { endpoint_url = wire.tls_url, verify = false }).state)
    end)

    it("whose handshake was cut off once is made again", function()
      local told = attack({ { { "bytes", 5 }, RESET }, { TLS, REQUEST, { "send", OK } } }, { endpoint_url = wire.tls_url, connect_timeout = 5 })
      assert.same({ "ACTIVE", 1 }, { told.state, told.attempts }, told.message)
    end)

    it("with a client certificate presents it", function()
      local told = call { client_cert = emulator.prefix .. "/server.pem", client_key = emulator.prefix .. "/server.key" }
      assert.equal("ACTIVE", told.state, told.message)
    end)
  end)

  describe("through a proxy", function()
    local proxy

    lazy_setup(function() proxy = tinyproxy.start { user = "video", password = "secret" } end)
    lazy_teardown(function() proxy:stop() end)

    it("is a tunnel for https, kept for the next call", function()
      local told = call({ proxy = "http://video:s%65cret@localhost:" .. proxy.port }, 3)
      assert.equal("ACTIVE", told.state, told.message)
      assert.same({ ("CONNECT localhost:%d HTTP/1.1"):format(emulator.https_port) }, proxy:asked())
    end)

    it("is kept to the proxy for http", function()
      local told = call({ proxy = "http://video:s%65cret@" .. proxy.address, endpoint_url = emulator.http_endpoint_url })
      assert.equal("ACTIVE", told.state, told.message)
      assert.same({ ("POST %s/GetRecordingConfiguration HTTP/1.1"):format(emulator.http_endpoint_url) }, proxy:asked())
      local last = json.decode(emulator:request_log()[emulator:requests()])
      assert.is_nil(last.headers["proxy-authorization"])
    end)

    it("is not used for the hosts of no_proxy, and is read from the environment", function()
      assert.equal("ACTIVE", call { proxy = "http://127.0.0.1:1", no_proxy = "example.com, localhost" }.state)
      local told = call { env = { https_proxy = "http://video:s%65cret@" .. proxy.address } }
      assert.equal("ACTIVE", told.state, told.message)
      assert.equal(1, #proxy:asked())
    end)

    it("that refuses, is unreachable or hangs is a ProxyConnectionError or a timeout, without the password", function()
      for url, words in pairs { ["http://video:wrong@" .. proxy.address] = "40", ["http://a:secret@127.0.0.1:1"] = "refused" } do
        local told = call { proxy = url }
        assert.same({ "connection", "ProxyConnectionError" }, { told.kind, told.code }, told.message)
        assert.truthy(told.message:find(words, 1, true), told.message)
        assert.is_nil(told.message:find("secret", 1, true) or told.message:find("wrong", 1, true))
      end
      wire:play { HANG }
      local told = call { proxy = wire.url, connect_timeout = TIMEOUT }
      assert.same({ "timeout", "ConnectTimeoutError" }, { told.kind, told.code })
    end)
  end)
end)
