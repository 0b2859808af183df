--- The blocking driver over a real server: connections, TLS, timeouts, limits (docs/design.md, "The blocking driver"), and that
-- it leaves the process it runs in alone. Proxies are in proxy_spec.

local cjson = require "cjson"
local endpoint = require "support.endpoint"
local interpreter = require "support.interpreter"
local ivs = require "ivs"
local server = require "emulator.server"
local shell = require "emulator.shell"
local store = require "emulator.store"

local ARN = store.configurations.complete.arn
local CLOSED = "127.0.0.1:1" -- tcpmux: nothing listens there

local function uptime()
  local file = assert(io.open("/proc/uptime"))
  local seconds = file:read("*n")
  file:close()
  return seconds
end

describe("the blocking driver", function()
  local emulator

  lazy_setup(function() emulator = server.start() end)
  lazy_teardown(function() emulator:stop() end)

  local function client_with(more)
    return assert(ivs.client(endpoint.options(emulator, more)))
  end

  local function fail_with(more, arn)
    local client = client_with(more)
    local response, err = client:get_recording_configuration(arn or ARN)
    client:close()
    assert.is_nil(response)
    return err
  end

  local function last_request()
    local log = emulator:request_log()
    return cjson.decode(log[#log])
  end

  local function script(name, answer) return emulator:script(name, answer) end

  describe("keeps a connection", function()
    local function connections(client, calls)
      local seen, count = {}, 0
      for _ = 1, calls do
        assert(client:get_recording_configuration(ARN))
        local number = last_request().connection
        count = count + (seen[number] and 0 or 1)
        seen[number] = true
      end
      return count
    end

    it("across the calls of a client", function()
      assert.equal(1, connections(client_with(), 10))
    end)

    it("across errors of the service", function()
      local client = client_with { max_attempts = 1 }
      client:get_recording_configuration(store.arn "access-denied")
      local first = last_request().connection
      client:get_recording_configuration(store.arn "internal-error")
      assert.equal(first, last_request().connection)
    end)

    it("with TCP's keep-alive only if tcp_keepalive is set", function()
      -- The fields of /proc/net/tcp (Linux, proc_net_tcp.rst): remote address, state 01 (established), timer 02 (keep-alive).
      local function timers()
        local found = {}
        for _, path in ipairs { "/proc/net/tcp", "/proc/net/tcp6" } do
          for line in io.lines(path) do
            local port, timer = line:match "^%s*%d+: %x+:%x+ %x+:(%x+) 01 %x+:%x+ (%x+):"
            if port and tonumber(port, 16) == emulator.https_port then found[timer] = true end
          end
        end
        return found
      end
      for setting, is_kept_alive in pairs { [true] = true, [false] = false } do
        local client = client_with { tcp_keepalive = setting }
        assert(client:get_recording_configuration(ARN))
        local deadline = uptime() + 10
        local is_seen
        repeat
          is_seen = timers()["02"] or false
        until is_seen == is_kept_alive or uptime() > deadline
        client:close()
        assert.equal(is_kept_alive, is_seen)
      end
    end)

    it("not longer than the client", function()
      local client = client_with()
      assert(client:get_recording_configuration(ARN))
      local first = last_request().connection
      client:close()
      assert(client_with():get_recording_configuration(ARN))
      assert.not_equal(first, last_request().connection)
    end)

    it("while the server keeps it; otherwise the call opens a new one", function()
      local client = client_with { max_attempts = 1 }
      local arn = script("last", { headers = { Connection = "close" }, body = '{"recordingConfiguration":{}}' })
      for _ = 1, 3 do assert(client:get_recording_configuration(arn)) end
    end)
  end)

  describe("sends", function()
    it("the headers of the SDKs, and none that libcurl adds", function()
      assert(client_with():get_recording_configuration(ARN))
      local request, names = last_request(), {}
      for name in pairs(request.headers) do names[#names + 1] = name end
      table.sort(names)
      assert.same({ "accept-encoding", "amz-sdk-invocation-id", "amz-sdk-request", "authorization", "content-length",
        "content-type", "host", "user-agent", "x-amz-date" }, names)
      assert.same({ "POST", "/GetRecordingConfiguration", '{"arn": "' .. ARN .. '"}', "localhost:" .. emulator.https_port },
        { request.method, request.path, request.body, request.headers.host })
    end)

    it("a session token", function()
      local keys = emulator.temporary
      assert(client_with { credentials = { access_key_id = keys.access_key_id, secret_access_key = keys.secret_access_key,
        session_token = keys.session_token } }:get_recording_configuration(ARN))
      assert.equal(keys.session_token, last_request().headers["x-amz-security-token"])
    end)

    it("to an endpoint without TLS if the user configures one", function()
      assert(client_with { endpoint_url = emulator.http_endpoint_url }:get_recording_configuration(ARN))
      assert.equal("http", last_request().scheme)
    end)

    it("the base path and the query of an endpoint as they were given", function()
      assert(client_with { endpoint_url = emulator.endpoint_url .. "/a/../b//c%20d?x=1&b" }:get_recording_configuration(ARN))
      local request = last_request()
      assert.same({ "/a/../b//c%20d/GetRecordingConfiguration", "x=1&b" }, { request.path, request.query })
    end)
  end)

  describe("checks the server's certificate", function()
    local function assert_tls(err)
      assert.same({ "tls", "SSLError", 1, false }, { err.kind, err.code, err.attempts, err.retryable })
      assert.truthy(err.message:find("^SSL validation failed for https://localhost:%d+/GetRecordingConfiguration "), err.message)
    end

    it("against the system's authorities, and tries once", function()
      local before = emulator:requests()
      local client = assert(ivs.client { region = "us-west-2", endpoint_url = emulator.endpoint_url, env = {},
        credentials = { access_key_id = "A", secret_access_key = "S" } })
      assert_tls(select(2, client:get_recording_configuration(ARN)))
      assert.equal(before, emulator:requests())
    end)

    it("against another authority's bundle, an invalid one, and a missing one", function()
      local other = server.start()
      local path = emulator.prefix .. "/other.pem"
      assert(shell.run(("cp %s %s"):format(shell.quote(other.ca_bundle), shell.quote(path))))
      other:stop()
      assert_tls(fail_with { ca_bundle = path })
      assert_tls(fail_with { ca_bundle = emulator.prefix .. "/nginx.conf" })
      assert_tls(fail_with { ca_bundle = "/nonexistent/ca.pem" })
    end)

    it("against the bundle that AWS_CA_BUNDLE names", function()
      local given = endpoint.options(emulator, { env = { AWS_CA_BUNDLE = emulator.ca_bundle } })
      given.ca_bundle = nil
      assert(ivs.client(given):get_recording_configuration(ARN))
    end)

    it("unless verify is false", function()
      local given = endpoint.options(emulator, { verify = false })
      given.ca_bundle = nil
      assert(ivs.client(given):get_recording_configuration(ARN))
    end)
  end)

  describe("reports why there is no response:", function()
    it("a refused connection, tried three times", function()
      local err = fail_with { endpoint_url = "https://" .. CLOSED }
      assert.same({ "connection", "EndpointConnectionError", 3, true }, { err.kind, err.code, err.attempts, err.retryable })
      local start = 'Could not connect to the endpoint URL: "https://127.0.0.1:1/GetRecordingConfiguration"'
      assert.equal(start, err.message:sub(1, #start))
    end)

    it("a host that does not exist", function()
      local err = fail_with { endpoint_url = "https://ivs.invalid", max_attempts = 1 }
      assert.same({ "connection", "EndpointConnectionError" }, { err.kind, err.code })
    end)

    it("no data within the read timeout", function()
      local client = client_with { read_timeout = 1.5, max_attempts = 1 }
      assert(client:get_recording_configuration(ARN))
      local begun = uptime()
      local _, err = client:get_recording_configuration(store.arn "slow-20000")
      local took = uptime() - begun
      assert.same({ "timeout", "ReadTimeoutError", 1, true }, { err.kind, err.code, err.attempts, err.retryable })
      assert.truthy(err.message:find('^Read timeout on endpoint URL: "https://localhost:%d+/GetRecordingConfiguration"'),
        err.message)
      assert.is_true(took > 1.48 and took < 20, ("took %.2f s"):format(took))
      assert(client:get_recording_configuration(ARN), "the client serves on")
    end)

    it("no data in each attempt", function()
      local begun = uptime()
      local err = fail_with({ read_timeout = 0.1, max_attempts = 3 }, store.arn "slow-3000")
      local took = uptime() - begun
      assert.same({ "ReadTimeoutError", 3 }, { err.code, err.attempts })
      assert.is_true(took > 0.28 and took < 3, ("took %.2f s"):format(took))
    end)

    it("a connection that was closed without a response", function()
      local err = fail_with({ max_attempts = 1 }, script("dropped", { close = true }))
      assert.same({ "connection", "ConnectionClosedError", true }, { err.kind, err.code, err.retryable })
    end)

    it("a response that is cut off", function()
      local err = fail_with({ max_attempts = 1 }, script("cut", { raw = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"rec" }))
      assert.same({ "connection", "ConnectionClosedError" }, { err.kind, err.code })
      assert(client_with():get_recording_configuration(script("cut-once", { { close = true },
        { body = '{"recordingConfiguration":{}}' } })))
    end)

    it("a response that is not HTTP, or not in its declared encoding", function()
      for name, raw in pairs { junk = "SSH-2.0-OpenSSH_9.2\r\n", gzip =
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd" } do
        local err = fail_with({ max_attempts = 1 }, script("no-" .. name, { raw = raw }))
        assert.truthy(err.kind == "response" or err.kind == "connection", tostring(err))
      end
    end)
  end)

  describe("accepts no more than its limits:", function()
    it("a body over max_response_bytes is an error", function()
      local body = '{"recordingConfiguration":{"name":"' .. ("n"):rep(1000) .. '"}}'
      local arn = script("big", { body = body })
      local err = fail_with({ max_response_bytes = #body - 1, max_attempts = 1 }, arn)
      assert.same({ "response", "ResponseParserError" }, { err.kind, err.code })
      assert.truthy(err.message:find("max_response_bytes", 1, true))
      assert(client_with { max_response_bytes = #body }:get_recording_configuration(arn))
    end)

    it("a body is measured after decoding", function()
      local zeros = assert(shell.run("head -c 4000000 /dev/zero | gzip -9n | base64 -w0"))
      local arn = script("bomb", { headers = { ["Content-Encoding"] = "gzip" }, body_base64 = zeros })
      assert.equal("ResponseParserError", fail_with({ max_attempts = 1 }, arn).code)
    end)

    it("headers over 64 KiB are an error", function()
      local function answer(lines)
        return { raw = "HTTP/1.1 200 OK\r\n" .. ("X-Padding: " .. ("p"):rep(1000) .. "\r\n"):rep(lines)
          .. 'Content-Length: 29\r\n\r\n{"recordingConfiguration":{}}' }
      end
      local err = fail_with({ max_attempts = 1 }, script("headers", answer(66)))
      assert.equal("response", err.kind)
      assert(client_with():get_recording_configuration(script("fewer-headers", answer(60))))
    end)

    -- newer libcurl takes no more than 5,000
    it("4,900 headers of twelve bytes count as 58,800 bytes of headers", function()
      local response = assert(client_with():get_recording_configuration(script("short-headers", { raw = "HTTP/1.1 200 OK\r\n"
        .. ("A: bbbbbbbbbbb\r\n"):rep(4900) .. 'Content-Length: 29\r\n\r\n{"recordingConfiguration":{}}' })))
      assert.equal("bbbbbbbbbbb" .. (", bbbbbbbbbbb"):rep(4899), response.ResponseMetadata.HTTPHeaders.a)
    end)

    it("a redirect is not followed", function()
      local before = emulator:requests()
      local err = fail_with({}, script("moved", { status = 302, headers = { Location = emulator.endpoint_url .. "/elsewhere" } }))
      assert.same({ "service", "302", 302, 1 }, { err.kind, err.code, err.status, err.attempts })
      assert.equal(before + 1, emulator:requests())
    end)
  end)

  describe("does not affect its process:", function()
    local function run(text)
      local output, status = interpreter.run(([[
        local ivs = require "ivs"
        local client = ivs.client { region = "us-west-2", env = {}, endpoint_url = %q, ca_bundle = %q, max_attempts = 1,
          credentials = { access_key_id = %q, secret_access_key = %q } }
        local ARN = %q
        ]]):format(emulator.endpoint_url, emulator.ca_bundle, emulator.access_key_id, emulator.secret_access_key, ARN) .. text)
      return output, status
    end

    it("a server that closes the connection does not kill it by SIGPIPE", function()
      local doomed = server.start()
      local output, status = interpreter.run(([[
        local ivs = require "ivs"
        local client = ivs.client { region = "us-west-2", env = {}, endpoint_url = %q, ca_bundle = %q, max_attempts = 1,
          credentials = { access_key_id = %q, secret_access_key = %q } }
        assert(client:get_recording_configuration(%q))
        os.execute "kill -KILL %d $(pgrep -P %d); sleep 0.05"
        print(select(2, client:get_recording_configuration "x").kind)
        client:close()]]):format(doomed.endpoint_url, doomed.ca_bundle, doomed.access_key_id, doomed.secret_access_key, ARN,
        doomed.pid, doomed.pid))
      doomed:stop()
      assert.same({ "connection\n", 0 }, { output, status })
    end)

    it("a forked process may use the client, and so may its parent", function()
      if not rawget(_G, "jit") then return end -- only LuaJIT has a fork at hand
      local output = run [[
        local ffi = require "ffi"
        ffi.cdef "int fork(void); int waitpid(int, int *, int); void _exit(int);"
        assert(client:get_recording_configuration(ARN))
        local child = ffi.C.fork()
        if child == 0 then
          local fine = client:get_recording_configuration(ARN) ~= nil
          client:close()
          ffi.C._exit(fine and 0 or 1)
        end
        local status = ffi.new "int[1]"
        ffi.C.waitpid(child, status, 0)
        print(status[0], client:get_recording_configuration(ARN) ~= nil)]]
      assert.equal("0\ttrue\n", output)
    end)

    it("closed and collected clients leave no handle open", function()
      local output = run [[
        local function handles() -- the fewest of three counts: popen may not have closed its own end when one is taken
          local fewest
          for _ = 1, 3 do
            local pipe = io.popen "sleep 0.05; ls /proc/$PPID/fd | wc -l"
            local count = pipe:read "*n"
            pipe:close()
            if not fewest or count < fewest then fewest = count end
          end
          return fewest
        end
        client:get_recording_configuration(ARN)
        client:close()
        local before = handles()
        for index = 1, 5 do
          local other = ivs.client { region = "x", env = {}, endpoint_url = client.endpoint_url, verify = false,
            credentials = { access_key_id = "A", secret_access_key = "S" } }
          assert(select(2, other:get_recording_configuration(ARN)).status == 403)
          if index % 2 == 0 then other:close() end
        end
        collectgarbage() collectgarbage()
        print(handles() - before)]]
      assert.is_true(tonumber(output) <= 0, output) -- one of the closed client's may still be on its way out
    end)
  end)
end)
