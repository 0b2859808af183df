--- Fetches recording configurations for a subcommand, with a progress bar; Ctrl-C keeps what has been fetched.
-- @module ivs.command.fetch

local status = require "ivs.command.status"

local fetch = {}

--- The results so far in the form of a batch's result, in the order of the ARNs, and the ARNs that they are for.
local function gather(arns, found, failed)
  local result, settled, seen = { recordingConfigurations = {}, errors = {} }, {}, {}
  for _, arn in ipairs(arns) do
    local list = found[arn] and result.recordingConfigurations or failed[arn] and result.errors
    if list and not seen[arn] then
      list[#list + 1] = found[arn] or failed[arn]
      settled[#settled + 1] = arn
    end
    seen[arn] = true
  end
  return result, settled
end

--- @tab context of the command
-- @tab arns
-- @treturn table `recordingConfigurations` and `errors` as a batch returns them
-- @treturn table the ARNs that they are for: all, unless Ctrl-C ended it early
-- @treturn boolean whether Ctrl-C ended it early
function fetch.all(context, arns)
  if #arns == 0 then return { recordingConfigurations = {}, errors = {} }, arns, false end
  local found, failed = {}, {}
  local client = context.client()
  local update, finish = context.progress()
  local called, result, err = pcall(client.batch_get_recording_configuration, client, {
    arns = arns, max_tps = context.pace.max_tps, max_concurrency = context.pace.max_concurrency, on_progress = update,
    on_result = function(arn, configuration, problem)
      found[arn] = configuration
      failed[arn] = problem and { arn = arn, code = problem.code, message = problem.message, error = problem }
    end,
  })
  finish()
  if called and result then return result, arns, false end
  if called then status.stop(status.FAILED, err) end
  if not status.is_interrupt(result) then error(result, 0) end
  local gathered, settled = gather(arns, found, failed)
  return gathered, settled, true
end

--- Complains about each error; returns the exit status that follows.
-- @tab context
-- @tab errors of a batch
-- @bool interrupted
-- @number otherwise the status where nothing failed
function fetch.report(context, errors, interrupted, otherwise)
  for _, failure in ipairs(errors) do context.complain(failure.arn .. ": " .. tostring(failure.error)) end
  if interrupted then
    context.complain "interrupted; what had been fetched is printed"
    return status.INTERRUPTED
  end
  return #errors > 0 and status.FAILED or otherwise
end

return fetch
