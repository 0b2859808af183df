--- What the standard streams are: a terminal or not, how wide, in color or not, in UTF-8 or not.
-- @module ivs.command.terminal

local terminal = {}

local SGR = { bold = "1", red = "31", green = "32", yellow = "33", dim = "2" } -- ECMA-48, 8.3.117

--- Whether the locale's characters are UTF-8, by POSIX's order of the variables (XBD, 8.2).
-- @func getenv
function terminal.is_utf8(getenv)
  for _, name in ipairs { "LC_ALL", "LC_CTYPE", "LANG" } do
    local value = getenv(name)
    if value and value ~= "" then return value:lower():gsub("[^%w]", ""):find("utf8", 1, true) ~= nil end
  end
  return false
end

--- The columns of a stream: the terminal's, or what COLUMNS says of it.
local function columns_of(descriptor, system, getenv)
  local width = system.terminal_width(descriptor)
  if not width then return nil end
  local wanted = tonumber(getenv "COLUMNS")
  if wanted and wanted >= 1 and wanted % 1 == 0 then return wanted end
  return width > 0 and width or 80
end

--- Looks at the standard streams.
-- @tab system `terminal_width(descriptor)`: columns, or nil if the descriptor is not a terminal
-- @func getenv
-- @bool no_color from the command line
-- @treturn table `columns` (of standard output; nil if it is not a terminal), `error_columns` (of standard error, likewise), `utf8`,
--   `ellipsis`, and `paint(text, style)`, which returns the text in color where that is wanted
function terminal.new(system, getenv, no_color)
  local columns = columns_of(1, system, getenv)
  local forbids = getenv "NO_COLOR" -- no-color.org: present and not empty
  local colored = columns and not no_color and not (forbids and forbids ~= "") and getenv "TERM" ~= "dumb"
  local utf8 = terminal.is_utf8(getenv)
  return {
    columns = columns, error_columns = columns_of(2, system, getenv), utf8 = utf8, ellipsis = utf8 and "…" or "...",
    paint = function(s, style)
      if not colored or not style then return s end
      return "\27[" .. SGR[style] .. "m" .. s .. "\27[0m"
    end,
  }
end

return terminal
