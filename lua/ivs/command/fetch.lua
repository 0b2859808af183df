--- Fetches recording configurations for a subcommand, with a progress bar; Ctrl-C keeps what has been fetched.
-- @module ivs.command.fetch

local status = require "ivs.command.status"

local fetch = {}

--- The list in the order of the ARNs; an ARN named twice stands once.
local function ordered(arns, by_arn)
  local list, seen = {}, {}
  for _, arn in ipairs(arns) do
    if by_arn[arn] ~= nil and not seen[arn] then list[#list + 1] = by_arn[arn] end
    seen[arn] = true
  end
  return list
end

--- @tab context of the command
-- @tab arns
-- @treturn table `recordingConfigurations` and `errors` as a batch returns them
-- @treturn boolean whether Ctrl-C ended it early
function fetch.all(context, arns)
  if #arns == 0 then return { recordingConfigurations = {}, errors = {} }, false end
  local found, failed = {}, {}
  local update, finish = context.progress()
  local called, result, err = pcall(function()
    local client = context.client()
    return client:batch_get_recording_configuration { arns = arns, max_tps = context.pace.max_tps,
      max_concurrency = context.pace.max_concurrency, on_progress = update,
      on_result = function(arn, configuration, problem)
        found[arn] = configuration
        failed[arn] = problem and { arn = arn, code = problem.code, message = problem.message, error = problem }
      end }
  end)
  finish()
  if called and result then return result, false end
  if called then status.stop(status.FAILED, context.describe(err)) end
  if not status.is_interrupt(result) then error(result, 0) end
  return { recordingConfigurations = ordered(arns, found), errors = ordered(arns, failed) }, true
end

--- Complains about each error; returns the exit status that follows.
-- @tab context
-- @tab errors of a batch
-- @bool interrupted
-- @number otherwise the status where nothing failed
function fetch.report(context, errors, interrupted, otherwise)
  for _, failure in ipairs(errors) do context.complain(failure.arn .. ": " .. context.describe(failure.error)) end
  if interrupted then
    context.complain "interrupted; what had been fetched is printed"
    return status.INTERRUPTED
  end
  return #errors > 0 and status.FAILED or otherwise
end

return fetch
