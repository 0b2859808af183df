--- The leader of a flight: asks the other machines, then the service, and tells both levels of the cache the result.
--
-- A result has `body` (for the waiters), its `age` (seconds; 0 if there is none) and `outcome`. If the service was `called`:
-- `response` or `err` (the leader's own); `keep_for` (seconds) if the answer is to be cached; otherwise `failed` tells whether the
-- old entry stays; `pause` (seconds) before the next refresh. A result that is `cancelled` is the leader's alone, and so is one with
-- `raised`, a list of the value that `fetch` raised.
--
-- A timer leads a flight, so that the fetch is completed and its answer cached even if every client goes away: nginx ends the light
-- threads of a request whose client has disconnected. nginx drops timers without an error if too many of them run
-- (lua_max_running_timers). Then the flight never starts, and the waiters notice that (single_flight.lua).
--
-- Invariant: a leader that has lost a lock changes nothing that the lock protects: another one may have stored a newer answer.
-- Not for: who asks (cache.lua); phases in which ngx.timer.at raises (the caller checks that).
-- @module resty.ivs.cache.leader

local entry = require "resty.ivs.cache.entry"

local leader = {}

local REFRESH_PAUSE = 5 -- seconds after a refresh that failed, if ttl is not less
local BUSY_PAUSE = 0.2 -- seconds after another machine was found refreshing
local FIRST_STEP, LONGEST_STEP = 0.001, 0.05 -- seconds between two polls of another machine's lock

--- Timers of a worker, running and pending, above which a miss is fetched by its request: nginx runs 256 at a time by default,
-- and the user's own timers need some of them.
local MAX_TIMERS = 200

--- Refreshes that a worker runs at a time; further ones are dropped, and the next request for the stale answer tries again. So a
-- service that hangs occupies few timers and connections.
local MAX_REFRESHES = 16

--- Seconds after which a machine stops waiting for another one's lock and calls the service itself. A member for the specs.
leader.longest_wait = 10

--- The service's errors about the resource itself. Any other error says nothing about it: expired credentials, a wrong signature,
-- a proxy's own 403.
local ANSWERS = { [entry.NOT_FOUND] = true, AccessDeniedException = true, ValidationException = true }

local function is_answer(err)
  return type(err) == "table" and err.kind == "service" and ANSWERS[err.code] and not err.retryable
end

--- Calls the service.
-- @tab cache
-- @func fetch
-- @bool[opt] is_refresh nobody waits for the result
-- @treturn table a result
function leader.call(cache, fetch, is_refresh)
  local response, err, is_foreign = fetch(is_refresh)
  local result = { called = true, outcome = "miss", response = response, err = err }
  if is_foreign then
    result.failed = true -- the credentials became another account's meanwhile
  elseif response then
    result.body = entry.of_response(response)
    result.failed = not result.body
    if result.body then result.keep_for = select(2, cache.answers:lifetime(false)) end
  elseif type(err) == "table" and (err.kind == "cancelled" or err.kind == "internal") then
    -- this client was closed, or this worker has no memory: another one's call may still succeed
    result.cancelled, result.failed = true, true
  else
    result.body = entry.of_error(err)
    result.failed = not is_answer(err)
    if not result.failed and err.code == entry.NOT_FOUND and cache.negative_ttl > 0 then
      result.keep_for = cache.negative_ttl
    end
  end
  if result.failed and not result.cancelled then result.pause = math.min(cache.ttl, REFRESH_PAUSE) end
  return result
end

--- The result that Redis has, if it is usable.
-- @treturn table|nil a result
local function take_from_redis(cache, flight, found)
  if found.note and entry.is_valid(found.note) then
    flight:leave_note(found.note)
    return { body = found.note, outcome = "shared" }
  end
  local body = found.body
  if not body or not entry.is_valid(body) then return nil end
  local is_error, age = entry.is_error(body), found.age
  local state = cache.answers:state(is_error, age)
  -- a stale answer is served, too, but not in place of the refresh that is due
  if not state or state == "stale" and flight.is_refresh then return nil end
  local _, lifetime = cache.answers:lifetime(is_error)
  cache.answers:keep(flight.id, body, age, math.min(found.keep_for, lifetime - age))
  if state == "stale" then return { body = body, age = age, outcome = "stale" } end
  cache.answers:count("redis_hit")
  return { body = body, age = age, outcome = "hit" }
end

--- What other machines have fetched, or are fetching.
-- @treturn table|nil a result; nil: this machine has to call the service
local function ask_machines(cache, flight)
  local wish = { token = flight.lock.token, abandoned = flight.lock.abandoned, lock_ttl = cache.lock_ttl, is_refresh = flight.is_refresh }
  local step, waited = FIRST_STEP, 0
  while waited < leader.longest_wait do
    local found, why = cache.redis:acquire(flight.id, wish)
    if why then cache.answers:count("redis_error") end
    if not found then return nil end
    flight.is_locked_in_redis = found.locked
    local result = take_from_redis(cache, flight, found)
    if result or found.locked then return result end
    if flight.is_refresh then return { pause = found.pause or BUSY_PAUSE } end
    wish.waited_for = found.holder or wish.waited_for
    ngx.sleep(step)
    waited = waited + step
    step = math.min(step * 2, LONGEST_STEP)
  end
end

--- Releases the lock in Redis and stores the result there.
local function release_in_redis(cache, flight, result)
  flight.is_locked_in_redis = false
  local stored
  if result.called then
    stored = { pause = flight.is_refresh and result.pause or nil }
    if result.body and result.keep_for then
      stored.body, stored.keep_for = result.body, result.keep_for
    else
      stored.note, stored.is_gone = result.body, not result.failed
    end
  end
  local done, why = cache.redis:release(flight.id, flight.lock.token, stored)
  if not done and why then cache.answers:count("redis_error") end
end

--- Stores the result in the dict.
local function store(cache, flight, result)
  local is_kept = result.body and result.keep_for
  if result.body and not is_kept then flight:leave_note(result.body) end
  if not flight.lock:is_ours() then return end
  if is_kept then
    cache.answers:keep(flight.id, result.body, 0, result.keep_for)
  elseif not result.failed then
    cache.answers:remove(flight.id)
  end
end

--- Runs while this worker holds the key's lock.
local function fetch_locked(cache, flight, fetch)
  local result = cache.redis and ask_machines(cache, flight)
  if not result then
    result = leader.call(cache, fetch, flight.is_refresh)
    store(cache, flight, result)
  end
  if result.pause and flight.is_refresh then cache.answers:pause(flight.id, result.pause) end
  return result
end

local function run(cache, flight, fetch)
  local locked, body, age = flight:acquire(function() return cache.answers:fresh_body(flight.id) end, not flight.is_refresh)
  if not locked then return { body = body, age = age, outcome = body and "shared" } end
  return fetch_locked(cache, flight, fetch)
end

--- Leads a flight to its end, whatever happens on the way.
-- @tab cache
-- @tparam Flight flight its `own_result` is the result afterwards, for the request that started it
-- @func fetch
function leader.lead(cache, flight, fetch)
  local ok, result = flight:lead(function() return run(cache, flight, fetch) end, cache.redis and function()
    if flight.is_locked_in_redis then cache.redis:renew(flight.id, flight.lock.token, cache.lock_ttl) end
  end)
  flight.own_result = ok and result or { raised = { result } }
  local shared = ok and not result.cancelled and result or {}
  -- the workers first, then the machines, since Redis may take until its timeout
  flight.lock:release()
  flight:finish(shared)
  if flight.is_locked_in_redis then release_in_redis(cache, flight, shared) end
end

local function lead_in_timer(premature, cache, flight, fetch)
  if premature or not flight:is_current() then return flight:finish({}) end
  leader.lead(cache, flight, fetch)
  local raised = flight.own_result.raised
  if raised and flight.is_refresh then error(raised[1], 0) end -- nobody waits for a refresh: nginx logs the error
end

--- Whether a miss should have a timer: it is not in one already, and there are timers left.
local function may_use_timer()
  return ngx.get_phase() ~= "timer" and ngx.timer.running_count() + ngx.timer.pending_count() < MAX_TIMERS
end

--- This worker's refreshes that have not finished.
local refreshes = {}

--- Whether this worker may start another refresh.
function leader.may_refresh()
  if #refreshes < MAX_REFRESHES then return true end
  local left = {}
  for _, flight in ipairs(refreshes) do
    if flight:is_current() and not flight:is_abandoned() then left[#left + 1] = flight end
  end
  refreshes = left
  return #left < MAX_REFRESHES
end

--- Has a timer lead a flight.
-- @treturn boolean false if there is no timer for it (the worker exits, or has no timer left): the caller has to lead it
function leader.lead_in_background(cache, flight, fetch)
  if not (flight.is_refresh or may_use_timer()) then return false end
  if not ngx.timer.at(0, lead_in_timer, cache, flight, fetch) then return false end
  if flight.is_refresh then refreshes[#refreshes + 1] = flight end
  return true
end

return leader
