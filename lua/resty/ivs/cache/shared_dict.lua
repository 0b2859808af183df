--- The cache's first level: what stands in the lua_shared_dict, and what is counted there.
--
-- Invariants: what we did not write, and what is damaged, is not there. Each client judges by its own options what stands
-- there, whoever wrote it. Nothing is kept for no time: to the dict zero seconds are for ever. A dict without room is no
-- failure.
-- Not for: who fetches (flight.lua), other machines (redis.lua).
-- @module resty.ivs.cache.shared_dict

local entry = require "resty.ivs.cache.entry"

local shelf = {}

local Shelf = { __name = "resty.ivs.cache.shared_dict" }
Shelf.__index = Shelf

local COUNTERS = { "hit", "miss", "stale", "negative", "shared", "redis_hit", "redis_error" }
local COUNTER_KEY = {}
for _, name in ipairs(COUNTERS) do COUNTER_KEY[name] = "ivs:count:" .. name end

--- What the clocks of two workers differ by: nginx reads the time once for all that it does at once.
local CLOCKS = 1

local SHORTEST = 0.001 -- seconds; less is for ever

--- @param dict a member of ngx.shared
-- @tab times `ttl`, `stale_ttl`, `negative_ttl`: seconds
function shelf.new(dict, times)
  return setmetatable({ dict = dict, ttl = times.ttl, stale_ttl = times.stale_ttl, negative_ttl = times.negative_ttl }, Shelf)
end

--- The dict's key for a key of any length. SHA-1 is long enough that nobody finds a second key for an entry.
function shelf.key(key)
  return "ivs:" .. ngx.encode_base64(ngx.sha1_bin(key))
end

--- Seconds for which an answer is fresh, and for which it is of any use.
function Shelf:lifetime(is_error)
  if is_error then return self.negative_ttl, self.negative_ttl end
  return self.ttl, self.ttl + self.stale_ttl
end

--- What an answer is to this client.
-- @bool is_error
-- @number age seconds
-- @treturn string|nil "fresh", "stale", or nothing
function Shelf:state(is_error, age)
  local fresh_for, keep_for = self:lifetime(is_error)
  if age < fresh_for and age >= -CLOCKS then return fresh_for > 0 and "fresh" or nil end -- else the clock was set back
  if age < keep_for and keep_for > fresh_for then return "stale" end
end

--- @treturn string|nil "fresh" or "stale"
-- @treturn string|nil the sealed entry
-- @treturn number|nil its age in seconds
function Shelf:look(id)
  local text = self.dict:get(id)
  local answered = entry.time(text)
  if not answered then return nil end
  local age = ngx.now() - answered
  return self:state(entry.is_error(text, entry.BODY), age), text, age
end

--- The body of a fresh entry, and its age; or nothing.
function Shelf:fresh_body(id)
  local state, text, age = self:look(id)
  local body = state == "fresh" and text:sub(entry.BODY)
  if body and entry.is_sound(body) then return body, age end
end

--- @string id
-- @string body
-- @number age seconds since the service answered
-- @number keep_for seconds from now
function Shelf:keep(id, body, age, keep_for)
  if keep_for < SHORTEST then return self.dict:delete(id) end
  local kept, why = self.dict:set(id, entry.seal(ngx.now() - age, body), keep_for)
  if not kept then ngx.log(ngx.WARN, "ivs: an answer was not remembered, the lua_shared_dict is too small: ", why) end
end

function Shelf:remove(id)
  self.dict:delete(id)
end

--- Lets a while pass before the next refresh.
-- @string id
-- @number seconds
function Shelf:pause(id, seconds)
  self.dict:set(id .. ":pause", true, math.max(seconds, SHORTEST))
end

--- Whether that while has not passed.
function Shelf:is_paused(id)
  return self.dict:get(id .. ":pause") ~= nil
end

--- Counts one more, for all workers.
function Shelf:count(name)
  self.dict:incr(COUNTER_KEY[name], 1, 0)
end

--- @treturn table counter to number
function Shelf:stats()
  local all = {}
  for _, name in ipairs(COUNTERS) do all[name] = tonumber(self.dict:get(COUNTER_KEY[name])) or 0 end
  return all
end

return shelf
