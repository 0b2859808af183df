--- A Redis as this worker sees it: its connections, a script run on it, and whether it is asked at all.
--
-- Invariants: an operation ends within `timeout` seconds, whatever is slow about it (a name's look-up, connecting, single
-- bytes), because the light thread that carries it out is killed then. After a failure Redis is left alone by this worker
-- for a second. There are `pool_size` connections at most, to each node of a cluster. Neither the password nor a value is in
-- any message: of what Redis says only the first word is repeated.
-- Not for: what is kept there (redis.lua), which node of a cluster has it (redis_nodes.lua). Redis Sentinel.
-- @module resty.ivs.cache.redis_connection

local redis_nodes = require "resty.ivs.cache.redis_nodes"
local semaphore = require "ngx.semaphore"

local redis_link = {}

local Link = { __name = "resty.ivs.cache.redis_connection" }
Link.__index = Link

local LEFT_ALONE = 1 -- seconds after a failure
local IDLE = 60 -- seconds that a connection is kept
local QUEUE = 1000 -- operations that wait for a connection

--- OpenResty's name for the library, and Debian's.
local function find_library()
  for _, name in ipairs { "resty.redis", "nginx.redis" } do
    local found, library = pcall(require, name)
    if found then return library end
  end
end

--- What this worker knows of each Redis: `pool`, the connections' name; `left_alone`, since when; and, once it has turned out
-- to be a cluster, its `nodes`. Two links share it when all is equal that makes two connections differ.
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

--- Makes a link. No connection is opened.
-- @tab values see redis.lua
-- @treturn Link|nil nil where lua-resty-redis is not installed
function redis_link.new(values)
  local library = find_library()
  if not library then return nil end
  return setmetatable({ values = values, library = library, server = server_of(values), name = name_of(values) }, Link)
end

--- This link to another node of the cluster.
-- @tab node of redis_nodes: `host`, `port`, and what else is known of a Redis
local function link_to(self, node)
  local values = setmetatable({ unix = false, host = node.host, port = node.port }, { __index = self.values })
  -- nginx verifies names only: a node that is named by its address has to be of the name that was configured
  values.tls_name = not redis_nodes.is_address(node.host) and node.host or self.values.host
  return setmetatable({ values = values, library = self.library, server = node, name = name_of(values) }, Link)
end

local EXPLAINED = {
  ASK = " (a cluster is moving the key to another node)", TRYAGAIN = " (a cluster is moving the key to another node)",
  CLUSTERDOWN = " (nodes of the cluster are missing)", READONLY = " (this is a replica: name the master)",
}

