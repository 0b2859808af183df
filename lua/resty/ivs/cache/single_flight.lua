--- Single flight: of all who ask for a key at the same time, one (the leader) fetches, and the others (the waiters) take its result.
--
-- Within a worker, waiters sleep on the flight's semaphore. Among workers, a lock in the dict decides (lock.lua); a light thread
-- beside the leader's renews it, however long the fetch takes. A leader that is gone (its worker crashed; or, where nginx had no
-- timer for it, its client aborted or `ngx.thread.kill` ended it) therefore leaves the key locked for `lock_ttl` at most, and within
-- its own worker for about a second.
--
-- Invariant: missed heartbeats are counted on the flight, by all who look at it, at most one for each interval. So waiters that leave
-- soon still find out together that the leader is gone; and a worker that was busy for long, in which no leader could send a heartbeat,
-- counts one.
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
local HEARTBEAT = 0.25 -- seconds between two heartbeats of a leader
local MAX_MISSED = 4 -- heartbeats missed in a row, after which a leader counts as gone
local START = 0.02 -- seconds after which a flight that has not started was dropped: its timer was due at once
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
  local self = setmetatable({ dict = cache.dict, locks = cache.locks, id = id, lock_ttl = cache.lock_ttl, heartbeats = 0,
    missed = 0, heartbeats_seen = 0, seen = monotonic(), is_started = false, is_beating = false, alive = assert(semaphore.new(0)),
    lock = lock.new(cache.locks, id, cache.lock_ttl, abandoned and abandoned.lock), semaphore = assert(semaphore.new(0)) }, Flight)
  registry.flights[id] = self
  return self
end

--- Whether the flight is registered: it has neither finished nor been taken over.
function Flight:is_current()
  return single_flight.unfinished(self.dict)[self.id] == self
end

--- Whether the leader's request or timer was ended while it fetched: by `ngx.exit` in a function of the user's, or because the client
-- went away. nginx then removes the light thread that waits on `alive`, beside the leader.
local function is_ended(self)
  return self.is_beating and self.alive:count() == 0
end

--- Whether the leader is gone: it has been ended, or has missed MAX_MISSED heartbeats in a row.
function Flight:is_abandoned()
  local now = monotonic()
  if self.heartbeats ~= self.heartbeats_seen then
    self.heartbeats_seen, self.missed, self.seen = self.heartbeats, 0, now
  elseif now - self.seen >= HEARTBEAT then
    self.missed, self.seen = self.missed + 1, now
  end
  return is_ended(self) or self.missed >= MAX_MISSED
end

--- Waits until the flight has finished.
-- @treturn boolean false if its leader is gone, or nginx has dropped the timer that was to lead it
function Flight:wait()
  if not (self.is_started or self.result) then self.semaphore:wait(START) end
  while not self.result do
    if not self.is_started or self:is_abandoned() then return false end
    local woken, problem = self.semaphore:wait(HEARTBEAT)
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
    if locked then return true end
    waited_for = holder or waited_for
    self.heartbeats = self.heartbeats + 1
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
-- @tparam[opt] Semaphore alive nobody posts it; who counts its waiters knows whether this light thread exists
local function repeatedly(leader, interval, act, alive)
  alive = alive or semaphore.new(0)
  for _ = 1, LONGEST_FETCH / interval do
    if ENDED[coroutine.status(leader)] then return end
    act()
    alive:wait(interval)
  end
end

--- Runs a function while light threads send heartbeats and renew the locks. An error that it raises is raised.
-- @func work
-- @func[opt] renew called at intervals, for a lock elsewhere; it may take its time without delaying a heartbeat
-- @return what `work` returns
function Flight:with_heartbeat(work, renew)
  local leader = coroutine.running()
  local beating = ngx.thread.spawn(repeatedly, leader, math.min(HEARTBEAT, self.lock_ttl / 4), function()
    self.heartbeats = self.heartbeats + 1
    self.lock:renew()
  end, self.alive)
  self.is_beating = true
  local renewing = renew and ngx.thread.spawn(repeatedly, leader, self.lock_ttl / 4, renew)
  local ok, result = pcall(work)
  self.is_beating = false
  ngx.thread.kill(beating)
  if renewing then ngx.thread.kill(renewing) end
  if not ok then error(result, 0) end
  return result
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
