--- A client inside nginx: made without I/O, resolved at its first use, shared by the requests of a worker.
-- @module resty.ivs.client

local call = require "resty.ivs.call"
local core = require "ivs.core"
local environment = require "resty.ivs.environment"
local exchange = require "resty.ivs.exchange"
local failure = require "ivs.failure"
local identity = require "resty.ivs.identity"
local journal = require "resty.ivs.journal"
local options = require "resty.ivs.options"
local phases = require "resty.ivs.phases"
local process = require "resty.ivs.process"
local refresh = require "resty.ivs.refresh"
local wires = require "resty.ivs.wire"

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

--- What the cache keeps an answer under: endpoint, ARN, and whose credentials.
local function cache_key(state, arn)
  local whose, err = identity.of(state)
  if not whose then return nil, err end
  return table.concat({ state.machine.endpoint_url or "-", whose, arn }, "|")
end

local function fetch(state, params)
  local good, err = phases.check()
  if not good then return nil, err end
  return call.carry_out(state, params)
end

local function get_through_cache(state, params, arn)
  local key, err = cache_key(state, arn)
  if not key then
    state.stats.errors = state.stats.errors + 1
    return nil, err
  end
  local response, problem, outcome = state.cache:get(key, function() return fetch(state, params) end)
  if response and outcome then response.ResponseMetadata.Cache = outcome end
  outcome = outcome or response and response.ResponseMetadata.Cache
  if outcome and state.stats.cache[outcome] then state.stats.cache[outcome] = state.stats.cache[outcome] + 1 end
  return response, problem
end

-- Methods ------------------------------------------------------------------------------------------------------------

local function state_of(self, level)
  local state = states[self]
  if not state then error("ivs.client expected, got " .. type(self), (level or 2) + 1) end
  return state
end

--- The call.
-- @param params `{ arn = … }`, or the ARN
-- @return the response; or nil and an error object
function methods:get_recording_configuration(params)
  local state = state_of(self)
  local kind = type(params)
  if kind ~= "table" and kind ~= "string" and params ~= nil then
    error("bad argument #1 to 'get_recording_configuration' (table or string expected, got " .. kind .. ")", 2)
  end
  state.stats.calls = state.stats.calls + 1
  local arn = state.cache and arn_of(params)
  local good, err = true, nil
  if not arn then good, err = phases.check() end
  if good then good, err = resolve(state) end
  if not good then
    state.stats.errors = state.stats.errors + 1
    return nil, err
  end
  if arn then return get_through_cache(state, params, arn) end
  return call.carry_out(state, params)
end

--- Asks the sources of credentials anew and tells, without a secret, what they gave and where each setting came from.
-- @return a table as client:credentials() of `ivs` gives it; or nil and an error object
function methods:credentials()
  local state = state_of(self)
  local good, err = phases.check()
  if good then good, err = resolve(state) end
  if not good then return nil, err end
  good, err = state.refresh:renew()
  if state.closed then return closed() end
  if good then return state.machine:describe() end
  return nil, err
end

--- What this worker has done with this client so far: `calls`, `attempts`, `retries`, `throttles`, `errors`,
-- `credential_refreshes`, and `cache` with `miss`, `hit` and `stale`. A copy.
function methods:stats()
  local out = {}
  for name, value in pairs(state_of(self).stats) do out[name] = value end
  out.cache = { miss = out.cache.miss, hit = out.cache.hit, stale = out.cache.stale }
  return out
end

--- Ends the client; calls that are under way, and later ones, end with ClientClosedError. May be called twice.
function methods:close()
  local state = state_of(self)
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
  if common.logger then common.logger, tell = journal.new(common.logger) end
  local self = setmetatable({}, Client)
  states[self] = {
    options = common, own = own, cache = cache, env = common.env, tell = tell, spares = {},
    stats = { calls = 0, attempts = 0, retries = 0, throttles = 0, errors = 0, credential_refreshes = 0,
      cache = { miss = 0, hit = 0, stale = 0 } },
  }
  return self
end

return client
