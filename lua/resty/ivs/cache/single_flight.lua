--- Single flight: of all who ask for a key at the same time, one (the leader) fetches, and the others (the waiters) take its result.
--
-- Within a worker, waiters sleep on the flight's semaphore. Among workers, a lock in the dict decides (lock.lua). A light thread beside
-- the leader, its guard, renews the lock, however long the fetch takes.
--
-- The guard waits on a semaphore that nobody posts. nginx removes it from there when it ends the leader's request or timer (the client
-- aborted, or a function of the user's called ngx.exit), and the guard ends by itself when the leader's light thread was killed. So the
-- semaphore's count tells whether the leader is gone, however busy the worker is. A worker that crashed leaves the key locked for
-- `lock_ttl` at most.
--
-- Not for: what is fetched and where it is kept (leader.lua).
-- @module resty.ivs.cache.single_flight

local lock = require "resty.ivs.cache.lock"
local monotonic = require("ivs.core").private.monotonic
local phases = require "resty.ivs.phases"
local semaphore = require "ngx.semaphore"

local single_flight = {}

local Flight = { __name = "resty.ivs.cache.flight" }
Flight.__index = Flight

local FIRST_STEP, LONGEST_STEP = 0.001, 0.05 -- seconds between two polls of another worker's lock
local LOOK = 0.25 -- seconds between two looks at whether the leader is gone
local START = 0.02 -- seconds that waiters give a flight to start: its timer is due at once, unless nginx has dropped it
local LATE = 1 -- seconds after which a flight that nobody waits for has been dropped, if it has not started
local LONGEST_FETCH = 3600 -- seconds for which a lock is renewed at most, whatever bug there may be
local NOTE_TTL = 1 -- seconds for which a failure is available to the workers that waited for it

--- Seconds between two checks of all flights for abandoned ones that nobody asks for any more. A member for the specs.
single_flight.sweep_interval = 5

--- Whether this phase can wait.
function single_flight.can_wait()
  return (phases.check()) == true
end

--- Each worker's flights: dict → { flights = key → flight, swept = time }.
local registries = setmetatable({}, { __mode = "k" })

local function registry_of(dict)
  local registry = registries[dict]
  if not registry then
    registry = { flights = {}, swept = monotonic() }
    registries[dict] = registry
  end
  return registry
end

--- This worker's unfinished flights over one dict, by key.
function single_flight.unfinished(dict)
  return registry_of(dict).flights
end

--- Removes the flights of requests that were aborted.
local function sweep(registry)
  local now = monotonic()
  if now - registry.swept < single_flight.sweep_interval then return end
  registry.swept = now
  for id, flight in pairs(registry.flights) do
    if flight:is_abandoned() then registry.flights[id] = nil end
  end
end

--- Registers a flight. The caller leads it, or has a timer lead it (leader.lua).
-- @tab cache `dict` identifies it; `locks` is the dict for locks; `lock_ttl` in seconds
-- @string id the key
-- @tparam[opt] Flight abandoned one whose leader is gone: its locks are taken over
function single_flight.start(cache, id, abandoned)
  local registry = registry_of(cache.dict)
  sweep(registry)
  local self = setmetatable({ dict = cache.dict, locks = cache.locks, id = id, lock_ttl = cache.lock_ttl, registered = monotonic(),
    is_started = false, is_locked = false, lock = lock.new(cache.locks, id, cache.lock_ttl, abandoned and abandoned.lock),
    guarded = assert(semaphore.new(0)), semaphore = assert(semaphore.new(0)) }, Flight)
  registry.flights[id] = self
  return self
end

--- Whether the flight is registered: it has neither finished nor been taken over.
function Flight:is_current()
  return single_flight.unfinished(self.dict)[self.id] == self
end

--- Whether the flight will not finish: its leader is gone, or nginx has dropped the timer that was to lead it.
function Flight:is_abandoned()
  if self.is_started then return self.guarded:count() == 0 end
  return monotonic() - self.registered >= LATE
end

--- Waits until the flight has finished.
-- @treturn boolean false if its leader is gone, or nginx has dropped the timer that was to lead it
function Flight:wait()
  if not (self.is_started or self.result) then self.semaphore:wait(START) end
  while not self.result do
    if not self.is_started or self:is_abandoned() then return false end
    local woken, problem = self.semaphore:wait(LOOK)
    if not woken and not self.result and problem ~= "timeout" then return false end
  end
  return true
end

--- Becomes the worker that fetches, or learns what another one has fetched.
-- @func look () → body and age, or nothing: the answer, if it is there by now
-- @bool patient wait for another worker's fetch
-- @treturn boolean whether the lock is ours
-- @treturn string|nil the body that another one fetched
-- @treturn number|nil its age in seconds
function Flight:acquire(look, patient)
  local step, waited_for = FIRST_STEP, nil
  while true do
    local locked, holder = self.lock:try()
    -- after locking: another worker may have finished since the caller looked
    local body, age = look()
    if not body and waited_for then body = self.locks:get("ivs:note:" .. waited_for) end
    if body or not (locked or patient) then
      if locked then self.lock:release() end
      return false, body, age
    end
    if locked then
      self.is_locked = true
      return true
    end
    waited_for = holder or waited_for
    ngx.sleep(step)
    step = math.min(step * 2, LONGEST_STEP)
  end
end

--- Leaves a failure for the workers that wait for this flight. Others never see it.
function Flight:leave_note(body)
  self.locks:set("ivs:note:" .. self.lock.token, body, NOTE_TTL)
end

local ENDED = { dead = true, zombie = true }

--- Calls a function at intervals until the leader has ended, even if it was killed and its request goes on.
-- @param pause a semaphore that nobody posts: to wait on it is to sleep
local function repeatedly(leader, interval, act, pause)
  for _ = 1, LONGEST_FETCH / interval do
    if ENDED[coroutine.status(leader)] then return end
    act()
    pause:wait(interval)
  end
end

--- Does the leader's work, in this light thread, while others renew the locks.
-- @func work
-- @func[opt] renew called at intervals, for a lock elsewhere; it may take its time
-- @return what pcall(work) returns
function Flight:lead(work, renew)
  local leader = coroutine.running()
  local guard = ngx.thread.spawn(repeatedly, leader, math.min(LOOK, self.lock_ttl / 4), function()
    if self.is_locked then self.lock:renew() end
  end, self.guarded)
  self.is_started = true
  local renewing = renew and ngx.thread.spawn(repeatedly, leader, self.lock_ttl / 4, renew, assert(semaphore.new(0)))
  local ok, result = pcall(work)
  ngx.thread.kill(guard)
  if renewing then ngx.thread.kill(renewing) end
  return ok, result
end

--- Ends the flight and wakes the waiters. A second call does nothing.
-- @tab result what they get; see leader.lua
function Flight:finish(result)
  if self.result then return end
  self.result = result
  if self:is_current() then single_flight.unfinished(self.dict)[self.id] = nil end
  local waiters = -self.semaphore:count()
  if waiters > 0 then self.semaphore:post(waiters) end
end

return single_flight
