--- Responses whose head is malformed, too long, or unusual: the error that each causes, at once (docs/protocol.md, "HTTP messages").

local calls = require "support.hostile_calls"
local hostile_server = require "support.hostile_server"

local BODY, sending, endless = calls.BODY, calls.sending, calls.endless
local REQUEST = { "request" }
local LENGTH = "Content-Length: " .. #BODY .. "\r\n"

local UNREADABLE = { "response", "HTTPClientError" }
local TOO_LARGE = { "response", "ResponseParserError", says = "larger than allowed" } -- by our limits, or by libcurl's
local ACTIVE = { state = "ACTIVE" }

--- A good answer with these bytes among its headers.
local function with(lines) return calls.answering(BODY, lines) end

--- A good body behind this head.
local function behind(head) return sending(head .. "\r\n" .. BODY) end

describe("a hostile head", function()
  local before, server = calls.leftovers(), hostile_server.new()

  lazy_setup(function() server:start() end)
  lazy_teardown(function() server:stop() end)

  local function cases(list) calls.cases(it, server, list) end

  local function response(steps)
    server:play(steps)
    local client = calls.client(server)
    local found, err = calls.time(client)
    client:close()
    return assert(found, tostring(err))
  end

  describe("with a status line that", function()
    cases {
      { "is of HTTP/1.0", behind "HTTP/1.0 200 OK\r\n", ACTIVE },
      { "has no reason", behind "HTTP/1.1 200\r\n", ACTIVE },
      { "ends in a line feed alone", sending("HTTP/1.1 200 OK\n\n" .. BODY), ACTIVE },
      { "is not there: HTTP/0.9", sending(BODY), UNREADABLE },
      { "is of an unknown version", behind "HTTP/1.7 200 OK\r\n", UNREADABLE },
      { "has no number", behind "HTTP/1.1 abc OK\r\n", UNREADABLE },
      { "has too small a number", behind "HTTP/1.1 20 OK\r\n", UNREADABLE },
      { "has too large a number", behind "HTTP/1.1 2000 OK\r\n", UNREADABLE },
      { "has the number 0", behind "HTTP/1.1 000 OK\r\n", UNREADABLE },
      { "is another protocol's", sending "SSH-2.0-OpenSSH_9.2\r\n", UNREADABLE },
      { "is garbage", sending "\1\2\3\255\254garbage\r\n\r\n", UNREADABLE },
      { "is garbage without an end", endless("", "x"), UNREADABLE },
      { "is NULs without an end", endless("", "\0"), UNREADABLE },
      { "does not end", endless("HTTP/1.1 200 ", "b"), TOO_LARGE },
    }
  end)

  describe("with a status of", function()
    local function answering(status, more)
      return { REQUEST, { "send", ("HTTP/1.1 %s\r\n%s\r\n"):format(status, more or "Content-Length: 0\r\n") }, { "hang" } }
    end
    local empty = "the body is empty"
    cases {
      { "201 with what belongs to a 200", behind("HTTP/1.1 201 Created\r\n" .. LENGTH), ACTIVE },
      { "299 with what belongs to a 200", behind("HTTP/1.1 299 Odd\r\n" .. LENGTH), ACTIVE },
      { "204", answering("204 No Content", ""), { "response", "ResponseParserError", status = 204, says = empty } },
      { "205", answering "205 Reset Content", { "response", "ResponseParserError", status = 205, says = empty } },
      { "304", answering("304 Not Modified", ""), { "service", "304", status = 304 } },
      { "307 to itself, three attempts allowed", answering("307 Temporary Redirect",
        "Location: /GetRecordingConfiguration\r\nContent-Length: 0\r\n"), { "service", "307", status = 307 }, { max_attempts = 3 } },
      { "399", answering "399 Odd", { "service", "399", status = 399 } },
      { "499", answering "499 Odd", { "service", "499", status = 499 } },
      { "999", answering "999 Odd", { "service", "999", status = 999 } },
      { "101, never asked for", { REQUEST, { "send", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n" }, { "hang" } },
        { "timeout", "ReadTimeoutError", after = calls.TIMEOUT } },
      { "100 before the answer", sending("HTTP/1.1 100 Continue\r\n\r\n" .. calls.answer()), ACTIVE },
      { "100, 102, 103 and 199 before the answer", sending("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
        .. "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 199 Odd\r\n\r\n" .. calls.answer()), ACTIVE },
      { "100 without an end", endless("", "HTTP/1.1 100 Continue\r\n\r\n"), TOO_LARGE },
      { "103 with hints without an end", endless("", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"), TOO_LARGE },
    }

    it("103: its headers are not in the result", function()
      local headers = response { REQUEST, { "send", "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\nContent-Length: 7\r\n\r\n"
        .. calls.answer(BODY, "X-Late: 2\r\n") }, { "hang" } }.ResponseMetadata.HTTPHeaders
      assert.same({ nil, "2", tostring(#BODY) }, { headers["x-early"], headers["x-late"], headers["content-length"] })
    end)

    for _, status in ipairs { "204 No Content", "304 Not Modified" } do
      it(status .. " with a body: the body is not the next response", function()
        server:play { REQUEST, { "send", "HTTP/1.1 " .. status .. "\r\n" .. LENGTH .. "\r\n"
          .. calls.answer '{"recordingConfiguration":{"state":"WRONG"}}' }, REQUEST, { "send", calls.answer() }, { "hang" } }
        local client = calls.client(server)
        calls.time(client)
        server:play { REQUEST, { "send", calls.answer() }, { "hang" } }
        local found = assert(client:get_recording_configuration("arn"))
        client:close()
        assert.equal("ACTIVE", found.recordingConfiguration.state)
      end)
    end
  end)

  describe("with a Content-Length that", function()
    local function lengths(lines) return behind("HTTP/1.1 200 OK\r\n" .. lines) end
    local says = "Content%-Length"
    local malformed = { "response", "HTTPClientError", says = says }
    local function broken(problem) return { "response", "ResponseParserError", status = 200, says = problem } end
    cases {
      { "is too long", lengths "Content-Length: 99\r\n", { "connection", "ConnectionClosedError" } },
      { "is too short", lengths "Content-Length: 5\r\n", broken "unexpected end of string" },
      { "is 0", lengths "Content-Length: 0\r\n", broken "the body is empty" },
      { "is said twice alike", lengths(LENGTH .. LENGTH), ACTIVE },
      { "is said twice and differs, the first one right", lengths(LENGTH .. "Content-Length: 5\r\n"), malformed },
      { "is said twice and differs, the last one right", lengths("Content-Length: 5\r\n" .. LENGTH), malformed },
      { "is said twice and differs, behind what looks like a status line", lengths("Content-Length: 5\r\nHTTP/x: y\r\n" .. LENGTH),
        malformed },
      { "is said twice and differs, behind another status line", lengths("Content-Length: 5\r\nHTTP/1.1 200 OK: y\r\n" .. LENGTH),
        malformed },
      { "is a list", lengths("Content-Length: " .. #BODY .. ", 5\r\n"), malformed },
      { "is negative", lengths "Content-Length: -5\r\n", malformed },
      { "is hexadecimal", lengths "Content-Length: 0x2d\r\n", malformed },
      { "is empty", lengths "Content-Length:\r\n", malformed },
      { "is no number", lengths "Content-Length: many\r\n", malformed },
      { "is beyond 64 bits", lengths "Content-Length: 99999999999999999999999\r\n", malformed },
      { "is beyond anything", lengths "Content-Length: 9000000000000000000\r\n", { "connection", "ConnectionClosedError" } },
      { "is contradicted by chunks, which count", { REQUEST, { "send", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"
        .. "Transfer-Encoding: chunked\r\n\r\n" .. ("%x\r\n%s\r\n0\r\n\r\n"):format(#BODY, BODY) }, { "hang" } }, ACTIVE },
    }

    it("is too short: the rest is not the next response", function()
      server:play_each { { REQUEST, { "send", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" }, { "pause" },
        { "send", calls.answer '{"recordingConfiguration":{"state":"WRONG"}}' }, { "mark" }, { "hang" } },
        { REQUEST, { "send", calls.answer() }, { "hang" } } }
      local client = calls.client(server)
      assert(client:get_recording_configuration("arn"))
      server:release()
      server:await("mark", 1)
      local found = assert(client:get_recording_configuration("arn"))
      client:close()
      assert.equal("ACTIVE", found.recordingConfiguration.state)
    end)
  end)

  describe("with headers that", function()
    local function line(size) return with("X-Long: " .. ("b"):rep(size - 10) .. "\r\n") end
    local start = "HTTP/1.1 200 OK\r\n"
    cases {
      { "have a name alone", with "X-Foo\r\n", UNREADABLE },
      { "have a name alone, without an end", endless(start, "X-Foo\r\n"), UNREADABLE },
      { "hold a NUL in a value", with "X-Foo: a\0b\r\n", UNREADABLE },
      { "hold a NUL in a name", with "X-\0Foo: ab\r\n", UNREADABLE },
      { "have a line of 60 KB", line(60000), ACTIVE },
      { "have a line of 90 KB", line(90000), TOO_LARGE },
      { "have a line of 200 KB", line(200000), TOO_LARGE },
      { "have a line without an end", endless(start .. "X-Foo: ", "b"), TOO_LARGE },
      { "have a name without an end", endless(start, "b"), TOO_LARGE },
      { "do not end", endless(start, "X-Foo: b\r\n"), TOO_LARGE },
      { "do not end and are malformed", endless(start, "X Foo: b\r\n"), TOO_LARGE },
    }

    it("are malformed are dropped, and the others kept", function()
      local headers = response(with("X-Before: 1\r\nX Space: 2\r\nX-Tail : 3\r\n: 4\r\nX-(): 5\r\nHTTP/x: 6\r\nX-High: \255\254\r\n"
        .. "X-Empty:\r\nx-amzn-RequestId:   id   \r\nX-Colons: a:b: c\r\n")).ResponseMetadata.HTTPHeaders
      assert.same({ ["x-before"] = "1", ["x-high"] = "\255\254", ["x-empty"] = "", ["x-amzn-requestid"] = "id",
        ["x-colons"] = "a:b: c", ["content-length"] = tostring(#BODY) }, headers)
    end)

    it("are folded do not become headers of their own", function()
      local headers = response(with("X-Foo: 1\r\n  x-amzn-requestid: folded\r\n\tX-Tab: 2\r\nX-Bar: 3\r\n")).ResponseMetadata
      assert.is_nil(headers.RequestId)
      assert.same({ nil, "3" }, { headers.HTTPHeaders["x-tab"], headers.HTTPHeaders["x-bar"] })
    end)

    it("are repeated: the first request ID counts", function()
      assert.equal("one", response(with("x-amzn-requestid: one\r\nx-amzn-requestid: two\r\n")).ResponseMetadata.RequestId)
    end)

    it("are trailers are dropped", function()
      for _, body in ipairs { BODY, '{"recordingConfiguration":{}}' } do
        local found = response { REQUEST, { "send", "HTTP/1.1 200 OK\r\nX-Foo: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
          .. ("%x\r\n%s\r\n0\r\n"):format(#body, body) .. "x-amzn-requestid: trailer\r\nHTTP/1.1 500: x\r\n\r\n" }, { "hang" } }
        assert.is_nil(found.ResponseMetadata.RequestId)
        assert.equal("1", found.ResponseMetadata.HTTPHeaders["x-foo"])
      end
      calls.expect(server, endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X-Foo: b\r\n"), TOO_LARGE)
    end)
  end)

  it("leaves no descriptor open and no child", function()
    server:stop()
    assert.equal(before, calls.leftovers())
  end)
end)
