--- Cached answers: in a lua_shared_dict for the workers of one nginx, and in a Redis for many machines.
--
--     cache:get(cache.id(key), call_service)
--       fresh in the dict     served; no upstream call, no lock, no wait                                        "hit"
--       stale in the dict     served at once, always; at most one refresh runs, in a timer    "stale"
--       not in the dict       one timer fetches (fetch.lua); all who ask meanwhile get its result
--
-- A fetch belongs to no request, so it is completed and cached even if every client that asked for it goes away. A refresh that
-- fails leaves the stale answer in place and is tried again after a pause; so the stale answer is served while the service
-- throttles, fails, or cannot be reached. An error about the resource itself (result.lua) replaces it. Of errors only
-- ResourceNotFoundException is cached.
--
-- Invariants: the cache is never a condition for an answer. A full dict, an unreachable Redis, exhausted timers, a killed leader, a
-- damaged entry: each ends in a call of the service, in bounded time. Keys are hashed, so neither the length of a key nor its
-- content reaches the dict or Redis.
-- Not for: what makes two answers differ; the caller builds the key.
-- @module resty.ivs.cache

local entry = require "resty.ivs.cache.entry"
local failure = require "ivs.failure"
local fetch = require "resty.ivs.cache.fetch"
local options = require "resty.ivs.options"
local phases = require "resty.ivs.phases"
local redis = require "resty.ivs.cache.redis"
local shared_dict = require "resty.ivs.cache.shared_dict"

local cache = {}

local Cache = { __name = "resty.ivs.cache" }
Cache.__index = Cache

local LONGEST = 366 * 86400

local function is_dict(value)
  return type(value) == "string" or type(value) == "table" and type(value.incr) == "function"
end

local DICT = "the name of a lua_shared_dict or ngx.shared's member"

local ROWS = {
  dict = { type = DICT, is = is_dict, required = true },
  locks = { type = DICT, is = is_dict },
  ttl = { type = "number", above = 0, most = LONGEST, default = 30 },
  stale_ttl = { type = "number", least = 0, most = LONGEST, default = 300 },
  negative_ttl = { type = "number", least = 0, most = LONGEST, default = 5 },
  lock_ttl = { type = "number", least = 0.1, most = 3600, default = 1.5 },
  lru_size = { type = "integer", least = 0, most = 1e6, default = 1000 },
  max_tps = { type = "number", or_false = true, above = 0, most = 1000, default = 3 }, -- for pace.lua
  identity = { type = "string" }, -- for identity.lua
  redis = { type = "table" },
}

--- The dict of an option that may be its name. Returns nil and what is wrong if nginx has none of that name.
local function find_dict(option, value)
  if type(value) ~= "string" then return value end
  local dict = ngx.shared[value]
  if dict then return dict end
  return nil, ("option 'cache.%s': nginx has no lua_shared_dict '%s' (write `lua_shared_dict %s 10m;` in http {})")
    :format(option, value, value)
end

--- Makes a cache. Does no I/O; works in every phase, init included.
--
-- A recording configuration cannot be changed, only deleted, tagged, and become ACTIVE. The default `ttl` of 30 s keeps 75 of them
-- fresh within the quota of 3 calls a second (demand.lua makes it longer for more), and an old answer is worth serving for five minutes more.
-- @tab given
--
-- - `dict`: the name of a lua_shared_dict, or ngx.shared's member; other keys in it are left alone
-- - `ttl` (30): seconds for which an answer is fresh
-- - `stale_ttl` (300): seconds after that for which it may still be served
-- - `negative_ttl` (5): seconds for which ResourceNotFoundException is cached; 0: not at all
-- - `max_tps` (3): requests a second that cached clients send for each account and region, over all workers that share the dict,
--   with `redis` over all machines; false: no limit (pace.lua)
-- - `lru_size` (1000): decoded answers that each worker keeps, those used last; 0: none. The dict still decides what is served;
--   a kept answer only saves decoding its JSON again
-- - `locks`: another lua_shared_dict, for locks, pauses and the pace; then a full `dict` cannot evict them. Without it they are in
--   `dict`
-- - `lock_ttl` (1.5): seconds for which a key stays locked after the worker that fetched it is gone. It may be shorter than a
--   fetch: the lock is renewed as long as the fetch runs
-- - `identity`: whose answers these are, in a text of the user's own, instead of what the settings say (identity.lua)
-- - `redis`: a second level for many machines, see redis.lua
-- @treturn Cache|nil
-- @treturn string|nil what is wrong, for the caller to raise
function cache.new(given)
  local self, why = options.check(ROWS, given, "cache")
  if not self then return nil, why end
  self.locks = self.locks or self.dict
  for _, option in ipairs { "dict", "locks" } do
    self[option], why = find_dict(option, self[option])
    if not self[option] then return nil, why end
  end
  if self.redis then
    self.redis, why = redis.new(self.redis)
    if not self.redis then return nil, why end
  end
  self.decode = entry.decoder(self.lru_size)
  self.answers = shared_dict.new(self)
  return setmetatable(self, Cache)
end

-- Callers ----------------------------------------------------------------------------------------------------------------

--- @number age seconds since the service answered, by the clocks
local function marked(response, outcome, age)
  local metadata = response.ResponseMetadata
  metadata.Cache, metadata.Age = outcome, math.floor(math.max(age, 0) * 1000 + 0.5) / 1000
  return response, nil, outcome
end

--- The result of a call, for the request that had it made.
local function deliver(self, result)
  self.answers:count("miss")
  if not result.response then return nil, result.err, "miss" end
  return marked(result.response, "miss", 0)
