--- Single flight: of all light threads of a worker that need one thing at the same time, one (the leader) obtains it, and the others
-- (the waiters) get its result. For cached answers (cache/fetch.lua) and for credentials (credentials.lua).
--
-- A timer leads a flight, so that the flight ends even if every client that waits for it goes away: nginx ends the light threads of a
-- request whose client has disconnected. nginx drops timers without an error if too many of them run (lua_max_running_timers). Then
-- the flight never starts, the waiters notice that, and one of them leads another flight itself.
--
-- A light thread beside the leader, its guard, waits on a semaphore that nobody posts. nginx removes it from there when it ends the
-- leader's request or timer (the client aborted, or a function of the user's called ngx.exit), and the guard ends by itself when the
-- leader's light thread was killed, and stops waiting there when the lease is over. So the semaphore's count tells whether the leader is gone, however busy the
-- worker is.
--
-- A flight that needs the result of another one waits for it. A flight that would wait for itself in this way, through any number of
-- others, is told so instead: a provider of credentials may call the client that waits for its credentials.
--
-- Invariant: every wait ends, whatever happens to the leader.
-- Not for: other workers (cache/lock.lua), other machines (cache/redis.lua), which flights there are.
-- @module resty.ivs.single_flight

local monotonic = require("ivs.core").private.monotonic
local semaphore = require "ngx.semaphore"

local single_flight = {}

local Flight = { __name = "resty.ivs.flight" }
Flight.__index = Flight

local LOOK = 0.25 -- seconds between two looks at whether the leader is gone
local START = 0.02 -- seconds that waiters give a flight to start: its timer is due at once, unless nginx has dropped it
local LATE = 1 -- seconds after which a flight that nobody waits for has been dropped, if it has not started
local SHORTEST = 0.001 -- seconds; nginx rounds a shorter wait to none, and then nothing else gets to run

--- @number lease seconds after which the leader is given up, if it has not finished
function single_flight.new(lease)
  return setmetatable({ lease = lease, registered = monotonic(), is_started = false, is_given_up = false, is_lease_over = false,
    waits_for = {}, guarded = assert(semaphore.new(0)), semaphore = assert(semaphore.new(0)) }, Flight)
end

-- Who waits for whom -----------------------------------------------------------------------------------------------------

--- The flight that a light thread leads.
local led_by = setmetatable({}, { __mode = "k" })

--- The flight that the running light thread is a part of: it leads it, or it runs in the timer that leads it. nginx uses the
-- coroutines of ended light threads again, so what a thread once led counts only while it goes on.
local function current()
  local flight = led_by[coroutine.running()]
  if not flight and ngx.get_phase() == "timer" then flight = ngx.ctx.ivs_flight end
  return flight and not flight.result and not flight:is_abandoned() and flight or nil
end

--- Whether a flight waits for another one, directly or through others. `Flight:wait` adds no cycle, so this ends.
local function waits(flight, other)
  if flight == other then return true end
  for needed in pairs(flight.waits_for) do
    if not needed.result and waits(needed, other) then return true end
  end
  return false
end

--- Runs a function while the flight of the running light thread, if there is one, is noted to wait for another one.
local function while_waiting_for(flight, run, ...)
  local ours = current()
  if not ours then return run(flight, ...) end
  if waits(flight, ours) then return false, "deadlock" end
  ours.waits_for[flight] = (ours.waits_for[flight] or 0) + 1
  local result, why = run(flight, ...)
  local count = ours.waits_for[flight] - 1
  ours.waits_for[flight] = count > 0 and count or nil
  return result, why
end

-- The leader -------------------------------------------------------------------------------------------------------------

local ENDED = { dead = true, zombie = true }

--- Calls a function now and at intervals, until it returns false or a light thread has ended, even if it was killed and its request
-- goes on.
-- @param thread a coroutine
-- @number interval seconds
-- @func act
-- @param[opt] pause a semaphore that nobody posts: to wait on it is to sleep
function single_flight.repeat_beside(thread, interval, act, pause)
  pause = pause or assert(semaphore.new(0))
  while not ENDED[coroutine.status(thread)] and act() ~= false do pause:wait(interval) end
