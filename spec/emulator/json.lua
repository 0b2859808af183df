-- Writes JSON without other modules, for the files that server.lua passes to the emulator. It does not read JSON.
--
-- A table with [1], or an empty one, is an array; any other is an object. Bytes above ASCII are written as they are.

local json = {}

local function quote(text)
  return '"' .. text:gsub('[%c"\\\127]', function(char)
    return ("\\u%04x"):format(char:byte())
  end) .. '"'
end

--- The JSON text of a value.
function json.encode(value)
  local kind = type(value)
  if kind == "string" then
    return quote(value)
  elseif kind == "number" then
    return (("%.14g"):format(value))
  elseif kind ~= "table" then
    return tostring(value)
  end
  local parts = {}
  if value[1] ~= nil or next(value) == nil then
    for index, element in ipairs(value) do
      parts[index] = json.encode(element)
    end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  for name, member in pairs(value) do
    parts[#parts + 1] = quote(name) .. ":" .. json.encode(member)
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

return json
