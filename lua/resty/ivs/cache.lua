--- Answers that are remembered: in a lua_shared_dict for the workers of one nginx, and in a Redis for many machines.
--
--     cache:get(key, fetch)
--       fresh in the dict     served; no upstream call, no lock, no wait                                        "hit"
--       stale in the dict     served at once, while exactly one refresh runs in a timer                         "stale"
--       not in the dict       one request fetches (flight.lua), all others that ask meanwhile get what it brings
--
-- A refresh that fails leaves the stale answer where it is, and is tried again after a pause: so it serves while the
-- service throttles, fails, or can't be reached. An answer of the service about the resource (not found, access denied)
-- is no such failure and replaces it. Of failures only ResourceNotFoundException is remembered.
--
-- Invariants: nothing here is a condition for an answer. A dict that is full, a Redis that is away, timers that are
-- exhausted, a leader that was killed, an entry that is damaged: each ends in a call of the service, in bounded time.
-- Keys are hashed, so neither a key's length nor what it holds reaches the dict or Redis.
-- Not for: what makes two answers differ. That is the caller's, who builds the key.
-- @module resty.ivs.cache

local copies = require "resty.ivs.copies"
local entry = require "resty.ivs.entry"
local flight = require "resty.ivs.flight"
local members = require "resty.ivs.members"
local redis = require "resty.ivs.redis"
local shelf = require "resty.ivs.shelf"

local cache = {}

local Cache = { __name = "resty.ivs.cache" }
Cache.__index = Cache

local NOT_FOUND = "ResourceNotFoundException"
local REFRESH_PAUSE = 5 -- seconds after a refresh that failed, if ttl is not less
local BUSY_PAUSE = 0.2 -- seconds after a refresh that another machine was at
local FIRST_STEP, LONGEST_STEP = 0.001, 0.05 -- seconds between two looks at another machine's lock
local LONGEST = 366 * 86400

local function is_dict(value)
  return type(value) == "string" or type(value) == "table" and type(value.incr) == "function"
end

local ROWS = {
  dict = { type = "the name of a lua_shared_dict or ngx.shared's member", is = is_dict, needed = true },
  ttl = { type = "number", above = 0, most = LONGEST, default = 30 },
  stale_ttl = { type = "number", least = 0, most = LONGEST, default = 300 },
  negative_ttl = { type = "number", least = 0, most = LONGEST, default = 5 },
  lock_ttl = { type = "number", least = 0.1, most = 3600, default = 5 },
  redis = { type = "table" },
}

--- Makes a cache. Does no I/O; works in every phase, init included.
--
-- A recording configuration can't be changed, only deleted, tagged, and become ACTIVE; so the default `ttl` is 30 s, which
-- keeps 90 of them fresh within the quota of 3 calls a second, and an old answer is worth serving for five minutes more.
-- @tab options
--
-- - `dict`: the name of a lua_shared_dict, or ngx.shared's member; other keys in it are left alone
-- - `ttl` (30): seconds for which an answer is fresh
-- - `stale_ttl` (300): seconds after that for which it may still be served
-- - `negative_ttl` (5): seconds for which ResourceNotFoundException is remembered; 0: not at all
-- - `lock_ttl` (5): seconds for which a key stays locked when the worker that fetched it has crashed. It may be shorter
--   than a fetch: the lock is renewed as long as the fetch runs
-- - `redis`: a second level for many machines, see resty.ivs.redis
-- @treturn Cache|nil
-- @treturn string|nil what is wrong, for the caller to raise
function cache.new(options)
  local self, why = members.check(ROWS, options, "cache")
  if not self then return nil, why end
  if type(self.dict) == "string" then
    local dict = ngx.shared[self.dict]
    if not dict then
      return nil, ("option 'cache.dict': nginx has no lua_shared_dict '%s' (write `lua_shared_dict %s 10m;` in http {})")
        :format(self.dict, self.dict)
    end
    self.dict = dict
  end
  if self.redis then
    self.redis, why = redis.new(self.redis)
    if not self.redis then return nil, why end
  end
  self.longest = math.max(self.ttl, self.negative_ttl)
  self.copies = copies.new()
  self.shelf = shelf.new(self.dict, self.longest)
  return setmetatable(self, Cache)
end

-- The leader of a flight ------------------------------------------------------------------------------------------------
--
-- What it brings is a landing: `body` (for all who waited) and `outcome`; and when the service was `called`: `response` or
-- `err` (the leader's own), `fresh_for` and `stale_for` of what is to be remembered, else `failed` (what is remembered
-- stays) or not (it goes); `pause` before the next refresh.

