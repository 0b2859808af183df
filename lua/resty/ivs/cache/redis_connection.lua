--- A worker's connections to one Redis: runs scripts, within a time limit, and leaves Redis alone after failures.
--
-- Silence is counted, no time is measured: an operation is given up when WAITS waits of a WAITS-th of `timeout` have passed. nginx
-- reads what has arrived before it ends a wait, and however long the worker was busy with other work, that is one wait. So a
-- busy worker reads the reply that is already there, and takes nobody else's work for a slow Redis.
--
-- Invariants: every operation ends, whatever is slow (a name's resolution, connecting, single bytes), because its light thread is
-- killed then: after `timeout` seconds in a worker that is idle. After several silences in a row, or one failure that waiting does
-- not change, this worker does not use Redis for a second. No operation waits for a connection; of those that are idle, `pool_size`
-- are kept for each node. Neither the password nor a value appears in a message: of what Redis says only the first word is repeated.
-- Not for: what is stored there (redis.lua), which node of a cluster has it (redis_nodes.lua). Redis Sentinel.
-- @module resty.ivs.cache.redis_connection

local monotonic = require("ivs.core").private.monotonic
local redis_nodes = require "resty.ivs.cache.redis_nodes"
local semaphore = require "ngx.semaphore"

local redis_connection = {}

local Connection = { __name = "resty.ivs.cache.redis_connection" }
Connection.__index = Connection

local WAITS = 10 -- after which an operation is given up
local SHORTEST = 0.001 -- seconds of a wait; nginx rounds a shorter one to none
local NO_LIMIT = 600 -- seconds; where the waits are counted, no timeout of a socket comes before them
local MAX_SILENCES = 3 -- in a row, after which Redis is left alone
local LEFT_ALONE = 1 -- seconds
local IDLE = 60 -- seconds for which an idle connection is kept

--- OpenResty's name for the library, and Debian's.
local function find_library()
  for _, name in ipairs { "resty.redis", "nginx.redis" } do
    local found, library = pcall(require, name)
    if found then return library end
  end
end

--- What this worker knows of each Redis: `pool`, the beginning of its pools' names; `silences` in a row, and when the last one was
-- `noticed`; until when Redis is `left_alone`; and, if it is a cluster, its `nodes`. Times are of the monotonic clock. Connections with
-- equal settings share it.
local servers, server_count = {}, 0

local function new_server()
  server_count = server_count + 1
  return { pool = "resty.ivs.redis." .. server_count, silences = 0, noticed = 0, left_alone = 0 }
end

local function server_of(values)
  local words = {}
  for _, name in ipairs { "unix", "host", "port", "username", "password", "database", "ssl", "ssl_verify" } do
    words[#words + 1] = #tostring(values[name]) .. ":" .. tostring(values[name])
  end
  local identity = table.concat(words, ",")
  servers[identity] = servers[identity] or new_server()
  return servers[identity]
end

local function name_of(values)
  return values.unix or ("%s:%d"):format(values.host, values.port)
end

--- Makes the object. No connection is opened.
-- @tab values see redis.lua
-- @treturn Connection|nil nil where lua-resty-redis is not installed
function redis_connection.new(values)
  local library = find_library()
  if not library then return nil end
  return setmetatable({ values = values, library = library, server = server_of(values), name = name_of(values) }, Connection)
end

--- The same for another node of the cluster.
-- @tab node of redis_nodes: `host`, `port`, and what else is known of a Redis
local function for_node(self, node)
  local values = setmetatable({ unix = false, host = node.host, port = node.port }, { __index = self.values })
  -- nginx verifies names only: the certificate of a node with an address has to be for the configured name
  values.tls_name = not redis_nodes.is_address(node.host) and node.host or self.values.host
  return setmetatable({ values = values, library = self.library, server = node, name = name_of(values) }, Connection)
end

local EXPLAINED = {
  ASK = " (a cluster is moving the key to another node)", TRYAGAIN = " (a cluster is moving the key to another node)",
  CLUSTERDOWN = " (nodes of the cluster are missing)", READONLY = " (this is a replica: name the master)",
}

--- Messages of Redis may quote what was sent (`AUTH`'s arguments); only the first word is safe.
local function describe(what, reply_error)
  local word = tostring(reply_error):match("^%u+")
  return what .. ": " .. (word or "an error") .. (EXPLAINED[word] or "")
end

-- Connections ---------------------------------------------------------------------------------------------------------

local function introduce(values, client)
  if values.ssl then
    local socket = rawget(client, "_sock")
    -- lua-resty-core raises for a refused certificate if the handshake did not have to wait (openresty/lua-resty-core#499)
    local returned, session, why = pcall(socket.sslhandshake, socket, nil, values.tls_name or values.host, values.ssl_verify)
    if not returned then return nil, "TLS: the handshake failed" end
    if not session then return nil, "TLS: " .. tostring(why) end
  end
  if values.password then
    local ok, why
    if values.username then
      ok, why = client:auth(values.username, values.password)
    else
      ok, why = client:auth(values.password)
    end
    if ok == false then return nil, describe("the password was refused", why) end
    if not ok then return nil, why end
  end
  if values.database ~= 0 then
    local ok, why = client:select(values.database)
    if ok == false then return nil, describe("the database was refused (a cluster has no other than 0)", why) end
    if not ok then return nil, why end
  end
  return true
end

--- @number timeout of the socket, in seconds
-- @return client, and how often its connection was used before; or nil and why not
local function connect(self, timeout)
  local values = self.values
  local client, why = self.library:new()
  if not client then return nil, why end
  client:set_timeout(timeout * 1000)
  local options = { pool = self.server.pool .. "." .. values.pool_size } -- whoever makes a pool decides its size
  local ok
  if values.unix then
    ok, why = client:connect("unix:" .. values.unix, options)
  else
    ok, why = client:connect(values.host, values.port, options)
  end
  if not ok then return nil, why end
  local reused = client:get_reused_times() or 0
  if reused == 0 then
    ok, why = introduce(values, client)
    if not ok then
      client:close()
      return nil, why
    end
  end
  return client, reused
end

local STALE = { closed = true, ["broken pipe"] = true, ["connection reset by peer"] = true }

--- One round trip. A pooled connection that Redis has closed is replaced; that is no failure.
-- @tab at `node`, and the `timeout` of its socket
-- @return the reply; or nil, why not, and whether that is a redirection to another node
local function ask(at, script, keys, arguments)
  local pool_size = at.node.values.pool_size
  while true do
    local client, reused = connect(at.node, at.timeout)
    if not client then return nil, reused end
    local words = { #keys, unpack(keys) }
    for _, argument in ipairs(arguments) do words[#words + 1] = argument end
    -- its reader recurses as deeply as a reply is nested, and trusts the numbers in it
    local read, reply, why = pcall(client.eval, client, script, unpack(words))
    if read and reply then
      client:set_keepalive(IDLE * 1000, pool_size)
      return reply
    end
    if read and redis_nodes.is_redirection(reply, why) then
      client:set_keepalive(IDLE * 1000, pool_size)
      return nil, why, true
    end
    client:close()
    if not read then return nil, "a reply that cannot be read" end
    if reply == false then return nil, describe("a script failed", why) end
    if reused == 0 or not STALE[why] then return nil, why end
  end
end

--- Asks a node, and the one that it redirects to.
-- @tab at `node`: the connections to the first node, then to the one that was asked last; `timeout` of their sockets, in seconds
-- @return the reply; or nil; or nil and why not
local function exchange(self, at, script, keys, arguments)
  local reply, why, is_redirected = ask(at, script, keys, arguments)
  if not is_redirected then return reply, why end
  local host, port = redis_nodes.parse(why, at.node.values.host)
  if not host then return nil, "an invalid MOVED redirection" end
  self.server.nodes = self.server.nodes or redis_nodes.new(new_server)
  at.node = for_node(self, self.server.nodes:take(keys[1], host, port))
  if not at.node:is_usable() then return nil end
  reply, why, is_redirected = ask(at, script, keys, arguments)
  if is_redirected then return nil, "two nodes of the cluster each name another for one key" end
  return reply, why
end

--- Runs an exchange in a light thread that is killed after WAITS waits: sockets limit each read only, measure the worker's other work,
-- too, and do not limit name resolution.
local function exchange_in_time(self, ...)
  local done, given, result = semaphore.new(0), { self, ... }, nil
  local thread = ngx.thread.spawn(function()
    result = { exchange(unpack(given)) }
    done:post(1)
  end)
  local seconds = math.max(self.values.timeout / WAITS, SHORTEST)
  for _ = 1, WAITS do
    if result then break end
    done:wait(seconds)
  end
  if not result then
    ngx.thread.kill(thread)
    return nil, "timeout"
  end
  ngx.thread.wait(thread) -- it has ended; without this it would stay in memory as long as this thread
  return result[1], result[2]
end

-- Operations ----------------------------------------------------------------------------------------------------------

--- Whether Redis is used now: not for a while after failures.
function Connection:is_usable()
  return monotonic() >= self.server.left_alone
end

local SILENCE = { timeout = true }
for why in pairs(STALE) do SILENCE[why] = true end

--- Notes a failure. After a lost connection or a reply that did not come, Redis is used again at once, until that has happened
-- MAX_SILENCES times in a row; after a refused connection or password, an error or an invalid reply, it is not used for a while.
-- @string why
-- @number[opt] begun when the operation began
function Connection:fail(why, begun)
  local server, now = self.server, monotonic()
  if not self:is_usable() then return end -- an operation that began before
  if SILENCE[why] and begun then
    if begun < server.noticed then return end -- the same silence, which other operations had met at the same time
    server.silences, server.noticed = server.silences + 1, now
    if server.silences < MAX_SILENCES then return end
  end
  ngx.log(ngx.WARN, "ivs: Redis at ", self.name, ": ", why, "; this worker does without it for ", LEFT_ALONE, " s")
  server.left_alone = now + LEFT_ALONE
end

--- Runs a script, unless Redis has just failed; in a cluster, on the node that has the keys, as far as known.
-- @string script
-- @tab keys without the prefix; of one hash slot; none for a script that is about the node itself
-- @tab arguments
-- @bool[opt] is_killed the caller is a light thread that is killed in time
-- @return the reply; or nil; or nil and why it failed
function Connection:run(script, keys, arguments, is_killed)
  local names = {}
  for at, key in ipairs(keys) do names[at] = self.values.prefix .. key end
  local nodes = self.server.nodes
  local node = nodes and names[1] and nodes:find(names[1])
  local at = { node = node and for_node(self, node) or self, timeout = is_killed and self.values.timeout or NO_LIMIT }
  if not at.node:is_usable() then return nil end
  local begun = monotonic()
  local reply, why = (is_killed and exchange or exchange_in_time)(self, at, script, names, arguments)
  if reply then at.node.server.silences = 0 end
  if reply or not why then return reply end
  at.node:fail(why, begun)
  nodes = self.server.nodes
  if nodes then nodes:forget(at.node.server) end -- another one may have taken its place
  return nil, why
end

--- Connections to all nodes that this worker knows: of a cluster, this one and those that it has met; else this one.
function Connection:nodes()
  local list = { self }
  for _, node in pairs(self.server.nodes and self.server.nodes.by_name or {}) do list[#list + 1] = for_node(self, node) end
  return list
end

return redis_connection
