--- A remembered answer as text: JSON that is encoded once, whoever reads it.
--
-- A body is one letter and JSON: `r` for a response; `e` for the one error that may be remembered, that there is no such
-- resource; `f` for any other, which is handed to those who waited for it and never sealed. A sealed entry is a time in
-- fifteen characters and a body. From the time follows the answer's age: the dict holds when the service answered, Redis
-- (whose machines have clocks of their own) for how many seconds the answer was to be kept.
--
-- Invariants: each `decode` gives new tables, so that nobody can change what another gets; and they are what their names
-- say (shape.lua), whatever the text was.
-- @module resty.ivs.cache.entry

local json = require "ivs.json"
local shape = require "resty.ivs.cache.shape"

local entry = {}

local SEALED = "^%d%d%d%d%d%d%d%d%d%d%d%.%d%d%d[re]"
local TIME_LENGTH = 15
local RESPONSE, ERROR, FAILURE = ("ref"):byte(1, 3)

--- The code of the error that may be remembered.
entry.NOT_FOUND = "ResourceNotFoundException"

--- Where the body of a sealed entry begins.
entry.BODY = TIME_LENGTH + 1

local function encode(letter, value)
  local good, text = pcall(json.encode, value)
  return good and letter .. text or nil
end

--- @treturn string|nil the body; nil for what is no answer or what JSON can't hold, which then is not remembered
function entry.of_response(response)
  if type(response) ~= "table" then return nil end
  response.ResponseMetadata = response.ResponseMetadata or {}
  return shape.response(response) and encode("r", response)
end

--- @treturn string|nil the body
function entry.of_error(err)
  if not shape.failure(err) then return nil end
  return encode(err.code == entry.NOT_FOUND and "e" or "f", err)
end

--- Whether a body holds an error.
function entry.is_error(body, from)
  return body:byte(from or 1) ~= RESPONSE
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
  local letter, value = text:byte(from), json.decode(text:sub(from + 1))
  if letter == RESPONSE then return shape.response(value) end
  local err = (letter == ERROR or letter == FAILURE) and shape.failure(value)
  if not err or letter == ERROR and err.code ~= entry.NOT_FOUND then return nil end
  return nil, err
end

--- Whether a body can be decoded.
function entry.is_sound(body)
  local response, err = entry.decode(body)
  return (response or err) ~= nil
end

return entry
