--- A remembered answer as text: JSON that is encoded once, whoever reads it.
--
-- A body is one letter, `r` for a response or `e` for an error, and JSON. A sealed entry is a time in fifteen characters
-- and a body; what the time means is each level's own business: the dict holds until when the answer is fresh, Redis
-- (whose machines have clocks of their own) how long it may be served after that.
--
-- Invariant: each `decode` gives new tables, so that nobody can change what another gets.
-- @module resty.ivs.entry

local failure = require "ivs.failure"
local json = require "ivs.json"

local entry = {}

local SEALED = "^%d%d%d%d%d%d%d%d%d%d%d%.%d%d%d[re]"
local TIME_LENGTH = 15

--- Where the body of a sealed entry begins.
entry.BODY = TIME_LENGTH + 1

local function encode(letter, value)
  if type(value) ~= "table" then return nil end
  local good, text = pcall(json.encode, value)
  return good and letter .. text or nil
end

--- @treturn string|nil the body; nil for what JSON can't hold, which then is not remembered
function entry.of_response(response)
  if type(response) == "table" and not response.ResponseMetadata then response.ResponseMetadata = {} end
  return encode("r", response)
end

--- @treturn string|nil the body
function entry.of_error(err)
  return encode("e", err)
end

--- Whether a body holds an error.
function entry.is_error(body, from)
  return body:byte(from or 1) == 101
end

--- @number seconds from 0 to some thousand years, kept to the millisecond
-- @string body
function entry.seal(seconds, body)
  return ("%015.3f"):format(seconds) .. body
end

--- Reads the time of a sealed entry.
-- @param text what stood in the level: whatever it is
-- @treturn number|nil nil for what we did not write
function entry.time(text)
  if type(text) ~= "string" or not text:find(SEALED) then return nil end
  return tonumber(text:sub(1, TIME_LENGTH))
end

--- @string text a body, or a sealed entry
-- @int[opt=1] from where the body begins
-- @return response; or nil and an error object; or nothing when the text is damaged
function entry.decode(text, from)
  from = from or 1
  local value = json.decode(text:sub(from + 1))
  if type(value) ~= "table" then return nil end
  if not entry.is_error(text, from) then
    return type(value.ResponseMetadata) == "table" and value or nil
  end
  if type(value.kind) ~= "string" or type(value.code) ~= "string" then return nil end
  return nil, setmetatable(value, failure.metatable)
end

--- Whether a body can be decoded.
function entry.is_sound(body)
  local response, err = entry.decode(body)
  return (response or err) ~= nil
end

return entry