--- Whether an error is the service's word about the resource, and not a failure to get one.
local function is_answer(err)
  return type(err) == "table" and err.kind == "service" and not err.retryable and (tonumber(err.status) or 0) < 500
end

--- Asks the service.
local function call(self, fetch)
  local response, err = fetch()
  local landing = { called = true, outcome = "miss", response = response, err = err }
  if response then
    landing.body = entry.of_response(response)
    landing.fresh_for, landing.stale_for = self.ttl, self.stale_ttl
    return landing
  end
  landing.body = entry.of_error(err)
  landing.failed = not is_answer(err)
  if landing.failed then
    landing.pause = math.min(self.ttl, REFRESH_PAUSE)
  elseif err.code == NOT_FOUND and self.negative_ttl > 0 then
    landing.fresh_for, landing.stale_for = self.negative_ttl, 0
  end
  return landing
end

local function take_from_redis(self, up, found)
  local body, fresh_for = found.body, math.min(found.fresh_for, self.longest)
  if found.locked then self.redis:release(up.id, up.token) end
  self.shelf:keep(up.id, body, fresh_for, found.keep_for)
  if fresh_for <= 0 then return { body = body, outcome = "stale" } end
  self.shelf:count("redis_hit")
  return { body = body, outcome = "hit" }
end

--- What other machines have, or are about to have.
-- @treturn table|nil a landing; nil: it is on us to call the service
local function ask_machines(self, up)
  local step = FIRST_STEP
  while true do
    local found, why = self.redis:acquire(up.id, up.token, self.lock_ttl)
    if why then self.shelf:count("redis_error") end
    if not found then return nil end
    if found.body and not entry.is_sound(found.body) then found.body = nil end
    -- a stale answer serves, too, but not in place of the refresh that is due
    if found.body and (found.fresh_for > 0 or not up.is_refresh and not entry.is_error(found.body)) then
      return take_from_redis(self, up, found)
    end
    up.locked_in_redis = found.locked
    if found.locked then return nil end
    if up.is_refresh then return { pause = BUSY_PAUSE } end
    ngx.sleep(step)
    step = math.min(step * 2, LONGEST_STEP)
  end
end

--- Publishes what was fetched to the machines.
local function tell_machines(self, up, landing)
  up.locked_in_redis = false
  local done, why
  if landing.body and landing.fresh_for then
    done, why = self.redis:publish(up.id, up.token, landing.body, landing.fresh_for, landing.stale_for)
  elseif landing.called and not landing.failed then
    done, why = self.redis:remove(up.id, up.token)
  else
    done, why = self.redis:release(up.id, up.token)
  end
  if not done and why then self.shelf:count("redis_error") end
end

local function remember(self, up, landing)
  if landing.body and landing.fresh_for then
    self.shelf:keep(up.id, landing.body, landing.fresh_for, landing.fresh_for + landing.stale_for)
    return
  end
  if not landing.failed then self.dict:delete(up.id) end
  if landing.body then up:leave_note(landing.body) end
end

--- With the lock among the workers in hand.
local function bring_locked(self, up, fetch)
  local landing = self.redis and ask_machines(self, up)
  if not landing then
    landing = call(self, fetch)
    remember(self, up, landing)
  end
  if landing.pause and up.is_refresh then self.dict:set(up.id .. ":pause", true, landing.pause) end
  return landing
end

local function bring(self, up, fetch)
  local locked, body = up:lock(function() return self.shelf:fresh_body(up.id) end, not up.is_refresh)
  if not locked then return { body = body, outcome = body and "shared" } end
  return up:keeping_alive(function() return bring_locked(self, up, fetch) end, self.redis and function()
    if up.locked_in_redis then self.redis:renew(up.id, up.token, self.lock_ttl) end
  end)
end

--- Carries a flight through to its end, whatever happens on the way. An error that `fetch` raises is raised.
local function lead(self, up, fetch)
  local good, landing = pcall(bring, self, up, fetch)
  local reached = good and landing or {}
  -- the workers first, then the machines, which may cost as much as Redis' timeout
  up:unlock()
  up:land(reached)
  if up.locked_in_redis then tell_machines(self, up, reached) end
  if not good then error(landing, 0) end
  return landing
end

-- Whoever asks ------------------------------------------------------------------------------------------------------------

local function marked(response, outcome)
  response.ResponseMetadata.Cache = outcome
  return response, nil, outcome
