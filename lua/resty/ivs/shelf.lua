--- The cache's first level: what stands in the lua_shared_dict, and what is counted there.
--
-- Invariants: what we did not write, and what is damaged, is not there. Each client judges by its own options what stands
-- there, whoever wrote it. Nothing is kept for no time: to the dict zero seconds are for ever. A dict without room is no
-- failure.
-- Not for: who fetches (flight.lua), other machines (redis.lua).
-- @module resty.ivs.shelf

local entry = require "resty.ivs.entry"

local shelf = {}

local Shelf = { __name = "resty.ivs.shelf" }
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

--- What an answer is to this client.
-- @bool is_error
-- @number left seconds for which it is fresh; negative when it is no longer
-- @treturn string|nil "fresh", "stale", or nothing
function Shelf:state(is_error, left)
  local ttl = is_error and self.negative_ttl or self.ttl
  -- more than we would have given it: the clock was set back, or another client with a longer ttl wrote it
  if left > 0 and left <= ttl + CLOCKS and ttl > 0 then return "fresh" end
  if not is_error and -left < self.stale_ttl and self.stale_ttl > 0 then return "stale" end
end

--- @treturn string|nil "fresh" or "stale"
-- @treturn string|nil the sealed entry
function Shelf:look(id)
  local text = self.dict:get(id)
  local until_when = entry.time(text)
  if not until_when then return nil end
  return self:state(entry.is_error(text, entry.BODY), until_when - ngx.now()), text
end

--- The body of a fresh entry, or nothing.
function Shelf:fresh_body(id)
  local state, text = self:look(id)
  local body = state == "fresh" and text:sub(entry.BODY)
  return body and entry.is_sound(body) and body or nil
end

--- @string id
-- @string body
-- @number fresh_for seconds; negative for an answer that is stale by now
-- @number keep_for seconds in all
function Shelf:keep(id, body, fresh_for, keep_for)
  if keep_for < SHORTEST then return self.dict:delete(id) end
  local kept, why = self.dict:set(id, entry.seal(ngx.now() + fresh_for, body), keep_for)
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
