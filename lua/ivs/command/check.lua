--- `ivs check`: compares recording configurations with what is expected of them.
-- @module ivs.command.check

local arns_of = require("ivs.command.arns").of
local check = require "ivs.check"
local fetch = require "ivs.command.fetch"
local output_check = require "ivs.command.output.check"
local status = require "ivs.command.status"

local command = {}

local FORMS = { tap = check.tap, junit = check.junit, json = check.json }

--- A client whose batch returns what has been fetched already. So Ctrl-C ends fetching, and what was fetched until then is checked.
local function fetched_client(found)
  return { batch_get_recording_configuration = function() return found end }
end

--- The results that are errors. The form `table` shows them itself, so they are not repeated there.
local function errors_of(report, is_table)
  local list = {}
  for _, result in ipairs(report.results) do
    if result.error and not is_table then list[#list + 1] = result end
  end
  return list
end

local function exit_status(report)
  if report.errors > 0 then return status.FAILED end
  return report.failed > 0 and status.DIFFERENT or status.OK
end

function command.run(context, arguments)
  local expectation, err = check.load(arguments.expect)
  if not expectation then status.stop(status.USAGE, err) end
  local arns = arns_of(context, arguments) or check.arns(expectation)
  if not arns then
    status.stop(status.USAGE, "give ARNs, - (standard input) or --all: " .. arguments.expect .. " names no recording configurations")
  end
  local found, settled, interrupted = fetch.all(context, arns)
  local report = check.run(fetched_client(found), { arns = settled, expectation = expectation })
  local form = FORMS[arguments.output]
  if form then
    context.write(form(report))
  else
    context.print(output_check.lines(report, context.terminal))
  end
  return fetch.report(context, errors_of(report, not form), interrupted, exit_status(report))
end

return command
