--- A check's report as lines for people.
-- @module ivs.command.output.check

local printable = require("ivs.printable").escape
local text = require "ivs.command.text"

local output_check = {}

local STYLE = { passed = "green", failed = "red", error = "red" }
local INDENT = 8

local function add_wrapped(lines, message, terminal)
  message = printable(message)
  if terminal.columns and not terminal.utf8 then message = text.ascii(message) end
  local pieces = terminal.columns and text.wrap(message, math.max(terminal.columns - INDENT, 8)) or { message }
  for _, piece in ipairs(pieces) do lines[#lines + 1] = (" "):rep(INDENT) .. piece end
end

local function summary(report)
  local parts = { report.passed .. " passed", report.failed .. " failed" }
  if report.errors > 0 then parts[3] = report.errors .. (report.errors == 1 and " error" or " errors") end
  return table.concat(parts, ", ")
end

--- @tab report of ivs.check
-- @tab terminal
-- @treturn table lines
function output_check.lines(report, terminal)
  local lines = {}
  for _, result in ipairs(report.results) do
    local arn = printable(result.arn)
    if terminal.columns then arn = text.cut(arn, math.max(terminal.columns - INDENT, 8), "end", terminal.ellipsis) end
    lines[#lines + 1] = terminal.paint(text.pad(result.status, INDENT), STYLE[result.status]) .. arn
    for _, difference in ipairs(result.differences or {}) do add_wrapped(lines, difference.message, terminal) end
    if result.error then add_wrapped(lines, tostring(result.error), terminal) end
  end
  lines[#lines + 1] = summary(report)
  return lines
end

return output_check
