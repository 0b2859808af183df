--- JSON through a lua-cjson instance of this package's own, so that the host's cjson settings and ours do not affect each other.
-- The C modules decode with the same instance (csrc/lua/decode.c).
-- @module ivs.json

local json = {}

local instance = require("cjson").new()
instance.decode_max_depth(100) -- deep enough for any response, and far from the end of the C stack
instance.decode_invalid_numbers(false)

json.null = instance.null

--- cjson's own decode, which raises. Its message quotes the text that it met.
json.decode_or_raise = instance.decode

--- @string text
-- @return the value; or nil and a problem that quotes nothing of the text
function json.decode(text)
  local ok, value = pcall(instance.decode, text)
  if ok then return value end
  -- the position alone: the text may hold secrets
  local position = tostring(value):match("at character (%d+)")
  return nil, position and ("malformed JSON at character " .. position) or "malformed JSON"
end

--- @return text
function json.encode(value)
  return instance.encode(value)
end

return json
