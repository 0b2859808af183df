--- Values as a Lua chunk: `return { … }`, keys sorted, control characters and bytes that are not UTF-8 escaped.
-- @module ivs.command.output.lua

local printable = require "ivs.printable"

local output_lua = {}

local KEYWORDS = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat return then true until while
  global]]):gmatch "%S+" do KEYWORDS[word] = true end

local ESCAPES = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ["\\"] = "\\\\", ['"'] = '\\"' }

local function escape(byte)
  return ESCAPES[byte] or ("\\%03d"):format(byte:byte())
end

--- Leaves what is safe to print; writes every other byte as an escape, so that no byte changes.
local function escape_run(run)
  local out, at = {}, 1
  while at <= #run do
    local length = printable.sequence(run, at)
    local piece = run:sub(at, at + length - 1)
    out[#out + 1] = printable.escape(piece) == piece and piece or piece:gsub(".", escape)
    at = at + length
  end
  return table.concat(out)
end

local function quoted(s)
  return '"' .. s:gsub('["\\]', ESCAPES):gsub("[^ -~]+", escape_run) .. '"'
end

local function key_text(key)
  if type(key) == "string" and key:find "^[%a_][%w_]*$" and not KEYWORDS[key] then return key end
  return "[" .. (type(key) == "string" and quoted(key) or tostring(key)) .. "]"
end

local function is_list(value)
  local count = 0
  for _ in pairs(value) do count = count + 1 end
  return count == #value
end

local add_value

local function add_table(out, value, indent)
  if next(value) == nil then
    out[#out + 1] = "{}"
    return
  end
  local deeper = indent .. "  "
  out[#out + 1] = "{\n"
  if is_list(value) then
    for _, member in ipairs(value) do
      out[#out + 1] = deeper
      add_value(out, member, deeper)
      out[#out + 1] = ",\n"
    end
  else
    local keys = {}
    for key in pairs(value) do keys[#keys + 1] = key end
    table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
    for _, key in ipairs(keys) do
      out[#out + 1] = deeper .. key_text(key) .. " = "
      add_value(out, value[key], deeper)
      out[#out + 1] = ",\n"
    end
  end
  out[#out + 1] = indent .. "}"
end

local function number_text(value)
  if value % 1 == 0 and value > -2 ^ 53 and value < 2 ^ 53 then return ("%d"):format(value) end
  return ("%.17g"):format(value)
end

function add_value(out, value, indent)
  if type(value) == "table" then add_table(out, value, indent)
  elseif type(value) == "string" then out[#out + 1] = quoted(value)
  elseif type(value) == "number" then out[#out + 1] = number_text(value)
  else out[#out + 1] = tostring(value) end
end

--- @tab value strings, numbers, booleans and tables of them
-- @treturn string a chunk that returns an equal value
function output_lua.chunk(value)
  local out = { "return " }
  add_value(out, value, "")
  out[#out + 1] = "\n"
  return table.concat(out)
end

return output_lua
