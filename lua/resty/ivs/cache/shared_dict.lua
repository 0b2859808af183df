--- The cache's first level: the answers in the lua_shared_dict, the pauses of their refreshes, and the counters.
--
-- Invariants: an entry that we did not write, or that is damaged, counts as absent. Each client judges an entry by its own options,
-- whoever wrote it. Nothing is stored for zero seconds, which to the dict means for ever. A full dict is no failure.
-- Not for: who fetches (fetch.lua), other machines (redis.lua).
-- @module resty.ivs.cache.shared_dict

local demand = require "resty.ivs.cache.demand"
local entry = require "resty.ivs.cache.entry"
local monotonic = require("ivs.core").private.monotonic

local shared_dict = {}

local Answers = { __name = "resty.ivs.cache.answers" }
Answers.__index = Answers

local COUNTERS = { "hit", "miss", "stale", "negative", "shared", "redis_hit", "redis_error" }
local COUNTER_KEY = {}
for _, name in ipairs(COUNTERS) do COUNTER_KEY[name] = "ivs:count:" .. name end

--- Seconds by which the clocks of two workers may differ: nginx reads the time once for each round of its loop.
local CLOCKS = 1

local SHORTEST = 0.001 -- seconds; the dict takes less as for ever

local ANSWER_KEY = "^ivs:[%w+/]+=$" -- as `shared_dict.key` makes it; no other key of ours has this form

local JITTER = 0.1 -- of the time for which an answer is fresh: answers that came together are not refreshed together

local WARN_AFTER = 60 -- seconds between two warnings about a full dict

--- @tab options `dict`: a member of ngx.shared; `locks`: another one or the same, for pauses; `ttl`, `stale_ttl`, `negative_ttl`:
--   seconds; `max_tps`: or false
function shared_dict.new(options)
  return setmetatable({ dict = options.dict, locks = options.locks, ttl = options.ttl, stale_ttl = options.stale_ttl,
    negative_ttl = options.negative_ttl, demand = options.max_tps and demand.new(options.locks, options.max_tps) or nil,
    warned_at = -math.huge }, Answers)
end

--- The dict's key for a key of any length. Nobody can construct a second key for an existing SHA-1.
function shared_dict.key(key)
  return "ivs:" .. ngx.encode_base64(ngx.sha1_bin(key))
end

--- Notes that an answer is asked for (demand.lua).
function Answers:note_asked(question)
  if self.demand then self.demand:note(question, question.group) end
end

--- Seconds for which an answer is fresh at most, and for which it may be served at all.
function Answers:lifetime(is_error)
  if is_error then return self.negative_ttl, self.negative_ttl end
  local ttl = self.ttl
  if self.demand then ttl = math.max(ttl, self.demand:ttl()) end
  return ttl, ttl + self.stale_ttl
end

--- The part of its time for which an answer is fresh. It follows from the milliseconds of the time when the service answered, so it is
-- the same for all workers.
local function part_of(age)
  local milliseconds = math.floor((ngx.now() - age) * 1000 + 0.5) % 1000
  return 1 - JITTER * milliseconds / 1000
end

--- Whether an answer is fresh for this client.
-- @bool is_error
-- @number age seconds
-- @treturn string|nil "fresh", "stale", or nothing
function Answers:state(is_error, age)
  local fresh_for, keep_for = self:lifetime(is_error)
  if keep_for > fresh_for then fresh_for = fresh_for * part_of(age) end
  if age < fresh_for and age >= -CLOCKS then return fresh_for > 0 and "fresh" or nil end -- else the clock was set back
  if age < keep_for and keep_for > fresh_for then return "stale" end
end

--- @treturn string|nil "fresh" or "stale"
-- @treturn string|nil the stored entry
-- @treturn number|nil its age in seconds
function Answers:look(id)
  local text = self.dict:get(id)
  local answered = entry.time(text)
  if not answered then return nil end
  local age = ngx.now() - answered
  return self:state(entry.is_error(text, entry.BODY), age), text, age
end

--- The body of a fresh entry, and its age; or nothing.
function Answers:fresh_body(id)
  local state, text, age = self:look(id)
  local body = state == "fresh" and text:sub(entry.BODY)
  if body and entry.is_valid(body) then return body, age end
end

--- Warns, at most once a minute in each worker, that the dict is full.
function Answers:warn(what)
  local now = monotonic()
  if now - self.warned_at < WARN_AFTER then return end
  self.warned_at = now
  local name = "?"
  for each, dict in pairs(ngx.shared) do
    if dict == self.dict then name = each end
  end
  ngx.log(ngx.WARN, "ivs: lua_shared_dict ", name, " is full: ", what, ". Make it larger, or keep answers for a shorter time ",
    "(cache.ttl, cache.stale_ttl)")
end

--- @string id
-- @string body
-- @number age seconds since the service answered
-- @number keep_for seconds from now
function Answers:keep(id, body, age, keep_for)
  if keep_for < SHORTEST then return self.dict:delete(id) end
  local kept, why, has_evicted = self.dict:set(id, entry.store(ngx.now() - age, body), keep_for)
  if not kept then self:warn("an answer was not cached (" .. tostring(why) .. ")") end
  if has_evicted then self:warn("an answer has evicted others, which are fetched again when they are asked for") end
end

function Answers:remove(id)
  self.dict:delete(id)
end

--- Removes all answers, and nothing else.
function Answers:remove_all()
  for _, key in ipairs(self.dict:get_keys(0)) do
    if key:find(ANSWER_KEY) then self.dict:delete(key) end
  end
end

--- Delays the next refresh.
-- @string id
-- @number seconds
function Answers:pause(id, seconds)
  self.locks:set(id .. ":pause", true, math.max(seconds, SHORTEST))
end

--- Whether the next refresh is still delayed.
function Answers:is_paused(id)
  return self.locks:get(id .. ":pause") ~= nil
end

--- Increments a counter of all workers.
function Answers:count(name)
  self.dict:incr(COUNTER_KEY[name], 1, 0)
end

--- @treturn table counter to number
function Answers:stats()
  local all = {}
  for _, name in ipairs(COUNTERS) do all[name] = tonumber(self.dict:get(COUNTER_KEY[name])) or 0 end
  return all
end

return shared_dict
