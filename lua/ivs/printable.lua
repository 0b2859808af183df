--- Text from the service, a file or a caller, made safe to print: one line, valid UTF-8, no control characters.
--
-- Escaped are C0, DEL and C1 (ECMA-48: a terminal acts on them), the line separators U+2028 and U+2029, the controls that reorder
-- a line (Unicode Standard Annex 9), and U+FFFE and U+FFFF, which neither XML 1.0 nor YAML allow. The escapes are those of JSON
-- (RFC 8259), so that the result may stand inside a JSON string. Bytes that are not UTF-8 become U+FFFD.
-- @module ivs.printable

local printable = {}

local REPLACEMENT = "\239\191\189" -- U+FFFD
local SHORT = { [8] = "\\b", [9] = "\\t", [10] = "\\n", [12] = "\\f", [13] = "\\r" }

local function is_unsafe(point)
  return point < 0x20 or point >= 0x7F and point <= 0x9F or point >= 0x2028 and point <= 0x202E
    or point >= 0x2066 and point <= 0x2069 or point == 0xFFFE or point == 0xFFFF
end

--- The UTF-8 sequence (RFC 3629) at a byte position.
-- @string text
-- @number at
-- @treturn number its length in bytes; 1 if there is none
-- @treturn number|nil its code point; nil if there is none
function printable.sequence(text, at)
  local lead = text:byte(at)
  if lead < 0x80 then return 1, lead end
  if lead < 0xC2 or lead > 0xF4 then return 1 end
  local length = lead < 0xE0 and 2 or lead < 0xF0 and 3 or 4
  local point = lead % 2 ^ (7 - length)
  for next_at = at + 1, at + length - 1 do
    local byte = text:byte(next_at)
    if not byte or byte < 0x80 or byte > 0xBF then return 1 end
    point = point * 64 + byte % 64
  end
  local least = length == 2 and 0x80 or length == 3 and 0x800 or 0x10000
  if point < least or point > 0x10FFFF or point >= 0xD800 and point <= 0xDFFF then return 1 end
  return length, point
end

--- Bytes outside printable ASCII.
local function escape_run(run)
  local out, at = {}, 1
  while at <= #run do
    local length, point = printable.sequence(run, at)
    if not point then
      out[#out + 1] = REPLACEMENT
    elseif is_unsafe(point) then
      out[#out + 1] = SHORT[point] or ("\\u%04x"):format(point)
    else
      out[#out + 1] = run:sub(at, at + length - 1)
    end
    at = at + length
  end
  return table.concat(out)
end

--- @param value a string, or what tostring makes one of
-- @treturn string
function printable.escape(value)
  return (tostring(value):gsub("[^ -~]+", escape_run)) -- a range of bytes, so that no locale changes it
end

return printable
