--- `ivs list`: lists the recording configurations of a region.
-- @module ivs.command.list

local configuration = require "ivs.command.output.configuration"
local output_json = require "ivs.command.output.json"
local status = require "ivs.command.status"
local printable = require("ivs.printable").escape

local list = {}

local FORMS = {}

function FORMS.table(context, summaries)
  context.print(configuration.lines(summaries, context.terminal))
end

function FORMS.json(context, summaries)
  context.write(output_json.text({ recordingConfigurations = summaries }, output_json.summaries))
end

function FORMS.arns(context, summaries)
  local lines = {}
  for at, summary in ipairs(summaries) do lines[at] = printable(summary.arn) end
  context.print(lines)
end

--- Adds every summary to the list; returns the error that ended it early.
local function read(context, summaries)
  for summary, err in context.client():recording_configurations { maxResults = 100 } do
    if not summary then return err end
    summaries[#summaries + 1] = summary
  end
end

function list.run(context, arguments)
  local summaries = {}
  local called, err = pcall(read, context, summaries)
  if not called and not status.is_interrupt(err) then error(err, 0) end
  if called and err and #summaries == 0 then status.stop(status.FAILED, err) end
  FORMS[arguments.output](context, summaries)
  if not called then error(err, 0) end
  if not err then return status.OK end
  context.complain(err)
  return status.FAILED
end

return list
