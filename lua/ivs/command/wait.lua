--- `ivs wait`: returns when all recording configurations are ACTIVE, or settled otherwise.
-- @module ivs.command.wait

local arns_of = require("ivs.command.arns").of
local configuration = require "ivs.command.output.configuration"
local printable = require("ivs.printable").escape
local status = require "ivs.command.status"
local waiter = require "ivs.waiter"

local wait = {}

local Wait = {}
Wait.__index = Wait

local TIME_IS_UP = {} -- raised to end a round

local function new_wait(context, arns, arguments)
  local self = setmetatable({ context = context, arguments = arguments, waiting = {}, is_settled = {}, responses = {}, errors = {},
    total = 0, settled = 0, status = status.OK, deadline = context.now() + arguments.timeout }, Wait)
  for _, arn in ipairs(arns) do
    if self.is_settled[arn] == nil then -- each once
      self.is_settled[arn] = false
      self.waiting[#self.waiting + 1] = arn
    end
  end
  self.total = #self.waiting
  self.update, self.finish = context.progress(true)
  return self
end

--- An ARN is ACTIVE, or has a problem.
function Wait:settle(arn, problem)
  self.finish()
  self.is_settled[arn] = true
  self.settled = self.settled + 1
  if not problem then
    return self.context.print { self.context.terminal.paint("ACTIVE", configuration.state_style "ACTIVE") .. "  " .. printable(arn) }
  end
  self.context.complain(arn .. ": " .. tostring(problem))
  local has_failed = not problem.cause and problem.kind == "service" -- the state is CREATE_FAILED; else a call failed
  self.status = math.max(self.status, has_failed and status.DIFFERENT or status.FAILED)
end

--- Polls each ARN that is not settled. A round over many ARNs takes long, so it ends `delay` after the deadline at the latest.
function Wait:look()
  local client, pace = self.context.client(), self.context.pace
  local called, found, err = pcall(client.batch_get_recording_configuration, client, {
    arns = self.waiting, max_tps = pace.max_tps, max_concurrency = pace.max_concurrency,
    on_result = function(arn, value, problem)
      local response = value and { recordingConfiguration = value }
      local outcome, reason = waiter.judge(response, problem, self.responses[arn])
      self.responses[arn], self.errors[arn] = response or self.responses[arn], problem
      if outcome ~= "waiting" then self:settle(arn, reason) end
      if self.context.now() >= self.deadline + self.arguments.delay then error(TIME_IS_UP, 0) end
    end,
  })
  if called and not found then status.stop(status.FAILED, err) end
  if not called and found ~= TIME_IS_UP then error(found, 0) end
end

--- Keeps the ARNs that are not settled.
function Wait:sift()
  local left = {}
  for _, arn in ipairs(self.waiting) do
    if not self.is_settled[arn] then left[#left + 1] = arn end
  end
  self.waiting = left
end

function Wait:give_up()
  for _, arn in ipairs(self.waiting) do
    self:settle(arn, waiter.timed_out(self.arguments.timeout, self.responses[arn], self.errors[arn]))
  end
  self.waiting = {}
end

function Wait:run()
  while #self.waiting > 0 do
    self:look()
    self:sift()
    local left = self.deadline - self.context.now()
    if left <= 0 then
      self:give_up()
    elseif #self.waiting > 0 then
      self.update(self.settled, self.total)
      self.context.sleep(math.min(self.arguments.delay, left))
    end
  end
end

function wait.run(context, arguments)
  local self = new_wait(context, arns_of(context, arguments, "give ARNs or - (standard input)"), arguments)
  local finished, problem = pcall(self.run, self)
  self.finish()
  if not finished then error(problem, 0) end
  return self.status
end

return wait
