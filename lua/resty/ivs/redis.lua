--- The cache's second level: a Redis that many machines share, so that one of them asks the service for all.
--
-- For each key there is an entry (entry.lua; the seal says how long it may be served stale, the key's own time to live
-- how old it is, so machines need no common clock) and a lock with an expiry, which holds the token of who fetches.
--
-- Invariants: an operation takes `timeout` seconds at most, connecting included (but for a name's look-up, which nginx's
-- `resolver_timeout` bounds). After a failure Redis is left alone by this worker for a second. No failure is more than
-- "the dict alone serves". The password is in no message: of what Redis says only the first word is repeated.
-- Not for: Redis Cluster or Sentinel (their answers count as failures).
-- @module resty.ivs.redis

local entry = require "resty.ivs.entry"
local members = require "resty.ivs.members"

local redis = {}

local Store = { __name = "resty.ivs.redis" }
Store.__index = Store

local MAX_BYTES = 1024 * 1024 -- no entry is larger
local LEFT_ALONE = 1 -- seconds after a failure
local IDLE = 60 -- seconds that a connection is kept

local HOW_TO_INSTALL = "cache.redis needs lua-resty-redis, which is not installed: OpenResty brings it along; on Debian "
  .. "it is the package lua-nginx-redis (apt-get install lua-nginx-redis), elsewhere `opm get openresty/lua-resty-redis`"

local ROWS = {
  host = { type = "string" },
  port = { type = "integer", least = 1, most = 65535, default = 6379 },
  unix = { type = "string" }, -- a socket's path, in place of host and port
  username = { type = "string", any_text = true },
  password = { type = "string", any_text = true },
  database = { type = "integer", least = 0, most = 1e6, default = 0 },
  ssl = { type = "boolean", default = false },
  ssl_verify = { type = "boolean", default = true }, -- against lua_ssl_trusted_certificate
  prefix = { type = "string", default = "ivs:" },
  timeout = { type = "number", above = 0, most = 60, default = 0.1 },
  pool_size = { type = "integer", least = 1, most = 10000, default = 16 },
}

-- Only the owner of a lock may end or renew it.
local RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"
local RENEW = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) end return 0"

--- OpenResty's name for the library, and Debian's.
local function find_library()
  for _, name in ipairs { "resty.redis", "nginx.redis" } do
    local found, library = pcall(require, name)
    if found then return library end
  end
end

--- What this worker knows of each Redis: `pool`, the connections' name, and `until_when` it is left alone. Two stores
-- share it when all is equal that makes two connections differ.
local servers, server_count = {}, 0

