--- The HTTP/1.1 reader and writer of ivs.core (csrc/core/http1): each message is read whole, byte by byte, in pieces of
-- several sizes, and with bytes behind its end; what comes out must be the same. Expected values are RFC 9112's.

local core = require "ivs.core"

local MAX = 1000

local function read(bytes, size, bodiless)
  local reader = core.http_reader(MAX)
  reader:reset(nil, bodiless)
  local progress, message, what = "more", nil, nil
  for at = 1, #bytes, size do
    progress, message, what = reader:feed(bytes:sub(at, at + size - 1))
    if not progress then break end
  end
  return reader, progress, message, what
end

local SIZES = { 1, 2, 3, 7, 64, math.huge }

local function pieces(bytes, size) return size == math.huge and math.max(1, #bytes) or size end

--- Reads the message in all ways; each has to come to its end as expected.
local function gives(bytes, expected, more)
  more = more or {}
  for _, size in ipairs(SIZES) do
    local reader, progress, message = read(bytes, pieces(bytes, size), more.bodiless)
    if more.until_closed then
      assert.equal("more", progress)
      progress, message = reader:close()
    end
    assert.equal("done", progress, message)
    local response = reader:response()
    assert.same(expected, { response.status, response.body })
    assert.equal(more.keep_alive ~= false and not more.until_closed, reader:keep_alive())
    for name, value in pairs(more.headers or {}) do assert.equal(value, response.headers[name]) end
    if not more.until_closed then
      local other = read(bytes .. "HTTP/1.1 200 OK\r\n", pieces(bytes, size), more.bodiless)
      assert.same(response, other:response())
      assert.is_false(other:keep_alive())
    end
  end
end

--- Reads the message in all ways; each has to fail for the same reason.
local function refuses(bytes, kind, words)
  local first
  for _, size in ipairs(SIZES) do
    local reader, progress, message, what = read(bytes, pieces(bytes, size))
    if progress then progress, message, what = reader:close() end
    assert.is_nil(progress)
    assert.equal(kind, what)
    assert.truthy(message:find(words, 1, true), message)
    first = first or message
    assert.equal(first, message)
    assert.is_false(reader:keep_alive())
    assert.equal(message, (select(2, reader:feed "more")))
    assert.has_error(function() reader:response() end)
  end
end

local OK = "HTTP/1.1 200 OK\r\n"

describe("a response", function()
  it("ends where its Content-Length says", function()
    gives(OK .. "Content-Length: 5\r\n\r\nhello", { 200, "hello" }, { headers = { ["content-length"] = "5" } })
    gives(OK .. "content-length:0\r\n\r\n", { 200, "" })
    gives(OK .. "CONTENT-LENGTH:  \t 005 \r\n\r\nhello", { 200, "hello" })
    gives(OK .. "Content-Length: " .. MAX .. "\r\n\r\n" .. ("x"):rep(MAX), { 200, ("x"):rep(MAX) })
  end)

  it("in chunks ends with the last chunk", function()
    local head = OK .. "Transfer-Encoding: chunked\r\n\r\n"
    gives(head .. "0\r\n\r\n", { 200, "" })
    gives(head .. "5\r\nhello\r\n0\r\n\r\n", { 200, "hello" })
    gives(head .. "2;a=b\r\nhe\r\n03 ; c=\"d\"\r\nllo\r\n000\r\n\r\n", { 200, "hello" })
    gives(head .. "A\r\n0123456789\r\n0\r\nTrailer: t\r\nOther: o\r\n\r\n", { 200, "0123456789" })
    gives(head .. "2\r\n\r\n\r\n0\r\n\r\n", { 200, "\r\n" })
    gives(OK .. "transfer-encoding: Chunked\r\n\r\n0\r\n\r\n", { 200, "" })
  end)

  it("without a length ends with the connection, which is not kept", function()
    gives(OK .. "\r\nhello", { 200, "hello" }, { until_closed = true })
    gives(OK .. "\r\n", { 200, "" }, { until_closed = true })
    gives("HTTP/1.0 200 OK\r\n\r\nhello", { 200, "hello" }, { until_closed = true })
  end)

  it("of 204 and 304, and to CONNECT, has no body", function()
    gives("HTTP/1.1 204 No Content\r\n\r\n", { 204, "" })
    gives("HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n", { 304, "" })
    gives("HTTP/1.1 200 Connection established\r\n\r\n", { 200, "" }, { bodiless = true })
    gives("HTTP/1.1 407 No\r\nContent-Length: 9\r\n\r\n", { 407, "" }, { bodiless = true })
  end)

  it("may follow any number of interim responses, whose headers it does not include", function()
    gives("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-Early: 1\r\nContent-Length: 7\r\n\r\n" .. OK
      .. "X-Late: 2\r\nContent-Length: 2\r\n\r\nhi", { 200, "hi" }, { headers = { ["x-early"] = nil, ["x-late"] = "2" } })
    local reader = read("HTTP/1.1 103 E\r\nX-Early: 1\r\n\r\n" .. OK .. "Content-Length: 0\r\n\r\n", 5)
    assert.is_nil(reader:response().headers["x-early"])
  end)

  it("may have a status without a phrase, a bare line feed, and headers that are empty or repeated", function()
    gives("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", { 200, "" })
    gives("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", { 200, "" })
    gives("HTTP/1.1 599 \195\169\r\nContent-Length: 0\r\n\r\n", { 599, "" })
    gives("HTTP/1.1 200 OK\nContent-Length: 2\nA:\n\nhi", { 200, "hi" }, { headers = { a = "" } })
    gives(OK .. "A: 1\r\na: 2\r\nContent-Length: 0\r\n\r\n", { 200, "" }, { headers = { a = "1, 2" } })
  end)

  it("does not include other malformed headers", function()
    gives(OK .. "A B: 1\r\n: 2\r\nY: 3\r\nContent-Length: 0\r\n\r\n", { 200, "" }, { headers = { y = "3" } })
    gives(OK .. "A: b\r\n folded: 1\r\n\tB: 2\r\nContent-Length: 0\r\n\r\n", { 200, "" }, { headers = { a = "b", b = nil } })
    gives(OK .. "Content-Length : 5\r\nTransfer-Encoding\t: chunked\r\n\r\nhi", { 200, "hi" }, { until_closed = true })
  end)

  it("with two lengths is read as RFC 9112, 6.3 says, and its connection is not kept", function()
    gives(OK .. "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", { 200, "hello" })
    for _, codings in ipairs { "chunked\r\nContent-Length: 3", "identity, chunked\r\nContent-Length: 3", "chunked,,chunked\r\nContent-Length: 3" } do
      gives(OK .. "Transfer-Encoding: " .. codings .. "\r\n\r\n2\r\nhi\r\n0\r\n\r\n", { 200, "hi" }, { keep_alive = false })
    end
    gives(OK .. "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", { 200, "" })
    gives(OK .. "Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nhi", { 200, "hi" })
  end)

  it("tells whether the connection may be kept", function()
    gives(OK .. "Connection: close\r\nContent-Length: 0\r\n\r\n", { 200, "" }, { keep_alive = false })
    gives(OK .. "Connection: x, CLOSE ,y\r\nContent-Length: 0\r\n\r\n", { 200, "" }, { keep_alive = false })
    gives(OK .. "Connection: keep-alive\r\nContent-Length: 0\r\n\r\n", { 200, "" })
    gives("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", { 200, "" }, { keep_alive = false })
  end)
end)

describe("a response is refused", function()
  it("if its length is ambiguous", function()
    refuses(OK .. "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "malformed", "two different Content-Lengths")
    refuses(OK .. "Content-Length: 5\r\nContent-Length: 05\r\n\r\nhello", "malformed", "two different Content-Lengths")
    refuses(OK .. "Content-Length: 5, 5\r\n\r\nhello", "malformed", "not a number")
    refuses(OK .. "Content-Length: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "malformed", "not a number")
    refuses(OK .. "Transfer-Encoding: gzip, chunked\r\n\r\n", "malformed", "Transfer-Encoding")
    refuses(OK .. "Transfer-Encoding: chunked;q=1\r\n\r\n", "malformed", "Transfer-Encoding")
    refuses(OK .. "Content-Length: 4\r\n 5\r\n\r\nhello", "malformed", "folded")
    refuses(OK .. "Transfer-Encoding: chunked\r\n\tx\r\n\r\nhello", "malformed", "folded")
  end)

  it("if a length is not a number", function()
    for _, text in ipairs { "", "x", "-1", "+5", "0x5", "5.0", "5 5", "9223372036854775808", "99999999999999999999" } do
      refuses(OK .. "Content-Length: " .. text .. "\r\n\r\nhello", "malformed", "not a number")
    end
    for _, text in ipairs { "", "x", "-1", " 5", "x5" } do
      refuses(OK .. "Transfer-Encoding: chunked\r\n\r\n" .. text .. "\r\nhello\r\n", "closed", "not a number")
    end
    refuses(OK .. "Transfer-Encoding: chunked\r\n\r\nx", "closed", "not a number") -- and not at the line's end only
    for _, text in ipairs { ("0"):rep(17), ("f"):rep(16), "8" .. ("0"):rep(15) } do
      refuses(OK .. "Transfer-Encoding: chunked\r\n\r\n" .. text .. "\r\n\r\n", "closed", "out of range")
    end
    refuses(OK .. "Transfer-Encoding: chunked\r\n\r\n5\r\nhello!", "closed", "size line")
  end)

  it("if it is not HTTP/1", function()
    for _, text in ipairs { "HTTP/2 200 OK\r\n", "HTTP/1.1200 OK\r\n", "HTTP/1.x 200 OK\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "\r\n",
      "http/1.1 200 OK\r\n", "HTTP/1.2 200 OK\r\n", "HTTP/1.1  200 OK\r\n", "HTTP/1.1 200OK\r\n",
      "HTTP/1.1 20 OK\r\n", "HTTP/1.1 2000 OK\r\n", "HTTP/1.1 099 OK\r\n", "HTTP/1.1 2x0 OK\r\n" } do
      refuses(text .. "\r\n", "malformed", "it")
    end
    refuses("HTTP/1.1 101 Switching Protocols\r\n\r\n", "malformed", "another protocol")
    refuses(OK .. "no colon\r\n\r\n", "malformed", "no colon")
    refuses(OK .. " A: b\r\n\r\n", "malformed", "folded")
    refuses("garbage", "malformed", "status line") -- and not at the line's end only
    for _, head in ipairs { "HTTP/1.1 200 O\0K\r\n", OK .. "X: a\0b\r\n", OK .. "Transfer-Encoding: chunked\r\n\r\n0\r\nT: \0\r\n" } do
      refuses(head .. "\r\n", "malformed", "NUL")
    end
    -- RFC 9112, 2.2: a bare CR makes the element invalid
    for _, head in ipairs { "HTTP/1.1 200 O\rK\r\n", OK .. "X: a\rb\r\n", OK .. "X\rY: b\r\n", OK .. "X: a\r\r\n", OK .. "\r",
      OK .. "Content-Length: 2\r\r\n", OK .. "Transfer-Encoding: chunked\r\n\r\n0\r\nT: a\rb\r\n" } do
      refuses(head .. "\r\n", "malformed", "carriage return")
    end
    refuses(OK .. "Transfer-Encoding: chunked\r\n\r\n0\r\nT\r\n\r\n", "malformed", "a trailer has no colon")
  end)

  it("if it is larger than allowed", function()
    refuses(OK .. "Content-Length: " .. MAX + 1 .. "\r\n\r\n" .. ("x"):rep(MAX + 1), "too large", "larger than allowed")
    refuses(OK .. "Transfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n" .. ("x"):rep(MAX + 1), "too large", "larger than allowed")
    refuses(OK .. "Transfer-Encoding: chunked\r\n\r\n" .. ("a\r\n0123456789\r\n"):rep(MAX / 10 + 1), "too large", "larger than allowed")
    refuses(OK .. "\r\n" .. ("x"):rep(MAX + 1), "too large", "larger than allowed")
    refuses(OK .. "A: " .. ("b"):rep(65536) .. "\r\n", "too large", "headers are larger than 64 KiB")
    refuses(OK .. ("A: b\r\n"):rep(32768) .. "A: b\r\n", "too large", "headers are larger than 64 KiB")
    refuses(OK .. "A: " .. ("b"):rep(300000), "too large", "head is larger than 256 KiB")
    refuses(("HTTP/1.1 100 Continue\r\n\r\n"):rep(12000), "too large", "head is larger than 256 KiB")
    refuses(OK .. ("A b: c\r\n"):rep(40000), "too large", "head is larger than 256 KiB")
    refuses(OK .. "Transfer-Encoding: chunked\r\n\r\n0\r\n" .. ("A: b\r\n"):rep(50000), "too large", "head is larger than 256 KiB")
    refuses(OK .. "Transfer-Encoding: chunked\r\n\r\n5;" .. ("x"):rep(2000), "closed", "line is too long")
  end)

  it("if the connection ended too early", function()
    local message = OK .. "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: t\r\n\r\n"
    refuses("", "closed", "before a response was received")
    for length = 1, #message - 1 do
      local reader, progress = read(message:sub(1, length), 7)
      assert.equal("more", progress)
      local _, text, what = reader:close()
      assert.same({ "the connection was closed in the middle of the response", "closed" }, { text, what })
    end
    refuses(OK .. "Content-Length: 5\r\n\r\nhell", "closed", "in the middle")
  end)
end)

describe("a reader", function()
  it("reads one response after the other", function()
    local reader = core.http_reader(10)
    for round = 1, 3 do
      assert.equal("done", reader:feed(OK .. "Content-Length: 1\r\n\r\n" .. round))
      assert.equal(tostring(round), reader:response().body)
      assert.equal("1", reader:header "content-length")
      assert.is_nil(reader:header "absent")
      assert.equal("done", reader:close())
      reader:reset(10 + round)
    end
    assert.is_nil((reader:feed "x\r\n"))
    reader:reset()
    assert.equal("more", reader:feed "HTTP")
  end)

  it("is distinguished from other values", function()
    assert.has_error(function() core.http_reader(1).feed({}, "x") end)
    assert.has_error(function() core.http_reader(1):feed(nil) end)
    assert.has_error(function() core.http_reader(-1) end)
    assert.has_error(function() core.http_reader "x" end)
    assert.is_nil(core.http_reader(1).nothing)
  end)
end)

describe("a request as text", function()
  it("is the whole message", function()
    assert.equal("PUT /a/b?c=d HTTP/1.1\r\nHost: example.com:81\r\nContent-Length: 2\r\n\r\nhi",
      core.http_request { method = "PUT", url = "http://Example.com:81/a/b?c=d", body = "hi" })
    assert.equal("GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n", core.http_request { method = "GET", url = "http://[::1]" })
    assert.equal("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", core.http_request { method = "POST", url = "https://h" })
    assert.equal("GET / HTTP/1.1\r\nHOST: other\r\n\r\n", core.http_request { method = "GET", url = "https://h", headers = { HOST = "other" } })
    assert.equal("GET http://h/x HTTP/1.1\r\nProxy-Authorization: Basic eA==\r\nHost: h\r\n\r\n",
      core.http_request({ method = "GET", url = "http://h/x" }, true, "Basic eA=="))
  end)

  it("is refused if it would be parsed as another request", function()
    for _, request in ipairs { {}, { method = "GET" }, { method = "GET", url = "ftp://h" }, { method = "G\r\n", url = "http://h" },
      { method = "GET", url = "http://h/ x" }, { method = "GET", url = "http://h", headers = { a = "b\r\nc: d" } },
      { method = "GET", url = "http://h", headers = { ["a\n"] = "b" } }, { method = "GET", url = "http://h", headers = { "a" } },
      { method = "GET /x", url = "http://h" }, { method = "GET", url = "http://h", headers = { ["a b"] = "c" } },
      { method = "GET", url = "http://h", headers = { ["a: b\t"] = "c" } }, { method = "GET", url = "http://h", headers = { [""] = "c" } },
      -- a length that is not the body's, and chunks that the body does not have, would make it two messages (RFC 9112, section 6)
      { method = "POST", url = "http://h", body = "text", headers = { ["content-length"] = "1" } },
      { method = "POST", url = "http://h", body = "text", headers = { ["Content-Length"] = "04x" } },
      { method = "POST", url = "http://h", body = "text", headers = { ["Transfer-Encoding"] = "chunked" } } } do
      local text, problem = core.http_request(request)
      assert.is_nil(text)
      assert.is_string(problem)
    end
    assert.is_nil((core.http_request({ method = "GET", url = "http://h" }, false, "a\r\nb")))
  end)

  it("of a call is that of its request table", function()
    local client = core.client { region = "us-west-2", env = {}, credentials = { access_key_id = "A", secret_access_key = "S" } }
    local call = core.private.begin(client, "arn")
    local step, url = core.private.advance(call)
    assert.same({ "exchange", "https://ivs.us-west-2.amazonaws.com/GetRecordingConfiguration" }, { step, url })
    local request = core.private.request_table(call)
    local head, rest = core.private.request_text(call)
    assert.equal("\r\n\r\n" .. request.body, rest)
    local lines = {}
    for name, value in pairs(request.headers) do lines[#lines + 1] = name .. ": " .. value end
    local found = {}
    for line in head:gmatch "[^\r\n]+" do found[#found + 1] = line end
    assert.equal("POST /GetRecordingConfiguration HTTP/1.1", table.remove(found, 1))
    table.sort(lines)
    table.sort(found)
    assert.same(lines, found)
  end)
end)

describe("a call's steps without tables", function()
  local client = core.client { region = "us-west-2", env = {}, max_response_bytes = 100,
    credentials = { access_key_id = "A", secret_access_key = "S" } }

  it("take the response from the reader, and reuse the memory of a finished call", function()
    local reader, spare = core.http_reader(100), nil
    for round = 1, 3 do
      spare = core.private.begin(client, "arn", spare)
      assert.equal("exchange", (core.private.advance(spare)))
      assert.equal("done", reader:feed(OK .. 'Content-Length: 39\r\n\r\n{"recordingConfiguration":{"name":"' .. round .. '"}}'))
      local step, response = core.private.advance(spare, reader)
      assert.same({ "done", tostring(round) }, { step, response.recordingConfiguration.name })
      assert.equal("more", reader:feed "")
    end
    local step, err = core.private.advance(core.private.begin(client, {}, spare))
    assert.same({ "failed", "ParamValidationError" }, { step, err.code })
  end)

  it("refuse what does not fit", function()
    local call = core.private.begin(client, "arn")
    assert.has_error(function() core.private.begin(client, "arn", call) end)
    assert.has_error(function() core.private.request_text(call) end)
    core.private.advance(call)
    assert.has_error(function() core.private.advance(call, core.http_reader(100)) end)
    local other = core.http_reader(99)
    other:feed(OK .. "Content-Length: 0\r\n\r\n")
    assert.has_error(function() core.private.advance(call, other) end)
    assert.has_error(function() core.private.advance(call, "x") end)
    assert.equal("failed", (core.private.advance(call, nil, { kind = "tls", code = "SSLError", message = "m" })))
  end)
end)

describe("what a driver asks of ivs.core", function()
  it("is the route to a URL", function()
    assert.same({ scheme = "https", host = "[::1]", port = 443, authority = "[::1]:443" }, core.parse_url "https://[::1]/x")
    assert.same({ scheme = "http", host = "A.b", port = 8080, authority = "A.b:8080" }, core.parse_url "HTTP://A.b:8080")
    assert.is_nil(core.parse_url "ftp://x")
    assert.is_true(core.is_bypassed("example.com", "a.example.com:443"))
    assert.is_false(core.is_bypassed("example.com", "example.org:443"))
  end)

  it("is a client's settings and credentials, until it is closed", function()
    local client = core.client { region = "us-west-2", env = {}, read_timeout = 3, proxy = "http://p:1",
      credentials = function() return { access_key_id = "A", secret_access_key = "S" } end }
    local settings = client:connection_settings()
    assert.same({ 3, "http://p:1", true }, { settings.read_timeout, settings.proxy, settings.verify })
    assert.is_nil(client:credentials_left())
    assert.is_true(client:take_credentials { access_key_id = "A", secret_access_key = "S" })
    assert.equal(math.huge, client:credentials_left())
    assert.is_true(client:take_credentials { access_key_id = "A", secret_access_key = "S", expiration = os.time() + 100 })
    assert.truthy(math.abs(client:credentials_left() - 100) < 3)
    assert.is_nil((client:take_credentials { access_key_id = "A" }))
    assert.equal("A", client:provider()().access_key_id)
    assert.equal("us-west-2", client:describe().region)
    client:close()
    assert.is_nil(client:connection_settings())
    assert.is_nil(client:provider())
    assert.is_nil(client:describe())
    assert.is_nil((client:take_credentials { access_key_id = "A", secret_access_key = "S" }))
  end)
end)
