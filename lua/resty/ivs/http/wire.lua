--- How the requests of one client are sent: its resolved settings as cosockets take them. Settings that cosockets cannot honor are
-- refused.
-- @module resty.ivs.http.wire

local core = require "ivs.core"
local fault = require "resty.ivs.http.error_map"

local wire = {}

local MAX_PEM_BYTES = 1024 * 1024
local LONGEST = 2147483647 -- milliseconds
local DEFAULT_PORT = { http = 80, https = 443 }

local function refuse(...)
  return nil, fault.config("InvalidConfigError", table.concat { ... })
end

--- Seconds as cosockets take them: at least one millisecond, since 0 means nginx's default.
function wire.milliseconds(seconds)
  return math.max(1, math.min(LONGEST, math.floor(seconds * 1000)))
end

local function percent_decode(text)
  return (text:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

--- Parses the proxy's URL, which ivs.http.proxy has checked.
local function read_proxy(url)
  if not url then return nil end
  local scheme, user, place = url:match("^(%a+)://([^/?#]*)@([^/?#@]+)")
  if not scheme then scheme, place = url:match("^(%a+)://([^/?#@]+)") end
  local host, port = place:match("^(%[[%x:.]+%]):?(%d*)$")
  if not host then host, port = place:match("^([^:]+):?(%d*)$") end
  scheme = scheme:lower()
  port = port == "" and DEFAULT_PORT[scheme] or tonumber(port)
  if not host or not port or port > 65535 then
    return nil, fault.config("InvalidProxiesConfigError", "Invalid proxy: its host or its port can't be read")
  end
  if scheme ~= "http" then
    return nil, fault.config("InvalidProxiesConfigError",
      "cosockets cannot use a proxy with an https URL, since they have no TLS inside TLS: give it as http://host:port")
  end
  return {
    host = host, port = port, name = ngx.md5(url),
    authorization = user and "Basic " .. ngx.encode_base64(percent_decode(user)),
  }
end

local function read_file(option, path)
  local file, problem = io.open(path, "rb")
  local text = file and file:read(MAX_PEM_BYTES)
  if file then file:close() end
  if text then return text end
  return refuse(option, " can't be read: ", tostring(problem or path))
end

--- @return what cosockets take, and the file's text; or nil and an error object
local function parse(option, function_name, path)
  local text, err = read_file(option, path)
  if not text then return nil, err end
  local ok, parsed, problem = pcall(require("ngx.ssl")[function_name], text)
  if ok and parsed then return parsed, text end
  return refuse(option, " can't be used: ", tostring(ok and problem or parsed))
end

--- Reads the client certificate and its key. Refused if this version of cosockets cannot send one, as far as this phase shows that.
local function read_certificate(out, settings)
  if not settings.client_cert then return true end
  local made, sock = pcall(ngx.socket.tcp)
  if made and not sock.setclientcert then
    return refuse("client_cert needs cosockets with `setclientcert` (lua-nginx-module 0.10.22 and lua-resty-core 0.1.24)")
  end
  local certificate_text, key_text
  out.certificate, certificate_text = parse("client_cert", "parse_pem_cert", settings.client_cert)
  if not out.certificate then return nil, certificate_text end
  out.key, key_text = parse("client_key", "parse_pem_priv_key", settings.client_key or settings.client_cert)
  if not out.key then return nil, key_text end
  -- by content, since a file may be replaced while connections that were made with it are kept
  out.certificate_name = ngx.md5(ngx.md5(certificate_text) .. ngx.md5(key_text))
  return true
end

--- What decides whether an answer can be trusted to be the service's, as a text: verification, the client certificate, and the proxy.
-- The files are named, not read, and the proxy is named without its user: so a certificate or password that is replaced changes
-- nothing. The authorities are missing because nginx does not tell which ones a location trusts (lua_ssl_trusted_certificate).
local function describe_trust(wired, settings)
  local proxy = wired.proxy
  return table.concat({ wired.verify and "verified" or "unverified", settings.client_cert or "-", settings.client_key or "-",
    proxy and ("%s:%d"):format(proxy.host:lower(), proxy.port) or "-", proxy and wired.no_proxy or "-" }, "\n")
end

--- @tab machine the client of ivs.core
-- @tab options as given to the client
-- @return the wire; or nil and an error object
function wire.new(machine, options)
  local settings = machine:connection_settings()
  if options.ca_bundle then
    return refuse("ca_bundle is not possible inside nginx, whose cosockets have one set of authorities: name the file "
      .. "in `lua_ssl_trusted_certificate` instead")
  end
  local out = { routes = {}, route_count = 0, transport = settings.transport }
  for _, name in ipairs { "verify", "no_proxy", "connect_timeout", "read_timeout", "max_response_bytes", "tcp_keepalive" } do
    out[name] = settings[name]
  end
  out.connect_milliseconds = wire.milliseconds(settings.connect_timeout)
  out.read_milliseconds = wire.milliseconds(settings.read_timeout)
  out.pool_size = options.pool_size or 30
  out.keepalive_timeout = options.keepalive_timeout or 60
  out.keepalive_milliseconds = wire.milliseconds(out.keepalive_timeout)
  local err
  out.proxy, err = read_proxy(settings.proxy)
  if err then return nil, err end
  local ok
  ok, err = read_certificate(out, settings)
  if not ok then return nil, err end
  out.trust = describe_trust(out, settings)
  return out
end

--- By the pool's name: how many connections are kept (`idle`), and when the last one was `opened`. connection.lua decides by them
-- whether the name may have to be resolved.
local pools = setmetatable({}, { __mode = "v" })

local function is_address(host)
  return host:find("^%[") ~= nil or host:find("^%d+%.%d+%.%d+%.%d+$") ~= nil
end

local function find_pool(name)
  local pool = pools[name]
  if not pool then
    pool = { idle = 0, opened = 0 }
    pools[name] = pool
  end
  return pool
end

--- The host that a request is sent to first, and the name of the pool, which contains everything that makes two connections differ.
local function make_route(self, target, proxy)
  local route = { server_name = target.host:gsub("^%[(.*)%]$", "%1"):gsub("%.$", ""):lower(), is_tls = target.scheme == "https" }
  local first = target
  if proxy then
    first = proxy
    route.is_proxied = true
    route.authorization = proxy.authorization
    -- plain http is sent to the proxy as it is; TLS goes through a tunnel
    if route.is_tls then route.tunnel_to = target.authority else route.is_absolute = true end
  end
  -- always the loopback address (RFC 6761, 6.3); nginx's resolver would ask a name server for it
  route.host = first.host:lower() == "localhost" and "127.0.0.1" or first.host
  route.port = first.port
  local pool = table.concat({
    "ivs", target.scheme, target.authority:lower(), route.server_name, tostring(self.verify), proxy and proxy.name or "-",
    self.certificate_name or "-", tostring(self.tcp_keepalive), self.pool_size, -- whoever makes a pool decides its size
  }, "|")
  route.connect_options = { pool = pool }
  if not is_address(route.host) then route.pool = find_pool(pool) end
  return route
end

local MAX_ROUTES = 64

--- The route to a URL.
-- @tab self the wire
-- @string url
-- @bool direct never through a proxy
-- @return the route; or nil: the URL is malformed
function wire.route(self, url, direct)
  local key = direct and "direct " .. url or url
  local known = self.routes[key]
  if known then return known end
  local target = core.parse_url(url)
  if not target then return nil end
  local proxy = not direct and self.proxy or nil
  if proxy and self.no_proxy and core.is_bypassed(self.no_proxy, target.authority) then proxy = nil end
  local route = make_route(self, target, proxy)
  if self.route_count >= MAX_ROUTES then self.routes, self.route_count = {}, 0 end
  self.routes[key], self.route_count = route, self.route_count + 1
  return route
end

return wire
