--- Connects a cosocket: from the pool or new, through a proxy's tunnel if needed, with TLS verified.
-- @module resty.ivs.http.connection

local core = require "ivs.core"
local fault = require "resty.ivs.http.error_map"
local monotonic = core.private.monotonic
local wires = require "resty.ivs.http.wire"

local connection = {}

local TUNNEL_PIECE = 4096

--- Sets the socket's timeouts to the time that is left.
local function limit(sock, deadline)
  local left = wires.milliseconds(deadline - monotonic())
  sock:settimeouts(left, left, left)
end

--- Requests a tunnel of the proxy and reads the head of its response. Returns true; or nil and an error object.
local function open_tunnel(sock, route, url, deadline)
  local lines = { "CONNECT " .. route.tunnel_to .. " HTTP/1.1", "Host: " .. route.tunnel_to }
  if route.authorization then lines[3] = "Proxy-Authorization: " .. route.authorization end
  limit(sock, deadline)
  local bytes, problem = sock:send(table.concat(lines, "\r\n") .. "\r\n\r\n")
  local reader = core.http_reader(0)
  reader:reset(nil, true)
  local progress = "more"
  while bytes and progress == "more" do
    limit(sock, deadline)
    bytes, problem = sock:receiveany(TUNNEL_PIECE)
    if bytes then progress, problem = reader:feed(bytes) end
  end
  if problem == "timeout" then return nil, fault.connect_timeout(url) end
  if progress ~= "done" then return nil, fault.proxy(url, tostring(problem)) end
  local status = reader:response().status
  if status >= 200 and status < 300 then return true end
  return nil, fault.proxy(url, ("it answered %d to CONNECT%s"):format(status,
    status == 407 and " (it wants a user and a password: http://user:password@host:port)" or ""))
end

