--- Carries out the steps of a call (ivs.core) over cosockets. The rules of the call are in the core (csrc/core/call.c).
-- @module resty.ivs.call

local private = require("ivs.core").private
local exchange = require "resty.ivs.http.exchange"
local pace = require "resty.ivs.cache.pace"
local wires = require "resty.ivs.http.wire"

local call = {}

local NO_LIMITS = {} -- only the wire's

--- Sends the request and reports its response, or why there is none.
local function report_network(machine_call, wire, url, limits)
  local route = wires.route(wire, url)
  local text = { private.request_text(machine_call, route.is_absolute, route.is_absolute and route.authorization or nil) }
  local reader, err = exchange.carry_out(wire, route, text, url, limits)
  if not reader then return private.advance(machine_call, nil, err) end
  local step, detail
  if exchange.is_coded(reader:header "content-encoding") then
    step, detail = private.advance(machine_call, exchange.response(reader, url, wire.max_response_bytes))
  else
    step, detail = private.advance(machine_call, reader)
  end
  exchange.release(reader)
  return step, detail
end

--- The region that a call goes to: the client's, or the one in the ARN.
-- @tab machine the client of ivs.core
-- @param params of the call
function call.region_of(machine, params)
  local region = machine.region
  if region then return region end
  local arn = type(params) == "table" and params.arn or params
  return type(arn) == "string" and arn:match("^arn:[^:]*:[^:]*:([^:]+):") or "-"
end

--- What the requests of a call are paced with (pace.lua).
-- @tab state of a client (client.lua)
-- @param params of the call
function call.group_of(state, params)
  return pace.group(state.credentials.account_id, call.region_of(state.machine, params))
end

--- Waits until a cached client may send.
-- @return true; or nil and an error object
local function keep_pace(state, params, batch, urgency)
  local cache = state.cache
  if not (cache and cache.max_tps) then return true end
  return pace.wait(state, call.group_of(state, params), urgency or batch and pace.BULK or pace.MISS)
end

local function send(state, machine_call, url, batch)
  local stats, transport = state.stats, state.wire.transport
  local step, detail
  stats.attempts = stats.attempts + 1
  if transport then
    private.note_sent(machine_call)
    step, detail = private.advance(machine_call, transport(private.request_table(machine_call)))
  else
    local limits = batch and { on_connected = function() private.note_sent(machine_call) end } or NO_LIMITS
    step, detail = report_network(machine_call, state.wire, url, limits)
  end
  if step ~= "done" and private.is_throttled(machine_call) then stats.throttles = stats.throttles + 1 end
  return step, detail
end

--- Finished calls, whose memory the next ones use.
local MAX_SPARES = 64

local function begin(state, operation_name, params)
  local spares = state.spares
  local count = #spares
  local spare = spares[count]
  spares[count] = nil
  return private.begin(state.machine, params, spare, operation_name)
end

local function put_aside(state, machine_call)
  local spares = state.spares
  if #spares < MAX_SPARES and not state.closed then spares[#spares + 1] = machine_call end
end

--- Carries out a call from its first step to its last.
-- @tab state of a client (client.lua): machine, wire, credentials, stats, spares, flush_log
-- @string operation_name
-- @param params of the call
-- @tab[opt] batch that the call is part of (batch.lua)
-- @tab[opt] urgency of a refresh, for which nobody waits: other calls are sent first (pace.lua)
-- @return the response; or nil, an error object, and whether the service throttled the last attempt
function call.carry_out(state, operation_name, params, batch, urgency)
  local machine_call = begin(state, operation_name, params)
  if batch then private.set_pace(machine_call, batch:pace(call.region_of(state.machine, params))) end
  local step, detail = private.advance(machine_call)
  local is_sent, flush_log = false, state.flush_log
  while true do
    if flush_log then flush_log() end
    if step == "exchange" then
      local ok, err = keep_pace(state, params, batch, urgency)
      if not ok then return nil, err end -- not put aside: a call that has not ended cannot be used again
      if is_sent then state.stats.retries = state.stats.retries + 1 end
      is_sent = true
      if state.closed then
        step, detail = private.advance(machine_call) -- closed while it waited
      else
        step, detail = send(state, machine_call, detail, batch)
      end
    elseif step == "done" then
      put_aside(state, machine_call)
      return detail
    elseif step == "sleep" then
      if detail > 0 then ngx.sleep(detail) end
      step, detail = private.advance(machine_call)
    elseif step == "credentials" then
      step, detail = private.advance(machine_call, state.credentials:get())
    else
      local is_throttled = batch and private.is_throttled(machine_call)
      put_aside(state, machine_call)
      return nil, detail, is_throttled
    end
  end
end

return call
