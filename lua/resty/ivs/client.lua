--- A client inside nginx: made without I/O, resolved at its first use, shared by the requests of a worker.
-- @module resty.ivs.client

local batch = require "resty.ivs.batch"
local call = require "resty.ivs.call"
local core = require "ivs.core"
local environment = require "resty.ivs.environment"
local exchange = require "resty.ivs.http.exchange"
local failure = require "ivs.failure"
local identity = require "resty.ivs.cache.identity"
local log = require "resty.ivs.log"
local options = require "resty.ivs.options"
local pagination = require "ivs.pagination"
local phases = require "resty.ivs.phases"
local process = require "resty.ivs.http.process"
local refresh = require "resty.ivs.refresh"
local waiter = require "ivs.waiter"
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

local function make_io(wire)
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
  state.refresh = refresh.new(machine, make_io(wire), state.stats, state.options.logger, state.tell)
  local given = state.options.credentials
  if type(given) == "table" then state.refresh.account_id = identity.account_of(tostring(given.access_key_id)) end
  return true
end

-- The cache ----------------------------------------------------------------------------------------------------------

-- Operations of a client. `name`; `takes_string`: the ARN may stand in place of the table; `cacheable(params)`: the text that makes
-- two answers differ, and the parameters to send when it is not cached; nothing for parameters that the call has to refuse.

local get = { name = "GetRecordingConfiguration", method = "get_recording_configuration", takes_string = true }

function get.cacheable(params)
  if type(params) == "table" then
    for name in pairs(params) do
      if name ~= "arn" then return nil end
    end
    params = params.arn
  end
  if type(params) == "string" then return params, params end
end

local list = { name = "ListRecordingConfigurations", method = "list_recording_configurations" }

local LIST_PARAMETERS = { maxResults = "number", nextToken = "string" }

function list.cacheable(params)
  params = params or {}
  for name in pairs(params) do
    if not LIST_PARAMETERS[name] then return nil end
  end
  local query = {}
  for name, kind in pairs(LIST_PARAMETERS) do
    query[name] = params[name]
    if query[name] ~= nil and type(query[name]) ~= kind then return nil end
  end
  return ("%s|%s"):format(query.maxResults or "-", query.nextToken or ""), query -- the token, which may contain anything, is last
end

--- Makes a call of the service, as part of a batch if there is one.
local function carry_out(state, operation, params, job)
  if not job then return call.carry_out(state, operation.name, params) end
  return job:limited(params, function() return call.carry_out(state, operation.name, params, job) end)
end

local MAX_QUESTIONS, MAX_KEY = 1000, 512 -- a longer text cannot be an ARN; it is not remembered

--- What the worker remembers of the questions of one identity, by operation and text.
local function questions_of(state, whose)
  local known = state.questions
  if known.whose ~= whose or known.count >= MAX_QUESTIONS then
    known = { whose = whose, count = 0, [get] = {}, [list] = {} } -- another account, or too many
    state.questions = known
  end
  return known
end

--- What the cache keeps an answer under (endpoint, region, whose credentials, operation, arguments), and the function that fetches it,
-- perhaps in a timer after the request has ended. Remembered, since most questions are asked again and again.
local function question_of(state, operation, key, params)
  local whose, err = identity.of(state)
  if not whose then return nil, err end
  local known = questions_of(state, whose)
  local question = known[operation][key]
  if question then return question end
  local machine = state.machine
  question = {
    id = state.cache.id(table.concat({ machine.endpoint_url or "-", machine.region or "-", whose, operation.name, key }, "|")),
    fetch = function(job)
      local ok, problem = phases.check()
      if not ok then return nil, problem end
      local response
      response, problem = carry_out(state, operation, params, job)
      return response, problem, not state.closed and identity.of(state) ~= whose -- new credentials may be another account's
    end,
  }
  if #key <= MAX_KEY then known[operation][key], known.count = question, known.count + 1 end
  return question
end

local function get_through_cache(state, operation, key, params, job)
  local question, err = question_of(state, operation, key, params)
  if not question then return nil, err end
  local fetch = question.fetch
  if job then fetch = function() return question.fetch(job) end end
  local response, problem = state.cache:get(question.id, fetch, job ~= nil)
  return response, problem -- without the outcome, which is in ResponseMetadata
end