end

local OUTCOME = { hit = "hit", shared = "hit", stale = "stale" }

--- Another one's result, as this request's own copy.
-- @string counter
local function share(self, result, counter)
  local response, err = entry.decode(result.body)
  if counter == "hit" and err then counter = "negative" end
  self.answers:count(counter)
  if response then return marked(response, OUTCOME[result.outcome] or "hit", result.age or 0) end
  return nil, err, result.outcome == "hit" and "hit" or "miss"
end

local serve_stale

--- The result of the fetch that this request started.
local function take_own(self, id, result, call_service)
  if result.raised then error(result.raised[1], 0) end
  if result.called then return deliver(self, result) end
  if result.outcome == "stale" then return serve_stale(self, id, entry.decode(result.body), result.age, call_service) end
  return share(self, result, result.outcome)
end

local function calls_itself()
  return nil, failure.new("config", "InvalidConfigError", "a function of this client's options (transport, logger, credentials) asks "
    .. "it for the answer that it is fetching: let it use another client"), "miss"
end

--- Nothing in the dict: starts the fetch, or waits for it.
local function fetch_once(self, id, call_service)
  local unfinished, abandoned = fetch.unfinished(self.dict), nil
  while true do
    local running, is_own = unfinished[id], false
    if not running or running == abandoned then
      running, is_own = fetch.start(self, id, call_service, abandoned), true
    end
    local result, why = running:wait()
    if why == "deadlock" then return calls_itself() end
    if not result then
      abandoned = unfinished[id] == running and running or nil
    elseif is_own and running.own_result then
      return take_own(self, id, running.own_result, call_service)
    elseif result.body then
      return share(self, result, result.outcome == "stale" and "stale" or "shared")
    elseif result.called then -- a result that cannot be shared: each calls for itself
      return deliver(self, fetch.alone(self, call_service))
    end
  end
end

--- Phases without timers: ngx.timer.at raises there, or the timer never runs.
local WITHOUT_TIMERS = { init = true, exit_worker = true }

function serve_stale(self, id, response, age, call_service)
  if not WITHOUT_TIMERS[ngx.get_phase()] and not ngx.worker.exiting() then fetch.refresh(self, id, call_service) end
  self.answers:count("stale")
  return marked(response, "stale", age)
end

--- The id of an answer.
-- @string key everything that makes two answers differ, of any length
-- @treturn string
function Cache.id(key)
  return shared_dict.key(key)
end

--- The answer of an id if it is fresh in the dict: the response; or nil and an error object; or nothing.
local function get_fresh(self, id, text, age)
  local response, err = self.decode(id, text)
  if response then
    self.answers:count("hit")
    return marked(response, "hit", age)
  elseif err then
    self.answers:count("negative")
    return nil, err, "hit"
  end
end

--- The answer of an id: cached, or fetched now for all who ask meanwhile.
-- @string id
-- @func call_service (urgency) → response, or nil and an error object; and third, whether that is for another id than this. It runs
--   in a timer, perhaps after the request has ended; in the request only if nginx has no timer for it. The cache takes over its tables.
--   An error that it raises is raised. `urgency` is nil, or for a refresh the table that pace.lua reads.
-- @treturn table|nil the response, the caller's own, with `ResponseMetadata.Cache` and `ResponseMetadata.Age`
-- @treturn table|nil the error object
-- @treturn string "hit": cached, or fetched by another request at the same time; "stale": cached, no longer fresh; "miss": the
--   service was called for this request, or for another one whose failure this one shares
function Cache:get(id, call_service)
  local state, text, age = self.answers:look(id)
  if state == "fresh" then
    local response, err, outcome = get_fresh(self, id, text, age)
    if outcome then return response, err, outcome end
  elseif state == "stale" then
    local response = self.decode(id, text)
    if response then return serve_stale(self, id, response, age, call_service) end
  end
  if (phases.check()) then return fetch_once(self, id, call_service) end
  -- this phase cannot wait, so there are neither locks nor flights; `call_service` returns the error that says so
  return deliver(self, fetch.alone(self, call_service))
end

--- The answer of an id as it is in the dict, without a call, a wait or a count.
-- @treturn table|nil the response, as `get` returns it
-- @treturn table|nil the error object that is cached
function Cache:peek(id)
  local state, text, age = self.answers:look(id)
  if not state then return nil end
  local response, err = self.decode(id, text)
  if not response then return nil, err end
  return (marked(response, state == "fresh" and "hit" or "stale", age))
end

--- Removes the answer of an id from the dict and from Redis. The dicts of other machines keep theirs for its `ttl`.
-- @treturn boolean|nil true; nil if Redis failed
-- @treturn string|nil why
function Cache:delete(id)
  self.answers:remove(id)
  if self.redis then return self.redis:remove(id) end
  return true
end

--- Removes all answers of all clients from the dict, and from Redis, of a cluster from those nodes that this worker has met. Takes the
-- longer the more there are.
-- @treturn boolean|nil true; nil if Redis failed
-- @treturn string|nil why
function Cache:purge()
  self.answers:remove_all()
  if self.redis then return self.redis:remove_all() end
  return true
end

--- Counters since nginx was started, kept in the dict: of all workers and of all caches that use the dict. Each `get` counts once, as
-- `hit`, `miss`, `stale` (served, refreshed in the background), `negative` (a cached ResourceNotFoundException) or `shared` (waited
-- for another one's fetch). `redis_hit` counts answers taken from Redis for whatever reason, `redis_error` failed operations.
-- @treturn table
function Cache:stats()
  return self.answers:stats()
end

return cache