local function server_of(values)
  local words = {}
  for _, name in ipairs { "unix", "host", "port", "username", "password", "database", "ssl", "ssl_verify" } do
    words[#words + 1] = #tostring(values[name]) .. ":" .. tostring(values[name])
  end
  local identity = table.concat(words, ",")
  if not servers[identity] then
    server_count = server_count + 1
    servers[identity] = { pool = "resty.ivs.redis." .. server_count, until_when = 0 }
  end
  return servers[identity]
end

--- Makes a second level. No connection is opened.
-- @tab options `host` (an address, or a name if nginx has a `resolver`), `port` (6379), `unix`, `username`, `password`,
--   `database` (0), `ssl`, `ssl_verify` (true), `prefix` ("ivs:"), `timeout` (0.1 seconds), `pool_size` (16, a worker)
-- @treturn Store|nil
-- @treturn string|nil what is wrong
function redis.new(options)
  local values, why = members.check(ROWS, options, "cache.redis")
  if not values then return nil, why end
  if (values.host == nil) == (values.unix == nil) then
    return nil, "option 'cache.redis' has to have either 'host' or 'unix'"
  end
  if values.username and not values.password then
    return nil, "option 'cache.redis.username' needs 'cache.redis.password'"
  end
  local library = find_library()
  if not library then return nil, HOW_TO_INSTALL end
  values.library, values.server = library, server_of(values)
  values.name = values.unix or ("%s:%d"):format(values.host, values.port)
  return setmetatable(values, Store)
end

-- Connections ---------------------------------------------------------------------------------------------------------

--- Messages of Redis may quote what was sent (`AUTH`'s arguments): the first word is what tells.
local function told(what, reply_error)
  return what .. ": " .. (tostring(reply_error):match("^%u+") or "an error")
end

local function introduce(self, client)
  if self.ssl then
    local socket = rawget(client, "_sock")
    -- lua-resty-core raises for a certificate that is refused when the handshake needed no wait (its issue 499)
    local returned, session, why = pcall(socket.sslhandshake, socket, nil, self.host, self.ssl_verify)
    if not returned then return nil, "TLS: the handshake failed" end
    if not session then return nil, "TLS: " .. tostring(why) end
  end
  if self.password then
    local good, why
    if self.username then good, why = client:auth(self.username, self.password) else good, why = client:auth(self.password) end
    if good == false then return nil, told("the password was refused", why) end
    if not good then return nil, why end
  end
  if self.database ~= 0 then
    local good, why = client:select(self.database)
    if good == false then return nil, told("the database was refused", why) end
    if not good then return nil, why end
  end
  return true
end

--- @return client, how often its connection has served before; or nil and why not
local function connect(self, limit)
  local client, why = self.library:new()
  if not client then return nil, why end
  local options = { pool = self.server.pool, pool_size = self.pool_size }
  local good
  limit(client)
  if self.unix then
    good, why = client:connect("unix:" .. self.unix, options)
  else
    good, why = client:connect(self.host, self.port, options)
  end
  if not good then return nil, why end
  local reused = client:get_reused_times() or 0
  limit(client)
  if reused == 0 then
    good, why = introduce(self, client)
    if not good then
      client:close()
      return nil, why
    end
  end
  return client, reused
end

local function send(client, commands)
  client:init_pipeline(#commands)
  for _, command in ipairs(commands) do
    client[command[1]](client, unpack(command, 2))
  end
  local replies, why = client:commit_pipeline()
  if not replies then return nil, why end
  for index, reply in ipairs(replies) do
    if type(reply) == "table" and reply[1] == false then return nil, told(commands[index][1], reply[2]) end
  end
  return replies
end

--- One round trip. A pooled connection that Redis has closed meanwhile is replaced, and that is no failure.
-- @return a reply for each command; or nil and why not
local function exchange(self, commands)
  local deadline = ngx.now() + self.timeout
  local function limit(client)
    client:set_timeout(math.max((deadline - ngx.now()) * 1000, 1))
  end
  while true do
    local client, reused = connect(self, limit)
    if not client then return nil, reused end
    limit(client)
    local replies, why = send(client, commands)
    if replies then
      client:set_keepalive(IDLE * 1000, self.pool_size)
      return replies
    end
    client:close()
    if reused == 0 or why ~= "closed" and why ~= "broken pipe" and why ~= "connection reset by peer" then return nil, why end
  end
end

--- An exchange, unless Redis is being left alone.
-- @return replies; or nil; or nil and why it failed
local function ask(self, commands)
  if not self:is_trusted() then return nil end
  local replies, why = exchange(self, commands)
  if replies then return replies end
  why = tostring(why)
  if self:is_trusted() then
    ngx.log(ngx.WARN, "ivs: Redis at ", self.name, ": ", why, "; this worker's cache leaves it alone for ", LEFT_ALONE, " s")
  end
  self.server.until_when = ngx.now() + LEFT_ALONE
  return nil, why
end

-- Entries and locks -----------------------------------------------------------------------------------------------------

local function entry_key(self, id) return self.prefix .. "entry:" .. id end

local function lock_key(self, id) return self.prefix .. "lock:" .. id end

local function milliseconds(seconds)
  return ("%d"):format(math.max(math.floor(seconds * 1000 + 0.5), 1))
end

--- Whether Redis is asked at all now.
function Store:is_trusted()
  return ngx.now() >= self.server.until_when
end

--- Looks for an entry and tries to be the one who fetches it anew, in one round trip.
-- @string id
-- @string token
-- @number seconds the lock's expiry
-- @treturn table|nil `locked`; and, where there is an entry: `body`, `fresh_for` (seconds; negative when stale), `keep_for`
-- @treturn string|nil why it failed; nothing when Redis is being left alone
function Store:acquire(id, token, seconds)
  local lock, key = lock_key(self, id), entry_key(self, id)
  local replies, why = ask(self, {
    { "set", lock, token, "NX", "PX", milliseconds(seconds) }, { "get", lock },
    { "getrange", key, 0, MAX_BYTES }, { "pttl", key } })
  if not replies then return nil, why end
  local found = { locked = replies[2] == token }
  local stale_for = entry.time(replies[3])
  local left = tonumber(replies[4])
  if stale_for and left and left > 0 then
    found.body = replies[3]:sub(entry.BODY)
    found.keep_for = left / 1000
    found.fresh_for = found.keep_for - stale_for
  end
  return found
end

--- Publishes what was fetched and releases the lock.
-- @string id
-- @string token
-- @string body
-- @number fresh_for seconds
-- @number stale_for seconds after that
-- @treturn boolean|nil
-- @treturn string|nil why it failed
function Store:publish(id, token, body, fresh_for, stale_for)
  local text = entry.seal(stale_for, body)
  if #text > MAX_BYTES then return self:release(id, token) end
  local done, why = ask(self, {
    { "set", entry_key(self, id), text, "PX", milliseconds(fresh_for + stale_for) },
    { "eval", RELEASE, 1, lock_key(self, id), token } })
  return done and true, why
end

--- Removes an entry and releases the lock.
function Store:remove(id, token)
  local done, why = ask(self, { { "del", entry_key(self, id) }, { "eval", RELEASE, 1, lock_key(self, id), token } })
  return done and true, why
end

--- Releases the lock.
function Store:release(id, token)
  local done, why = ask(self, { { "eval", RELEASE, 1, lock_key(self, id), token } })
  return done and true, why
end

--- Keeps the lock for as long again.
function Store:renew(id, token, seconds)
  local done, why = ask(self, { { "eval", RENEW, 1, lock_key(self, id), token, milliseconds(seconds) } })
  return done and true, why
end

return redis
