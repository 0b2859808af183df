--- A connected cosocket: from the pool or new, through a proxy's tunnel if need be, TLS verified.
-- @module resty.ivs.http.connection

local core = require "ivs.core"
local fault = require "resty.ivs.http.error_map"
local wires = require "resty.ivs.http.wire"

local connection = {}

local TUNNEL_PIECE = 4096

--- What is left of the time to connect.
local function limit(sock, deadline)
  local left = wires.milliseconds(deadline - ngx.now())
  sock:settimeouts(left, left, left)
end

--- Asks the proxy for a tunnel and reads the head of its answer. Returns true; or nil and an error object.
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

--- Why a certificate was refused where sslhandshake said that all was well. lua-nginx-module 0.10.23 does that where the
-- whole handshake passed at once: it has closed the connection, so nothing was sent, but tells nobody.
local function refused_in_silence(sock)
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

--- TLS over what is connected. Returns true; or nil, an error object, and whether nothing was said about why.
local function shake_hands(sock, wire, route, url, deadline)
  limit(sock, deadline)
  if wire.certificate then
    local set, problem = sock:setclientcert(wire.certificate, wire.key)
    if not set then return nil, fault.config("InvalidConfigError", "client_cert: " .. tostring(problem)) end
  end
  local good, problem = sock:sslhandshake(false, route.server_name, wire.verify)
  problem = good and refused_in_silence(sock) or problem
  if good and not problem then return true end
  problem = tostring(problem)
  return nil, fault.tls(url, problem), problem:find("handshake failed", 1, true) ~= nil
end

--- The times of the exchange itself, which a pooled connection needs as well.
local function set_timeouts(sock, wire, limits)
  local connecting, read = wire.connect_milliseconds, wire.read_milliseconds
  if limits.connect_timeout then connecting = wires.milliseconds(limits.connect_timeout) end
  if limits.read_timeout then read = wires.milliseconds(limits.read_timeout) end
  sock:settimeouts(connecting, read, read)
end

-- nginx's resolver has a time limit of its own (resolver_timeout, 30 s), which no setting of a cosocket shortens. So where a
-- name may have to be resolved, connecting races against a clock, each in a light thread. What comes from the pool must not
-- pay for that, and cosockets don't tell whether there is any; so we count what we keep. The count may err (nginx drops
-- connections that a server closed); then the resolver's limit holds, for one call.

local function connect(sock, route)
  return sock:connect(route.host, route.port, route.connect_options)
end

local function run_down(seconds)
  ngx.sleep(seconds)
  return nil, "timeout"
end

local function race(sock, route, seconds)
  local connecting = ngx.thread.spawn(connect, sock, route)
  local clock = ngx.thread.spawn(run_down, wires.milliseconds(seconds) / 1000)
  local good, connected, problem = ngx.thread.wait(connecting, clock)
  ngx.thread.kill(connecting) -- one of the two has ended, and is none the worse for it
  ngx.thread.kill(clock)
  if not good then return nil, connected end
  return connected, problem
end

--- How many connections the pool probably has. Until one has been taken (which is at once) it counts as empty: who comes
-- meanwhile must not believe what is about to turn out wrong.
local function count_idle(wire, pool)
  local now = ngx.now()
  local idle = now - pool.opened < wire.keepalive_timeout and pool.idle or 0
  pool.idle, pool.opened = 0, now
  return idle
end

--- Makes a new connection ready. Returns true; or nil, an error object, and whether nothing was said about why.
local function prepare(sock, wire, route, url, limits, deadline)
  if wire.tcp_keepalive and sock.setoption then sock:setoption("keepalive", true) end
  local good, err, mute = true, nil, nil
  if route.tunnel_to then good, err = open_tunnel(sock, route, url, deadline) end
  if good and route.is_tls then good, err, mute = shake_hands(sock, wire, route, url, deadline) end
  if good then set_timeouts(sock, wire, limits) end
  return good, err, mute
end

--- One try. Returns the socket, and whether it is from the pool; or nil, an error object, and whether another try may help.
local function try(wire, route, url, limits, deadline, is_second)
  local sock, pool = ngx.socket.tcp(), route.pool
  local idle = pool and count_idle(wire, pool)
  local connected, problem
  set_timeouts(sock, wire, limits)
  if idle == 0 or is_second then -- the second has less time than the socket has been told
    connected, problem = race(sock, route, deadline - ngx.now())
  else
    connected, problem = sock:connect(route.host, route.port, route.connect_options)
  end
  if not connected then return nil, fault.connect(url, tostring(problem), route.is_proxied) end
  if sock:getreusedtimes() > 0 then
    if pool and idle > 0 then pool.idle = idle - 1 end
    return sock, true
  end
  local good, err, mute = prepare(sock, wire, route, url, limits, deadline)
  if good then return sock, false end
  sock:close()
  return nil, err, mute
end

--- Connects.
-- @tab wire of resty.ivs.wire
-- @tab route its route to the URL
-- @string url for messages
-- @tab limits `connect_timeout` (seconds for name, TCP, tunnel and TLS together) and `read_timeout`, in place of the wire's
-- @return the socket, and whether it comes from the pool; or nil and an error object
function connection.open(wire, route, url, limits)
  local deadline = ngx.now() + (limits.connect_timeout or wire.connect_timeout)
  local sock, detail, mute = try(wire, route, url, limits, deadline)
  -- cosockets don't tell a handshake that the network cut short from one that was refused: the former deserves a second try
  if not sock and mute and ngx.now() < deadline then sock, detail = try(wire, route, url, limits, deadline, true) end
  return sock, detail
end

--- Gives an idle connection back to the pool.
function connection.keep(sock, wire, route)
  local kept, pool = sock:setkeepalive(wire.keepalive_milliseconds, wire.pool_size), route.pool
  if not kept then sock:close() end
  if kept and pool and pool.idle < wire.pool_size then pool.idle = pool.idle + 1 end
end

--- Sets what is left of the time for the answer.
function connection.limit(sock, seconds)
  local left = wires.milliseconds(seconds)
  sock:settimeouts(left, left, left)
end

return connection
