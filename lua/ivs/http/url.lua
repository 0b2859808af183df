--- The URLs of metadata endpoints, taken apart so strictly that no client of HTTP can read another host out of them,
-- and shown in messages without their path: the path of a container's endpoint is half a secret.
-- @module ivs.http.url

local metadata_url = {}

-- What RFC 3986 knows, and nothing else: no space, control character, backslash or byte above ASCII.
local FOREIGN = "[^%w%-._~:/?#%[%]@!$&'()*+,;=%%]"

--- A URL's parts.
-- @string url
-- @return `{ scheme, host, origin }`, in lower case, IPv6 without its brackets; or nil: it is no URL with a host over
--   http or https, or one with a user in it
function metadata_url.parse(url)
  if url:find(FOREIGN) then return nil end
  local scheme, authority = url:match("^(%a+)://([^/?#]+)")
  if not scheme then return nil end
  scheme, authority = scheme:lower(), authority:lower()
  if scheme ~= "http" and scheme ~= "https" then return nil end
  local host, port = authority:match("^%[([%x:.]+)%]:?(%d*)$")
  if not host then host, port = authority:match("^([%w._-]+):?(%d*)$") end
  if not host or (port ~= "" and tonumber(port) > 65535) then return nil end
  return { scheme = scheme, host = host, origin = scheme .. "://" .. authority }
end

--- The message of a failed request with the URL cut down to where it points.
-- @param err error object of `http`, or text from a transport of the user's
-- @string url that was asked
-- @tab parts of the same URL
function metadata_url.message(err, url, parts)
  local message = tostring(type(err) == "table" and err.message or err)
  local first, last = message:find(url, 1, true)
  if not first then return message end
  return message:sub(1, first - 1) .. parts.origin .. message:sub(last + 1)
end

return metadata_url
