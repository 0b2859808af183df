--- Text from the service, a file or a caller, made safe to print: one line, valid UTF-8, no control characters.
--
-- The unsafe characters are C0, DEL and C1 (ECMA-48: a terminal acts on them), the line separators U+2028 and U+2029, the controls
-- that reorder a line (Unicode Standard Annex 9), and U+FFFE and U+FFFF, which neither XML 1.0 nor YAML allow.
-- `escape` loses nothing and is for output that is parsed again; `line` is for messages and logs.
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

--- Replaces what is not safe to print.
-- @string text
-- @string invalid the replacement for a byte that is not UTF-8
-- @func unsafe (code point) → the replacement for an unsafe character
local function replace(text, invalid, unsafe)
  return (text:gsub("[^ -~]+", function(run) -- a range of bytes, so that no locale changes it
    local out, at = {}, 1
    while at <= #run do
      local length, point = printable.sequence(run, at)
      if not point then
        out[#out + 1] = invalid
      elseif is_unsafe(point) then
        out[#out + 1] = unsafe(point)
      else
        out[#out + 1] = run:sub(at, at + length - 1)
      end
      at = at + length
    end
    return table.concat(out)
  end))
end

local function escape_point(point)
  return SHORT[point] or ("\\u%04x"):format(point)
end

--- Escapes unsafe characters as JSON does (RFC 8259), so that the result may stand inside a JSON string. Bytes that are not UTF-8
-- become U+FFFD.
-- @param value a string, or what tostring makes one of
-- @treturn string
function printable.escape(value)
  return replace(tostring(value), REPLACEMENT, escape_point)
end

local function question_mark()
  return "?"
end

--- The longest beginning of a text that has at most `max_bytes` bytes and does not end within a UTF-8 sequence.
-- @string text
-- @number max_bytes
-- @treturn string
function printable.cut(text, max_bytes)
  if #text <= max_bytes then return text end
  local last = max_bytes
  while last > 0 and last > max_bytes - 3 and text:byte(last + 1) >= 0x80 and text:byte(last + 1) <= 0xBF do last = last - 1 end
  return text:sub(1, last)
end

--- One line for a message or a log: line ends and tabs become a space, other unsafe characters and bytes that are not UTF-8 a
-- question mark.
-- @param value a string, or what tostring makes one of
-- @number[opt] max_bytes what is longer is cut and ends in an ellipsis
-- @treturn string
function printable.line(value, max_bytes)
  local text = tostring(value)
  local line = replace((max_bytes and printable.cut(text, max_bytes) or text):gsub("[\t-\r]+", " "), "?", question_mark)
  return max_bytes and #text > max_bytes and line .. "…" or line
end

return printable
