--- `ivs wait`: returns when all recording configurations are ACTIVE, or settled otherwise.
-- @module ivs.command.wait

local arns_of = require("ivs.command.arns").of
local configuration = require "ivs.command.output.configuration"
local status = require "ivs.command.status"
local printable = require("ivs.printable").escape
local waiter = require "ivs.waiter"

local wait = {}

--- Each ARN once.
local function unique(arns)
  local list, seen = {}, {}
  for _, arn in ipairs(arns) do
    if not seen[arn] then list[#list + 1] = arn end
    seen[arn] = true
  end
  return list
end

--- One look at each ARN that is not settled. Returns responses and errors by ARN.
local function look(context, arns)
  local responses, errors = {}, {}
  local found, err = context.client():batch_get_recording_configuration { arns = arns, max_tps = context.pace.max_tps,
    max_concurrency = context.pace.max_concurrency,
    on_result = function(arn, value, problem)
      if value then responses[arn] = { recordingConfiguration = value } else errors[arn] = problem end
    end }
  if not found then status.stop(status.FAILED, context.describe(err)) end
  return responses, errors
end

--- Tells what became of an ARN; returns the exit status that follows.
local function settle(context, arn, state, problem)
  if not problem then
    context.print { context.terminal.paint(state, configuration.state_style(state)) .. "  " .. printable(arn) }
    return status.OK
  end
  context.complain(arn .. ": " .. context.describe(problem))
  local response = problem.response
  local failed = not problem.cause and response and response.recordingConfiguration.state == "CREATE_FAILED"
  return failed and status.DIFFERENT or status.FAILED
end

function wait.run(context, arguments)
  local waiting = unique(arns_of(context, arguments, "give ARNs or - (standard input)"))
  local total, last, worst = #waiting, {}, status.OK
  local deadline = context.now() + arguments.timeout
  local update, finish = context.progress()
  while #waiting > 0 do
    local responses, errors = look(context, waiting)
    local is_over = context.now() >= deadline
    local left = {}
    finish()
    for _, arn in ipairs(waiting) do
      local outcome, problem = waiter.judge(responses[arn], errors[arn], last[arn])
      last[arn] = responses[arn] or last[arn]
      if outcome == "waiting" and is_over then problem = waiter.timed_out(arguments.timeout, last[arn], errors[arn]) end
      if outcome == "waiting" and not problem then
        left[#left + 1] = arn
      else
        worst = math.max(worst, settle(context, arn, "ACTIVE", problem))
      end
    end
    waiting = left
    if #waiting > 0 then
      update(total - #waiting, total)
      context.sleep(math.max(0, math.min(arguments.delay, deadline - context.now())))
    end
  end
  finish()
  return worst
end

return wait
