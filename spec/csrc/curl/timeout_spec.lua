--- Time: no timeout ends a call early, each ends a call that takes too long, signals shorten no wait, and finalizers may close clients.
--
-- connect_timeout covers the name, TCP, TLS and a proxy's tunnel; read_timeout the time from the request sent to the
-- response's last byte. A call takes at most max_attempts × (connect_timeout + read_timeout) + backoffs. Times are compared
-- with lower bounds, and with what would have ended the call otherwise (support/hostile_calls.lua says why).

local calls = require "support.hostile_calls"
local hostile_server = require "support.hostile_server"
local interpreter = require "support.interpreter"
local shell = require "emulator.shell"

local OK = calls.answer()
local REQUEST, HANG = { "request" }, { "hang" }
local SUPPORT = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$") .. "/../../support/"

local took_at_least = calls.took_at_least

describe("time", function()
  local before, server = calls.leftovers(), hostile_server.new { certificates = true }

  lazy_setup(function() server:start() end)
  lazy_teardown(function() server:stop() end)

  local function fail(more, steps)
    if steps then server:play(steps) end
    local client = calls.client(server, more)
    local response, err, took = calls.time(client)
    client:close()
    assert.is_nil(response)
    return err, took
  end

  --- Builds the C file of that name and returns the path of the shared object.
  local function build(name)
    local path = server.directory .. "/" .. name .. ".so"
    local output, status = shell.run(("exec 2>&1; cc -O1 -fPIC -shared -o %s %s -ldl"):format(shell.quote(path),
      shell.quote(SUPPORT .. name .. ".c")))
    assert(status == 0, output)
    return path
  end

  --- A script's beginning: `client`, and `time()`, which makes a call and prints its result and the seconds it took.
  -- @tab given `tls`; `settings` (more of them, Lua); `keys = false`: the client has to find its own
  local function script(given, text)
    local keys = given.keys ~= false and 'env = {}, credentials = { access_key_id = "AKID", secret_access_key = "spec" },' or ""
    return ([[
      local ivs = require "ivs"
      local function uptime()
        local file = io.open "/proc/uptime"
        local seconds = file:read "*n"
        file:close()
        return seconds
      end
      local client = ivs.client { region = "us-west-2", max_attempts = 1, endpoint_url = %q, ca_bundle = %q, ]]):format(
      given.url or given.tls and server.tls_url or server.url, server.ca_bundle) .. keys .. (given.settings or "") .. [[ }
      local function time()
        local begun = uptime()
        local response, err = client:get_recording_configuration "arn"
        print(response and "response " .. response.ResponseMetadata.RetryAttempts or err.code, uptime() - begun)
      end
      ]] .. text
  end

  describe("to connect", function()
    it("ends at connect_timeout if the connection is not accepted", function()
      local deaf = hostile_server.start { deaf = true }
      for _, timeout in ipairs { 0.3, 0.6 } do
        local client = calls.client(deaf, { connect_timeout = timeout })
        local _, err, took = calls.time(client)
        client:close()
        assert.same({ "timeout", "ConnectTimeoutError", 1, true }, { err.kind, err.code, err.attempts, err.retryable })
        assert.truthy(err.message:find("^Connect timeout on endpoint URL: \"http://127.0.0.1:%d+/GetRecordingConfiguration\"$"))
        took_at_least(timeout, took)
      end
      deaf:stop()
    end)

    it("ends at connect_timeout if the TLS handshake hangs", function()
      local err, took = fail({ tls = true, connect_timeout = 0.3 }, { HANG })
      assert.equal("ConnectTimeoutError", err.code)
      took_at_least(0.3, took)
    end)

    it("ends at connect_timeout if the name lookup takes longer, and nothing waits for the lookup", function()
      local output, status = interpreter.run(script({ url = "http://ivs.invalid", settings = "connect_timeout = 0.3" },
        "local begun = uptime() time() time() client:close() print('closed', uptime() - begun)"),
        { LD_PRELOAD = build "slow_names", IVS_SLOW_NAMES = "60", ASAN_OPTIONS = "verify_asan_link_order=0:detect_leaks=0" })
      local code, took, again, closed = output:match("^(%w+)\t([%d.]+)\n(%w+)\t[%d.]+\nclosed\t([%d.]+)\n$")
      assert.same({ "ConnectTimeoutError", "ConnectTimeoutError", 0 }, { code, again, status }, output)
      took_at_least(0.3, tonumber(took))
      assert.is_true(tonumber(closed) < 20) -- neither the next call nor close waits for the look-ups
    end)

    it("does not count toward read_timeout", function()
      server:play { { "wait", 2 }, { "tls" }, REQUEST, { "wait", 0.5 }, { "send", OK }, HANG }
      local client = calls.client(server, { tls = true, read_timeout = 2.3 })
      local response, err, took = calls.time(client)
      client:close()
      assert.truthy(response, tostring(err))
      took_at_least(2.5, took)
    end)
  end)

  describe("to read", function()
    it("ends at read_timeout, on a new connection and on a kept one", function()
      server:play { REQUEST, { "send", OK }, REQUEST, HANG }
      local client = calls.client(server, { read_timeout = 1 })
      assert(client:get_recording_configuration("arn"))
      local _, err, took = calls.time(client)
      client:close()
      assert.same({ "timeout", "ReadTimeoutError", 1, true }, { err.kind, err.code, err.attempts, err.retryable })
      took_at_least(1, took)
      err, took = fail({ read_timeout = 0.6 }, { REQUEST, HANG })
      assert.equal("ReadTimeoutError", err.code)
      took_at_least(0.6, took)
    end)

    it("may be longer than connect_timeout", function()
      server:play { REQUEST, { "wait", 1.5 }, { "send", OK }, HANG }
      local client = calls.client(server, { connect_timeout = 1 })
      local response, err, took = calls.time(client)
      client:close()
      assert.truthy(response, tostring(err))
      took_at_least(1.5, took)
    end)
  end)

  it("of a call is bounded by attempts and timeouts if each handshake is slow and each response trickles", function()
    local endless = calls.answer(("{"):rep(10000))
    local err, took = fail({ tls = true, max_attempts = 3, connect_timeout = 5, read_timeout = 0.3 },
      { { "wait", 0.2 }, { "tls" }, REQUEST, { "drip", endless, 0.05 } })
    assert.same({ "ReadTimeoutError", 3 }, { err.code, err.attempts })
    took_at_least(3 * (0.2 + 0.3), took)
  end)

  describe("is not shortened by a storm of signals:", function()
    local storm

    lazy_setup(function() storm = build "signal_storm" end)

    --- The result and the seconds of a call under the storm.
    local function ride(given, steps)
      server:play(steps)
      local path = server.directory .. "/signals"
      local output = interpreter.run(script(given, ([[
        local start, stop = assert(package.loadlib(%q, "signal_storm_start")), assert(package.loadlib(%q, "signal_storm_stop"))
        start()
        time()
        stop()]]):format(storm, storm)), { IVS_STORM = path })
      local file = assert(io.open(path), output)
      local signals = file:read("*n")
      file:close()
      local result, took = output:match("^(.-)\t([%d.]+)\n$")
      assert(result, output)
      assert.is_true(signals > 1, signals .. " signals came, and " .. output)
      return result, tonumber(took)
    end

    local slow = { REQUEST, { "wait", 0.3 }, { "send", OK }, HANG }

    it("a wait for the response", function()
      local result, took = ride({}, slow)
      assert.equal("response 0", result)
      took_at_least(0.3, took)
    end)

    it("a wait for a handshake and for the response, over TLS", function()
      local result, took = ride({ tls = true }, { { "wait", 0.2 }, { "tls" }, slow[1], slow[2], slow[3], HANG })
      assert.equal("response 0", result)
      took_at_least(0.5, took)
    end)

    it("a wait for a response that does not come", function()
      local result, took = ride({ settings = "read_timeout = 0.4" }, { REQUEST, HANG })
      assert.equal("ReadTimeoutError", result)
      took_at_least(0.4, took)
    end)

    it("a wait for a handshake that does not come", function()
      local result, took = ride({ tls = true, settings = "connect_timeout = 0.4" }, { HANG })
      assert.equal("ConnectTimeoutError", result)
      took_at_least(0.4, took)
    end)

    it("a wait between attempts", function()
      local result, took = ride({ settings = "max_attempts = 2" }, { REQUEST, { "send",
        "HTTP/1.1 503 Unavailable\r\nx-amz-retry-after: 400\r\nContent-Length: 0\r\n\r\n" }, REQUEST, { "send", OK }, HANG })
      assert.equal("response 1", result)
      took_at_least(0.4, took)
    end)

    it("a program that prints credentials", function()
      local config = server.directory .. "/config"
      local program = server.directory .. "/program"
      for path, text in pairs {
        [config] = "[default]\ncredential_process = " .. program .. "\n",
        [program] = '#!/bin/sh\nsleep 0.3\necho \'{"Version":1,"AccessKeyId":"AKID","SecretAccessKey":"spec"}\'\n',
      } do
        local file = assert(io.open(path, "wb"))
        file:write(text)
        file:close()
      end
      shell.run("chmod 700 " .. shell.quote(program))
      local result, took = ride({ keys = false, settings = ("env = { AWS_CONFIG_FILE = %q, "
        .. "AWS_SHARED_CREDENTIALS_FILE = '/dev/null', AWS_EC2_METADATA_DISABLED = 'true' }"):format(config) }, { REQUEST, { "send", OK }, HANG })
      assert.equal("response 0", result)
      took_at_least(0.3, took)
    end)
  end)

  describe("ends:", function()
    local FINALISER = [[
      local function at_exit(action)
        if newproxy then
          local proxy = newproxy(true)
          getmetatable(proxy).__gc = action
          return proxy
        end
        return setmetatable({}, { __gc = action })
      end
      ]]

    --- What a script prints that has a client which has made a call, and its exit status.
    local function run(more, tls)
      server:play(tls and { { "tls" }, REQUEST, { "send", OK }, HANG } or { REQUEST, { "send", OK }, HANG })
      -- Lua finalises nothing that is made while it closes, so what a call makes then stays: no leak is looked for here
      return interpreter.run(script({ tls = tls }, FINALISER .. more), { ASAN_OPTIONS = "detect_leaks=0" })
    end

    local CLOSE = [[
      local function close()
        client:close()
        client:close()
        local response, err = client:get_recording_configuration "arn"
        print(response, err.code)
      end
      ]]

    for _, tls in ipairs { false, true } do
      local over = tls and " over TLS" or ""

      it("a finalizer that runs before the client's own closes it" .. over, function()
        local output, status = run(CLOSE .. "time() last = at_exit(close) kept = client", tls)
        assert.same({ "nil\tClientClosedError\n", 0 }, { output:match("\n(.*)$"), status })
      end)

      it("a finalizer that runs after the client's own closes it" .. over, function()
        local output, status = run([[
          local holder = {}
          first = at_exit(function()
            local other = holder.client
            other:close()
            print(select(2, other:get_recording_configuration "arn").code)
          end)
          holder.client = ivs.client { region = "us-west-2", env = {}, endpoint_url = client.endpoint_url, verify = false,
            credentials = { access_key_id = "AKID", secret_access_key = "spec" } }
          client = holder.client
          time()]], tls)
        assert.same({ "ClientClosedError\n", 0 }, { output:match("\n(.*)$"), status })
      end)

      it("os.exit that closes the state" .. over, function()
        local output, status = run(CLOSE .. "time() last = at_exit(close) kept = client os.exit(0, true)", tls)
        assert.truthy(output:find("^response 0"), output)
        assert.equal(0, status)
      end)
    end

    it("a first call in a finalizer at exit makes a call or returns an error", function()
      local output, status = run [[
        last = at_exit(function()
          local response, err = client:get_recording_configuration "arn"
          print(response and "response" or err.code)
        end)
        kept = client]]
      assert.same({ "response\n", 0 }, { output, status })
    end)
  end)

  it("leaves no descriptor open and no child", function()
    server:stop()
    assert.equal(before, calls.leftovers())
  end)
end)
