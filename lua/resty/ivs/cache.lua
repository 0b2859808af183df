--- Answers that are remembered: in a lua_shared_dict for the workers of one nginx, and in a Redis for many machines.
--
--     cache:get(cache.id(key), fetch)
--       fresh in the dict     served; no upstream call, no lock, no wait                                        "hit"
--       stale in the dict     served at once, while exactly one refresh runs in a timer                         "stale"
--       not in the dict       one timer fetches (flight.lua), all that ask meanwhile get what it brings
--
-- A fetch belongs to no request, so it ends, and its answer is kept, though every client that asked for it goes away.
-- A refresh that fails leaves the stale answer where it is, and is tried again after a pause: so it serves while the
-- service throttles, fails, or can't be reached. An answer of the service about the resource (leader.lua) is no such failure
-- and replaces it. Of failures only ResourceNotFoundException is remembered.
--
-- Invariants: nothing here is a condition for an answer. A dict that is full, a Redis that is away, timers that are
-- exhausted, a leader that was killed, an entry that is damaged: each ends in a call of the service, in bounded time.
-- Keys are hashed, so neither a key's length nor what it holds reaches the dict or Redis.
-- Not for: what makes two answers differ. That is the caller's, who builds the key.
-- @module resty.ivs.cache

local background = require "resty.ivs.cache.background"
local copies = require "resty.ivs.cache.copies"
local entry = require "resty.ivs.cache.entry"
local flight = require "resty.ivs.cache.single_flight"
local leader = require "resty.ivs.cache.leader"
local members = require "resty.ivs.members"
local redis = require "resty.ivs.cache.redis"
local shelf = require "resty.ivs.cache.shared_dict"

local cache = {}

local Cache = { __name = "resty.ivs.cache" }
Cache.__index = Cache

local LONGEST = 366 * 86400

local function is_dict(value)
  return type(value) == "string" or type(value) == "table" and type(value.incr) == "function"
end

