--- What a worker keeps between two calls: connections, in separate pools if they differ, and a limited amount of memory.

local certificates = require "support.certificates"
local hostile = require "support.hostile_calls"
local hostile_server = require "support.hostile_server"
local nginx = require "support.nginx"
local shell = require "emulator.shell"

if not nginx.available then return end

local REQUEST, ANSWER, TLS, CLOSE = { "request" }, { "send", hostile.answer() }, { "tls" }, { "close" }
local MIB = 1024 * 1024

local PRELUDE = [[
local function new(options, more)
  options.region, options.env, options.max_attempts = "us-west-2", {}, 1
  options.credentials = { access_key_id = "AKID", secret_access_key = "spec" }
  for name, value in pairs(more or {}) do options[name] = value end
  return require("resty.ivs").client(options)
end
local function call(client)
  local response, err = client:get_recording_configuration "arn"
  return response and response.recordingConfiguration.state or err.kind .. " " .. err.code
end
local function together(client, count)
  local threads, told = {}, {}
  for i = 1, count do threads[i] = ngx.thread.spawn(call, client) end
  for i = 1, count do
    local _, said = ngx.thread.wait(threads[i])
    told[said] = (told[said] or 0) + 1
  end
  return told
end
]]

describe("a worker of nginx keeps", function()
  local site, wire

  lazy_setup(function()
    wire = hostile_server.start { certificates = true }
    site = nginx.start { http = ("lua_socket_log_errors off; lua_ssl_trusted_certificate %s;"):format(wire.ca_bundle) }
  end)

  lazy_teardown(function()
    local errors = table.concat(site:stop(), "\n")
    wire:stop()
    assert.is_nil(errors:match "[^\n]*%.lua:%d[^\n]*")
  end)

  local function run(code, ...) return site:run(PRELUDE .. code, ...) end

  describe("connections", function()
    it("as many as each client's pool_size says", function()
      wire:play { REQUEST, { "wait", 0.05 }, ANSWER, { "again" } }
      run([[
        local small, large = new { endpoint_url = %q, pool_size = 1 }, new { endpoint_url = %q, pool_size = 20 }
        together(small, 1)
        together(large, 8)
        together(large, 8)]], wire.url, wire.url)
      assert.equal(9, wire:connections())
    end)

    it("apart with TCP's keep-alive and without", function()
      wire:play { REQUEST, ANSWER, { "again" } }
      run([[for _, kept in ipairs { true, false, true, false } do call(new { endpoint_url = %q, tcp_keepalive = kept, pool_size = 7 }) end]],
        wire.url)
      assert.equal(2, wire:connections())
    end)

    it("apart by the content of client certificates, not by their paths", function()
      local function copy(name, to)
        shell.run(("cd %s && cp %s.pem %s.pem && cp %s.key %s.key"):format(shell.quote(wire.directory), name, to, name, to))
      end
      local function show(name)
        return run("return call(new({ endpoint_url = %q }, { client_cert = %q, client_key = %q }))", wire.tls_url,
          wire.directory .. "/" .. name .. ".pem", wire.directory .. "/" .. name .. ".key")
      end
      assert.truthy(certificates.NAMES.client and certificates.NAMES.stranger)
      wire:play { TLS, REQUEST, ANSWER, { "again", 2 } }
      copy("client", "shown")
      assert.equal("ACTIVE", show "shown")
      assert.equal("ACTIVE", show "client")
      assert.equal(1, wire:connections())
      copy("stranger", "shown")
      assert.equal("ACTIVE", show "shown")
      assert.equal(2, wire:connections())
    end)

    it("and replaces those that were closed, a limited number of times", function()
      -- eight, all of which are closed at their second request
      wire:play { REQUEST, { "wait", 0.05 }, ANSWER, REQUEST, CLOSE }
      local told = run([[
        local client = new { endpoint_url = %q, pool_size = 8 }
        return { together(client, 8), call(client), call(client) }]], wire.url)
      assert.same({ { ACTIVE = 8 }, "connection ConnectionClosedError", "ACTIVE" }, told)
      assert.equal(9, wire:connections())
    end)
  end)

  it("no memory of large answers", function()
    local head = "HTTP/1.1 403 Forbidden\r\nContent-Length: "
    wire:play { REQUEST, { "send", head .. 4 * MIB .. "\r\n\r\n" .. ("x"):rep(4 * MIB) }, CLOSE }
    local grown = run([[
      local function resident()
        collectgarbage()
        collectgarbage()
        for line in io.lines "/proc/self/status" do
          local kilobytes = line:match "VmRSS:%%s+(%%d+)"
          if kilobytes then return kilobytes / 1024 end
        end
      end
      local client = new { endpoint_url = %q, max_response_bytes = 8 * 1024 * 1024, read_timeout = 20 }
      local before = resident()
      for _ = 1, 4 do together(client, 8) end
      local after = resident()
      return { after - before, client:stats().errors }]], wire.url)
    assert.equal(32, grown[2])
    assert.truthy(grown[1] < 40, grown[1]) -- of 128 MiB; what malloc keeps to itself depends on how they overlapped
  end)
end)
