--- `http(request)` of the blocking driver, which the credential providers send their requests with: what was asked for is what
-- arrives at the server, to the byte, or it is an error and nothing is sent.

local fetcher = require "support.fetcher"
local hostile_server = require "support.hostile_server"

local ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

describe("a provider's request", function()
  local server, client, http

  lazy_setup(function()
    server = hostile_server.start()
    client, http = fetcher.client()
  end)
  lazy_teardown(function()
    client:close()
    server:stop()
  end)

  --- What arrives: the request line, a sorted list of header lines, the body.
  local function received(request)
    server:play { { "request" }, { "send", ANSWER }, { "again" } }
    request.url = server.url .. "/path?query"
    assert(http(request))
    local head, body = server:requests()[1]:match("^(.-)\r\n\r\n(.*)$")
    local lines = {}
    for line in (head .. "\r\n"):gmatch("(.-)\r\n") do lines[#lines + 1] = line end
    local first = table.remove(lines, 1)
    table.sort(lines)
    return first, lines, body
  end

  local function host() return "Host: 127.0.0.1:" .. server.port end

  describe("has only the given headers, Host and the length:", function()
    local AGENT = { ["User-Agent"] = "spec" }

    it("GET", function()
      local first, lines, body = received { method = "GET", headers = AGENT }
      assert.equal("GET /path?query HTTP/1.1", first)
      assert.same({ host(), "User-Agent: spec" }, lines)
      assert.equal("", body)
    end)

    it("POST without a body", function()
      local first, lines = received { method = "POST", headers = AGENT }
      assert.equal("POST /path?query HTTP/1.1", first)
      assert.same({ "Content-Length: 0", host(), "User-Agent: spec" }, lines)
    end)

    it("POST with a body", function()
      local _, lines, body = received { method = "POST", headers = AGENT, body = "a\0b" }
      assert.same({ "Content-Length: 3", host(), "User-Agent: spec" }, lines)
      assert.equal("a\0b", body)
    end)

    it("PUT with and without a body", function()
      local first, lines = received { method = "PUT", headers = AGENT }
      assert.equal("PUT /path?query HTTP/1.1", first)
      assert.same({ "Content-Length: 0", host(), "User-Agent: spec" }, lines)
      assert.equal("text", (select(3, received { method = "PUT", headers = AGENT, body = "text" })))
    end)

    it("GET after POST, on the same connection", function()
      received { method = "POST", headers = AGENT, body = "text" }
      local first, lines = received { method = "GET", headers = AGENT }
      assert.equal("GET /path?query HTTP/1.1", first)
      assert.same({ host(), "User-Agent: spec" }, lines)
    end)
  end)

  it("has each header that libcurl would set itself once, with the given value", function()
    local _, lines = received { method = "POST", body = "{}", headers = { ["User-Agent"] = "spec", Accept = "text/xml",
      ["accept-encoding"] = "identity", ["Content-Type"] = "application/json", ["content-length"] = "2" } }
    assert.same({ "Accept: text/xml", "Content-Length: 2", "Content-Type: application/json", host(), "User-Agent: spec",
      "accept-encoding: identity" }, lines)
  end)

  it("has every header, with and without a value", function()
    local asked, expected = { ["User-Agent"] = "spec" }, { "User-Agent: spec", host() }
    for number = 1, 200 do
      local value = number % 3 == 0 and "" or ("v"):rep(number)
      asked["X-" .. number] = value
      expected[#expected + 1] = ("X-%d:%s"):format(number, value ~= "" and " " .. value or "")
    end
    table.sort(expected)
    assert.same(expected, (select(2, received { method = "GET", headers = asked })))
    assert.same({ host(), "User-Agent: spec", "X-Blank:" },
      (select(2, received { method = "GET", headers = { ["User-Agent"] = "spec", ["X-Blank"] = "  " } })))
  end)

  describe("is an error, and nothing is sent, if", function()
    for problem, request in pairs {
      ["a GET has a body"] = { method = "GET", body = "text" },
      ["its method is unknown"] = { method = "DELETE" },
      ["its body is no string"] = { method = "POST", body = 5 },
      ["a header's value is no string"] = { method = "GET", headers = { ["X-Foo"] = 5 } },
      ["a header's value has a line of its own"] = { method = "GET", headers = { ["X-Foo"] = "a\r\nX-Bar: b" } },
      ["a header's name has a line of its own"] = { method = "GET", headers = { ["X-Foo: a\r\nX-Bar"] = "b" } },
      ["a header's name has a NUL"] = { method = "GET", headers = { ["X-Foo\0"] = "b" } },
      ["a header's name has a colon"] = { method = "GET", headers = { ["X-Foo:"] = "b" } },
      ["a header's name has a semicolon, which is libcurl's"] = { method = "GET", headers = { ["X-Foo;"] = "b" } },
      ["a header has no name"] = { method = "GET", headers = { [""] = "b" } },
      ["the length is another than the body's"] = { method = "POST", body = "text", headers = { ["Content-Length"] = "5" } },
      ["chunks are asked for"] = { method = "POST", body = "text", headers = { ["Transfer-Encoding"] = "chunked" } },
      ["its headers are too many to hold"] = { method = "GET", headers = { ["X-Foo"] = ("x"):rep(300000) } },
    } do
      it(problem, function()
        server:play { { "request" }, { "send", ANSWER }, { "again" } }
        request.url = server.url
        local response, err = http(request)
        assert.is_nil(response)
        assert.same({ "config", "InvalidConfigError" }, { err.kind, err.code })
        assert.equal(0, #server:requests())
      end)
    end
  end)
end)