local ROWS = {
  dict = { type = "the name of a lua_shared_dict or ngx.shared's member", is = is_dict, needed = true },
  ttl = { type = "number", above = 0, most = LONGEST, default = 30 },
  stale_ttl = { type = "number", least = 0, most = LONGEST, default = 300 },
  negative_ttl = { type = "number", least = 0, most = LONGEST, default = 5 },
  lock_ttl = { type = "number", least = 0.1, most = 3600, default = 1.5 },
  identity = { type = "string" }, -- for identity.lua
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
-- - `lock_ttl` (1.5): seconds for which a key stays locked when the request or the worker that fetched it is gone. It may be
--   shorter than a fetch: the lock is renewed as long as the fetch runs
-- - `identity`: whose answers these are, in a text of the user's own, in place of what the settings tell (identity.lua)
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
  self.copies = copies.new()
  self.shelf = shelf.new(self.dict, self)
  return setmetatable(self, Cache)
end

-- Whoever asks ------------------------------------------------------------------------------------------------------------

--- @number age seconds since the service answered, as the clocks have it
local function marked(response, outcome, age)
  local metadata = response.ResponseMetadata
  metadata.Cache, metadata.Age = outcome, math.floor(math.max(age, 0) * 1000 + 0.5) / 1000
  return response, nil, outcome
end

--- The result of a call, for the request that had it made.
local function deliver(self, landing)
  self.shelf:count("miss")
  if not landing.response then return nil, landing.err, "miss" end
  return marked(landing.response, "miss", 0)
end

local OUTCOME = { hit = "hit", shared = "hit", stale = "stale" }

--- What others brought, as this request's own copy.
-- @string counted the counter
local function share(self, landing, counted)
  local response, err = entry.decode(landing.body)
  if counted == "hit" and err then counted = "negative" end
  self.shelf:count(counted)
  if response then return marked(response, OUTCOME[landing.outcome] or "hit", landing.age or 0) end
  return nil, err, landing.outcome == "hit" and "hit" or "miss"
end

local serve_stale

--- What the flight that this request began has brought.
local function take_own(self, id, landing, fetch)
  if landing.raised then error(landing.raised[1], 0) end
  if landing.called then return deliver(self, landing) end
  if landing.outcome == "stale" then return serve_stale(self, id, entry.decode(landing.body), landing.age, fetch) end
  return share(self, landing, landing.outcome)
end

--- Nothing in the dict: begins the key's flight, or waits for it.
local function fly(self, id, fetch)
  local board, gone = flight.board(self.dict), nil
  while true do
    local up, is_own = board[id], false
    if not up or up == gone then
      up, is_own = flight.begin(self.dict, id, self.lock_ttl, gone), true
      if gone or not background.lead(self, up, fetch) then leader.lead(self, up, fetch) end
    end
    local landing = up:wait() and up.landing
    if not landing then
      gone = up:is_up() and up or nil
    elseif is_own and up.brought then
      return take_own(self, id, up.brought, fetch)
    elseif landing.body then
      return share(self, landing, landing.outcome == "stale" and "stale" or "shared")
    elseif landing.called then -- what can't be shared: each for itself
      return deliver(self, leader.call(self, fetch))
    end
  end
end

--- Where nginx takes no timers: ngx.timer.at raises there, or the timer never runs.
local WITHOUT_TIMERS = { init = true, exit_worker = true }

--- Has the stale answer refreshed, once among all: in a timer; where there is none, by this request.
-- @treturn table|nil the landing, if it was this request
local function refresh_somehow(self, id, fetch)
  if WITHOUT_TIMERS[ngx.get_phase()] then return nil end
  local up = flight.board(self.dict)[id]
  if up and not up:is_silent() then return nil end
  if ngx.worker.exiting() or self.shelf:is_paused(id) or self.dict:get(id .. ":lock") then return nil end
  -- nginx drops timers without a word to us when too many of them run (lua_max_running_timers)
  local dropped = up and not up.has_begun
  up = flight.begin(self.dict, id, self.lock_ttl, up)
  up.is_refresh = true
  if not dropped and background.lead(self, up, fetch) then return nil end
  if not flight.can_wait() then return up:land({}) end
  leader.lead(self, up, fetch)
  return up.brought
end

function serve_stale(self, id, response, age, fetch)
  local landing = refresh_somehow(self, id, fetch)
  if landing and landing.raised then error(landing.raised[1], 0) end
  if landing and landing.called and not landing.failed then return deliver(self, landing) end
  self.shelf:count("stale")
  return marked(response, "stale", age)
end

--- What an answer is kept under.
-- @string key everything that makes two answers differ, in any length
-- @treturn string id
function Cache.id(key)
  return shelf.key(key)
end

--- The answer of an id: remembered, or fetched now, for all that ask meanwhile.
-- @string id
-- @func fetch () → response, or nil and an error object; and third, whether that is for another id than this. It runs in a
--   timer, maybe after the request has ended; in the request only where nginx has no timer for it. Its tables are handed
--   over. What it raises is raised.
-- @treturn table|nil the response, the caller's own, with `ResponseMetadata.Cache` and `ResponseMetadata.Age`
-- @treturn table|nil the error object
-- @treturn string "hit": remembered, or fetched by another request that was at it; "stale": remembered, no longer fresh;
--   "miss": the service was called for this, or for another request whose failure this shares
function Cache:get(id, fetch)
  local state, text, age = self.shelf:look(id)
  if state == "fresh" then
    local response, err = self.copies:decode(id, text)
    if response then
      self.shelf:count("hit")
      return marked(response, "hit", age)
    elseif err then
      self.shelf:count("negative")
      return nil, err, "hit"
    end
  elseif state == "stale" then
    local response = self.copies:decode(id, text)
    if response then return serve_stale(self, id, response, age, fetch) end
  end
  if flight.can_wait() then return fly(self, id, fetch) end
  -- no waiting here, so neither locks nor flights; `fetch` will say what this phase can't do
  return deliver(self, leader.call(self, fetch))
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
