--- JSON through a lua-cjson instance of this package's own, so that the host's settings of cjson don't count here.
-- @module ivs.json

local json = {}

local instance = require("cjson").new()
instance.decode_max_depth(100)
instance.decode_invalid_numbers(false)

json.null = instance.null

--- @return the value; or nil and what is wrong, in words that hold none of the text
function json.decode(text)
  local good, value = pcall(instance.decode, text)
  if good then return value end
  -- cjson's message quotes what it met; a place is enough, since the text may hold keys
  local place = tostring(value):match("at character (%d+)")
  return nil, place and ("malformed JSON at character " .. place) or "malformed JSON"
end

--- @return text
function json.encode(value)
  return instance.encode(value)
end

return json
