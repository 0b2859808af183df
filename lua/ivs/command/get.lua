--- `ivs get`: prints recording configurations.
-- @module ivs.command.get

local arns_of = require("ivs.command.arns").of
local configuration = require "ivs.command.output.configuration"
local fetch = require "ivs.command.fetch"
local output_json = require "ivs.command.output.json"
local output_lua = require "ivs.command.output.lua"
local status = require "ivs.command.status"

local get = {}

--- The members of an error that a file keeps; headers stay out of it.
local ERROR_MEMBERS = { "kind", "code", "message", "operation_name", "status", "request_id", "attempts", "retryable" }

local function plain_errors(errors)
  local list = {}
  for at, failure in ipairs(errors) do
    local members = {}
    for _, name in ipairs(ERROR_MEMBERS) do members[name] = failure.error[name] end
    list[at] = { arn = failure.arn, code = failure.code, message = failure.message, error = members }
  end
  return list
end

local FORMS = {}

function FORMS.table(context, found)
  local list = found.recordingConfigurations
  if #list == 1 and #found.errors == 0 then return context.print(configuration.record(list[1], context.terminal)) end
  context.print(configuration.lines(list, context.terminal))
end

local function plain(found)
  return { recordingConfigurations = found.recordingConfigurations, errors = plain_errors(found.errors) }
end

function FORMS.json(context, found)
  context.write(output_json.text(plain(found), output_json.configurations))
end

function FORMS.lua(context, found)
  context.write(output_lua.chunk(plain(found)))
end

function get.run(context, arguments)
  local arns = arns_of(context, arguments, "give ARNs, - (standard input) or --all; see: ivs get --help")
  local found, _, interrupted = fetch.all(context, arns)
  FORMS[arguments.output](context, found)
  return fetch.report(context, found.errors, interrupted, status.OK)
end

return get
