--- Text for a terminal: widths counted in columns, lines cut with an ellipsis or broken. What is measured here is printable already
-- (ivs.printable).
-- @module ivs.command.text

local point_width = require("ivs.command.unicode_width").of
local sequence = require("ivs.printable").sequence

local text = {}

--- The text for a terminal whose locale is not UTF-8: three dots for an ellipsis, else a question mark for each character outside
-- ASCII.
-- @string s printable text
-- @treturn string
function text.ascii(s)
  return (s:gsub("…", "..."):gsub("[\194-\244][\128-\191]*", "?"))
end

--- The number of terminal columns that printable text takes.
-- @string s
-- @treturn number
function text.width(s)
  if not s:find("[\128-\255]") then return #s end
  local total, at = 0, 1
  while at <= #s do
    local length, point = sequence(s, at)
    total = total + (point and point_width(point) or 1)
    at = at + length
  end
  return total
end

--- The longest beginning that fits `columns`.
local function beginning(s, columns)
  local used, at = 0, 1
  while at <= #s do
    local length, point = sequence(s, at)
    local width = point and point_width(point) or 1
    if used + width > columns then break end
    used = used + width
    at = at + length
  end
  return s:sub(1, at - 1)
end

--- The longest end that fits `columns`.
local function ending(s, columns)
  local at, total = 1, text.width(s)
  while total > columns do
    local length, point = sequence(s, at)
    total = total - (point and point_width(point) or 1)
    at = at + length
  end
  return s:sub(at)
end

--- Cuts text to a number of columns; the ellipsis stands where something was left out.
-- @string s printable text
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
      if piece == "" then piece = word:sub(1, (sequence(word, 1))) end -- a wide character, and one column
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
