--- The cache's second level: a Redis that many machines share, so that one of them calls the service for all.
--
-- For each id there may be
--   entry   an answer (entry.lua; its time says for how long it was to be kept, the key's time to live how much of that is left, so
--           the machines need no common clock to know the age)
--   lock    the token of the machine that fetches, with an expiry
--   pause   while it exists no machine tries a refresh, because one has failed
-- and for a token a note: the failure of its holder, for the machines that waited for it. The names of an id's keys have the id as
-- their hash tag, so that in a Redis Cluster one node has all of them and one script may use them together. For each account and
-- region there may be a pace: it exists until the next request may be sent.
--
-- Invariants: each operation is one script, so it acts on what it has read. Only a lock's holder changes an entry. A key of another
-- type counts as absent. When Redis fails, the dict alone serves.
-- Not for: connections (redis_connection.lua).
-- @module resty.ivs.cache.redis

local entry = require "resty.ivs.cache.entry"
local options = require "resty.ivs.options"
local redis_connection = require "resty.ivs.cache.redis_connection"

local redis = {}

local Store = { __name = "resty.ivs.cache.redis" }
Store.__index = Store

local MAX_BYTES = 1024 * 1024 -- no entry is larger
local LONGEST_LOCK, LONGEST_PAUSE = 3600, 60 -- seconds; a key with a longer expiry is not ours
local NOTE_TTL = 1 -- seconds for which a failure is available to the machines that waited for it

local HOW_TO_INSTALL = "cache.redis needs lua-resty-redis, which is not installed. OpenResty includes it; on Debian "
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
  timeout = { type = "number", above = 0, most = 60, default = 1 },
  pool_size = { type = "integer", least = 1, most = 10000, default = 30 },
}

-- Keys: lock, entry, pause, and the note of the holder waited for, if any. Arguments: token, the lock's milliseconds, the token of
-- an abandoned lock, the longest entry, lock, and pause, and whether it is a refresh. A free lock is taken, except after a note (the
-- failure is shared) and, for a refresh, during a pause.
local ACQUIRE = [[
local function read(...)
  local reply = redis.pcall(...)
  return type(reply) ~= 'table' and reply
end
local holder, note, pause = read('get', KEYS[1]), KEYS[4] and read('get', KEYS[4]), redis.call('pttl', KEYS[3])
local left = redis.call('pttl', KEYS[1])
if holder == ARGV[3] or left < 0 or left > tonumber(ARGV[5]) then holder = false end
if pause > tonumber(ARGV[6]) or ARGV[7] ~= 'refresh' then pause = 0 end
if not holder and not note and pause <= 0 then
  redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2])
  holder = ARGV[1]
end
return { holder, read('getrange', KEYS[2], 0, ARGV[4]), redis.call('pttl', KEYS[2]), pause, note or false }]]

-- Keys: lock, entry, pause, the holder's note. Arguments: token, "set", "remove" or "keep", the entry, and its
-- milliseconds, the note or "", its milliseconds, the pause's milliseconds or "".
local RELEASE = [[
if redis.pcall('get', KEYS[1]) ~= ARGV[1] then return 0 end
local done
if ARGV[2] == 'set' then done = redis.pcall('set', KEYS[2], ARGV[3], 'PX', ARGV[4]) end
if ARGV[2] == 'remove' then redis.call('del', KEYS[2]) end
if ARGV[5] ~= '' then redis.pcall('set', KEYS[4], ARGV[5], 'PX', ARGV[6]) end
if ARGV[7] ~= '' then redis.pcall('set', KEYS[3], '1', 'PX', ARGV[7]) end
redis.call('del', KEYS[1])
return done or 1]]

local RENEW = "if redis.pcall('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) end return 0"

-- Keys: the pace. Arguments: the interval in milliseconds, the longest wait, this request's limit. The key's time to live is the wait
-- until the next free turn, so no clock is compared. The longest that we set is the sum of the first two; a longer one is not ours.
-- Returns the wait, negative if it is above the limit.
local RESERVE = [[
local wait, interval, longest = redis.call('pttl', KEYS[1]), tonumber(ARGV[1]), tonumber(ARGV[2])
if wait < 0 or wait > longest + interval then wait = 0 end
if wait > tonumber(ARGV[3]) then return -wait end
redis.call('set', KEYS[1], '1', 'PX', wait + interval)
return wait]]

local REMOVE = "return redis.call('del', KEYS[1])"

-- Arguments: the cursor, the pattern of the entries' names. Returns the next cursor.
local REMOVE_SOME = [[
local reply = redis.call('scan', ARGV[1], 'match', ARGV[2], 'count', 1000)
for _, key in ipairs(reply[2]) do redis.call('del', key) end
return reply[1] ]]

--- Makes a second level. No connection is opened.
-- @tab given `host` (an address, or a name if nginx has a `resolver`), `port` (6379), `unix`, `username`, `password`,
--   `database` (0), `ssl`, `ssl_verify` (true), `prefix` ("ivs:"), `timeout` (1 second), `pool_size` (30, the idle connections that
--   a worker keeps)
-- @treturn Store|nil
-- @treturn string|nil what is wrong
function redis.new(given)
  local values, why = options.check(ROWS, given, "cache.redis")
  if not values then return nil, why end
  if (values.host == nil) == (values.unix == nil) then
    return nil, "option 'cache.redis' has to have either 'host' or 'unix'"
  end
  if values.username and not values.password then
    return nil, "option 'cache.redis.username' needs 'cache.redis.password'"
  end
  -- a complete hash tag in the prefix works, too; half of one would put an id's keys on several nodes of a cluster
  local opened = values.prefix:match("{(.*)$")
  if opened and not opened:find("^[^}]+}") then
    return nil, "option 'cache.redis.prefix' may have a '{' only where it begins a hash tag, as in '{ivs}:'"
  end
  local connection = redis_connection.new(values)
  if not connection then return nil, HOW_TO_INSTALL end
  return setmetatable({ connection = connection }, Store)
