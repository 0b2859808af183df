--- The pace of cached clients: at most `cache.max_tps` requests a second for each account and region, evenly, over all workers that
-- share the dict, and with Redis over all machines. The quotas of the service are for an account and region, too (Amazon IVS Service
-- Quotas, "API Call Rate Quotas").
--
-- Each request reserves the next free turn, an interval of MARGIN / max_tps after the one before, and waits for it. A miss reserves at
-- once. A refresh of a stale answer, for which nobody waits, reserves only a turn that is near; so a miss never waits behind more than
-- the refreshes that have reserved these few turns, however many others there are.
--
-- Invariants: no turn is more than LONGEST_WAIT away, however many ask. While Redis fails, each machine keeps the pace for itself;
-- without room in the dict, a request does not wait.
-- Not for: slowing down after the service has throttled (the retry modes do that); a batch's own pace (batch.lua); how often answers
-- are refreshed (demand.lua).
-- @module resty.ivs.cache.pace

local failure = require "ivs.failure"
local monotonic = require("ivs.core").private.monotonic

local pace = {}

--- Seconds that a request waits at most for a turn that it has reserved.
pace.LONGEST_WAIT = 60

local MARGIN = 1.02 -- as in csrc/core/pace.c: a service that counts seconds must not see more than max_tps in any
local LOCKED_FOR = 0.05 -- seconds; a worker that crashed does not keep the turns locked for longer
local TRIES = 200 -- to lock the turns, a millisecond apart: longer than LOCKED_FOR
local NEAR = 0.25 -- seconds; a refresh reserves a turn that is not farther away than this or than an interval
local LONGEST_SLEEP = 1 -- seconds between two looks at whether the client was closed

--- Reads and writes the time of the next free turn while no other worker does. Nothing here yields, so it takes microseconds.
local function reserve_locked(locks, key, interval, limit)
  local now = monotonic() -- the same for all processes of a machine
  local turn = locks:get(key)
  if type(turn) ~= "number" or turn < now or turn > now + pace.LONGEST_WAIT + interval then turn = now end -- no turn of ours is farther ahead
  if turn - now > limit then return turn - now, false end
  locks:set(key, turn + interval, turn + interval - now)
  return turn - now, true
end

--- Reserves a turn among the workers.
local function reserve_in_dict(locks, key, interval, limit)
  local lock = key .. ":lock"
  for _ = 1, TRIES do
    local is_added, problem = locks:add(lock, true, LOCKED_FOR)
    if is_added then
      local wait, is_reserved = reserve_locked(locks, key, interval, limit)
      locks:delete(lock)
      return wait, is_reserved
    end
    if problem ~= "exists" then break end
    ngx.sleep(0.001)
  end
  return 0, true
end

--- Reserves the next turn unless it is farther away than `limit` (seconds).
-- @treturn number seconds until that turn
-- @treturn boolean whether it is reserved
local function reserve(cache, name, interval, limit)
  if cache.redis then
    local wait, is_reserved, why = cache.redis:reserve(name, interval, pace.LONGEST_WAIT, limit)
    if why then cache.answers:count("redis_error") end
    if wait then return wait, is_reserved end
  end
  return reserve_in_dict(cache.locks, "ivs:pace:" .. name, interval, limit)
end

--- Urgencies of `pace.wait`.
pace.MISS, pace.BULK = { kind = "miss" }, { kind = "bulk" }

--- What has a quota of its own.
-- @string[opt] account
-- @string region
function pace.group(account, region)
  return (account or "-") .. ":" .. region
end

local function too_long(cache, group, limit)
  return nil, failure.new("timeout", "ThrottlingException",
    ("requests of this account to %s are already waiting for the next %g seconds at %g a second: call again later, cache more of "
      .. "them, or raise cache.max_tps if your quota is higher"):format(group:match ":(.*)$", limit, cache.max_tps), { retryable = true })
end

--- nginx counts a sleep from the time when its loop last woke up, so in a busy worker one sleep ends too early.
local function sleep_until(turn)
  local left = turn - monotonic()
  while left > 0 do
    ngx.sleep(math.max(left, 0.001))
    left = turn - monotonic()
  end
end

--- Waits for the turn of one request.
-- @tab state of a client (client.lua): `cache` (`max_tps`, `locks`, `redis`), `wire` (timeouts), `closed`
-- @string group of pace.group
-- @tab urgency of pace.MISS, pace.BULK, or another table whose `kind` may change while the request waits. "miss": fails if the turn is
--   farther away than both timeouts of the call together, or LONGEST_WAIT; "bulk": the same, but it tries again; "refresh": waits as
--   long as it takes, after all misses
-- @treturn boolean|nil true, also when the client was closed meanwhile
-- @treturn table|nil an error object
function pace.wait(state, group, urgency)
  local cache, wire = state.cache, state.wire
  local interval = MARGIN / cache.max_tps
  local longest = math.min(pace.LONGEST_WAIT, wire.connect_timeout + wire.read_timeout)
  local began = monotonic()
  while not state.closed do
    local kind = urgency.kind
    local limit = kind == "refresh" and math.max(interval, NEAR) or longest
    local wait, is_reserved = reserve(cache, group, interval, limit)
    if is_reserved then
      sleep_until(monotonic() + wait)
      return true
    end
    if kind == "miss" then return too_long(cache, group, limit) end
    if ngx.worker.exiting() then return nil, failure.new("cancelled", "ClientClosedError",
      "the nginx worker is exiting, so nothing was sent: call again", { retryable = true }) end
    -- until that turn is near; not all at the same time, and sooner those that have waited longer
    local spread = interval * math.random() / 4 / (1 + monotonic() - began)
    ngx.sleep(math.min(wait - limit + spread + 0.001, LONGEST_SLEEP))
  end
  return true
end

return pace
