--- A check's report as TAP version 13 (Test Anything Protocol): a test for each ARN, what is wrong in a YAML block.
-- The values in the YAML blocks are JSON, which YAML 1.2 includes.
-- @module ivs.check.report_tap

local ordered_json = require "ivs.ordered_json"
local printable = require "ivs.printable"
local report = require "ivs.check.report"
local report_json = require "ivs.check.report_json"

local report_tap = {}

local DIFFERENCE_MEMBERS = { "path", "expected", "actual", "message" }

--- An unescaped # would begin a directive.
local function description(arn)
  return (printable.escape(arn):gsub("#", "\\#"))
end

local function add_failure(lines, result)
  lines[#lines + 1] = "  message: " .. ordered_json.encode(report.count(result.differences))
  lines[#lines + 1] = "  severity: fail"
  lines[#lines + 1] = "  differences:"
  for _, difference in ipairs(result.differences) do
    for index, name in ipairs(DIFFERENCE_MEMBERS) do
      lines[#lines + 1] = ("    %s %s: %s"):format(index == 1 and "-" or " ", name, report_json.member(difference, name))
    end
  end
end

local function add_error(lines, result)
  lines[#lines + 1] = "  message: " .. ordered_json.encode(report.error_text(result.error))
  lines[#lines + 1] = "  severity: error"
  local code = report.code(result.error)
  if code then lines[#lines + 1] = "  code: " .. ordered_json.encode(code) end
end

--- @tab given a report
-- @treturn string
function report_tap.text(given)
  local count = #given.results
  local lines = { "TAP version 13", ("1..%d%s"):format(count, count == 0 and " # SKIP no recording configurations to check" or "") }
  for index, result in ipairs(given.results) do
    local is_ok = result.status == "passed"
    lines[#lines + 1] = ("%sok %d - %s"):format(is_ok and "" or "not ", index, description(result.arn))
    if not is_ok then
      lines[#lines + 1] = "  ---"
      local add = result.status == "failed" and add_failure or add_error
      add(lines, result)
      lines[#lines + 1] = "  ..."
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

return report_tap