end

--- The leader's own result of a call that it made.
local function deliver(self, landing)
  self.shelf:count("miss")
  if not landing.response then return nil, landing.err, "miss" end
  return marked(landing.response, "miss")
end

local OUTCOME = { hit = "hit", shared = "hit", stale = "stale" }

--- What others brought, as this request's own copy.
-- @string counted the counter
local function share(self, landing, counted)
  local response, err = entry.decode(landing.body)
  if counted == "hit" and err then counted = "negative" end
  self.shelf:count(counted)
  if response then return marked(response, OUTCOME[landing.outcome] or "hit") end
  return nil, err, landing.outcome == "hit" and "hit" or "miss"
end

local serve_stale

--- Nothing in the dict: leads the key's flight, or waits for it.
local function fly(self, id, fetch)
  local board, gone = flight.board(self.dict), nil
  while board[id] do
    local up = board[id]
    if up:wait() then
      local landing = up.landing
      if landing.body then return share(self, landing, landing.outcome == "stale" and "stale" or "shared") end
      if landing.err then return nil, landing.err, "miss" end -- JSON can't hold it
    elseif up:is_up() then
      gone = up
      break
    end
  end
  local up = flight.begin(self.dict, id, self.lock_ttl, gone)
  local landing = lead(self, up, fetch)
  if landing.called then return deliver(self, landing) end
  if landing.outcome == "stale" then return serve_stale(self, id, entry.decode(landing.body), fetch) end
  return share(self, landing, landing.outcome)
end

local function refresh(premature, self, up, fetch)
  up.has_begun = true
  if premature or not up:is_up() then return up:land({}) end
  lead(self, up, fetch)
end

--- Has the stale answer refreshed, once among all: in a timer; where there is none, by this request.
-- @treturn table|nil the landing, if it was this request
local function refresh_somehow(self, id, fetch)
  local up = flight.board(self.dict)[id]
  if up and not up:is_silent() then return nil end
  if ngx.worker.exiting() or self.dict:get(id .. ":pause") or self.dict:get(id .. ":lock") then return nil end
  -- nginx drops timers without a word to us when too many of them run (lua_max_running_timers)
  local dropped = up and not up.has_begun
  up = flight.begin(self.dict, id, self.lock_ttl, up)
  up.is_refresh = true
  if not dropped and ngx.timer.at(0, refresh, self, up, fetch) then return nil end
  up.has_begun = true
  if flight.can_wait() then return lead(self, up, fetch) end
  up:land({})
end

function serve_stale(self, id, response, fetch)
  local landing = refresh_somehow(self, id, fetch)
  if landing and landing.called and not landing.failed then return deliver(self, landing) end
  self.shelf:count("stale")
  return marked(response, "stale")
end

--- The answer for a key: remembered, or fetched by this request, or by another that is at it.
-- @string key everything that makes two answers differ, in any length
-- @func fetch () → response, or nil and an error object. It may run in a timer, after the request has ended. Its tables
--   are handed over. What it raises is raised.
-- @treturn table|nil the response, the caller's own, with `ResponseMetadata.Cache`
-- @treturn table|nil the error object
-- @treturn string "hit": remembered, or fetched by another request that was at it; "stale": remembered, no longer fresh;
--   "miss": the service was called for this, or for another request whose failure this shares
function Cache:get(key, fetch)
  local id = shelf.key(key)
  local state, text = self.shelf:look(id)
  if state == "fresh" then
    local response, err = self.copies:decode(id, text)
    if response then
      self.shelf:count("hit")
      return marked(response, "hit")
    elseif err then
      self.shelf:count("negative")
      return nil, err, "hit"
    end
  elseif state == "stale" then
    local response = self.copies:decode(id, text)
    if response then return serve_stale(self, id, response, fetch) end
  end
  if flight.can_wait() then return fly(self, id, fetch) end
  -- no waiting here, so neither locks nor flights; `fetch` will say what this phase can't do
  return deliver(self, call(self, fetch))
end

--- Counters since nginx was started, kept in the dict: of all workers and of all caches that use the dict. Each `get` counts
-- once as `hit`, `miss`, `stale` (served, refreshed in the background), `negative` (a remembered ResourceNotFoundException)
-- or `shared` (waited for another's fetch); `redis_hit` counts answers taken from Redis, by whatever asked for them, and
-- `redis_error` operations of Redis that failed.
-- @treturn table
function Cache:stats()
  return self.shelf:stats()
end

return cache
