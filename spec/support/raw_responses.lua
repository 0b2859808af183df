--- Raw responses and the expected results of a call, for both drivers: libcurl (ivs) and the cosocket reader (resty.ivs).
--
-- A row is `{ name, bytes, expected, curl = …, why = … }`; the server sends the bytes and closes the connection. `expected` is a
-- result of `describe`. If the drivers differ, `curl` is the result with libcurl, and `why` is the reason. The expected results
-- come from libcurl, boto3 and RFC 9112, never from our own reader. Uses no test framework: a driver inside nginx also calls
-- `describe`.

local raw_responses = {}

local ACTIVE = "ACTIVE, sent once"
local UNREADABLE = "response HTTPClientError, retryable, sent twice"
local UNUSABLE = "response ResponseParserError, retryable, sent twice"
local CLOSED = "connection ConnectionClosedError, retryable, sent twice"

local BODY = '{"recordingConfiguration":{"state":"ACTIVE"}}'
local SIZE = #BODY
local OK = "HTTP/1.1 200 OK\r\n"
local LENGTH = "Content-Length: " .. SIZE .. "\r\n"
local CHUNKED = "Transfer-Encoding: chunked\r\n"
local CHUNKS = ("%x\r\n%s\r\n0\r\n\r\n"):format(SIZE, BODY)

--- Describes the result of a call with two attempts.
function raw_responses.describe(response, err)
  local attempts = err and err.attempts or response.ResponseMetadata.RetryAttempts + 1
  local sent = attempts == 1 and ", sent once" or ", sent twice"
  if response then return response.recordingConfiguration.state .. sent end
  return ("%s %s%s%s"):format(err.kind, err.code, err.retryable and ", retryable" or "", sent)
end

--- A valid response with these additional header lines.
local function with(lines) return OK .. lines .. LENGTH .. "\r\n" .. BODY end

--- A response with only these headers, and the body.
local function head(lines) return OK .. lines .. "\r\n" .. BODY end

local function starting(line) return line .. "\r\n" .. LENGTH .. "\r\n" .. BODY end

--- A response with this Transfer-Encoding, and a chunked body.
local function coded(lines) return OK .. lines .. "\r\n" .. CHUNKS end

--- A chunked response; `#` is replaced by the body's size.
local function chunks(text) return OK .. CHUNKED .. "\r\n" .. text:gsub("#", ("%x"):format(SIZE)):gsub("BODY", BODY) end

local STATUS_LINE = "libcurl takes more for a status line than RFC 9112, 4 allows; no option makes it stricter"
local UNFOLDED = "libcurl drops the folded line, or joins it (as of 8.14): a length must not depend on that"
local IDENTITY = "libcurl 7.88 reads to the connection's end; 7.68 and 8.21 take identity for nothing, as our reader does"
local HEAD_END = "libcurl 7.68 ends the head at each line that begins with a carriage return; later versions refuse it"
local TRAILER_END = "libcurl takes the carriage return for the line's end, and does not find the end of the body"
local FOLDED_TRAILER = "libcurl 8.21 takes no folded trailers; earlier versions do"
local HEADER_COUNT = "libcurl 8.21 takes 5,000 headers, whatever their size; no option raises that"
local HEADERS_API = "libcurl looks at this since it has the API of headers (7.83)"
local UNASKED_CODING = "libcurl decodes it (up to 8.6) or takes it for nothing; RFC 9112, 7.4 has it sent only to who asked by TE"