local function answer(state, operation, params, job)
  local key, query
  if state.cache then key, query = operation.cacheable(params) end
  local ok, err = true, nil
  if not key then ok, err = phases.check() end -- a cached answer can be read in every phase
  if ok then ok, err = resolve(state) end
  if not ok then return nil, err end
  if key then return get_through_cache(state, operation, key, query, job) end
  return carry_out(state, operation, params, job)
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
-- @string method its name
function client.check_arguments(method, params, extra)
  local takes_string = method == get.method
  local problem
  if type(params) ~= "table" and params ~= nil and not (takes_string and type(params) == "string") then
    problem = ("#1 to '%s' (%s expected, got %s)"):format(method, takes_string and "table or string" or "table", type(params))
  elseif extra ~= nil then
    problem = ("#2 to '%s' (one argument expected: %s)"):format(method, takes_string and "the ARN, or a table { arn = … }"
      or "a table { maxResults = …, nextToken = … }")
  end
  if problem then error("bad argument " .. problem, 3) end
end

local function perform(state, operation, params, job)
  local stats = state.stats
  stats.calls = stats.calls + 1
  local response, err = answer(state, operation, params, job)
  if response then return response end
  stats.errors = stats.errors + 1
  return nil, failure.of_operation(err, operation.name)
end

--- Fetches a recording configuration.
-- @param params `{ arn = … }`, or the ARN
-- @return the response; or nil and an error object
function methods:get_recording_configuration(params, extra)
  local state = state_of(self, get.method)
  client.check_arguments(get.method, params, extra)
  return perform(state, get, params)
end

local BATCH = "batch_get_recording_configuration"

--- Fetches many recording configurations (batch.lua).
-- @tab params
--
-- - `arns`: a list; a duplicate is fetched once
-- - `max_concurrency` (16): calls at the same time, at most 256
-- - `max_tps` (3): requests a second in each region, evenly; false: no limit. `cache.max_tps` holds, too
-- - `on_progress`: called with the number of ARNs that are done and the number of different ARNs
-- - `on_result`: called with each ARN and its configuration; or the ARN, nil and an error object
-- @return `{ recordingConfigurations = { … }, errors = { { arn, code, message, error }, … } }`, both in the order of `arns`; or nil and
--   an error object if nothing could be asked
function methods:batch_get_recording_configuration(params, extra)
  local state = state_of(self, BATCH)
  local problem = batch.misuse(params)
  if problem then error(("bad argument #1 to '%s' (%s)"):format(BATCH, problem), 2) end
  if extra ~= nil then error(("bad argument #2 to '%s' (one argument expected)"):format(BATCH), 2) end
  local ok, err = phases.check()
  if ok then ok, err = resolve(state) end
  if not ok then return nil, err end
  return batch.run(state.machine, function(arn, job) return perform(state, get, arn, job) end, params)
end

local WAIT = "wait_until_active"

--- Waits until a recording configuration is ACTIVE. Each look is a call of the service: the cache is not asked.
-- @param params `{ arn, timeout = 300, delay = 2 }` (seconds), or the ARN
-- @return the response; or nil and an error object with the code WaiterError (ivs.waiter)
function methods:wait_until_active(params, extra)
  local state = state_of(self, WAIT)
  local problem = waiter.misuse(params)
  if problem then error(("bad argument #1 to '%s' (%s)"):format(WAIT, problem), 2) end
  if extra ~= nil then error(("bad argument #2 to '%s' (one argument expected)"):format(WAIT), 2) end
  local function look(query)
    local ok, err = phases.check()
    if ok then ok, err = resolve(state) end
    if not ok then return nil, err end
    return call.carry_out(state, get.name, query)
  end
  return waiter.wait({ get = look, sleep = ngx.sleep, now = core.private.monotonic }, params)
end

--- Lists recording configurations, one page.
-- @tab[opt] params `{ maxResults = …, nextToken = … }`
-- @return the response; or nil and an error object
function methods:list_recording_configurations(params, extra)
  local state = state_of(self, list.method)
  client.check_arguments(list.method, params, extra)
  return perform(state, list, params)
end

--- Iterates over the items of all pages: see `pagination.iterate`.
-- @tab[opt] params of list_recording_configurations
-- @return an iterator that returns each item; after a failure `false` and the error object; then nothing
function methods:recording_configurations(params, extra)
  state_of(self, "recording_configurations")
  client.check_arguments("recording_configurations", params, extra)
  return pagination.iterate(function(query) return self:list_recording_configurations(query) end, params)
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
    questions = {},
  }
  return self
end

return client
