--- One call's steps (ivs.core), carried out over cosockets. No rule of the call stands here, only how each step is done.
-- @module resty.ivs.call

local core = require "ivs.core"
local exchange = require "resty.ivs.exchange"

local call = {}

--- What a user's transport that raises, or gives what is no answer, is taken for; it is not asked again.
local function broken(problem)
  if type(problem) ~= "string" then problem = "it raised an error that is no text" end
  return { kind = "cancelled", code = "HTTPClientError", message = "transport: " .. problem }
end

--- The client's own `transport` function in place of the network.
local function report_transport(machine_call, transport, request)
  local good, answer, err = pcall(transport, request)
  if not good then return machine_call:next(nil, broken(answer)) end
  local taken, step, detail = pcall(machine_call.next, machine_call, answer, err)
  if taken then return step, detail end
  return machine_call:next(nil, broken(step))
end

local function send(state, machine_call, request)
  local stats, transport = state.stats, state.wire.transport
  local step, detail
  stats.attempts = stats.attempts + 1
  if transport then
    step, detail = report_transport(machine_call, transport, request)
  else
    step, detail = machine_call:next(exchange.send(state.wire, request))
  end
  if step ~= "done" and core.is_throttled(machine_call) then stats.throttles = stats.throttles + 1 end
  return step, detail
end

--- Carries out a call from its first step to its last.
-- @tab state of a client (client.lua): machine, wire, refresh, stats
-- @param params of the call
-- @return the response; or nil and an error object
function call.carry_out(state, params)
  local stats = state.stats
  local machine_call = state.machine:call(params)
  local step, detail = machine_call:next()
  local sent = false
  while true do
    if step == "exchange" then
      if sent then stats.retries = stats.retries + 1 end
      sent = true
      step, detail = send(state, machine_call, detail)
    elseif step == "done" then
      return detail
    elseif step == "sleep" then
      ngx.sleep(detail)
      step, detail = machine_call:next()
    elseif step == "credentials" then
      step, detail = machine_call:next(state.refresh:keys())
    else
      stats.errors = stats.errors + 1
      if detail.kind == "cancelled" and detail.code == "HTTPClientError" then detail.kind = "connection" end
      return nil, detail
    end
  end
end

return call
