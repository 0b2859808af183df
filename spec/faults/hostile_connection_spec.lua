--- Connections that end, hang or trickle: the error that each causes, and when (docs/protocol.md, "Retries").
--
-- read_timeout bounds the time from the request sent to the response's last byte, connect_timeout all before it, so a call
-- takes at most max_attempts × (connect_timeout + read_timeout) and its backoffs, whatever the server does.

local calls = require "support.hostile_calls"
local hostile_server = require "support.hostile_server"

local OK, TIMEOUT = calls.answer(), calls.TIMEOUT
local REQUEST, CLOSE, RESET, TLS = { "request" }, { "close" }, { "reset" }, { "tls" }
local HEAD = "HTTP/1.1 200 OK\r\nContent-Length: 45\r\n\r\n"

local CLOSED = { "connection", "ConnectionClosedError" }
local READ_TIMEOUT = { "timeout", "ReadTimeoutError", after = TIMEOUT }
local CONNECT_TIMEOUT = { "timeout", "ConnectTimeoutError", after = TIMEOUT }

describe("a hostile connection", function()
  local before, server = calls.leftovers(), hostile_server.new { certificates = true }

  lazy_setup(function() server:start() end)
  lazy_teardown(function() server:stop() end)

  local function cases(list, more) calls.cases(it, server, list, more) end

  describe("that is reset", function()
    cases {
      { "after a part of the request", { { "bytes", 20 }, RESET }, CLOSED },
      { "before the headers", { REQUEST, RESET }, CLOSED },
      { "within the status line", { REQUEST, { "send", "HTTP/1.1 2" }, { "wait", 0.02 }, RESET }, CLOSED },
      { "within the headers", { REQUEST, { "send", "HTTP/1.1 200 OK\r\nConte" }, { "wait", 0.02 }, RESET }, CLOSED },
      { "after the headers", { REQUEST, { "send", HEAD }, { "wait", 0.02 }, RESET }, CLOSED },
      { "within the body", { REQUEST, { "send", HEAD .. "{" }, { "wait", 0.02 }, RESET }, CLOSED },
      { "once, is tried again", { { REQUEST, RESET }, { REQUEST, { "send", OK } } }, { state = "ACTIVE", attempts = 2 },
        { max_attempts = 3 } },
      { "always, is tried as often as is allowed", { REQUEST, RESET },
        { "connection", "ConnectionClosedError", attempts = 3 }, { max_attempts = 3 } },
    }

    it("before the request, whether libcurl sees the connection established first or not", function()
      server:play { RESET }
      local client = calls.client(server)
      local _, err = calls.time(client)
      client:close()
      assert.same({ "connection", 1 }, { err.kind, err.attempts })
      assert.truthy(err.code == "ConnectionClosedError" or err.code == "EndpointConnectionError", err.code)
    end)
  end)

  describe("that is closed", function()
    cases {
      { "before the request", { CLOSE }, CLOSED },
      { "before the headers", { REQUEST, CLOSE }, CLOSED },
      { "within the status line", { REQUEST, { "send", "HTTP/1.1 2" }, CLOSE }, CLOSED },
      { "within the headers", { REQUEST, { "send", "HTTP/1.1 200 OK\r\nConte" }, CLOSE }, CLOSED },
      { "before the empty line", { REQUEST, { "send", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n" }, CLOSE }, CLOSED },
      { "after an interim answer", { REQUEST, { "send", "HTTP/1.1 100 Continue\r\n\r\n" }, CLOSE }, CLOSED },
      { "within the body", { REQUEST, { "send", HEAD .. "{" }, CLOSE }, CLOSED },
      { "within a chunk", { REQUEST, { "send", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n99\r\n{" }, CLOSE }, CLOSED },
      { "before the last chunk", { REQUEST,
        { "send", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n" }, CLOSE }, CLOSED },
      { "at the end of a body without a length, which is how that ends", { REQUEST,
        { "send", "HTTP/1.1 200 OK\r\n\r\n" .. calls.BODY }, CLOSE }, { state = "ACTIVE" } },
    }
  end)

  describe("that ends while idle costs no attempt:", function()
    local function steps_of(tls, ...)
      local steps = { REQUEST, { "send", OK }, ... }
      if tls then table.insert(steps, 1, TLS) end
      return steps
    end

    local function serve_three(steps, tls, ending)
      server:play(steps)
      local client = calls.client(server, { tls = tls })
      for call = 1, 3 do
        local response, err = calls.time(client)
        assert.truthy(response, tostring(err))
        assert.equal(0, response.ResponseMetadata.RetryAttempts)
        assert.equal(call, server:connections())
        if ending then server:await("closed", call) end
      end
      client:close()
    end

    for _, tls in ipairs { false, true } do
      local over = tls and " over TLS" or ""
      it("closed" .. over, function() serve_three(steps_of(tls, CLOSE), tls, true) end)
      it("reset" .. over, function() serve_three(steps_of(tls, RESET), tls, true) end)
      it("closed when the next request comes" .. over, function() serve_three(steps_of(tls, REQUEST, CLOSE), tls) end)
      it("reset when the next request comes" .. over, function() serve_three(steps_of(tls, REQUEST, RESET), tls) end)
    end
    it("ended by close_notify", function() serve_three(steps_of(true, { "goodbye" }), true, true) end)

    it("but what follows it counts", function()
      server:play_each { { REQUEST, { "send", OK }, CLOSE }, { REQUEST, RESET } }
      local client = calls.client(server, { max_attempts = 2 })
      assert.truthy((calls.time(client)))
      server:await("closed", 1)
      local _, err = calls.time(client)
      client:close()
      assert.same({ "connection", "ConnectionClosedError", 2 }, { err.kind, err.code, err.attempts })
    end)

    for _, tls in ipairs { false, true } do
      it("its unexpected data are not the next response" .. (tls and " over TLS" or ""), function()
        local unasked = { { "pause" }, { "send", calls.answer('{"recordingConfiguration":{"state":"WRONG"}}') }, { "mark" },
          { "hang" } }
        local first = { REQUEST, { "send", OK }, unasked[1], unasked[2], unasked[3], unasked[4] }
        if tls then table.insert(first, 1, TLS) end
        server:play_each { first, { tls and TLS or { "wait", 0 }, REQUEST, { "send", OK }, { "hang" } } }
        local client = calls.client(server, { tls = tls })
        for call = 1, 2 do
          local response = assert(client:get_recording_configuration("arn"))
          assert.same({ "ACTIVE", 0 }, { response.recordingConfiguration.state, response.ResponseMetadata.RetryAttempts })
          if call == 1 then
            server:release()
            server:await("mark", 1)
          end
        end
        client:close()
        assert.equal(2, server:connections())
      end)
    end
  end)

  describe("that fails in TLS:", function()
    cases({
      { "plain HTTP", { { "send", "HTTP/1.1 400 Bad Request\r\n\r\n" }, { "hang" } },
        { "tls", "SSLError" } },
      { "garbage", { { "send", "\1\2\3\4\5garbage" }, { "hang" } }, { "tls", "SSLError" } },
      { "a close in the handshake", { { "bytes", 5 }, CLOSE }, CLOSED },
      { "a close before it", { CLOSE }, CLOSED },
      { "a reset in the handshake", { { "bytes", 5 }, RESET }, CLOSED },
      { "a close within the server's part of the handshake", { { "bytes", 5 }, { "send", "\22\3\3\0\100\2\0\0\96" }, CLOSE }, CLOSED },
      { "a reset within the server's part of the handshake", { { "bytes", 5 }, { "send", "\22\3\3\0\100\2\0\0\96" }, { "wait", 0.02 },
        RESET }, CLOSED },
      { "an alert in place of it: the handshake was refused", { { "bytes", 5 }, { "send", "\21\3\3\0\2\2\40" }, CLOSE },
        { "tls", "SSLError" } },
      { "plain HTTP, and then a close", { { "bytes", 5 }, { "send", "HTTP/1.1 400 Bad Request\r\n\r\n" }, CLOSE },
        { "tls", "SSLError" } },
      { "a close in the handshake, once", { { { "bytes", 5 }, CLOSE }, { TLS, REQUEST, { "send", OK } } },
        { state = "ACTIVE", attempts = 2 }, { tls = true, max_attempts = 2 } },
      { "garbage instead of an answer", { TLS, REQUEST, { "plain", "garbage garbage garbage" }, { "hang" } }, CLOSED },
      { "garbage within the answer", { TLS, REQUEST, { "send", HEAD }, { "plain", "garbage garbage garbage" }, { "hang" } }, CLOSED },
      { "an end without close_notify within the body", { TLS, REQUEST, { "send", HEAD .. "{" }, CLOSE }, CLOSED },
      { "a handshake that hangs", { { "hang" } }, CONNECT_TIMEOUT },
      { "a handshake that drips", { { "bytes", 5 }, { "drip", "\22\3\3\2\0\2\0\1\252\3\3", 0.2 }, { "hang" } }, CONNECT_TIMEOUT },
    }, { tls = true })

    it("TLS on a port for plain HTTP", function()
      calls.expect(server, { TLS }, CLOSED)
    end)
  end)

  describe("that is slow ends at its timeout:", function()
    -- long enough for no drip to end before the call does
    local long = ("{"):rep(10000)
    local LONG_HEAD = "HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n"
    cases {
      { "no answer", { REQUEST, { "hang" } }, READ_TIMEOUT },
      { "nothing is read", { { "wait", calls.PATIENCE } }, READ_TIMEOUT },
      { "a drip in the status line", { REQUEST, { "drip", "HTTP/1.1 200 OK" .. long, 0.02 } }, READ_TIMEOUT },
      { "a drip in the headers", { REQUEST, { "send", "HTTP/1.1 200 OK\r\n" }, { "drip", "X-A: " .. long, 0.2 } }, READ_TIMEOUT },
      { "a drip in the body", { REQUEST, { "send", LONG_HEAD }, { "drip", long, 0.2 } }, READ_TIMEOUT },
      { "a fast drip in the body", { REQUEST, { "send", LONG_HEAD }, { "drip", long, 0.02 } }, READ_TIMEOUT },
      { "a drip of chunks", { REQUEST, { "send", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" },
        { "drip", ("1\r\n \r\n"):rep(2000), 0.02 } }, READ_TIMEOUT },
      { "a drip of interim answers", { REQUEST, { "send", "HTTP/1.1 100 Continue\r\n\r\n" }, { "wait", 0.1 }, { "again", 2 } },
        READ_TIMEOUT },
      { "a body that stops", { REQUEST, { "send", HEAD .. "{" }, { "hang" } }, READ_TIMEOUT },
      { "a drip over TLS", { TLS, REQUEST, { "send", LONG_HEAD }, { "drip", long, 0.2 } }, READ_TIMEOUT, { tls = true } },
    }

    it("three attempts take three times as long", function()
      calls.expect(server, { REQUEST, { "send", LONG_HEAD }, { "drip", long, 0.05 } },
        { "timeout", "ReadTimeoutError", attempts = 3, after = 3 * TIMEOUT }, { max_attempts = 3 })
    end)

    it("the next call is served on a new connection", function()
      server:play_each { { REQUEST, { "send", HEAD .. "{" }, { "hang" } }, { REQUEST, { "send", OK } } }
      local client = calls.client(server, { read_timeout = 1 })
      local _, err = calls.time(client)
      assert.equal("ReadTimeoutError", err.code)
      local response = assert(client:get_recording_configuration("arn"))
      client:close()
      assert.equal("ACTIVE", response.recordingConfiguration.state)
    end)
  end)

  it("leaves no descriptor open and no child", function()
    server:stop()
    assert.equal(before, calls.leftovers())
  end)
end)