end

local function keys_of(id, token)
  local tag = "{" .. id .. "}"
  return { "lock:" .. tag, "entry:" .. tag, "pause:" .. tag, token and "note:" .. tag .. token }
end

local function milliseconds(seconds)
  return ("%d"):format(math.max(math.floor(seconds * 1000 + 0.5), 1))
end

--- A script's reply where a text is expected.
local function text(value)
  return type(value) == "string" and value or nil
end

--- Looks for an entry and tries to become the machine that fetches it, in one round trip.
-- @string id
-- @tab wish `token`; `lock_ttl` (seconds); `abandoned`, the token of a lock that may be taken over; `waited_for`, the
--   token of the holder whose failure is shared; `is_refresh`
-- @treturn table|nil `locked`, or the token of the lock's `holder`; `note`; `pause` (seconds); and, where there is an entry:
--   `body`, `age` (seconds), `keep_for` (seconds from now)
-- @treturn string|nil why it failed; nothing while Redis is not used after a failure
function Store:acquire(id, wish)
  local reply, why = self.connection:run(ACQUIRE, keys_of(id, wish.waited_for), { wish.token, milliseconds(wish.lock_ttl),
    wish.abandoned or "", MAX_BYTES, LONGEST_LOCK * 1000, LONGEST_PAUSE * 1000, wish.is_refresh and "refresh" or "" })
  if not reply then return nil, why end
  if type(reply) ~= "table" then
    why = "an invalid reply"
    self.connection:fail(why)
    return nil, why
  end
  local pause = tonumber(reply[4])
  local found = { locked = reply[1] == wish.token, holder = text(reply[1]), note = text(reply[5]),
    pause = pause and pause > 0 and pause / 1000 or nil }
  local kept_for, left = entry.time(reply[2]), tonumber(reply[3])
  if kept_for and left and left > 0 and left / 1000 <= kept_for then
    found.body = reply[2]:sub(entry.BODY)
    found.keep_for = left / 1000
    found.age = kept_for - found.keep_for
  end
  return found
end

--- Releases the lock that `acquire` took and stores the result, if the lock is still this token's.
-- @string id
-- @string token
-- @tab[opt] result `body` of a new answer of the service, and `keep_for` (seconds); or `is_gone`, if the entry is to be
--   removed; a `note` for those who waited; `pause` (seconds) before the next refresh
-- @treturn boolean|nil
-- @treturn string|nil why it failed
function Store:release(id, token, result)
  result = result or {}
  local what, stored, expiry = result.is_gone and "remove" or "keep", "", ""
  if result.body then
    stored = entry.store(result.keep_for, result.body)
    expiry = milliseconds(result.keep_for)
    what = #stored <= MAX_BYTES and "set" or "remove"
  end
  local done, why = self.connection:run(RELEASE, keys_of(id, token), { token, what, what == "set" and stored or "", expiry,
    result.note or "", milliseconds(NOTE_TTL), result.pause and milliseconds(result.pause) or "" })
  return done and true, why
end

--- Extends the lock. For a light thread that is killed when it takes too long.
function Store:renew(id, token, seconds)
  local done, why = self.connection:run(RENEW, { keys_of(id)[1] }, { token, milliseconds(seconds) }, true)
  return done and true, why
end

--- Removes an entry.
-- @treturn boolean|nil
-- @treturn string|nil why it failed
function Store:remove(id)
  local done, why = self.connection:run(REMOVE, { keys_of(id)[2] }, {})
  return done and true, why or not done and "Redis has just failed" or nil
end

--- Removes all entries, those of other prefixes excepted.
-- @treturn boolean|nil
-- @treturn string|nil why it failed
function Store:remove_all()
  local pattern = self.connection.values.prefix:gsub("[%[%]%*%?\\]", "\\%0") .. "entry:*"
  for _, node in ipairs(self.connection:nodes()) do
    local cursor = "0"
    repeat
      local why
      cursor, why = node:run(REMOVE_SOME, {}, { cursor, pattern })
      if type(cursor) ~= "string" then return nil, why or "Redis has just failed" end
    until cursor == "0"
  end
  return true
end

--- Reserves the next turn of a pace (pace.lua).
-- @string name
-- @number interval seconds between two turns
-- @number longest_wait seconds
-- @number limit seconds; a turn that is farther away is not reserved
-- @treturn number|nil seconds until the turn; nil if Redis has not replied
-- @treturn boolean|nil whether it is reserved
-- @treturn string|nil why Redis has not replied; nothing while it is not used after a failure
function Store:reserve(name, interval, longest_wait, limit)
  local wait, why = self.connection:run(RESERVE, { "pace:{" .. name .. "}" },
    { ("%d"):format(math.ceil(interval * 1000)), milliseconds(longest_wait), milliseconds(limit) })
  if type(wait) ~= "number" then return nil, nil, why end
  return math.abs(wait) / 1000, wait >= 0
end

return redis
