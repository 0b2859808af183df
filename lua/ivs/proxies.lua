--- Which proxy serves: the option, else the environment's (BEHAVIOUR 6). Whom it does not serve is decided in C, by
-- no_proxy, for each request.
-- @module ivs.proxies

local failure = require "ivs.failure"

local proxies = {}

--- The environment's proxy for a scheme: lowercase wins; HTTP_PROXY is ignored where a web server set REQUEST_METHOD, since
-- a client's `Proxy:` header ends up in it there (the httpoxy hole).
local function from_environment(scheme, getenv)
  local lower = getenv(scheme .. "_proxy")
  if lower then return lower end
  if scheme == "http" and getenv("REQUEST_METHOD") then return nil end
  return getenv(scheme:upper() .. "_PROXY")
end

--- The URL with its password hidden, for messages.
function proxies.mask(url)
  return (url:gsub("%c", "?"):gsub("^([%w+.-]*:?/?/?)[^/@]*@", "%1***@"))
end

--- As botocore completes it: a host alone is an http proxy. nil for another scheme.
local function complete(url)
  if url:find("^https?://") then return url end
  if url:find("^%w[%w+.-]*://") then return nil end
  if url:sub(1, 2) == "//" then return "http:" .. url end
  return "http://" .. url
end

--- @tab settings with `proxy` and `endpoint_url`
-- @return the proxy's URL or nil; or nil and an error object
function proxies.choose(settings, getenv)
  local scheme = (settings.endpoint_url or ""):lower():match("^http:") and "http" or "https"
  local url = settings.proxy or from_environment(scheme, getenv)
  if not url then return nil end
  local whole = complete(url) or ""
  local host = whole:match("^https?://[^/?#%c%s]*@([^/?#@]+)") or whole:match("^https?://([^/?#@%c%s]+)")
  if not host or whole:find("[%c%s]") or not host:find("^[%w%.%-_%[%]:]+$") then
    return nil, failure.new("config", "InvalidProxiesConfigError",
      ("Invalid proxy: %s (it has to be http://host:port or https://host:port, with user:password@ if need be)")
        :format(proxies.mask(url)))
  end
  return whole
end

--- Python's quote(text, safe='-=;:+&[]{}"\','): for X-Amzn-Trace-Id.
function proxies.encode(text)
  return text and (text:gsub("[^%w_.~%-=;:+&%[%]{}\"',]", function(c) return ("%%%02X"):format(c:byte()) end))
end

return proxies
