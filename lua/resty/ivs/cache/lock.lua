--- The lock of a key among the workers of one nginx, in a lua_shared_dict.
--
-- It expires, so a worker that crashed leaves the key locked for its ttl at most; the holder renews it.
--
-- Invariants: each holder has its own token, so nobody can release another one's lock, and a holder that lost its lock knows it. A
-- lock is never a condition for an answer: if the dict has no room for one, its holder goes on without it.
-- Not for: waiting (single_flight.lua), other machines (redis.lua).
-- @module resty.ivs.cache.lock

local monotonic = require("ivs.core").private.monotonic

local lock = {}

local Lock = { __name = "resty.ivs.cache.lock" }
Lock.__index = Lock

local worker, serial

--- A text that no other holder on any machine has. Each worker reads its random part after the fork.
local function new_token()
  local pid = ngx.worker.pid()
  if not worker or worker.pid ~= pid then
    local random = io.open("/dev/urandom", "rb")
    local bytes = random and random:read(12) or tostring({}) .. ngx.now()
    if random then random:close() end
    worker, serial = { pid = pid, name = pid .. "." .. ngx.encode_base64(bytes) }, 0
  end
  serial = serial + 1
  return worker.name .. "." .. serial
end

--- @param dict a member of ngx.shared
-- @string id what is locked
-- @number ttl seconds
-- @tparam[opt] Lock abandoned one of this worker's whose holder is gone: it may be taken over
function lock.new(dict, id, ttl, abandoned)
  return setmetatable({ dict = dict, key = id .. ":lock", ttl = ttl, token = new_token(), abandoned = abandoned and abandoned.token,
    renewed = monotonic(), has_no_room = false, is_lost = false }, Lock)
end

--- Tries once.
-- @treturn boolean
-- @treturn string|nil the holder's token, if it is another one's
function Lock:try()
  self.renewed = monotonic()
  local added, why = self.dict:add(self.key, self.token, self.ttl)
  if added then return true end
  if why ~= "exists" then
    self.has_no_room = true
    return true
  end
  local holder = self.dict:get(self.key)
  if holder == self.token then return true end
  if not holder or holder ~= self.abandoned then return false, holder end
  self.dict:set(self.key, self.token, self.ttl)
  return true
end

--- Extends the lock by its ttl, and puts it back if a full dict has evicted it. A lock that was lost stays lost.
function Lock:renew()
  if self.is_lost then return end
  local holder, now = self.dict:get(self.key), monotonic()
  if holder == self.token then
    self.dict:expire(self.key, self.ttl)
  elseif not holder and now - self.renewed < self.ttl then
    self.dict:add(self.key, self.token, self.ttl)
  else
    self.is_lost = true
  end
  self.renewed = now
end

--- Whether nobody else can have held it meanwhile.
function Lock:is_ours()
  local holder = self.dict:get(self.key)
  return holder == self.token or self.has_no_room and not self.is_lost and not holder
end

--- Releases it, if it is still ours.
function Lock:release()
  if self.dict:get(self.key) == self.token then self.dict:delete(self.key) end
end

return lock
