--- URLs: percent-encoding, strict parsing of the URLs of metadata endpoints, and their forms for messages.
-- The form without user and password is `system.mask_url` (csrc/lua/system.c).
-- @module ivs.http.url

local url = {}

local function percent(byte)
  return ("%%%02X"):format(byte:byte())
end

--- Percent-encodes everything but letters, digits and `-._~` (RFC 3986, 2.3).
-- @string text
-- @string[opt] also what else stays as it is, as the inside of a Lua character class
-- @treturn string
function url.encode(text, also)
  return (text:gsub("[^A-Za-z0-9._~%-" .. (also or "") .. "]", percent))
end

--- Encodes a name or a value for a form (application/x-www-form-urlencoded), as Python's quote_plus does.
-- @string text
-- @treturn string
function url.encode_form(text)
  return (url.encode(text, " "):gsub(" ", "+"))
end

-- RFC 3986 allows no other characters: no space, control character, backslash or byte above ASCII.
local FOREIGN = "[^%w%-._~:/?#%[%]@!$&'()*+,;=%%]"

--- Parses an http or https URL so strictly that no HTTP client can read another host out of it.
-- @string text
-- @return `{ scheme, host, origin }` in lower case, an IPv6 address without its brackets; or nil if the text is not an http or
-- https URL, or has no host, or has a user
function url.parse(text)
  if text:find(FOREIGN) then return nil end
  local scheme, authority = text:match("^(%a+)://([^/?#]+)")
  if not scheme then return nil end
  scheme, authority = scheme:lower(), authority:lower()
  if scheme ~= "http" and scheme ~= "https" then return nil end
  local host, port = authority:match("^%[([%x:.]+)%]:?(%d*)$")
  if not host then host, port = authority:match("^([%w._-]+):?(%d*)$") end
  if not host or (port ~= "" and tonumber(port) > 65535) then return nil end
  return { scheme = scheme, host = host, origin = scheme .. "://" .. authority }
end

--- Host and port as they are written, for messages.
-- @string text a URL
-- @treturn string
function url.authority(text)
  return text:match("^%a+://([^/?#]*)") or text
end

--- A message in which a URL is cut down to its origin: the path of a container's endpoint is half a secret.
-- @string message
-- @string text the URL
-- @tab parts what `parse` returned for it
-- @treturn string
function url.hide_path(message, text, parts)
  local first, last = message:find(text, 1, true)
  if not first then return message end
  return message:sub(1, first - 1) .. parts.origin .. message:sub(last + 1)
end

return url