end

local function nothing() end

local function guard(self, leader, interval, act)
  local lease_end = self.registered + self.lease
  single_flight.repeat_beside(leader, interval, function()
    self.is_lease_over = monotonic() >= lease_end
    if self.is_lease_over then return false end
    if act then act() end
  end, self.guarded)
  -- It stays until the leader ends: nginx keeps a request open for ever if a light thread in it was killed that had a child that had ended.
  if self.is_lease_over then single_flight.repeat_beside(leader, LOOK, nothing) end
end

local function lead(self, work, interval, act)
  local leader = coroutine.running()
  local outer = led_by[leader]
  local guarding = ngx.thread.spawn(guard, self, leader, math.min(interval or LOOK, LOOK, self.lease), act)
  led_by[leader], self.is_started = self, true
  local ok, result = pcall(work)
  led_by[leader] = outer
  ngx.thread.kill(guarding)
  return ok, result
end

--- Does the leader's work in this light thread. Its caller calls `finish` next.
-- @func work
-- @number[opt] interval seconds between two calls of `act`
-- @func[opt] act called while the work runs; must not wait
-- @return what pcall(work) returns
function Flight:lead(work, interval, act)
  if current() == self then return lead(self, work, interval, act) end -- in its timer
  return while_waiting_for(self, lead, work, interval, act) -- if it is a part of another flight, that one waits for it
end

local function lead_in_timer(premature, self, act, ...)
  if self.is_given_up or self.result then return end
  if premature then return self:give_up() end -- the worker exits; those who wait lead another flight themselves
  ngx.ctx.ivs_flight = self
  act(...)
end

--- Has a timer lead the flight.
-- @func act called there; it calls `lead` and `finish`
-- @param ... its arguments
-- @treturn boolean false if there is no timer (the worker exits, or has none left): the caller has to lead
function Flight:lead_in_timer(act, ...)
  return (ngx.timer.at(0, lead_in_timer, self, act, ...)) and true or false
end

--- Ends the flight and wakes the waiters. A second call does nothing.
-- @tab result what they get
function Flight:finish(result)
  if self.result then return end
  self.result = result
  local waiters = -self.semaphore:count()
  if waiters > 0 then self.semaphore:post(waiters) end
end

-- The waiters ------------------------------------------------------------------------------------------------------------

--- Whether the flight will not finish: its leader is gone, or nginx has dropped the timer that was to lead it.
function Flight:is_abandoned()
  if self.is_started then return self.guarded:count() == 0 end
  return self.is_given_up or monotonic() - self.registered >= LATE
end

--- Prevents a timer that comes late from leading the flight.
-- @tparam[opt] Flight successor the one in its place, for those who still wait for this one
function Flight:give_up(successor)
  self.is_given_up, self.successor = true, successor
end

--- Whether the lease is over and the leader still runs, perhaps for ever. A leader that was killed does not.
-- @number seconds after which it is no longer expected
function Flight:is_hanging(seconds)
  return self.is_lease_over and not self.result and monotonic() - self.registered < seconds
end

local function wait(self, deadline)
  if not (self.is_started or self.result) then self.semaphore:wait(START) end
  while not self.result do
    if not self.is_started or self:is_abandoned() then return false, "abandoned" end
    local left = deadline and deadline - monotonic() or LOOK
    if left <= 0 then return false, "timeout" end
    local woken, problem = self.semaphore:wait(math.max(math.min(left, LOOK), SHORTEST))
    if not woken and not self.result and problem ~= "timeout" then return false, problem end
  end
  return true
end

--- Waits until the flight has finished.
-- @number[opt] deadline by the monotonic clock
-- @treturn boolean whether it has; `result` is the result then
-- @treturn string|nil why not: "abandoned" (is_abandoned), "timeout", "deadlock" (the flight waits for what the running light thread is a
--   part of), or why this phase cannot wait
function Flight:wait(deadline)
  if self.result then return true end
  return while_waiting_for(self, wait, deadline)
end

return single_flight
