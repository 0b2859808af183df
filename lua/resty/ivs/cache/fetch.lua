--- One fetch of an answer: by one light thread of this worker (single_flight.lua), by one worker of this machine (lock.lua), and by one
-- machine (redis.lua). It asks the other machines, then the service, and tells both levels of the cache the result (result.lua).
--
-- Invariant: a leader that has lost a lock changes nothing that the lock protects: another one may have stored a newer answer.
-- Not for: who asks (cache.lua); phases in which ngx.timer.at raises (the caller checks that).
-- @module resty.ivs.cache.fetch

local lock = require "resty.ivs.cache.lock"
local monotonic = require("ivs.core").private.monotonic
local pace = require "resty.ivs.cache.pace"
local result = require "resty.ivs.cache.result"
local single_flight = require "resty.ivs.single_flight"

local fetch = {}

local Fetch = { __name = "resty.ivs.cache.fetch" }
Fetch.__index = Fetch

local BUSY_PAUSE = 0.2 -- seconds after another machine was found refreshing
local FIRST_STEP, LONGEST_STEP = 0.001, 0.05 -- seconds between two polls of another machine's lock
local LEASE = 3600 -- seconds for which a lock is renewed at most, whatever bug there may be

--- Timers of a worker, running and pending, above which a miss is fetched by its request: nginx runs 256 at a time by default,
-- and the user's own timers need some of them.
local MAX_TIMERS = 200

--- Refreshes that a worker runs at a time; further ones are dropped, and the next request for the stale answer tries again. So a
-- service that hangs occupies few timers and connections.
local MAX_REFRESHES = 16

--- Seconds after which a machine stops waiting for another one's call and calls the service itself; the time in which the other one
-- waits for its turn (pace.lua) is added. A member for the specs.
fetch.longest_wait = 10

--- Seconds between two checks of all fetches for abandoned ones that nobody asks for any more. A member for the specs.
fetch.sweep_interval = 5

-- This worker's fetches --------------------------------------------------------------------------------------------------

--- dict → { fetches = id → unfinished fetch, swept = time }
local registries = setmetatable({}, { __mode = "k" })

local function registry_of(dict)
  local registry = registries[dict]
  if not registry then
    registry = { fetches = {}, swept = monotonic() }
    registries[dict] = registry
  end
  return registry
end

--- This worker's unfinished fetches over one dict, by id.
function fetch.unfinished(dict)
  return registry_of(dict).fetches
end

--- Removes the fetches of requests that were aborted.
local function sweep(registry)
  local now = monotonic()
  if now - registry.swept < fetch.sweep_interval then return end
  registry.swept = now
  for id, running in pairs(registry.fetches) do
    if running:is_abandoned() then registry.fetches[id] = nil end
  end
end

local function register(self)
  local registry = registry_of(self.cache.dict)
  sweep(registry)
  registry.fetches[self.id] = self
end

local function unregister(self)
  local fetches = fetch.unfinished(self.cache.dict)
  if fetches[self.id] == self then fetches[self.id] = nil end
end

--- This worker's refreshes that have not finished.
local refreshes = {}

