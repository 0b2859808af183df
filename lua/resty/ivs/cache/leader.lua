--- What the leader of a flight does: asks the machines, then the service, and tells both levels what came of it.
--
-- What it brings is a landing: `body` (for all who waited), its `age` (seconds; 0 where there is none) and `outcome`; and
-- when the service was `called`: `response` or `err` (the leader's own), `keep_for` (seconds) of what is to be remembered,
-- else `failed` (what is remembered stays) or not (it goes); `pause` before the next refresh. A landing with `cancelled` is
-- nobody's but the leader's, and so is one with `raised`, a list of the value that `fetch` raised.
--
-- Invariant: whoever has lost a lock changes nothing that it stands for: another may have brought a newer answer.
-- Not for: whoever asks (cache.lua).
-- @module resty.ivs.cache.leader

local entry = require "resty.ivs.cache.entry"

local leader = {}

local REFRESH_PAUSE = 5 -- seconds after a refresh that failed, if ttl is not less
local BUSY_PAUSE = 0.2 -- seconds after a refresh that another machine was at
local FIRST_STEP, LONGEST_STEP = 0.001, 0.05 -- seconds between two looks at another machine's lock

--- Seconds spent so, whatever becomes of the lock: then each machine asks for itself. A member for the specs, which have
-- less time.
leader.longest_wait = 10

--- The service's words about the resource. Every other error is a failure to get one: keys that have expired, a wrong
-- signature, a proxy's own 403.
local ANSWERS = { [entry.NOT_FOUND] = true, AccessDeniedException = true, ValidationException = true }

local function is_answer(err)
  return type(err) == "table" and err.kind == "service" and ANSWERS[err.code] and not err.retryable
end

--- Asks the service.
-- @tab cache
-- @func fetch
-- @treturn table a landing
function leader.call(cache, fetch)
  local response, err, is_foreign = fetch()
  local landing = { called = true, outcome = "miss", response = response, err = err }
  if is_foreign then
    landing.failed = true -- the keys became another account's meanwhile: nobody's but the leader's
  elseif response then
    landing.body = entry.of_response(response)
    landing.failed = not landing.body
    if landing.body then landing.keep_for = select(2, cache.shelf:lifetime(false)) end
  elseif type(err) == "table" and (err.kind == "cancelled" or err.kind == "internal") then
    -- this client was closed, or this worker has no memory: another's call may go on
    landing.cancelled, landing.failed = true, true
  else
    landing.body = entry.of_error(err)
    landing.failed = not is_answer(err)
    if not landing.failed and err.code == entry.NOT_FOUND and cache.negative_ttl > 0 then
      landing.keep_for = cache.negative_ttl
    end
  end
  if landing.failed and not landing.cancelled then landing.pause = math.min(cache.ttl, REFRESH_PAUSE) end
  return landing
end

--- What Redis has for us, if it is any good.
-- @treturn table|nil a landing
local function take_from_redis(cache, up, found)
  if found.note and entry.is_sound(found.note) then
    up:leave_note(found.note)
    return { body = found.note, outcome = "shared" }
  end
  local body = found.body
  if not body or not entry.is_sound(body) then return nil end
  local is_error, age = entry.is_error(body), found.age
  local state = cache.shelf:state(is_error, age)
  -- a stale answer serves, too, but not in place of the refresh that is due
  if not state or state == "stale" and up.is_refresh then return nil end
  local _, lifetime = cache.shelf:lifetime(is_error)
  cache.shelf:keep(up.id, body, age, math.min(found.keep_for, lifetime - age))
  if state == "stale" then return { body = body, age = age, outcome = "stale" } end
  cache.shelf:count("redis_hit")
  return { body = body, age = age, outcome = "hit" }
end

--- What other machines have, or are about to have.
-- @treturn table|nil a landing; nil: it is on us to call the service
local function ask_machines(cache, up)
  local wish = { token = up.lock.token, gone = up.lock.gone, lock_ttl = cache.lock_ttl, is_refresh = up.is_refresh }
  local step, waited = FIRST_STEP, 0
  while waited < leader.longest_wait do
    local found, why = cache.redis:acquire(up.id, wish)
    if why then cache.shelf:count("redis_error") end
    if not found then return nil end
    up.locked_in_redis = found.locked
    local landing = take_from_redis(cache, up, found)
    if landing or found.locked then return landing end
    if up.is_refresh then return { pause = found.pause or BUSY_PAUSE } end
    wish.waited_for = found.holder or wish.waited_for
    ngx.sleep(step)
    waited = waited + step
    step = math.min(step * 2, LONGEST_STEP)
  end
end

--- Ends what was begun in Redis.
local function tell_machines(cache, up, landing)
  up.locked_in_redis = false
  local result
  if landing.called then
    result = { pause = up.is_refresh and landing.pause or nil }
    if landing.body and landing.keep_for then
      result.body, result.keep_for = landing.body, landing.keep_for
    else
      result.note, result.is_gone = landing.body, not landing.failed
    end
  end
  local done, why = cache.redis:release(up.id, up.lock.token, result)
  if not done and why then cache.shelf:count("redis_error") end
end

local function remember(cache, up, landing)
  local is_kept = landing.body and landing.keep_for
  if landing.body and not is_kept then up:leave_note(landing.body) end
  if not up.lock:is_ours() then return end
  if is_kept then
    cache.shelf:keep(up.id, landing.body, 0, landing.keep_for)
  elseif not landing.failed then
    cache.shelf:remove(up.id)
  end
end

--- With the lock among the workers in hand.
local function bring_locked(cache, up, fetch)
  local landing = cache.redis and ask_machines(cache, up)
  if not landing then
    landing = leader.call(cache, fetch)
    remember(cache, up, landing)
  end
  if landing.pause and up.is_refresh then cache.shelf:pause(up.id, landing.pause) end
  return landing
end

local function bring(cache, up, fetch)
  local locked, body, age = up:acquire(function() return cache.shelf:fresh_body(up.id) end, not up.is_refresh)
  if not locked then return { body = body, age = age, outcome = body and "shared" } end
  return up:keeping_alive(function() return bring_locked(cache, up, fetch) end, cache.redis and function()
    if up.locked_in_redis then cache.redis:renew(up.id, up.lock.token, cache.lock_ttl) end
  end)
end

--- Carries a flight through to its end, whatever happens on the way.
-- @tab cache
-- @tparam Flight up its `brought` is the landing afterwards, for the request that began it
-- @func fetch
function leader.lead(cache, up, fetch)
  up.has_begun = true
  local good, landing = pcall(bring, cache, up, fetch)
  up.brought = good and landing or { raised = { landing } }
  local reached = good and not landing.cancelled and landing or {}
  -- the workers first, then the machines, which may cost as much as Redis' timeout
  up.lock:release()
  up:land(reached)
  if up.locked_in_redis then tell_machines(cache, up, reached) end
end

return leader
