--- A worker's connections to one Redis: runs scripts, within a time limit, and leaves Redis alone after a failure.
--
-- Invariants: an operation ends within `timeout` seconds, whatever is slow (a name's resolution, connecting, single bytes), because
-- its light thread is killed then. After a failure this worker does not use Redis for a second. There are at most `pool_size`
-- connections to each node of a cluster. Neither the password nor a value appears in a message: of what Redis says only the first
-- word is repeated.
-- Not for: what is stored there (redis.lua), which node of a cluster has it (redis_nodes.lua). Redis Sentinel.
-- @module resty.ivs.cache.redis_connection

local redis_nodes = require "resty.ivs.cache.redis_nodes"
local semaphore = require "ngx.semaphore"

local redis_connection = {}

local Connection = { __name = "resty.ivs.cache.redis_connection" }
Connection.__index = Connection

local LEFT_ALONE = 1 -- seconds after a failure
local IDLE = 60 -- seconds for which an idle connection is kept
local QUEUE = 1000 -- operations that wait for a connection

--- OpenResty's name for the library, and Debian's.
local function find_library()
  for _, name in ipairs { "resty.redis", "nginx.redis" } do
    local found, library = pcall(require, name)
    if found then return library end
  end
end

--- What this worker knows of each Redis: `pool`, the name of the connection pool; `failed_at`, when an operation last failed; and, if
-- it is a cluster, its `nodes`. Connections with equal settings share it.
local servers, server_count = {}, 0

local function new_server()
  server_count = server_count + 1
  return { pool = "resty.ivs.redis." .. server_count }
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

--- @return client, and how often its connection was used before; or nil and why not
local function connect(self)
  local values = self.values
  local client, why = self.library:new()
  if not client then return nil, why end
  client:set_timeout(values.timeout * 1000)
  local options = { pool = self.server.pool, pool_size = values.pool_size, backlog = QUEUE }
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
-- @return the reply; or nil, why not, and whether that is a redirection to another node
local function ask(self, script, keys, arguments)
  while true do
    local client, reused = connect(self)
    if not client then return nil, reused end
    local words = { #keys, unpack(keys) }
    for _, argument in ipairs(arguments) do words[#words + 1] = argument end
    -- its reader recurses as deeply as a reply is nested, and trusts the numbers in it
    local read, reply, why = pcall(client.eval, client, script, unpack(words))
    if read and reply then
      client:set_keepalive(IDLE * 1000, self.values.pool_size)
      return reply
    end
    if read and redis_nodes.is_redirection(reply, why) then
      client:set_keepalive(IDLE * 1000, self.values.pool_size)
      return nil, why, true
    end
    client:close()
    if not read then return nil, "a reply that cannot be read" end
    if reply == false then return nil, describe("a script failed", why) end
    if reused == 0 or not STALE[why] then return nil, why end
  end
end

--- Asks a node, and the one that it redirects to.
-- @tab at `node`: the connections to the first node, then to the one that was asked last
-- @return the reply; or nil; or nil and why not
local function exchange(self, at, script, keys, arguments)
  local reply, why, is_redirected = ask(at.node, script, keys, arguments)
  if not is_redirected then return reply, why end
  local host, port = redis_nodes.parse(why, at.node.values.host)
  if not host then return nil, "an invalid MOVED redirection" end
  self.server.nodes = self.server.nodes or redis_nodes.new(new_server)
  at.node = for_node(self, self.server.nodes:take(keys[1], host, port))
  if not at.node:is_usable() then return nil end
  reply, why, is_redirected = ask(at.node, script, keys, arguments)
  if is_redirected then return nil, "two nodes of the cluster each name another for one key" end
  return reply, why
end

--- Runs an exchange in a light thread that is killed when it takes too long: sockets limit each read only, and do not limit name
-- resolution.
local function exchange_in_time(self, ...)
  local done, given, result = semaphore.new(0), { self, ... }, nil
  local thread = ngx.thread.spawn(function()
    result = { exchange(unpack(given)) }
    done:post(1)
  end)
  if not result then done:wait(self.values.timeout) end
  if not result then
    ngx.thread.kill(thread)
    return nil, "timeout"
  end
  ngx.thread.wait(thread) -- it has ended; without this it would stay in memory as long as this thread
  return result[1], result[2]
end

-- Operations ----------------------------------------------------------------------------------------------------------

--- Whether Redis is used now: not for a while after a failure.
function Connection:is_usable()
  local since = self.server.failed_at
  -- in both directions: the clock may have been set back meanwhile
  return not since or math.abs(ngx.now() - since) >= LEFT_ALONE
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
  local at = { node = node and for_node(self, node) or self }
  if not at.node:is_usable() then return nil end
  local reply, why = (is_killed and exchange or exchange_in_time)(self, at, script, names, arguments)
  if reply or not why then return reply end
  at.node:fail(why)
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

--- Notes a failure: Redis is not used for a while.
function Connection:fail(why)
  if self:is_usable() then
    ngx.log(ngx.WARN, "ivs: Redis at ", self.name, ": ", why, "; this worker does without it for ", LEFT_ALONE, " s")
  end
  self.server.failed_at = ngx.now()
end

return redis_connection
