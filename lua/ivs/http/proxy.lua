--- Chooses the proxy: the option, else the environment's (docs/protocol.md, "Proxies"). For each request C decides by no_proxy
-- whether the proxy is used.
-- @module ivs.http.proxy

local failure = require "ivs.failure"

local proxy = {}

--- The environment's proxy for a scheme. The lowercase variable comes first; an empty one means no proxy. HTTP_PROXY is ignored in a
-- CGI process (REQUEST_METHOD is set), where a client's `Proxy:` header would set it (CVE-2016-5385, "httpoxy").
local function from_environment(scheme, getenv)
  local lower = getenv(scheme .. "_proxy", true)
  if lower then return lower ~= "" and lower or nil end
  if scheme == "http" and getenv("REQUEST_METHOD") then return nil end
  return getenv(scheme:upper() .. "_PROXY")
end

--- Adds the scheme http if there is none, as botocore does.
local function complete(url)
  if url:find("^%w[%w+.-]*://") then return url end
  if url:sub(1, 2) == "//" then return "http:" .. url end
  return "http://" .. url
end

--- Whether a text is `host` or `host:port`.
local function is_authority(text)
  local host, port = text:match("^(%[[%x:.]+%]):?(%d*)$")
  if not host then host, port = text:match("^([%w_-][%w._-]*):?(%d*)$") end
  return host ~= nil and (port == "" or (tonumber(port) >= 1 and tonumber(port) <= 65535))
end

--- Encodes user and password so that every parser finds the same parts in the URL. Returns the URL; or nil if it is malformed.
local function normalize(url)
  local scheme, user, authority = url:match("^([Hh][Tt][Tt][Pp][Ss]?)://(.*)@([^@/]*)/?$")
  if not scheme then scheme, authority = url:match("^([Hh][Tt][Tt][Pp][Ss]?)://([^@/]*)/?$") end
  if not scheme or not is_authority(authority) or (user and user:find("[%c%s/?#]")) then return nil end
  return ("%s://%s%s"):format(scheme:lower(), user and user:gsub("@", "%%40") .. "@" or "", authority)
end

--- @tab settings with `proxy` and `endpoint_url`
-- @func getenv
-- @func mask_url (url) → the URL without user and password, for messages
-- @return the proxy's URL, or nil if there is none; or nil and an error object
function proxy.choose(settings, getenv, mask_url)
  local scheme = (settings.endpoint_url or ""):lower():match("^http:") and "http" or "https"
  local url = settings.proxy or from_environment(scheme, getenv)
  if not url then return nil end
  local normalized = normalize(complete(url))
  if normalized then return normalized end
  return nil, failure.new("config", "InvalidProxiesConfigError",
    ("Invalid proxy: %s (it has to be http://host:port or https://host:port, with user:password@ if need be, both "
      .. "percent-encoded)"):format(mask_url(url)))
end

return proxy
