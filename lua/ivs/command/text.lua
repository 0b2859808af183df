--- Text for a terminal: control characters made visible, widths counted in columns, lines cut with an ellipsis.
--
-- Everything that comes from the service or a file passes through `text.safe` before it is printed: a tag or a name may hold
-- escape sequences that would change the terminal's state (C0, DEL, C1 as UTF-8; ECMA-48) or reorder the line (bidirectional
-- controls, Unicode Standard Annex 9).
-- @module ivs.command.text

local text = {}

-- First and last code points that take two columns (Unicode East Asian Width W and F, the blocks in use) and none (combining marks,
-- zero-width characters).
local WIDE = {
  { 0x1100, 0x115F }, { 0x2E80, 0x303E }, { 0x3041, 0x33FF }, { 0x3400, 0x4DBF }, { 0x4E00, 0x9FFF }, { 0xA000, 0xA4CF },
  { 0xAC00, 0xD7A3 }, { 0xF900, 0xFAFF }, { 0xFE30, 0xFE6F }, { 0xFF00, 0xFF60 }, { 0xFFE0, 0xFFE6 }, { 0x1F300, 0x1F64F },
  { 0x1F900, 0x1F9FF }, { 0x20000, 0x3FFFD },
}
local NARROWEST = { { 0x0300, 0x036F }, { 0x200B, 0x200D }, { 0x20D0, 0x20FF }, { 0xFE00, 0xFE0F }, { 0xFEFF, 0xFEFF } }

local function is_in(ranges, point)
  for _, range in ipairs(ranges) do
    if point >= range[1] and point <= range[2] then return true end
  end
  return false
end

--- The length of the UTF-8 sequence at a byte position and its code point; or nil if it is not valid UTF-8 (RFC 3629).
local function sequence(s, at)
  local lead = s:byte(at)
  if lead < 0x80 then return 1, lead end
  local length = lead >= 0xF0 and lead <= 0xF4 and 4 or lead >= 0xE0 and lead < 0xF0 and 3 or lead >= 0xC2 and lead < 0xE0 and 2 or nil
  if not length or at + length - 1 > #s then return nil end
  local point = lead % 2 ^ (7 - length)
  for i = 1, length - 1 do
    local byte = s:byte(at + i)
    if byte < 0x80 or byte > 0xBF then return nil end
    point = point * 64 + byte % 64
  end
  local least = length == 4 and 0x10000 or length == 3 and 0x800 or 0x80
  if point < least or point > 0x10FFFF or (point >= 0xD800 and point <= 0xDFFF) then return nil end
  return length, point
end

local function is_unsafe(point)
  return point < 0x20 or (point >= 0x7F and point <= 0x9F) or (point >= 0x202A and point <= 0x202E)
    or (point >= 0x2066 and point <= 0x2069) or point == 0x2028 or point == 0x2029
end

--- The text on one line, with every control character and every byte that is not UTF-8 shown as `\xNN` or `\u{NNNN}`.
-- @string s
-- @treturn string
function text.safe(s)
  s = tostring(s)
  if not s:find("[%c\127-\255]") then return s end
  local parts, at = {}, 1
  while at <= #s do
    local length, point = sequence(s, at)
    if not length then
      parts[#parts + 1] = ("\\x%02x"):format(s:byte(at))
      at = at + 1
    else
      if point < 0x80 and is_unsafe(point) then
        parts[#parts + 1] = ("\\x%02x"):format(point)
      elseif is_unsafe(point) then
        parts[#parts + 1] = ("\\u{%04x}"):format(point)
      else
        parts[#parts + 1] = s:sub(at, at + length - 1)
      end
      at = at + length
    end
  end
  return table.concat(parts)
end

--- The text for a terminal whose locale is not UTF-8: a question mark for each character outside ASCII.
-- @string s safe text
-- @treturn string
function text.ascii(s)
  return (s:gsub("[\194-\244][\128-\191]*", "?"))
end

local function point_width(point)
  if point < 0x300 then return 1 end
  if is_in(NARROWEST, point) then return 0 end
  return is_in(WIDE, point) and 2 or 1
end

--- The number of terminal columns that safe text takes.
-- @string s
-- @treturn number
function text.width(s)
  if not s:find("[\128-\255]") then return #s end
  local total, at = 0, 1
  while at <= #s do
    local length, point = sequence(s, at)
    total = total + (length and point_width(point) or 1)
    at = at + (length or 1)
  end
  return total
end

--- The longest beginning that fits `columns`.
local function beginning(s, columns)
  local used, at = 0, 1
  while at <= #s do
    local length, point = sequence(s, at)
    local width = length and point_width(point) or 1
    if used + width > columns then break end
    used = used + width
    at = at + (length or 1)
  end
  return s:sub(1, at - 1)
end

--- The longest end that fits `columns`.
local function ending(s, columns)
  local at, total = 1, text.width(s)
  while total > columns do
    local length, point = sequence(s, at)
    total = total - (length and point_width(point) or 1)
    at = at + (length or 1)
  end
  return s:sub(at)
end

--- Cuts text to a number of columns; the ellipsis stands where something was left out.
-- @string s safe text
-- @number columns at least 1
-- @tparam[opt] string keep "end" keeps the end of the text (an ARN's id stands there); the beginning otherwise
-- @string ellipsis of one column ("…") or three ("...")
-- @treturn string
function text.cut(s, columns, keep, ellipsis)
  if text.width(s) <= columns then return s end
  local left = columns - text.width(ellipsis)
  if left < 1 then return beginning(s, columns) end
  if keep == "end" then return ellipsis .. ending(s, left) end
  return beginning(s, left) .. ellipsis
end

--- Pads text with spaces up to a number of columns.
function text.pad(s, columns)
  return s .. (" "):rep(columns - text.width(s))
end

--- Breaks text into lines of at most `columns`, at spaces where there are any.
-- @treturn table a list of lines
function text.wrap(s, columns)
  local lines, line = {}, ""
  for word in s:gmatch("%S+") do
    while text.width(word) > columns do -- longer than a line
      if line ~= "" then lines[#lines + 1], line = line, "" end
      local piece = beginning(word, columns)
      if piece == "" then break end
      lines[#lines + 1] = piece
      word = word:sub(#piece + 1)
    end
    if line == "" then line = word
    elseif text.width(line) + 1 + text.width(word) <= columns then line = line .. " " .. word
    else lines[#lines + 1], line = line, word end
  end
  if line ~= "" or #lines == 0 then lines[#lines + 1] = line end
  return lines
end

return text
