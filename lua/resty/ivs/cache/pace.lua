--- The pace of cached clients: at most `cache.max_tps` requests a second for each account and region, evenly, over all workers that
-- share the dict, and with Redis over all machines. The quotas of the service are for an account and region, too (Amazon IVS Service
-- Quotas, "API Call Rate Quotas").
--
-- Each request reserves the next free turn, an interval of MARGIN / max_tps after the one before, and waits for it.
--
-- Invariants: no turn is more than LONGEST_WAIT away, however many ask; then `nil, err`. While Redis fails, each machine keeps the
-- pace for itself; without room in the dict, a request does not wait.
-- Not for: slowing down after the service has throttled (the retry modes do that); a batch's own pace (batch.lua).
-- @module resty.ivs.cache.pace

local failure = require "ivs.failure"

local pace = {}

local LONGEST_WAIT = 60 -- seconds
local MARGIN = 1.02 -- as in csrc/core/pace.c: a service that counts seconds must not see more than max_tps in any
local LOCKED_FOR = 0.05 -- seconds; a worker that crashed does not keep the turns locked for longer
local TRIES = 200 -- to lock the turns, a millisecond apart: longer than LOCKED_FOR

--- Reads and writes the time of the next free turn while no other worker does. Nothing here yields, so it takes microseconds.
-- @treturn number|nil seconds to wait; nil if the wait would be too long
local function reserve_locked(locks, key, interval)
  ngx.update_time()
  local now = ngx.now()
  local turn = locks:get(key)
  if type(turn) ~= "number" or turn < now or turn > now + LONGEST_WAIT + interval then turn = now end -- far ahead: a clock was set
  if turn - now > LONGEST_WAIT then return nil end
  locks:set(key, turn + interval, turn + interval - now)
  return turn - now
end

--- Reserves a turn among the workers.
-- @treturn number|nil seconds to wait; nil if the wait would be too long
local function reserve_in_dict(locks, key, interval)
  local lock = key .. ":lock"
  for _ = 1, TRIES do
    local is_added, problem = locks:add(lock, true, LOCKED_FOR)
    if is_added then
      local wait = reserve_locked(locks, key, interval)
      locks:delete(lock)
      return wait
    end
    if problem ~= "exists" then break end
    ngx.sleep(0.001)
  end
  return 0
end

--- Waits for the turn of one request.
-- @tab cache `max_tps`, `locks`, `redis`
-- @string account
-- @string region
-- @bool[opt] is_patient reserve again and again if the wait would be too long
-- @treturn boolean|nil true
-- @treturn table|nil an error object if the wait would be too long
function pace.wait(cache, account, region, is_patient)
  local max_tps = cache.max_tps
  if not max_tps then return true end
  local name, interval = account .. ":" .. region, MARGIN / max_tps
  while true do
    local wait, is_used
    if cache.redis then
      local why
      wait, is_used, why = cache.redis:reserve(name, interval, LONGEST_WAIT)
      if why then cache.answers:count("redis_error") end
    end
    if not is_used then wait = reserve_in_dict(cache.locks, "ivs:pace:" .. name, interval) end
    if wait then
      if wait > 0 then ngx.sleep(wait) end
      return true
    end
    if not is_patient then break end
    ngx.sleep(1)
  end
  return nil, failure.new("timeout", "ThrottlingException",
    ("requests of this account to %s are already waiting for the next %d seconds at %g a second: call again later, cache more of "
      .. "them, or raise cache.max_tps if your quota is higher"):format(region, LONGEST_WAIT, max_tps), { retryable = true })
end

return pace
