--- Texts from elsewhere made fit for our messages: on one line, bounded, and without the secrets that they may quote.
-- The rules are those of csrc/core/redaction.h: every piece of a secret of 16 bytes or more is hidden, before anything is cut;
-- shorter ones are not searched for; a code is shown as it came or not at all.
-- @module ivs.redaction

local failure = require "ivs.failure"

local redaction = {}

local MAX_BYTES = 500
local MAX_CODE_BYTES = 127 -- what err.code can hold
local MAX_SENT_CODE_BYTES = 1024 -- with a name space before it and a URL behind it
local LEAST = 16
local OTHER_CODE = "HTTPClientError" -- in place of a code that holds a secret (IVS_CALL_REDACT_CODE)

--- Percent-encoded as in a form or a query.
local function encoded(text)
  return (text:gsub("[^%w%-._~]", function(c) return ("%%%02X"):format(c:byte()) end))
end

--- One text to search for pieces in: the secrets as they are and as they stand in a query. No piece reaches over the NULs.
local function join(secrets)
  local spellings = {}
  for _, secret in pairs(secrets) do
    spellings[#spellings + 1] = secret
    spellings[#spellings + 1] = encoded(secret)
  end
  return table.concat(spellings, "\0")
end

--- Whether a piece of a secret begins at `at`.
local function is_piece(text, at, joined)
  local piece = text:sub(at, at + LEAST - 1)
  return #piece == LEAST and not piece:find("\0", 1, true) and joined:find(piece, 1, true) ~= nil
end

--- A text with every piece of a secret overwritten.
-- @string text
-- @tab secrets any table whose values are the texts to hide
-- @treturn string
function redaction.hide(text, secrets)
  local joined = join(secrets)
  if #joined < LEAST then return text end
  local bytes, hidden_to = {}, 0
  for at = 1, #text do
    if is_piece(text, at, joined) then hidden_to = at + LEAST - 1 end
    bytes[at] = at <= hidden_to and "*" or text:sub(at, at)
  end
  return table.concat(bytes)
end

--- A service's text, which may quote what it was sent: on one line, without secrets and control characters, and not long.
-- @string text
-- @tab secrets any table whose values are the texts to hide
-- @treturn string
function redaction.harmless(text, secrets)
  local line = text:gsub("%c+", " "):gsub("^ +", ""):gsub(" +$", "")
  local shown = redaction.hide(line:sub(1, MAX_BYTES + LEAST), secrets) -- what lies further behind decides nothing
  if #line <= MAX_BYTES then return shown end
  -- no half of a UTF-8 sequence at the cut
  return shown:sub(1, MAX_BYTES):gsub("[\192-\255][\128-\191]*$", "") .. "…"
end

--- A text that cannot quote a secret of ours.
-- @string text
-- @treturn string
function redaction.printable(text)
  return redaction.harmless(text, {})
end

--- A service's code, `ns#Name:http://…` being `Name`.
-- @string text as the service sent it
-- @tab secrets
-- @return the code; or nil where it is empty or too long, or where the text holds a secret or a control character
function redaction.code(text, secrets)
  if #text > MAX_SENT_CODE_BYTES or text:find("%c") or redaction.hide(text, secrets) ~= text then return nil end
  local code = text:match("^[^:]*"):match("[^#]*$"):match("^[ \t]*(.-)[ \t]*$")
  return code ~= "" and #code <= MAX_CODE_BYTES and code or nil
end

--- An error of the transport, as a source of credentials passes it on: kind and code stay, as they do in boto3.
-- @param err error object
-- @string message
-- @tab secrets any table whose values are the texts to hide
-- @return error object
function redaction.fault(err, message, secrets)
  local code = redaction.hide(err.code, secrets) == err.code and err.code or OTHER_CODE
  return failure.new(err.kind, code, redaction.hide(message, secrets), { retryable = err.retryable })
end

return redaction
