--- JSON for people and version control: keys sorted, optionally indented, the same bytes for the same value.
--
-- lua-cjson is not used here because it cannot sort keys, cannot tell an empty list from an empty map, and leaves the control
-- characters U+0080 to U+009F as they are. Nothing is read here (see ivs.json).
-- @module ivs.ordered_json

local json = require "ivs.json"
local printable = require "ivs.printable"
local shape = require "ivs.shape"

local ordered_json = {}

local MAX_EXACT = 2 ^ 53
local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\" }

local function encode_string(text)
  return '"' .. printable.escape((text:gsub('["\\]', ESCAPES))) .. '"'
end

--- As few digits as tell the number from others. The decimal separator is a point in every locale. JSON has no infinity and no NaN.
local function encode_number(number)
  if number ~= number or number == math.huge or number == -math.huge then return "null" end
  if number % 1 == 0 and number > -MAX_EXACT and number < MAX_EXACT then return ("%d"):format(number) end
  local text
  for digits = 15, 17 do
    text = ("%." .. digits .. "g"):format(number)
    if tonumber(text) == number then break end
  end
  return (text:gsub(",", "."))
end

local encode

--- Members between brackets, on one line or each on its own.
local function enclose(open, close, members, indent, margin)
  if #members == 0 then return open .. close end
  if not indent then return open .. table.concat(members, ", ") .. close end
  local inner = "\n" .. margin .. indent
  return open .. inner .. table.concat(members, "," .. inner) .. "\n" .. margin .. close
end

local function encode_list(list, options, node, margin)
  local members = {}
  local inner = margin .. (options.indent or "")
  for index, value in ipairs(list) do members[index] = encode(value, options, node and options.child(node, index), inner) end
  return enclose("[", "]", members, options.indent, margin)
end

local function encode_map(map, options, node, margin)
  local names, values, members = {}, {}, {}
  for key, value in pairs(map) do
    local name = tostring(key)
    names[#names + 1], values[name] = name, value
  end
  table.sort(names)
  local inner = margin .. (options.indent or "")
  for index, name in ipairs(names) do
    members[index] = encode_string(name) .. ": " .. encode(values[name], options, node and options.child(node, name), inner)
  end
  return enclose("{", "}", members, options.indent, margin)
end

function encode(value, options, node, margin)
  local kind = type(value)
  if kind == "string" then return encode_string(value) end
  if kind == "number" then return encode_number(value) end
  if kind == "boolean" then return tostring(value) end
  if value == nil or value == json.null then return "null" end
  if kind ~= "table" then return encode_string(tostring(value)) end
  local is_list = value[1] ~= nil or next(value) == nil and node and node.type == "list"
  return (is_list and encode_list or encode_map)(value, options, node, margin)
end

--- @param value strings, numbers, booleans, `json.null` and tables of them without cycles
-- @tparam[opt] table options `indent`: the white space of one level, else all on one line; `shape`: the value's node of ivs.shape,
-- without which an empty table is a map; `child`: used in place of `shape.child`
-- @treturn string
function ordered_json.encode(value, options)
  options = options or {}
  return encode(value, { indent = options.indent, child = options.child or shape.child }, options.shape, "")
end

return ordered_json
