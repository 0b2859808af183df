--- Tables for people: aligned columns that fit the terminal.
--
-- Where the width is not enough, the widest columns are made narrower. Where that would leave too little to be of use, columns are left
-- out, the least important first; the columns without a `drop` rank stay at any width. Without a terminal (a pipe, a file) nothing is cut.
-- @module ivs.command.output.table

local printable = require("ivs.printable").escape
local text = require "ivs.command.text"

local output_table = {}

local GAP = 2

local function total_width(columns)
  local total = -GAP
  for _, column in ipairs(columns) do total = total + column.width + GAP end
  return total
end

local function useful_width(column)
  return math.min(column.useful, column.width)
end

local function least_width(column)
  return math.min(column.least, column.width)
end

--- Takes out the column of the highest `drop` rank above `above`. Returns false if there is none.
local function drop_one(columns, above)
  local found
  for at, column in ipairs(columns) do
    if column.drop and column.drop > above and (not found or column.drop > columns[found].drop) then found = at end
  end
  if found then table.remove(columns, found) end
  return found ~= nil
end

local function fits(columns, room, width_of)
  local total = -GAP
  for _, column in ipairs(columns) do total = total + width_of(column) + GAP end
  return total <= room
end

--- Lowers the widest columns, of those that may be lowered, to one width at which all fit; none below its least width.
local function level(columns, room, may_lower)
  local cap = 0
  for _, column in ipairs(columns) do cap = math.max(cap, column.width) end
  cap = math.min(cap, room)
  local function lowered(column)
    return may_lower(column) and math.min(column.width, math.max(cap, least_width(column))) or column.width
  end
  while cap > 0 and not fits(columns, room, lowered) do cap = cap - 1 end
  for _, column in ipairs(columns) do column.width = lowered(column) end
end

local function fit(columns, room)
  while not fits(columns, room, useful_width) and drop_one(columns, 1) do end
  while not fits(columns, room, least_width) and drop_one(columns, 0) do end
  level(columns, room, function(column) return column.keep == "end" end) -- what is before the end is the same in every row
  level(columns, room, function() return true end)
  for _, column in ipairs(columns) do -- a terminal too narrow for the columns that always stay
    column.width = math.max(1, math.min(column.width, column.width - (total_width(columns) - room)))
  end
end

--- The columns that some row has a value for, with their natural widths.
local function measure(columns, rows)
  local used = {}
  for _, column in ipairs(columns) do
    local width, filled = text.width(column.title), column.always
    for _, row in ipairs(rows) do
      local value = row[column.key]
      if value then
        filled = true
        width = math.max(width, text.width(value))
      end
    end
    if filled then
      used[#used + 1] = { key = column.key, title = column.title, keep = column.keep, useful = column.useful,
        least = column.least or column.useful, drop = column.drop, style = column.style, width = width }
    end
  end
  return used
end

local function clean(columns, rows, terminal)
  local cleaned = {}
  for at, row in ipairs(rows) do
    local copy = {}
    for _, column in ipairs(columns) do
      local value = row[column.key]
      if value ~= nil then
        copy[column.key] = printable(value)
        if terminal.columns and not terminal.utf8 then copy[column.key] = text.ascii(copy[column.key]) end
      end
    end
    cleaned[at] = copy
  end
  return cleaned
end

local function line_of(columns, value_of, style_of, terminal)
  local cells = {}
  for at, column in ipairs(columns) do
    local value = text.cut(value_of(column) or "-", column.width, column.keep, terminal.ellipsis)
    local padded = at < #columns and text.pad(value, column.width) or value
    cells[at] = terminal.paint(padded, style_of(column, value))
  end
  return (table.concat(cells, (" "):rep(GAP)):gsub("%s+$", ""))
end

--- @tab columns a list of `key`, `title`; `useful`: the width that the values should have; `least`: what they need at least (or as
--   `useful`); `drop`: may be left out, the highest number first, above 1 to give the others their useful width, 1 to give them their
--   least; `keep`: "end" if the end matters more than the beginning; `always`: shown even if no row has a value; `style`: a function
--   from the value to a style
-- @tab rows a list of tables, key to text
-- @tab terminal of ivs.command.terminal
-- @treturn table a list of lines
function output_table.lines(columns, rows, terminal)
  rows = clean(columns, rows, terminal)
  local used = measure(columns, rows)
  if terminal.columns then fit(used, terminal.columns) end
  local lines = { line_of(used, function(column) return column.title end, function() return "bold" end, terminal) }
  for _, row in ipairs(rows) do
    lines[#lines + 1] = line_of(used, function(column) return row[column.key] end,
      function(column) return column.style and row[column.key] and column.style(row[column.key]) end, terminal)
  end
  return lines
end

--- One thing in detail: a line for each field, the values broken to fit.
-- @tab fields a list of { title, value, style }
-- @tab terminal
-- @treturn table a list of lines
function output_table.record(fields, terminal)
  local left = 0
  for _, field in ipairs(fields) do left = math.max(left, #field[1]) end
  left = left + GAP
  local lines = {}
  for _, field in ipairs(fields) do
    local value = printable(field[2])
    if terminal.columns and not terminal.utf8 then value = text.ascii(value) end
    local pieces = { value }
    if terminal.columns then pieces = text.wrap(value, math.max(terminal.columns - left, 8)) end
    for at, piece in ipairs(pieces) do
      local title = text.pad(at == 1 and field[1] or "", left)
      lines[#lines + 1] = terminal.paint(title, at == 1 and "bold" or nil) .. terminal.paint(piece, field[3])
    end
  end
  return lines
end

return output_table
