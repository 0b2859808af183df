--- A cached answer as text, and decoded.
--
-- A body is one letter and JSON: `r` for a response; `e` for the only error that may be cached, ResourceNotFoundException; `f` for
-- any other error, which goes to those who waited for it and is never stored. A stored entry is a time in fifteen characters and a
-- body. The answer's age follows from the time: in the dict it is when the service answered; in Redis, whose machines have
-- different clocks, it is for how many seconds the answer was to be kept.
--
-- Invariants: every `decode` returns new tables, so no caller can change what another one gets. Neither the dict nor Redis is
-- trusted: a value is rebuilt from known members of the right type; unknown members are dropped (a later version may have written
-- them); one member of a wrong type makes the entry unusable.
-- @module resty.ivs.cache.entry

local failure = require "ivs.failure"
local json = require "ivs.json"
local lrucache = require "resty.lrucache"
local shape = require "ivs.shape"

local entry = {}

local TIME_LENGTH, POINT_AT, POINT = 15, 12, ("."):byte()
local LATEST = 1e11 -- seconds; later ones have more digits
local RESPONSE, ERROR, FAILURE = ("ref"):byte(1, 3)

--- The code of the error that may be cached.
entry.NOT_FOUND = "ResourceNotFoundException"

--- Where the body of a stored entry begins.
entry.BODY = TIME_LENGTH + 1

-- Rebuilding -------------------------------------------------------------------------------------------------------------

local STRING, INTEGER, BOOLEAN = { type = "string" }, { type = "integer" }, { type = "boolean" }

local function structure(members)
  return { type = "structure", members = members }
end

local function list(element)
  return { type = "list", element = element }
end

local STRINGS = { type = "map", element = STRING }

local RESPONSE_SHAPE = structure {
  recordingConfiguration = shape.configuration, recordingConfigurations = list(shape.summary), nextToken = STRING,
  ResponseMetadata = structure { RequestId = STRING, HTTPStatusCode = INTEGER, HTTPHeaders = STRINGS, RetryAttempts = INTEGER },
}

local ERROR_SHAPE = structure {
  kind = STRING, code = STRING, message = STRING, operation_name = STRING, status = INTEGER, request_id = STRING,
  headers = STRINGS, attempts = INTEGER, retryable = BOOLEAN, max_attempts_reached = BOOLEAN,
  causes = list(structure { provider = STRING, message = STRING }),
}

local KEY_TYPE = { list = "number", map = "string" }

local rebuild

local function rebuild_structure(members, value)
  local kept = {}
  for name, node in pairs(members) do
    if value[name] ~= nil then
      kept[name] = rebuild(node, value[name])
      if kept[name] == nil then return nil end
    end
  end
  return kept
end

local function rebuild_elements(node, value)
  local kept, key_type = {}, KEY_TYPE[node.type]
  for key, member in pairs(value) do
    kept[key] = type(key) == key_type and rebuild(node.element, member) or nil
    if kept[key] == nil then return nil end
  end
  return kept
end

--- A value of the node's type with the known members only; nil if it has another type.
function rebuild(node, value)
  local found, wanted = type(value), node.type
  if wanted == "integer" then return found == "number" and value % 1 == 0 and value or nil end
  if wanted == "string" or wanted == "boolean" then
    if found == wanted then return value end
    return nil
  end
  if found ~= "table" then return nil end
  if wanted == "structure" then return rebuild_structure(node.members, value) end
  return rebuild_elements(node, value)
end

local function rebuild_response(value)
  local response = rebuild(RESPONSE_SHAPE, value)
  local result = response and (response.recordingConfiguration or response.recordingConfigurations)
  return result and response.ResponseMetadata and response or nil
end

local function rebuild_error(value)
  local err = rebuild(ERROR_SHAPE, value)
  if not (err and err.kind and err.code and err.message) then return nil end
  return failure.new(err.kind, err.code, err.message, err)
end

-- Text -------------------------------------------------------------------------------------------------------------------

local function encode(letter, value)
  local encoded, text = pcall(json.encode, value)
  return encoded and letter .. text or nil
end

