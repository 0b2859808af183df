--- Responses with an invalid body: chunks, encodings, JSON (docs/protocol.md, "Responses"). None is a success, none is kept beyond
-- max_response_bytes, and each is an error at once.

local calls = require "support.hostile_calls"
local hostile_server = require "support.hostile_server"
local shell = require "emulator.shell"

local BODY, with, sending, endless = calls.BODY, calls.answering, calls.sending, calls.endless
local REQUEST = { "request" }
local CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

local ACTIVE = { state = "ACTIVE" }
local TOO_LARGE = { "response", "ResponseParserError", says = "is larger than allowed %(see max_response_bytes%)" }
local UNDECODABLE = { "response", "HTTPClientError" }

--- What an answer of 200 gives whose body can't be used.
local function unusable(problem) return { "response", "ResponseParserError", status = 200, says = problem } end

describe("a hostile body", function()
  local before, server = calls.leftovers(), hostile_server.new()

  lazy_setup(function() server:start() end)
  lazy_teardown(function() server:stop() end)

  local function cases(list) calls.cases(it, server, list) end

  describe("of chunks", function()
    local broken = { "connection", "ConnectionClosedError" }
    cases {
      { "with extensions and of a byte each", { REQUEST, { "send", CHUNKED .. BODY:gsub(".", "1;a=b\r\n%0\r\n") .. "0;c\r\n\r\n" },
        { "hang" } }, ACTIVE },
      { "with a size that is no number", sending(CHUNKED .. "zz\r\n" .. BODY .. "\r\n0\r\n\r\n"), broken },
      { "with an empty size", sending(CHUNKED .. "\r\n" .. BODY .. "\r\n0\r\n\r\n"), broken },
      { "with a negative size", sending(CHUNKED .. "-1\r\n" .. BODY .. "\r\n0\r\n\r\n"), broken },
      { "with a size beyond 64 bits", sending(CHUNKED .. "fffffffffffffffff\r\n" .. BODY .. "\r\n0\r\n\r\n"), broken },
      { "with a size that is too small", sending(CHUNKED .. "5\r\n" .. BODY .. "\r\n0\r\n\r\n"), broken },
      { "with a size without an end", endless(CHUNKED, "0"), broken },
      { "with a chunk without an end", endless(CHUNKED .. "7fffffffffffffff\r\n", "x"), TOO_LARGE },
      { "without an end", endless(CHUNKED, "1\r\nx\r\n"), TOO_LARGE, { max_response_bytes = 100000 } },
    }
  end)

  describe("that is larger than the limit:", function()
    cases {
      { "one byte over max_response_bytes", with(BODY), TOO_LARGE, { max_response_bytes = #BODY - 1 } },
      { "exactly max_response_bytes", with(BODY), ACTIVE, { max_response_bytes = #BODY } },
      { "no end and no length", endless("HTTP/1.1 200 OK\r\n\r\n", "x"), TOO_LARGE },
      { "no end and a length", endless("HTTP/1.1 200 OK\r\nContent-Length: 900000000000000000\r\n\r\n", "x"), TOO_LARGE },
      { "no end in an error", endless("HTTP/1.1 400 Bad Request\r\n\r\n", "x"), TOO_LARGE },
    }
  end)

  describe("that is compressed", function()
    local function gzip(command) return shell.run(command .. " | gzip -9n") end
    local GZIP = "Content-Encoding: gzip\r\n"
    local good = gzip("printf %s " .. shell.quote(BODY))
    local bomb = gzip "head -c 100000000 /dev/zero | gzip -9n" -- 100 MB in less than 1 KB
    local nothing = "\31\139\8\0\0\0\0\0\0\3" -- a gzip header; then empty stored blocks (RFC 1951, 3.2.4)
    cases {
      { "is decoded", with(good, GZIP), ACTIVE },
      { "is decoded in two layers", with(gzip("printf %s " .. shell.quote(BODY) .. " | gzip -9n"),
        "Content-Encoding: gzip, gzip\r\n"), ACTIVE },
      { "is a bomb", with(bomb, "Content-Encoding: gzip, gzip\r\n"), TOO_LARGE, { max_response_bytes = 65536 } },
      { "is a bomb of one layer", with(gzip "head -c 4000000 /dev/zero", GZIP), TOO_LARGE },
      { "is not", with(BODY, GZIP), UNDECODABLE },
      { "is broken", with("\31\139broken..............", GZIP), UNDECODABLE },
      { "is broken within", with(good:sub(1, 20) .. "\0\0\0\0" .. good:sub(25), GZIP), UNDECODABLE },
      { "is cut off", with(good:sub(1, 30), GZIP), unusable "" },
      { "is followed by garbage", with(good .. "garbage", GZIP), UNDECODABLE },
      { "is compressed in a way that nobody knows", with(BODY, "Content-Encoding: snappy\r\n"), UNDECODABLE },
      { "is compressed a hundred times", with(BODY, "Content-Encoding: " .. ("gzip, "):rep(99) .. "gzip\r\n"), UNDECODABLE },
      { "never becomes a byte", { REQUEST, { "send", "HTTP/1.1 200 OK\r\n" .. GZIP .. "\r\n" .. nothing },
        { "endless", "\0\0\0\255\255" } }, { "timeout", "ReadTimeoutError", after = calls.TIMEOUT } },
    }
    it("is a decompression bomb of less than 1 KB", function() assert.is_true(#bomb < 1024) end)
  end)

  describe("that is not a JSON object in UTF-8:", function()
    local function utf16(text, order) return (text:gsub(".", order == "big" and "\0%0" or "%0\0")) end
    local no_object = unusable "is not a JSON object"
    cases {
      { "nothing", with "", unusable "is empty" },
      { "spaces", with "   ", unusable "" },
      { "HTML", with("<html></html>", "Content-Type: text/html\r\n"), no_object },
      { "a list", with "[]", no_object },
      { "a string", with '"text"', no_object },
      { "null", with "null", no_object },
      { "a byte order mark", with("\239\187\191" .. BODY), no_object },
      { "UTF-16 with a mark, little-endian", with("\255\254" .. utf16(BODY)), no_object },
      { "UTF-16 with a mark, big-endian", with("\254\255" .. utf16(BODY, "big")), no_object },
      { "UTF-16, little-endian", with(utf16(BODY)), unusable "" },
      { "UTF-16, big-endian", with(utf16(BODY, "big")), no_object },
      { "UTF-32", with((BODY:gsub(".", "%0\0\0\0"))), unusable "" },
      { "a byte that is not UTF-8", with '{"recordingConfiguration":{"name":"\255"}}', unusable "not UTF%-8" },
      { "an overlong form", with '{"recordingConfiguration":{"name":"\192\175"}}', unusable "not UTF%-8" },
      { "half a surrogate pair, as bytes", with '{"recordingConfiguration":{"name":"\237\160\128"}}', unusable "not UTF%-8" },
      { "half a surrogate pair, escaped", with '{"recordingConfiguration":{"name":"\\ud800"}}', unusable "unicode" },
      { "a NUL in a string", with '{"recordingConfiguration":{"name":"a\0b"}}', unusable "NUL" },
      { "a NUL between", with '{"recordingConfiguration":\0{}}', unusable "" },
      { "an object that breaks off", with '{"recordingConfiguration":{"state":', unusable "" },
      { "two objects", with(BODY .. BODY), unusable "" },
      { "single quotes", with "{'recordingConfiguration':{}}", unusable "" },
      { "a comma too many", with '{"recordingConfiguration":{},}', unusable "" },
    }
    it("a NUL after it, which cjson takes for the end", function()
      calls.expect(server, with(BODY .. "\0"), unusable "")
      calls.expect(server, with(BODY .. "\0 }}garbage"), unusable "")
    end)
  end)

  describe("whose JSON", function()
    local function configuration(text) return with('{"recordingConfiguration":' .. text .. "}") end
    local function seconds(number) return configuration('{"recordingReconnectWindowSeconds":' .. number .. "}") end
    cases {
      { "is labelled as an image", with(BODY, "Content-Type: image/png\r\n"), ACTIVE },
      { "is 10,000 objects deep", configuration('{"tags":' .. ('{"a":'):rep(10000) .. "1" .. ("}"):rep(10001)),
        unusable "nested" },
      { "is 10,000 lists deep where nobody looks", with('{"x":' .. ("["):rep(10000) .. ("]"):rep(10000) .. "}"), unusable "nested" },
      { "is 1,000,000 brackets", with('{"x":' .. ("["):rep(1000000)), unusable "nested" },
      { "has a number beyond a double", seconds "1e400", unusable "recordingReconnectWindowSeconds is out of range" },
      { "has an integer beyond 64 bits", seconds "-99999999999999999999", unusable "recordingReconnectWindowSeconds is out of range" },
      { "has NaN", seconds "NaN", unusable "" },
      { "has Infinity", seconds "-Infinity", unusable "" },
      { "has a hexadecimal number", seconds "0x10", unusable "" },
      { "has a number of 100,000 digits", seconds(("1"):rep(100000)), unusable "out of range" },
      { "has a number beyond a double where nobody looks", configuration '{"state":"ACTIVE","x":1e999999999}', ACTIVE },
      { "has a text for a structure", configuration '"ACTIVE"', unusable "recordingConfiguration is not an object" },
      { "has a list for a structure", configuration '[1]', unusable "recordingConfiguration" },
      { "has an object for a list", configuration '{"renditionConfiguration":{"renditions":{"a":"HD"}}}', unusable "renditions" },
      { "has a number for a text", configuration '{"state":5}', unusable "state is not a string" },
      { "names a member twice: the last one counts", configuration '{"state":"CREATING","state":"ACTIVE"}', ACTIVE },
    }

    it("has an escaped NUL, which is kept", function()
      server:play(configuration '{"name":"a\\u0000b"}')
      local client = calls.client(server)
      local found = assert(client:get_recording_configuration("arn"))
      client:close()
      assert.equal("a\0b", found.recordingConfiguration.name)
    end)

    it("is malformed once is requested again", function()
      calls.expect(server, { { REQUEST, { "send", calls.answer("<html>") }, REQUEST, { "send", calls.answer() }, { "hang" } } },
        { state = "ACTIVE", attempts = 2 }, { max_attempts = 2 })
    end)
  end)

  it("leaves no descriptor open and no child", function()
    server:stop()
    assert.equal(before, calls.leftovers())
  end)
end)
