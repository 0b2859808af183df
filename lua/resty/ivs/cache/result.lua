--- What the fetch of an answer results in, and which of the service's responses may be cached.
--
-- A result has `body` (for the waiters), its `age` (seconds; 0 if there is none) and `outcome`. If the service was `called`:
-- `response` or `err` (the leader's own); `keep_for` (seconds) if the answer is to be cached; otherwise `failed` tells whether the
-- old entry stays; `pause` (seconds) before the next refresh. A result that is `cancelled` is the leader's alone, and so is one with
-- `raised`, a list of the value that the call raised.
--
-- Not for: who fetches, and where the result goes (fetch.lua).
-- @module resty.ivs.cache.result

local entry = require "resty.ivs.cache.entry"

local result = {}

local REFRESH_PAUSE = 5 -- seconds after a refresh that failed, if ttl is not less

--- The service's errors about the resource itself. Any other error says nothing about it: expired credentials, a wrong signature,
-- a proxy's own 403.
local ANSWERS = { [entry.NOT_FOUND] = true, AccessDeniedException = true, ValidationException = true }

local function is_answer(err)
  return type(err) == "table" and err.kind == "service" and ANSWERS[err.code] and not err.retryable
end

--- The result of a call of the service.
-- @tab cache
-- @tab[opt] response
-- @param[opt] err
-- @bool[opt] is_foreign the credentials became another account's meanwhile
function result.of_call(cache, response, err, is_foreign)
  local made = { called = true, outcome = "miss", response = response, err = err }
  if is_foreign then
    made.failed = true
  elseif response then
    made.body = entry.of_response(response)
    made.failed = not made.body
    if made.body then made.keep_for = select(2, cache.answers:lifetime(false)) end
  elseif type(err) == "table" and (err.kind == "cancelled" or err.kind == "internal") then
    -- this client was closed, or this worker has no memory: another one's call may still succeed
    made.cancelled, made.failed = true, true
  else
    made.body = entry.of_error(err)
    made.failed = not is_answer(err)
    if not made.failed and err.code == entry.NOT_FOUND and cache.negative_ttl > 0 then made.keep_for = cache.negative_ttl end
  end
  if made.failed and not made.cancelled then made.pause = math.min(cache.ttl, REFRESH_PAUSE) end
  return made
end

--- The result of the failure that another machine shares.
-- @param note a text that is not trusted
-- @treturn table|nil nil if it is damaged
function result.of_note(note)
  return note and entry.is_valid(note) and { body = note, outcome = "shared" } or nil
end

--- The result of an entry that another machine has fetched.
-- @tab cache
-- @tab found of redis.lua: `body`, `age`
-- @bool is_refresh a stale answer is not enough then
-- @treturn table|nil nil if it is damaged, too old, or not enough
-- @treturn number|nil seconds for which it may be kept at most
function result.of_entry(cache, found, is_refresh)
  local body, age = found.body, found.age
  if not body or not entry.is_valid(body) then return nil end
  local is_error = entry.is_error(body)
  local state = cache.answers:state(is_error, age)
  if not state or state == "stale" and is_refresh then return nil end
  local _, lifetime = cache.answers:lifetime(is_error)
  return { body = body, age = age, outcome = state == "stale" and "stale" or "hit" }, lifetime - age
end

return result
