--- Texts from elsewhere made fit for our messages: on one line, bounded, and without the secrets that they may quote.
-- @module ivs.redaction

local redaction = {}

local MAX_BYTES = 500

--- On one line, without control characters, and not long.
-- @string text
-- @treturn string
function redaction.printable(text)
  local line = text:gsub("%c+", " "):gsub("^ +", ""):gsub(" +$", "")
  if #line <= MAX_BYTES then return line end
  -- no half of a UTF-8 sequence at the cut
  return line:sub(1, MAX_BYTES):gsub("[\192-\255][\128-\191]*$", "") .. "…"
end

--- Percent-encoded as in a form or a query.
local function encoded(text)
  return (text:gsub("[^%w%-._~]", function(c) return ("%%%02X"):format(c:byte()) end))
end

--- A service's text, which may quote what it was sent. The secrets go first, plain or percent-encoded, so that no half of one is
-- left where the text is cut.
-- @string text
-- @tab secrets any table whose values are the texts to take out
-- @treturn string
function redaction.harmless(text, secrets)
  for _, secret in pairs(secrets) do
    for _, spelling in ipairs { secret, encoded(secret) } do
      if spelling ~= "" then text = text:gsub(spelling:gsub("%p", "%%%0"), "***") end
    end
  end
  return redaction.printable(text)
end

return redaction