raw_responses.list = {
  { "a good one", with "", ACTIVE },
  -- Where the body ends (RFC 9112, 6.3)
  { "Transfer-Encoding and Content-Length", coded(CHUNKED .. LENGTH), ACTIVE },
  { "Content-Length and Transfer-Encoding, which differ", coded("Content-Length: 3\r\n" .. CHUNKED), ACTIVE },
  { "Transfer-Encoding: identity", head("Transfer-Encoding: identity\r\n" .. LENGTH), ACTIVE },
  { "Transfer-Encoding: identity and a Content-Length that is too long",
    head "Transfer-Encoding: identity\r\nContent-Length: 99\r\n", CLOSED, curl = ACTIVE, why = IDENTITY },
  { "Transfer-Encoding: identity and no length", head "Transfer-Encoding: identity\r\n", ACTIVE },
  { "Transfer-Encoding: identity, chunked", coded "Transfer-Encoding: identity, chunked\r\n", ACTIVE },
  { "Transfer-Encoding that is empty", head("Transfer-Encoding:\r\n" .. LENGTH), ACTIVE },
  { "Transfer-Encoding: CHUNKED", coded "transfer-encoding: CHUNKED\r\n", ACTIVE },
  { "chunked twice", coded(CHUNKED .. CHUNKED), ACTIVE },
  { "chunked, chunked", coded "Transfer-Encoding: chunked, chunked\r\n", ACTIVE },
  { "chunked in HTTP/1.0", "HTTP/1.0 200 OK\r\n" .. CHUNKED .. "\r\n" .. CHUNKS, ACTIVE },
  { "gzip, chunked", coded "Transfer-Encoding: gzip, chunked\r\n", UNREADABLE, curl = UNUSABLE, why = UNASKED_CODING },
  { "a Transfer-Encoding that nobody knows", head "Transfer-Encoding: snappy\r\n", UNREADABLE, curl = ACTIVE, why = UNASKED_CODING },
  { "a blank before the colon of Transfer-Encoding", coded "Transfer-Encoding : chunked\r\n", UNUSABLE },
  { "two equal Content-Lengths", with(LENGTH), ACTIVE },
  { "two Content-Lengths, the first right", head(LENGTH .. "Content-Length: 5\r\n"), UNREADABLE },
  { "two Content-Lengths, the last right", head("Content-Length: 5\r\n" .. LENGTH), UNREADABLE },
  { "two Content-Lengths in other words", head(LENGTH .. "Content-Length: 0" .. SIZE .. "\r\n"), UNREADABLE },
  { "a list of equal Content-Lengths", head(("Content-Length: %d, %d\r\n"):format(SIZE, SIZE)), UNREADABLE },
  { "a list of Content-Lengths that differ", head(("Content-Length: %d, 5\r\n"):format(SIZE)), UNREADABLE },
  { "Content-Length with zeros before it", head("Content-Length: 000" .. SIZE .. "\r\n"), ACTIVE },
  { "Content-Length between tabs", head("Content-Length:\t" .. SIZE .. "\t\r\n"), ACTIVE },
  { "Content-Length with a plus", head("Content-Length: +" .. SIZE .. "\r\n"), UNREADABLE },
  { "Content-Length that is negative", head "Content-Length: -5\r\n", UNREADABLE },
  { "Content-Length that is hexadecimal", head "Content-Length: 0x2d\r\n", UNREADABLE },
  { "Content-Length that is empty", head "Content-Length:\r\n", UNREADABLE },
  { "Content-Length that is a word", head "Content-Length: many\r\n", UNREADABLE },
  { "Content-Length and more", head("Content-Length: " .. SIZE .. " x\r\n"), UNREADABLE },
  { "Content-Length beyond 63 bits", head "Content-Length: 9223372036854775808\r\n", UNREADABLE },
  { "Content-Length beyond 64 bits", head "Content-Length: 99999999999999999999\r\n", UNREADABLE },
  { "Content-Length beyond what is allowed, and no such body", head "Content-Length: 9000000000\r\n", CLOSED },
  { "a body beyond what is allowed", OK .. "Content-Length: 2000000\r\n\r\n" .. ("x"):rep(2000000), UNUSABLE },
  { "a blank before the colon of Content-Length", head "Content-Length : 3\r\n", ACTIVE },
  { "Content-Length that is too long", head "Content-Length: 99\r\n", CLOSED },
  { "Content-Length that is too short", head "Content-Length: 5\r\n", UNUSABLE },
  { "no length, and the connection's end", head "", ACTIVE },
  { "204 with a body", starting "HTTP/1.1 204 No Content", UNUSABLE },
  { "304 with a body", starting "HTTP/1.1 304 Not Modified", "service 304, sent once" },
  -- Headers (RFC 9112, 5)
  { "a folded header", with "X-Foo: 1\r\n folded\r\n", ACTIVE },
  { "a header folded with a tab", with "X-Foo: 1\r\n\tfolded\r\n", ACTIVE },
  { "a first header that is folded", OK .. " X-Foo: 1\r\n" .. LENGTH .. "\r\n" .. BODY, UNREADABLE, curl = ACTIVE, why = HEADERS_API },
  { "a folded Content-Length", head("Content-Length:\r\n " .. SIZE .. "\r\n"), UNREADABLE, curl = ACTIVE, why = UNFOLDED },
  { "a Content-Length that goes on folded", head "Content-Length: 4\r\n 5\r\n", UNREADABLE, curl = UNUSABLE, why = UNFOLDED },
  { "a folded Transfer-Encoding", coded "Transfer-Encoding:\r\n chunked\r\n", UNREADABLE, curl = { UNUSABLE, ACTIVE }, why = UNFOLDED },
  { "a blank before the colon", with "X-Foo : 1\r\n", ACTIVE },
  { "a blank in a name", with "X Foo: 1\r\n", ACTIVE },
  { "an empty name", with ": 1\r\n", ACTIVE },
  { "no colon", with "X-Foo\r\n", UNREADABLE },
  { "a NUL in a value", with "X-Foo: a\0b\r\n", UNREADABLE },
  { "a NUL in a name", with "X-\0Foo: ab\r\n", UNREADABLE },
  { "a NUL in the Content-Length", head("Content-Length: " .. SIZE .. "\0\r\n"), UNREADABLE },
  { "a NUL in the status line", starting "HTTP/1.1 200 O\0K", UNREADABLE },
  -- libcurl 8.21 rejects each of these; they are invalid by RFC 9112, 2.2
  { "a carriage return in a value", with "X-Foo: a\rb\r\n", UNREADABLE },
  { "a carriage return in a name", with "X-\rFoo: b\r\n", UNREADABLE },
  { "two carriage returns at the end of a header", with "X-Foo: a\r\r\n", UNREADABLE },
  { "two carriage returns behind the Content-Length", head("Content-Length: " .. SIZE .. "\r\r\n"), UNREADABLE },
  { "a carriage return in the empty line", OK .. LENGTH .. "\r\r\n" .. BODY, UNREADABLE, curl = ACTIVE, why = HEAD_END },
  { "a carriage return in the status line", starting "HTTP/1.1 200 O\rK", UNREADABLE },
  { "a control character in a value", with "X-Foo: a\1b\r\n", ACTIVE },
  { "line feeds alone", "HTTP/1.1 200 OK\nContent-Length: " .. SIZE .. "\n\n" .. BODY, ACTIVE },
  { "a header called HTTP/x", with "HTTP/x: y\r\n", ACTIVE },
  { "a status line among the headers", with "HTTP/1.1 500 No\r\n", UNREADABLE },
  { "a line of 70 KB", with("X-Long: " .. ("b"):rep(70000) .. "\r\n"), UNUSABLE },
  { "20,000 headers, which are 40 KB of names and values", with(("A: b\r\n"):rep(20000)), ACTIVE, curl = UNUSABLE, why = HEADER_COUNT },
  { "40,000 headers, which are 80 KB", with(("A: b\r\n"):rep(40000)), UNUSABLE },
  -- The status line (RFC 9112, 4)
  { "HTTP/1.0", starting "HTTP/1.0 200 OK", ACTIVE },
  { "HTTP/1.2", starting "HTTP/1.2 200 OK", UNREADABLE },
  { "HTTP/1.7", starting "HTTP/1.7 200 OK", UNREADABLE },
  { "HTTP/1.10", starting "HTTP/1.10 200 OK", UNREADABLE },
  { "HTTP/0.9", starting "HTTP/0.9 200 OK", UNREADABLE },
  { "HTTP/3", starting "HTTP/3 200 OK", UNREADABLE },
  { "HTTP/2", starting "HTTP/2 200 OK", UNREADABLE, curl = ACTIVE, why = STATUS_LINE },
  { "http in lower case", starting "http/1.1 200 OK", UNREADABLE, curl = ACTIVE, why = STATUS_LINE },
  { "two blanks before the status", starting "HTTP/1.1  200 OK", UNREADABLE, curl = ACTIVE, why = STATUS_LINE },
  { "no blank behind the status", starting "HTTP/1.1 200OK", UNREADABLE, curl = ACTIVE, why = STATUS_LINE },
  { "a tab before the status", starting "HTTP/1.1\t200 OK", UNREADABLE },
  { "no blank before the status", starting "HTTP/1.1200 OK", UNREADABLE },
  { "a blank before the status line", starting " HTTP/1.1 200 OK", UNREADABLE },
  { "an empty line before the status line", "\r\n" .. with "", UNREADABLE },
  { "no reason", starting "HTTP/1.1 200", ACTIVE },
  { "the status 20", starting "HTTP/1.1 20 OK", UNREADABLE },
  { "the status 2000", starting "HTTP/1.1 2000 OK", UNREADABLE },
  { "the status 099", starting "HTTP/1.1 099 OK", UNREADABLE },
  { "the status 999", starting "HTTP/1.1 999 OK", "service 999, sent once" },
  { "the status abc", starting "HTTP/1.1 abc OK", UNREADABLE },
  { "no status line, and no line at all", BODY, UNREADABLE },
  { "another protocol", "SSH-2.0-OpenSSH_9.2\r\n", UNREADABLE },
  { "100 before it", "HTTP/1.1 100 Continue\r\n\r\n" .. with "", ACTIVE },
  { "101, which nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", UNREADABLE,
    curl = { CLOSED, "service 101, sent once" }, why = "libcurl waits for a response, or takes it for one: no HTTP follows it" },
  -- Chunks (RFC 9112, 7.1): boto3 also raises ConnectionClosedError if the end of a chunk is unknown
  { "a trailer", chunks "#\r\nBODY\r\n0\r\nX-T: 1\r\n\r\n", ACTIVE },
  { "a folded trailer", chunks "#\r\nBODY\r\n0\r\nX-T: a\r\n b\r\n\r\n", ACTIVE, curl = UNREADABLE, why = FOLDED_TRAILER },
  { "a Content-Length among the trailers", chunks "#\r\nBODY\r\n0\r\nContent-Length: 3\r\n\r\n", ACTIVE },
  { "a trailer without a colon", chunks "#\r\nBODY\r\n0\r\nX-T\r\n\r\n", UNREADABLE },
  { "a NUL in a trailer", chunks "#\r\nBODY\r\n0\r\nX-T: a\0b\r\n\r\n", UNREADABLE },
  { "a carriage return in a trailer", chunks "#\r\nBODY\r\n0\r\nX-T: a\rb\r\n\r\n", UNREADABLE, curl = CLOSED, why = TRAILER_END },
  { "no end of the trailers", chunks "#\r\nBODY\r\n0\r\n", CLOSED },
  { "no last chunk", chunks "#\r\nBODY\r\n", CLOSED },
  { "a size that is no number", chunks "zz\r\nBODY\r\n0\r\n\r\n", CLOSED },
  { "a size that is no number, and no line's end", chunks "zz", CLOSED },
  { "an empty size", chunks "\r\nBODY\r\n0\r\n\r\n", CLOSED },
  { "a negative size", chunks "-1\r\nBODY\r\n0\r\n\r\n", CLOSED },
  { "a blank before a size", chunks " #\r\nBODY\r\n0\r\n\r\n", CLOSED },
  { "a blank behind a size", chunks "# \r\nBODY\r\n0\r\n\r\n", ACTIVE },
  { "something else behind a size", chunks "#g\r\nBODY\r\n0\r\n\r\n", ACTIVE },
  { "a size of 16 digits", chunks "00000000000000#\r\nBODY\r\n0\r\n\r\n", ACTIVE },
  { "a size of 17 digits", chunks "000000000000000#\r\nBODY\r\n0\r\n\r\n", CLOSED },
  { "a size beyond 63 bits", chunks "ffffffffffffffff\r\nBODY\r\n0\r\n\r\n", CLOSED },
  { "a chunk that is too short", chunks "5\r\nBODY\r\n0\r\n\r\n", CLOSED },
  { "a chunk that is too long", chunks "ff\r\nBODY\r\n0\r\n\r\n", CLOSED },
  { "no line's end behind a chunk", chunks "#\r\nBODY0\r\n\r\n", CLOSED },
  { "chunks with line feeds alone", chunks "#\nBODY\n0\n\n", ACTIVE },
  { "extensions of chunks", chunks "#;a=b\r\nBODY\r\n0;c\r\n\r\n", ACTIVE },
  { "an extension of 2,000 bytes", chunks("#;" .. ("a"):rep(2000) .. "\r\nBODY\r\n0\r\n\r\n"), CLOSED, curl = ACTIVE,
    why = "RFC 9112, 7.1.1 asks for a limit; libcurl has none" },
  -- Codings of the body, and its end
  { "Content-Encoding: identity", with "Content-Encoding: identity\r\n", ACTIVE },
  { "Content-Encoding: gzip that is none", with "Content-Encoding: gzip\r\n", UNREADABLE },
  { "a Content-Encoding that nobody knows", with "Content-Encoding: snappy\r\n", UNREADABLE },
  { "bytes behind the body", with "" .. "more", ACTIVE },
  { "bytes behind the last chunk", coded(CHUNKED) .. "more", ACTIVE },
  { "a head that breaks off", OK .. LENGTH, CLOSED },
  { "a status line that breaks off", "HTTP/1.1 200 O", CLOSED },
  { "nothing", "", CLOSED },
}

--- Adds the bodies that `gzip` compresses.
-- @func run runs a shell command and returns its output
function raw_responses.add_compressed(run)
  local function answer(body, coding) -- put together without string.format, which ends at a NUL in Lua 5.1
    return OK .. "Content-Encoding: " .. coding .. "\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
  end
  local good = run(("printf %%s '%s' | gzip -9n"):format(BODY))
  local twice = run(("printf %%s '%s' | gzip -9n | gzip -9n"):format(BODY))
  local list = raw_responses.list
  list[#list + 1] = { "gzip", answer(good, "gzip"), ACTIVE }
  list[#list + 1] = { "gzip twice", answer(twice, "gzip, gzip"), ACTIVE }
  list[#list + 1] = { "gzip that breaks off", answer(good:sub(1, 30), "gzip"), UNUSABLE }
  list[#list + 1] = { "gzip and something behind it", answer(good .. "garbage", "gzip"), UNREADABLE }
  list[#list + 1] = { "gzip that is broken within", answer(good:sub(1, 20) .. "\0\0\0\0" .. good:sub(25), "gzip"), UNREADABLE }
  list[#list + 1] = { "gzip a hundred times", answer(good, ("gzip, "):rep(99) .. "gzip"), UNREADABLE }
end

return raw_responses