--- Messages of Redis may quote what was sent (`AUTH`'s arguments): the first word is what tells.
local function told(what, reply_error)
  local word = tostring(reply_error):match("^%u+")
  return what .. ": " .. (word or "an error") .. (EXPLAINED[word] or "")
end

-- Connections ---------------------------------------------------------------------------------------------------------

local function introduce(values, client)
  if values.ssl then
    local socket = rawget(client, "_sock")
    -- lua-resty-core raises for a certificate that is refused when the handshake needed no wait (its issue 499)
    local returned, session, why = pcall(socket.sslhandshake, socket, nil, values.tls_name or values.host, values.ssl_verify)
    if not returned then return nil, "TLS: the handshake failed" end
    if not session then return nil, "TLS: " .. tostring(why) end
  end
  if values.password then
    local good, why
    if values.username then
      good, why = client:auth(values.username, values.password)
    else
      good, why = client:auth(values.password)
    end
    if good == false then return nil, told("the password was refused", why) end
    if not good then return nil, why end
  end
  if values.database ~= 0 then
    local good, why = client:select(values.database)
    if good == false then return nil, told("the database was refused (a cluster has no other than 0)", why) end
    if not good then return nil, why end
  end
  return true
end

--- @return client, how often its connection has served before; or nil and why not
local function connect(self)
  local values = self.values
  local client, why = self.library:new()
  if not client then return nil, why end
  client:set_timeout(values.timeout * 1000)
  local options = { pool = self.server.pool, pool_size = values.pool_size, backlog = QUEUE }
  local good
  if values.unix then
    good, why = client:connect("unix:" .. values.unix, options)
  else
    good, why = client:connect(values.host, values.port, options)
  end
  if not good then return nil, why end
  local reused = client:get_reused_times() or 0
  if reused == 0 then
    good, why = introduce(values, client)
    if not good then
      client:close()
      return nil, why
    end
  end
  return client, reused
end

local STALE = { closed = true, ["broken pipe"] = true, ["connection reset by peer"] = true }

--- One round trip. A pooled connection that Redis has closed meanwhile is replaced, and that is no failure.
-- @return the reply; or nil, why not, and whether it says which other node has the keys
local function ask(self, script, keys, arguments)
  while true do
    local client, reused = connect(self)
    if not client then return nil, reused end
    local words = { #keys, unpack(keys) }
    for _, argument in ipairs(arguments) do words[#words + 1] = argument end
    -- its reader recurses as deep as a reply is nested, and takes numbers for what they say
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
    if not read then return nil, "a reply that can't be read" end
    if reply == false then return nil, told("a script failed", why) end
    if reused == 0 or not STALE[why] then return nil, why end
  end
end

--- Asks a node, and the one that it refers to.
-- @tab at `node`: the link to the one that is asked first, then the link to the one that was asked last
-- @return the reply; or nil; or nil and why not
local function exchange(self, at, script, keys, arguments)
  local reply, why, is_redirected = ask(at.node, script, keys, arguments)
  if not is_redirected then return reply, why end
  local host, port = redis_nodes.parse(why, at.node.values.host)
  if not host then return nil, "a MOVED that names no node" end
  self.server.nodes = self.server.nodes or redis_nodes.new(new_server)
  at.node = link_to(self, self.server.nodes:take(keys[1], host, port))
  if not at.node:is_trusted() then return nil end
  reply, why, is_redirected = ask(at.node, script, keys, arguments)
  if is_redirected then return nil, "two nodes of the cluster each name another for one key" end
  return reply, why
end

--- Carries out an exchange in a light thread, which is killed when it takes too long: sockets bound each read only, and a
-- name's look-up not at all.
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
  ngx.thread.wait(thread) -- it is over; what is not waited for stays in memory as long as we do
  return result[1], result[2]
end

-- Operations ----------------------------------------------------------------------------------------------------------

--- Whether Redis is asked at all now.
function Link:is_trusted()
  local since = self.server.left_alone
  -- either way: the clock may have been set back meanwhile
  return not since or math.abs(ngx.now() - since) >= LEFT_ALONE
end

--- Runs a script, unless Redis is being left alone; in a cluster, on the node that has the keys, as far as that is known.
-- @string script
-- @tab keys without the prefix; of one hash slot
-- @tab arguments
-- @bool[opt] is_killed whoever calls this is a light thread that is killed in time
-- @return the reply; or nil; or nil and why it failed
function Link:run(script, keys, arguments, is_killed)
  local names = {}
  for at, key in ipairs(keys) do names[at] = self.values.prefix .. key end
  local nodes = self.server.nodes
  local node = nodes and nodes:find(names[1])
  local at = { node = node and link_to(self, node) or self }
  if not at.node:is_trusted() then return nil end
  local reply, why = (is_killed and exchange or exchange_in_time)(self, at, script, names, arguments)
  if reply or not why then return reply end
  at.node:fail(why)
  nodes = self.server.nodes
  if nodes then nodes:forget(at.node.server) end -- another may have taken its place
  return nil, why
end

--- Leaves Redis alone.
function Link:fail(why)
  if self:is_trusted() then
    ngx.log(ngx.WARN, "ivs: Redis at ", self.name, ": ", why, "; this worker's cache leaves it alone for ", LEFT_ALONE, " s")
  end
  self.server.left_alone = ngx.now()
end

return redis_link
