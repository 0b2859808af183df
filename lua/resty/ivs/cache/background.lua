--- Leads a flight in a timer, so that it ends, and its answer is kept, whoever still waits for it: nginx ends the light
-- threads of a request whose client has gone away, and a fetch that one of them had begun ends with it.
--
-- Invariant: nginx drops timers without a word when too many of them run (lua_max_running_timers). Then the flight never
-- begins, and those who wait for it see that (flight.lua).
-- Not for: phases in which ngx.timer.at raises; the caller checks that.
-- @module resty.ivs.cache.background

local leader = require "resty.ivs.cache.leader"

local background = {}

--- Timers of a worker, running and pending, above which a miss is fetched by its request: nginx runs 256 at a time by
-- default, and the user's own timers need some of them.
local MOST_TIMERS = 200

local function run(premature, cache, up, fetch)
  if premature or not up:is_up() then return up:land({}) end
  leader.lead(cache, up, fetch)
  local raised = up.brought.raised
  if raised and up.is_refresh then error(raised[1], 0) end -- nobody waits for a refresh: nginx logs the error
end

--- Whether this miss belongs into a timer: it is not in one already, and there are timers left for it.
local function is_wanted()
  return ngx.get_phase() ~= "timer" and ngx.timer.running_count() + ngx.timer.pending_count() < MOST_TIMERS
end

--- Has a flight led by a timer.
-- @tab cache
-- @tparam Flight up
-- @func fetch
-- @treturn boolean false: there is no timer for it (the worker ends, or has no timer left), the caller leads it
function background.lead(cache, up, fetch)
  return (up.is_refresh or is_wanted()) and ngx.timer.at(0, run, cache, up, fetch) and true or false
end

return background
