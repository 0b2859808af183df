--- The cache's first level: what stands in the lua_shared_dict, and what is counted there.
--
-- Invariants: what we did not write, and what is damaged, is not there. Nothing is kept for no time: to the dict zero
-- seconds are for ever. A dict without room is no failure.
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

--- @param dict a member of ngx.shared
-- @number longest seconds for which an entry is fresh at most
function shelf.new(dict, longest)
  return setmetatable({ dict = dict, longest = longest }, Shelf)
end

--- The dict's key for a key of any length. SHA-1 is long enough that nobody finds a second key for an entry.
function shelf.key(key)
  return "ivs:" .. ngx.encode_base64(ngx.sha1_bin(key))
end

--- @treturn string|nil "fresh" or "stale"
-- @treturn string|nil the sealed entry
function Shelf:look(id)
  local text = self.dict:get(id)
  local until_when = entry.time(text)
  if not until_when then return nil end
  local left = until_when - ngx.now()
  -- more than we would have given it: the clock was set back, or another client with a longer ttl wrote it
  if left > 0 and left <= self.longest + CLOCKS then return "fresh", text end
  if not entry.is_error(text, entry.BODY) then return "stale", text end
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
  if keep_for < 0.001 then return self.dict:delete(id) end
  local kept, why = self.dict:set(id, entry.seal(ngx.now() + fresh_for, body), keep_for)
  if not kept then ngx.log(ngx.WARN, "ivs: an answer was not remembered, the lua_shared_dict is too small: ", why) end
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
