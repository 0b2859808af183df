--- The lock of a key among the workers of one nginx, in the lua_shared_dict.
--
-- It expires by itself, so that a worker that crashed leaves the key locked no longer than that; who holds it renews it.
--
-- Invariants: each holder has a token of its own, so nobody ends another's lock, and who has lost his knows it. No lock is
-- ever a condition for an answer: when the dict has no room for one, its holder goes on without.
-- Not for: who waits for what (flight.lua), other machines (redis.lua).
-- @module resty.ivs.cache.lock

local lock = {}

local Lock = { __name = "resty.ivs.cache.lock" }
Lock.__index = Lock

local worker, serial

--- A text that no other holder on any machine has. The random part is each worker's own: it is read after the fork.
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
-- @tparam[opt] Lock gone one of this worker's whose holder is gone: it may be taken over
function lock.new(dict, id, ttl, gone)
  return setmetatable({ dict = dict, key = id .. ":lock", ttl = ttl, token = new_token(), gone = gone and gone.token,
    renewed = ngx.now(), has_no_room = false, is_lost = false }, Lock)
end

--- Tries once.
-- @treturn boolean
-- @treturn string|nil whose it is
function Lock:try()
  self.renewed = ngx.now()
  local added, why = self.dict:add(self.key, self.token, self.ttl)
  if added then return true end
  if why ~= "exists" then
    self.has_no_room = true
    return true
  end
  local holder = self.dict:get(self.key)
  if holder == self.token then return true end
  if not holder or holder ~= self.gone then return false, holder end
  self.dict:set(self.key, self.token, self.ttl)
  return true
end

--- Keeps it for as long again, and puts it back where a full dict has dropped it. Once lost it stays lost.
function Lock:renew()
  if self.is_lost then return end
  local holder, now = self.dict:get(self.key), ngx.now()
  if holder == self.token then
    self.dict:expire(self.key, self.ttl)
  elseif not holder and now - self.renewed < self.ttl then
    self.dict:add(self.key, self.token, self.ttl)
  else
    self.is_lost = true
  end
  self.renewed = now
end

--- Whether nobody else can have had it meanwhile.
function Lock:is_ours()
  local holder = self.dict:get(self.key)
  return holder == self.token or self.has_no_room and not self.is_lost and not holder
end

--- Ends it, if it is still ours.
function Lock:release()
  if self.dict:get(self.key) == self.token then self.dict:delete(self.key) end
end

return lock
