--- Which proxy serves: the option, else the environment's (docs/protocol.md, "Proxies"). Whom it does not serve is decided in C,
-- by no_proxy, for each request.
-- @module ivs.http.proxy

local failure = require "ivs.failure"

local proxies = {}

--- The environment's proxy for a scheme: lowercase wins, even where it is empty (none then); HTTP_PROXY is ignored where a web
-- server set REQUEST_METHOD, since a client's `Proxy:` header ends up in it there (the httpoxy hole).
local function from_environment(scheme, getenv)
  local lower = getenv(scheme .. "_proxy", true)
  if lower then return lower ~= "" and lower or nil end
  if scheme == "http" and getenv("REQUEST_METHOD") then return nil end
  return getenv(scheme:upper() .. "_PROXY")
end

--- As botocore completes it: a host alone is an http proxy.
local function complete(url)
  if url:find("^%w[%w+.-]*://") then return url end
  if url:sub(1, 2) == "//" then return "http:" .. url end
  return "http://" .. url
end

--- Whether `host[:port]` is a name or an address and a port that can be.
local function is_authority(text)
  local host, port = text:match("^(%[[%x:.]+%]):?(%d*)$")
  if not host then host, port = text:match("^([%w_-][%w._-]*):?(%d*)$") end
  return host ~= nil and (port == "" or (tonumber(port) >= 1 and tonumber(port) <= 65535))
end

--- The URL with its user and password so encoded that every reader takes the same parts of it; nil if it is malformed.
local function normalize(url)
  local scheme, user, authority = url:match("^([Hh][Tt][Tt][Pp][Ss]?)://(.*)@([^@/]*)/?$")
  if not scheme then scheme, authority = url:match("^([Hh][Tt][Tt][Pp][Ss]?)://([^@/]*)/?$") end
  if not scheme or not is_authority(authority) or (user and user:find("[%c%s/?#]")) then return nil end
  return ("%s://%s%s"):format(scheme:lower(), user and user:gsub("@", "%%40") .. "@" or "", authority)
end

--- @tab settings with `proxy` and `endpoint_url`
-- @func getenv
-- @func mask (url) → the URL without user and password, for messages
-- @return the proxy's URL or nil; or nil and an error object
function proxies.choose(settings, getenv, mask)
  local scheme = (settings.endpoint_url or ""):lower():match("^http:") and "http" or "https"
  local url = settings.proxy or from_environment(scheme, getenv)
  if not url then return nil end
  local whole = normalize(complete(url))
  if whole then return whole end
  return nil, failure.new("config", "InvalidProxiesConfigError",
    ("Invalid proxy: %s (it has to be http://host:port or https://host:port, with user:password@ if need be, both "
      .. "percent-encoded)"):format(mask(url)))
end

--- Python's quote(text, safe='-=;:+&[]{}"\','): for X-Amzn-Trace-Id.
function proxies.encode(text)
  return text and (text:gsub("[^%w_.~%-=;:+&%[%]{}\"',]", function(c) return ("%%%02X"):format(c:byte()) end))
end

return proxies
