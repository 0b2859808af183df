--- A check's report as JUnit XML: a testsuite, a testcase for each ARN, with a failure or an error.
-- @module ivs.check.report_junit

local printable = require "ivs.printable"
local report = require "ivs.check.report"

local report_junit = {}

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&apos;" }

--- Printable text has no character that XML 1.0 forbids.
local function escape(text)
  return (printable.escape(text):gsub("[&<>\"']", ENTITIES))
end

local function add_element(lines, name, kind, message, body)
  lines[#lines + 1] = ('    <%s type="%s" message="%s">%s</%s>'):format(name, escape(kind), escape(message), body, name)
end

local function add_failure(lines, result)
  local messages = {}
  for index, difference in ipairs(result.differences) do messages[index] = escape(difference.message) end
  add_element(lines, "failure", "difference", report.count(result.differences), table.concat(messages, "\n"))
end

local function add_error(lines, result)
  local text = report.error_text(result.error)
  add_element(lines, "error", report.code(result.error) or "error", text, escape(text))
end

--- @tab given a report
-- @treturn string
function report_junit.text(given)
  local lines = {
    '<?xml version="1.0" encoding="UTF-8"?>',
    ('<testsuite name="ivs check" tests="%d" failures="%d" errors="%d" skipped="0">')
      :format(#given.results, given.failed, given.errors),
  }
  for _, result in ipairs(given.results) do
    local testcase = ('  <testcase classname="ivs.check" name="%s"'):format(escape(result.arn))
    if result.status == "passed" then
      lines[#lines + 1] = testcase .. "/>"
    else
      lines[#lines + 1] = testcase .. ">"
      local add = result.status == "failed" and add_failure or add_error
      add(lines, result)
      lines[#lines + 1] = "  </testcase>"
    end
  end
  lines[#lines + 1] = "</testsuite>"
  return table.concat(lines, "\n") .. "\n"
end

return report_junit