--- Why a certificate was refused although sslhandshake returned success, or raised. With lua-nginx-module 0.10.23 that happens if the
-- handshake completed without waiting (openresty/lua-resty-core#499): it has closed the connection, so nothing was sent, but it returns
-- no error. Returns nil for a connection that is open.
local function unreported_refusal(sock)
  if sock:getreusedtimes() then return nil end
  local read, reason = pcall(function()
    local ffi = require "ffi"
    local base = require "resty.core.base"
    local message, code = ffi.new "char *[1]", ffi.new "int[1]"
    ffi.C.ngx_http_lua_ffi_socket_tcp_get_sslhandshake_result(base.get_request(), sock[1], ffi.new "void *[1]", message, code)
    return ("%d: %s"):format(code[0], ffi.string(message[0]))
  end)
  return read and reason or "the certificate is not trusted, or is for another name"
end

-- A handshake that resumes the session of an earlier one costs both sides a fraction. A session is kept with the route, which belongs
-- to one client, so it is offered only with the same server name, verification, client certificate and proxy. A server confirms with
-- it what it proved in that handshake; nginx checks the result of the verification and the name again. With TLS 1.3 nothing is resumed:
-- sslhandshake returns the session before the server has sent its ticket. Cosockets use TLS 1.2 unless lua_ssl_protocols says otherwise.

--- Seconds after which a certificate is verified again. A member for the specs.
connection.longest_session = 300

--- Returns the route's session; nil if there is none yet, or it is too old.
local function session_of(route)
  if route.session and monotonic() - route.verified >= connection.longest_session then route.session = nil end
  return route.session
end

--- Keeps a session that was begun, or resumed, just now.
local function keep_session(route, session)
  if not route.session then route.verified = monotonic() end
  route.session = session
end

--- Performs the TLS handshake. Returns true; or nil, an error object, and whether the reason is unknown.
local function shake_hands(sock, wire, route, url, deadline)
  limit(sock, deadline)
  if wire.certificate then
    local set, problem = sock:setclientcert(wire.certificate, wire.key)
    if not set then return nil, fault.config("InvalidConfigError", "client_cert: " .. tostring(problem)) end
  end
  local returned, session, problem = pcall(sock.sslhandshake, sock, session_of(route), route.server_name, wire.verify)
  if session then problem = unreported_refusal(sock) end
  if not returned and not problem then error(session, 0) end
  if session and not problem then
    keep_session(route, session)
    return true
  end
  route.session = nil
  problem = tostring(problem)
  return nil, fault.tls(url, problem), problem:find("handshake failed", 1, true) ~= nil
end

--- Sets the timeouts of the exchange, which a pooled connection needs, too.
local function set_timeouts(sock, wire, limits)
  local connecting, read = wire.connect_milliseconds, wire.read_milliseconds
  if limits.connect_timeout then connecting = wires.milliseconds(limits.connect_timeout) end
  if limits.read_timeout then read = wires.milliseconds(limits.read_timeout) end
  sock:settimeouts(connecting, read, read)
end

-- nginx's resolver has its own time limit (resolver_timeout, 30 s), which no setting of a cosocket shortens. If a name may have to be
-- resolved, connecting therefore races against a clock, each in a light thread. A pooled connection must not pay for that, but
-- cosockets do not tell whether the pool has one, so we count the connections that we keep. The count may be wrong (nginx drops
-- connections that a server closed); then the resolver's limit applies to one call.

local function connect(sock, route)
  return sock:connect(route.host, route.port, route.connect_options)
end

local function wait_for_timeout(seconds)
  ngx.sleep(seconds)
  return nil, "timeout"
end

local function race(sock, route, seconds)
  local connecting = ngx.thread.spawn(connect, sock, route)
  local clock = ngx.thread.spawn(wait_for_timeout, wires.milliseconds(seconds) / 1000)
  local ok, connected, problem = ngx.thread.wait(connecting, clock)
  ngx.thread.kill(connecting) -- one of the two has ended already, which is no problem
  ngx.thread.kill(clock)
  if not ok then return nil, connected end
  return connected, problem
end

--- How many connections the pool probably has. While one is being taken the pool counts as empty, so that another call does not rely
-- on a count that may be wrong.
local function count_idle(wire, pool)
  local now = monotonic()
  local idle = now - pool.opened < wire.keepalive_timeout and pool.idle or 0
  pool.idle, pool.opened = 0, now
  return idle
end

--- Prepares a new connection. Returns true; or nil, an error object, and whether the reason is unknown.
local function prepare(sock, wire, route, url, limits, deadline)
  if wire.tcp_keepalive and sock.setoption then sock:setoption("keepalive", true) end
  local ok, err, is_unknown = true, nil, nil
  if route.tunnel_to then ok, err = open_tunnel(sock, route, url, deadline) end
  if ok and route.is_tls then ok, err, is_unknown = shake_hands(sock, wire, route, url, deadline) end
  if ok then set_timeouts(sock, wire, limits) end
  return ok, err, is_unknown
end

--- One attempt. Returns the socket, and whether it is from the pool; or nil, an error object, and whether another attempt may help.
local function try(wire, route, url, limits, deadline, is_second)
  local sock, pool = ngx.socket.tcp(), route.pool
  local idle = pool and count_idle(wire, pool)
  local connected, problem
  set_timeouts(sock, wire, limits)
  if idle == 0 or is_second then -- the second attempt has less time than the socket's timeouts
    connected, problem = race(sock, route, deadline - monotonic())
  else
    connected, problem = sock:connect(route.host, route.port, route.connect_options)
  end
  if not connected then return nil, fault.connect(url, tostring(problem), route.is_proxied) end
  if sock:getreusedtimes() > 0 then
    if pool and idle > 0 then pool.idle = idle - 1 end
    return sock, true
  end
  local ok, err, is_unknown = prepare(sock, wire, route, url, limits, deadline)
  if ok then return sock, false end
  sock:close()
  return nil, err, is_unknown
end

--- Connects.
-- @tab wire of resty.ivs.http.wire
-- @tab route its route to the URL
-- @string url for messages
-- @tab limits `connect_timeout` (seconds for name, TCP, tunnel and TLS together) and `read_timeout`, in place of the wire's
-- @return the socket, and whether it comes from the pool; or nil and an error object
function connection.open(wire, route, url, limits)
  local deadline = monotonic() + (limits.connect_timeout or wire.connect_timeout)
  local sock, detail, is_unknown = try(wire, route, url, limits, deadline)
  -- cosockets do not tell a handshake that the network interrupted from one that was refused; the former deserves a second attempt
  if not sock and is_unknown and monotonic() < deadline then sock, detail = try(wire, route, url, limits, deadline, true) end
  return sock, detail
end

--- Gives an idle connection back to the pool.
function connection.keep(sock, wire, route)
  local kept, pool = sock:setkeepalive(wire.keepalive_milliseconds, wire.pool_size), route.pool
  if not kept then sock:close() end
  if kept and pool and pool.idle < wire.pool_size then pool.idle = pool.idle + 1 end
end

--- Sets the timeouts to the time that is left for the response.
function connection.limit(sock, seconds)
  local left = wires.milliseconds(seconds)
  sock:settimeouts(left, left, left)
end

return connection