--- @treturn string|nil the body; nil if the value is no response or JSON cannot hold it; it is not cached then
function entry.of_response(response)
  if type(response) ~= "table" then return nil end
  response.ResponseMetadata = response.ResponseMetadata or {}
  return rebuild_response(response) and encode("r", response)
end

--- @treturn string|nil the body
function entry.of_error(err)
  if not rebuild_error(err) then return nil end
  return encode(err.code == entry.NOT_FOUND and "e" or "f", err)
end

--- Whether a body holds an error.
function entry.is_error(body, from)
  return body:byte(from or 1) ~= RESPONSE
end

--- Makes a stored entry.
-- @number seconds from 0 to some thousand years, kept to the millisecond
-- @string body
function entry.store(seconds, body)
  return ("%015.3f"):format(seconds) .. body
end

--- The time of a stored entry. By bytes, since LuaJIT compiles no pattern.
-- @param text what the dict or Redis returned, of any type
-- @treturn number|nil nil for anything that is no stored entry
function entry.time(text)
  if type(text) ~= "string" or text:byte(POINT_AT) ~= POINT then return nil end
  local letter = text:byte(entry.BODY)
  if letter ~= RESPONSE and letter ~= ERROR then return nil end
  local seconds = tonumber(text:sub(1, TIME_LENGTH))
  return seconds and seconds >= 0 and seconds < LATEST and seconds or nil
end

--- @string text a body, or a stored entry
-- @int[opt=1] from where the body begins
-- @return response; or nil and an error object; or nothing if the text is damaged
function entry.decode(text, from)
  from = from or 1
  local letter, value = text:byte(from), json.decode(text:sub(from + 1))
  if letter == RESPONSE then return rebuild_response(value) end
  local err = (letter == ERROR or letter == FAILURE) and rebuild_error(value)
  if not err or letter == ERROR and err.code ~= entry.NOT_FOUND then return nil end
  return nil, err
end

--- Whether a body can be decoded.
function entry.is_valid(body)
  local response, err = entry.decode(body)
  return (response or err) ~= nil
end

-- Decoded copies ---------------------------------------------------------------------------------------------------------

local function clone_by_hand(original)
  local clone = {}
  for name, value in pairs(original) do clone[name] = value end
  return clone
end

local has_clone, clone = pcall(require, "table.clone") -- in OpenResty's LuaJIT, which Debian has, too
if not has_clone then clone = clone_by_hand end

--- The tables of an answer, found once, each after the one that it is a member of: `tables`, and for each the place of that one and the
-- name. LuaJIT compiles the loop over them, but no recursion.
local function plan_of(original)
  local tables, parents, names, at = { original }, { 0 }, { "" }, 0
  while at < #tables do
    at = at + 1
    for name, value in pairs(tables[at]) do
      if type(value) == "table" then
        local last = #tables + 1
        tables[last], parents[last], names[last] = value, at, name
      end
    end
  end
  return { tables = tables, parents = parents, names = names }
end

local made = {} -- the copies so far; nothing yields between its use and the next one's

local function copy(plan)
  local tables, parents, names = plan.tables, plan.parents, plan.names
  local whole = clone(tables[1])
  made[1] = whole
  for at = 2, #tables do
    local part, parent = clone(tables[at]), made[parents[at]]
    parent[names[at]], made[at] = part, part
  end
  return whole
end

--- Makes a decoder that keeps the answers that this worker used last. A copy of a decoded answer costs a third of decoding the
-- text again. The text in the dict still decides: a different text is decoded anew (comparing costs nothing, since Lua's strings
-- are unique).
-- @int size how many answers are kept; 0: none
-- @treturn function (id, text): response; or nil and an error object; or nothing if the text is damaged
function entry.decoder(size)
  if size == 0 then
    return function(_, text) return entry.decode(text, entry.BODY) end
  end
  local kept = assert(lrucache.new(size))
  return function(id, text)
    local known = kept:get(id)
    if known and known.text == text then return copy(known.plan) end
    local response, err = entry.decode(text, entry.BODY)
    if not response then return nil, err end
    local metadata = response.ResponseMetadata
    metadata.Cache, metadata.Age = "hit", 0 -- so that a copy has room for them
    local plan = plan_of(response)
    kept:set(id, { text = text, plan = plan })
    return copy(plan)
  end
end

return entry
