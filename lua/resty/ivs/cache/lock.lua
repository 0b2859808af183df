--- The lock of a key among the workers of one nginx, in a lua_shared_dict.
--
-- It expires, so a worker that crashed leaves the key locked for its ttl at most; the holder renews it.
--
-- A holder whose result is not cached leaves a note with it in the dict, for the workers that wait for this holder.
--
-- Invariants: each holder has its own token, so nobody can release another one's lock, and a holder that lost its lock knows it. A
-- lock is never a condition for an answer: if the dict has no room for one, its holder goes on without it.
-- Not for: light threads of one worker (single_flight.lua), other machines (redis.lua).
-- @module resty.ivs.cache.lock

local monotonic = require("ivs.core").private.monotonic

local lock = {}

local Lock = { __name = "resty.ivs.cache.lock" }
Lock.__index = Lock

local FIRST_STEP, LONGEST_STEP = 0.001, 0.05 -- seconds between two polls of another worker's lock
local NOTE_TTL = 1 -- seconds for which a note is available

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
    renewed = monotonic(), is_held = false, has_no_room = false, is_lost = false }, Lock)
end

--- Tries once.
-- @treturn boolean
-- @treturn string|nil the holder's token, if it is another one's
function Lock:try()
  self.renewed = monotonic()
  local added, why = self.dict:add(self.key, self.token, self.ttl)
  if not added and why == "exists" then
    local holder = self.dict:get(self.key)
    if holder ~= self.token then
      if not holder or holder ~= self.abandoned then return false, holder end
      self.dict:set(self.key, self.token, self.ttl)
    end
  elseif not added then
    self.has_no_room = true
  end
  self.is_held = true
  return true
end

--- Takes the lock, or learns what another worker has fetched.
-- @func look () → body and age, or nothing: the answer, if it is there by now
-- @bool is_patient wait for another worker's fetch
-- @treturn boolean whether the lock is ours
-- @treturn string|nil the body that another one fetched
-- @treturn number|nil its age in seconds
function Lock:acquire(look, is_patient)
  local step, waited_for = FIRST_STEP, nil
  while true do
    local is_locked, holder = self:try()
    -- after locking: another worker may have finished since the caller looked
    local body, age = look()
    if not body and waited_for then body = self.dict:get("ivs:note:" .. waited_for) end
    if body or not (is_locked or is_patient) then
      if is_locked then self:release() end
      return false, body, age
    end
    if is_locked then return true end
    waited_for = holder or waited_for
    ngx.sleep(step)
    step = math.min(step * 2, LONGEST_STEP)
  end
end

--- Leaves a note for those who wait for this holder. Others never see it.
-- @string body
function Lock:leave_note(body)
  self.dict:set("ivs:note:" .. self.token, body, NOTE_TTL)
end

--- Extends a lock that is held by its ttl, and puts it back if a full dict has evicted it. A lock that was lost stays lost.
function Lock:renew()
  if not self.is_held or self.is_lost then return end
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
  self.is_held = false
  if self.dict:get(self.key) == self.token then self.dict:delete(self.key) end
end

return lock
