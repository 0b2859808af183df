--- Makes text from a server or a program fit for our messages: one line, bounded, without the secrets that it may quote.
-- The rules are those of csrc/core/redaction.h: every piece of a secret of 16 bytes or more is overwritten, before the text is cut.
-- Shorter pieces are not searched for.
-- @module ivs.redaction

local failure = require "ivs.failure"
local printable = require "ivs.printable"
local url = require "ivs.http.url"

local redaction = {}

local MAX_BYTES = 500
local MAX_CODE_BYTES = 127 -- what err.code can hold
local MAX_SENT_CODE_BYTES = 1024 -- with a namespace before the name and a URL after it
local PIECE = 16
local OTHER_CODE = "HTTPClientError" -- replaces a code that holds a secret (IVS_CALL_REDACT_CODE)

--- The secrets as one text to search in, each as it is and percent-encoded. NULs separate them, and no piece holds a NUL.
local function join(secrets)
  local spellings = {}
  for _, secret in pairs(secrets) do
    spellings[#spellings + 1] = secret
    spellings[#spellings + 1] = url.encode(secret)
  end
  return table.concat(spellings, "\0")
end

--- Whether a piece of a secret begins at `at`.
local function is_piece(text, at, joined)
  local piece = text:sub(at, at + PIECE - 1)
  return #piece == PIECE and not piece:find("\0", 1, true) and joined:find(piece, 1, true) ~= nil
end

--- Overwrites every piece of a secret.
-- @string text
-- @tab secrets a table whose values are the secrets
-- @treturn string
function redaction.redact(text, secrets)
  local joined = join(secrets)
  if #joined < PIECE then return text end
  local bytes, redacted_to = {}, 0
  for at = 1, #text do
    if is_piece(text, at, joined) then redacted_to = at + PIECE - 1 end
    bytes[at] = at <= redacted_to and "*" or text:sub(at, at)
  end
  return table.concat(bytes)
end

--- A server's or a program's text for a message: one line of at most 500 bytes, without secrets and control characters.
-- @string text
-- @tab secrets a table whose values are the secrets
-- @treturn string
function redaction.redact_line(text, secrets)
  local line = printable.line(text):match("^ *(.-) *$")
  if #line <= MAX_BYTES then return redaction.redact(line, secrets) end
  -- a piece that begins before the cut ends at most PIECE bytes after it
  return printable.cut(redaction.redact(line:sub(1, MAX_BYTES + PIECE), secrets), MAX_BYTES) .. "…"
end

--- A service's error code: `Name` of `ns#Name:http://…`. A code is returned as it was sent or not at all.
-- @string text as the service sent it
-- @tab secrets
-- @return the code; or nil if it is empty or too long, or if the text holds a secret or a control character
function redaction.redact_code(text, secrets)
  if #text > MAX_SENT_CODE_BYTES or text:find("%c") or redaction.redact(text, secrets) ~= text then return nil end
  local code = text:match("^[^:]*"):match("[^#]*$"):match("^[ \t]*(.-)[ \t]*$")
  return code ~= "" and #code <= MAX_CODE_BYTES and code or nil
end

--- An error of the transport, for a credential provider to pass on. Its kind and code stay, as in boto3.
-- @param err error object
-- @string message
-- @tab secrets a table whose values are the secrets
-- @return error object
function redaction.redact_error(err, message, secrets)
  local code = redaction.redact(err.code, secrets) == err.code and err.code or OTHER_CODE
  return failure.new(err.kind, code, redaction.redact(message, secrets), { retryable = err.retryable })
end

return redaction
