--- Tables for people: aligned columns that fit the terminal.
--
-- Where the width is not enough, columns are made narrower and then left out, the least important first; the columns without a
-- `drop` rank stay at any width. Without a terminal (a pipe, a file) nothing is cut.
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

--- Makes columns narrower, the ones of the highest `drop` rank first and each down to its least width.
local function shrink(columns, room)
  local order = {}
  for at, column in ipairs(columns) do order[at] = column end
  table.sort(order, function(a, b) return (a.drop or 0) > (b.drop or 0) end)
  for _, column in ipairs(order) do
    local excess = total_width(columns) - room
    if excess <= 0 then return end
    column.width = math.max(math.min(column.least, column.width), column.width - excess)
  end
end

--- Takes out the column that matters least. Returns false if every column has to stay.
local function drop_one(columns)
  local found
  for at, column in ipairs(columns) do
    if column.drop and (not found or column.drop > columns[found].drop) then found = at end
  end
  if found then table.remove(columns, found) end
  return found ~= nil
end

local function least_width(columns)
  local total = -GAP
  for _, column in ipairs(columns) do total = total + math.min(column.least, column.width) + GAP end
  return total
end

local function fit(columns, room)
  while least_width(columns) > room and drop_one(columns) do end
  shrink(columns, room)
  for _, column in ipairs(columns) do -- narrower than the least widths allow: share what there is
    if total_width(columns) <= room then break end
    column.width = math.max(1, column.width - (total_width(columns) - room))
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
      used[#used + 1] = { key = column.key, title = column.title, keep = column.keep, least = column.least or #column.title,
        drop = column.drop, style = column.style, width = width }
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

--- @tab columns a list of `key`, `title`; `least`: the least width; `drop`: may be left out, the highest number first; `keep`: "end" if the
--   end matters more than the beginning; `always`: shown even if no row has a value; `style`: a function from the value to a style
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
