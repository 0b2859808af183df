--- A client inside nginx: made without I/O, resolved at its first use, shared by the requests of a worker.
-- @module resty.ivs.client

local call = require "resty.ivs.call"
local core = require "ivs.core"
local environment = require "resty.ivs.environment"
local exchange = require "resty.ivs.http.exchange"
local failure = require "ivs.failure"
local identity = require "resty.ivs.cache.identity"
local log = require "resty.ivs.log"
local options = require "resty.ivs.options"
local phases = require "resty.ivs.phases"
local process = require "resty.ivs.http.process"
local refresh = require "resty.ivs.refresh"
local wires = require "resty.ivs.http.wire"

local client = {}

--- The state behind each client, which users don't see.
local states = setmetatable({}, { __mode = "k" })

local methods = {}
local Client = { __name = "ivs.client" }

local function closed()
  return nil, failure.new("cancelled", "ClientClosedError", "The client is closed; make a new one.")
end

-- Resolution ---------------------------------------------------------------------------------------------------------

local function make_offer(wire)
  return { http = function(request) return exchange.send(wire, request) end, sleep = ngx.sleep, run = process.run }
end

--- Reads the settings, once: environment and files. What fails is not remembered. Returns true; or nil and an error object.
local function resolve(state)
  if state.closed then return closed() end
  if state.machine then return true end
  local machine, err = core.client(state.options)
  if not machine then return nil, err end
  local wire
  wire, err = wires.new(machine, { ca_bundle = state.options.ca_bundle, pool_size = state.own.pool_size,
    keepalive_timeout = state.own.keepalive_timeout })
  if not wire then
    machine:close()
    return nil, err
  end
  state.machine, state.wire = machine, wire
  state.refresh = refresh.new(machine, make_offer(wire), state.stats, state.options.logger, state.tell)
  return true
end

-- The cache ----------------------------------------------------------------------------------------------------------

--- The ARN of a good argument; nil for what the call itself has to refuse.
local function arn_of(params)
  if type(params) == "table" then
    for name in pairs(params) do
      if name ~= "arn" then return nil end
    end
    params = params.arn
  end
  return type(params) == "string" and params or nil
end

local MAX_QUESTIONS, MAX_ARN = 1000, 512 -- what is no ARN at all may be of any length, and is not remembered

--- For an ARN: what the cache keeps its answer under (endpoint, ARN, and whose credentials), and who fetches it, maybe in a
-- timer after the request has ended; remembered, since most ARNs are asked for again and again.
local function question_of(state, arn)
  local whose, err = identity.of(state)
  if not whose then return nil, err end
  local known = state.questions
  if known.whose ~= whose or known.count >= MAX_QUESTIONS then
    known = { whose = whose, count = 0, of = {} } -- another account, or too many
    state.questions = known
  end
  local question = known.of[arn]
  if question then return question end
  question = {
    id = state.cache.id(table.concat({ state.machine.endpoint_url or "-", whose, arn }, "|")),
    fetch = function()
      local good, problem = phases.check()
      if not good then return nil, problem end
      local response
      response, problem = call.carry_out(state, arn)
      return response, problem, not state.closed and identity.of(state) ~= whose -- its keys may be new, and another's
    end,
  }
  if #arn <= MAX_ARN then known.of[arn], known.count = question, known.count + 1 end
  return question
end

local function get_through_cache(state, arn)
  local question, err = question_of(state, arn)
  if not question then return nil, err end
  local response
  response, err = state.cache:get(question.id, question.fetch)
  return response, err -- and no outcome: ResponseMetadata tells it
end

local function answer(state, params)
  local arn = state.cache and arn_of(params)
  local good, err = true, nil
  if not arn then good, err = phases.check() end -- what is remembered can be had in every phase
  if good then good, err = resolve(state) end
  if not good then return nil, err end
  if arn then return get_through_cache(state, arn) end
  return call.carry_out(state, params)
end

-- Methods ------------------------------------------------------------------------------------------------------------

--- The state behind the client that a method was called on. Raises at the caller of the method.
local function state_of(self, method)
  local state = states[self]
  if not state then
    error(("bad argument #1 to '%s' (ivs.client expected, got %s; call it with a colon: client:%s(…))")
      :format(method, type(self), method), 3)
  end
  return state
end

--- Raises at the caller's caller what is wrong with the arguments of a call.
function client.check_arguments(params, extra)
  local problem
  if type(params) ~= "table" and type(params) ~= "string" and params ~= nil then
    problem = ("#1 to 'get_recording_configuration' (table or string expected, got %s)"):format(type(params))
  elseif extra ~= nil then
    problem = "#2 to 'get_recording_configuration' (one argument expected: the ARN, or a table { arn = … })"
  end
  if problem then error("bad argument " .. problem, 3) end
end

--- The call.
-- @param params `{ arn = … }`, or the ARN
-- @return the response; or nil and an error object
function methods:get_recording_configuration(params, extra)
  local state = state_of(self, "get_recording_configuration")
  client.check_arguments(params, extra)
  local stats = state.stats
  stats.calls = stats.calls + 1
  local response, err = answer(state, params)
  if not response then stats.errors = stats.errors + 1 end
  return response, err
end

--- Asks the sources of credentials anew and tells, without a secret, what they gave and where each setting came from.
-- @return a table as client:credentials() of `ivs` gives it; or nil and an error object
function methods:credentials()
  local state = state_of(self, "credentials")
  local good, err = phases.check()
  if good then good, err = resolve(state) end
  if not good then return nil, err end
  good, err = state.refresh:renew()
  if state.closed then return closed() end
  if good then return state.machine:describe() end
  return nil, err
end

--- What this worker has done with this client so far: `calls`, `attempts`, `retries`, `throttles`, `errors`,
-- `credential_refreshes`; and `cache`: what all workers have done with its dict (resty.ivs.cache). A copy.
function methods:stats()
  local state, out = state_of(self, "stats"), {}
  for name, value in pairs(state.stats) do out[name] = value end
  out.cache = state.cache and state.cache:stats() or { miss = 0, hit = 0, stale = 0 }
  return out
end

--- Ends the client; calls that are under way, and later ones, end with ClientClosedError. May be called twice.
function methods:close()
  local state = state_of(self, "close")
  state.closed, state.spares = true, {}
  if state.machine then state.machine:close() end
end

function Client.__index(self, name)
  if methods[name] then return methods[name] end
  if name ~= "region" and name ~= "endpoint_url" then return nil end
  local state = states[self]
  if not state.machine and not resolve(state) then return nil end
  return state.machine[name]
end

function Client.__newindex()
  error("an ivs client is read-only", 2)
end

function Client.__tostring(self)
  local state = states[self]
  if state.closed then return "ivs.client (closed)" end
  if not state.machine then return "ivs.client (not used yet)" end
  return tostring(state.machine)
end

--- Makes a client. Reads nothing; raises misuse at the caller's caller.
-- @tab[opt] given options
function client.new(given)
  local common, own = options.read(given)
  if not common then error(own, 3) end
  common.env = common.env or environment
  local cache
  if own.cache ~= nil then
    local wrong
    cache, wrong = require("resty.ivs.cache").new(own.cache)
    if not cache then error(tostring(wrong), 3) end
  end
  local tell
  if common.logger then common.logger, tell = log.new(common.logger) end
  local self = setmetatable({}, Client)
  states[self] = {
    options = common, own = own, cache = cache, env = common.env, tell = tell, spares = {},
    stats = { calls = 0, attempts = 0, retries = 0, throttles = 0, errors = 0, credential_refreshes = 0 },
    questions = { count = 0 },
  }
  return self
end

return client