local function may_refresh()
  if #refreshes < MAX_REFRESHES then return true end
  local left = {}
  for _, running in ipairs(refreshes) do
    if not (running.flight.result or running:is_abandoned()) then left[#left + 1] = running end
  end
  refreshes = left
  return #left < MAX_REFRESHES
end

-- Levels -----------------------------------------------------------------------------------------------------------------

local function call(self)
  return result.of_call(self.cache, self.call_service(self.urgency))
end

--- The result that Redis has, if it is usable.
local function take_from_redis(self, found)
  local taken = result.of_note(found.note)
  if taken then
    self.lock:leave_note(taken.body)
    return taken
  end
  local cache, keep_for = self.cache
  taken, keep_for = result.of_entry(cache, found, self.is_refresh)
  if not taken then return nil end
  cache.answers:keep(self.id, taken.body, taken.age, math.min(found.keep_for, keep_for))
  if taken.outcome == "hit" then cache.answers:count("redis_hit") end
  return taken
end

--- What other machines have fetched, or are fetching.
-- @treturn table|nil a result; nil: this machine has to call the service
local function ask_machines(self)
  local cache = self.cache
  local wish = { token = self.lock.token, abandoned = self.lock.abandoned, lock_ttl = cache.lock_ttl, is_refresh = self.is_refresh }
  local step, waited = FIRST_STEP, 0
  local longest_wait = fetch.longest_wait + (cache.max_tps and pace.LONGEST_WAIT or 0)
  while waited < longest_wait do
    local found, why = cache.redis:acquire(self.id, wish)
    if why then cache.answers:count("redis_error") end
    if not found then return nil end
    self.is_locked_in_redis = found.locked
    local taken = take_from_redis(self, found)
    if taken or found.locked then return taken end
    if self.is_refresh then return { pause = found.pause or BUSY_PAUSE } end
    wish.waited_for = found.holder or wish.waited_for
    ngx.sleep(step)
    waited = waited + step
    step = math.min(step * 2, LONGEST_STEP)
  end
end

--- Releases the lock in Redis and stores the result there.
local function release_in_redis(self, made)
  local cache, stored = self.cache, nil
  self.is_locked_in_redis = false
  if made.called then
    stored = { pause = self.is_refresh and made.pause or nil }
    if made.body and made.keep_for then
      stored.body, stored.keep_for = made.body, made.keep_for
    else
      stored.note, stored.is_gone = made.body, not made.failed
    end
  end
  local done, why = cache.redis:release(self.id, self.lock.token, stored)
  if not done and why then cache.answers:count("redis_error") end
end

--- Stores the result of a call in the dict.
local function store(self, made)
  local answers, is_kept = self.cache.answers, made.body and made.keep_for
  if made.body and not is_kept then self.lock:leave_note(made.body) end
  if not self.lock:is_ours() then return end
  if is_kept then
    answers:keep(self.id, made.body, 0, made.keep_for)
  elseif not made.failed then
    answers:remove(self.id)
  end
end

--- Runs while this worker holds the lock.
local function fetch_locked(self)
  local made = self.cache.redis and ask_machines(self)
  if not made then
    made = call(self)
    store(self, made)
  end
  if made.pause and self.is_refresh then self.cache.answers:pause(self.id, made.pause) end
  return made
end

-- The leader -------------------------------------------------------------------------------------------------------------

local function run(self)
  local answers, id = self.cache.answers, self.id
  local is_locked, body, age = self.lock:acquire(function() return answers:fresh_body(id) end, not self.is_refresh)
  if not is_locked then return { body = body, age = age, outcome = body and "shared" } end
  if not self.cache.redis then return fetch_locked(self) end
  local lock_ttl = self.cache.lock_ttl
  local function renew()
    if self.is_locked_in_redis and not self.flight.is_lease_over then self.cache.redis:renew(id, self.lock.token, lock_ttl) end
  end
  -- not in the guard, since an operation of Redis may take its time
  local renewing = ngx.thread.spawn(single_flight.repeat_beside, coroutine.running(), lock_ttl / 4, renew)
  local ok, made = pcall(fetch_locked, self)
  ngx.thread.kill(renewing)
  if not ok then error(made, 0) end
  return made
end

--- Leads the fetch to its end, whatever happens on the way.
local function lead(self)
  local ok, made = self.flight:lead(function() return run(self) end, self.cache.lock_ttl / 4, function() self.lock:renew() end)
  self.own_result = ok and made or { raised = { made } }
  local shared = ok and not made.cancelled and made or {}
  -- the workers first, then the machines, since Redis may take until its timeout
  self.lock:release()
  unregister(self)
  self.flight:finish(shared)
  if self.is_locked_in_redis then release_in_redis(self, shared) end
  if not ok and self.is_refresh then error(made, 0) end -- nobody waits for a refresh: nginx logs the error
end

--- Whether a miss should have a timer: it is not in one already, and there are timers left.
local function may_use_timer()
  return ngx.get_phase() ~= "timer" and ngx.timer.running_count() + ngx.timer.pending_count() < MAX_TIMERS
end

local function new(cache, id, call_service, abandoned, urgency)
  if abandoned then abandoned.flight:give_up() end
  local self = setmetatable({ cache = cache, id = id, call_service = call_service, urgency = urgency, is_refresh = urgency ~= nil,
    flight = single_flight.new(LEASE), lock = lock.new(cache.locks, id, cache.lock_ttl, abandoned and abandoned.lock),
    is_locked_in_redis = false }, Fetch)
  register(self)
  return self
end

--- Fetches an answer that is not in the dict: in a timer, or, in place of an abandoned fetch and when there is no timer, in this light
-- thread.
-- @tab cache
-- @string id
-- @func call_service see Cache:get
-- @tparam[opt] Fetch abandoned one whose leader is gone: its locks are taken over
-- @treturn Fetch its `own_result` is the result for the request that started it
function fetch.start(cache, id, call_service, abandoned)
  local self = new(cache, id, call_service, abandoned)
  if abandoned or not may_use_timer() or not self.flight:lead_in_timer(lead, self) then lead(self) end
  return self
end

--- Has a timer refresh a stale answer. Without a timer nothing happens: the next request for it tries again.
-- @tab cache
-- @string id
-- @func call_service
function fetch.refresh(cache, id, call_service)
  local running = fetch.unfinished(cache.dict)[id]
  if running and not running:is_abandoned() then return end
  if cache.answers:is_paused(id) or cache.locks:get(id .. ":lock") or not may_refresh() then return end
  local self = new(cache, id, call_service, running, { kind = "refresh" })
  if self.flight:lead_in_timer(lead, self) then
    refreshes[#refreshes + 1] = self
  else
    unregister(self)
    self.flight:finish {}
  end
end

--- Calls the service in this light thread and for it alone: for phases that cannot wait, and for results that cannot be shared.
-- @treturn table a result
function fetch.alone(cache, call_service)
  return result.of_call(cache, call_service())
end

-- The waiters ------------------------------------------------------------------------------------------------------------

--- Whether the fetch will not finish.
function Fetch:is_abandoned()
  return self.flight:is_abandoned()
end

--- Waits for the result. A refresh that somebody waits for is no longer sent after all misses.
-- @treturn table|nil the result for all
-- @treturn string|nil why there is none: see Flight:wait
function Fetch:wait()
  if self.urgency then self.urgency.kind = "miss" end
  local is_done, why = self.flight:wait()
  if is_done then return self.flight.result end
  return nil, why
end

return fetch
