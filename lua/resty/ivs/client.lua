--- A client inside nginx: made without I/O, resolved at its first use, shared by the requests of a worker.
-- @module resty.ivs.client

local answers = require "resty.ivs.answers"
local batch = require "resty.ivs.batch"
local call = require "resty.ivs.call"
local core = require "ivs.core"
local credentials = require "resty.ivs.credentials"
local environment = require "resty.ivs.environment"
local exchange = require "resty.ivs.http.exchange"
local failure = require "ivs.failure"
local log = require "resty.ivs.log"
local options = require "resty.ivs.options"
local pagination = require "ivs.pagination"
local phases = require "resty.ivs.phases"
local process = require "resty.ivs.http.process"
local waiter = require "ivs.waiter"
local wires = require "resty.ivs.http.wire"

local client = {}

local get, list = answers.get, answers.list

--- The state behind each client, hidden from users.
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

--- Reads the settings once, from the environment and files. A failure is not remembered. Returns true; or nil and an error object.
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
  local given = state.options.credentials
  state.credentials = credentials.new { machine = machine, io = make_io(wire), stats = state.stats,
    static = type(given) == "table" and given or nil,
    write = state.options.logger, flush = state.flush_log }
  return true
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

--- Raises misuse of the arguments of a call at the caller's caller.
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
  local response, err = answers.of(state, operation, params, job)
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
  if extra ~= nil then error(("bad argument #2 to '%s' (one argument expected: a table { arns = { … } })"):format(BATCH), 2) end
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
  if extra ~= nil then error(("bad argument #2 to '%s' (one argument expected: { arn, timeout, delay })"):format(WAIT), 2) end
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

local function check_arn(method, arn)
  if type(arn) ~= "string" then error(("bad argument #1 to '%s' (an ARN expected, got %s)"):format(method, type(arn)), 3) end
end

local function redis_failed(why)
  return nil, failure.new("connection", "EndpointConnectionError", "the answer is no longer in the dict, but may still be in Redis: "
    .. why, { retryable = true })
end

--- The cached answer for an ARN, without a call of the service or of Redis.
-- @string arn
-- @return the response, with `ResponseMetadata.Cache` "hit" or "stale"; or nil, and the error object if one is cached
function methods:cache_peek(arn)
  local state = state_of(self, "cache_peek")
  check_arn("cache_peek", arn)
  local id, err = answers.cached_id(state, arn)
  if not id then return nil, err end
  return state.cache:peek(id)
end

--- Removes the answer for an ARN from the cache: from the dict and from Redis. Other machines keep theirs in their dicts for its `ttl`.
-- @string arn
-- @return true; or nil and an error object
function methods:cache_delete(arn)
  local state = state_of(self, "cache_delete")
  check_arn("cache_delete", arn)
  local id, err = answers.cached_id(state, arn)
  if not id then return nil, err end
  local ok, why = state.cache:delete(id)
  if ok then return true end
  return redis_failed(why)
end

--- Removes all answers from the cache, whoever asked for them: from the dict and from Redis.
-- @return true; or nil and an error object
function methods:cache_purge()
  local state = state_of(self, "cache_purge")
  if not state.cache then return answers.cached_id(state) end
  local ok, why = state.cache:purge()
  if ok then return true end
  return redis_failed(why)
end

--- Asks the sources of credentials again and describes the result and where each setting came from, without secrets.
-- @return a table as client:credentials() of `ivs` gives it; or nil and an error object
function methods:credentials()
  local state = state_of(self, "credentials")
  local ok, err = phases.check()
  if ok then ok, err = resolve(state) end
  if not ok then return nil, err end
  ok, err = state.credentials:renew()
  if state.closed then return closed() end
  if ok then return state.machine:describe() end
  return nil, err
end

--- What this worker has done with this client: `calls`, `attempts`, `retries`, `throttles`, `errors`,
-- `credential_refreshes`; and `cache`: the counters of all workers that use its dict (cache.lua). A copy.
function methods:stats()
  local state, out = state_of(self, "stats"), {}
  for name, value in pairs(state.stats) do out[name] = value end
  out.cache = state.cache and state.cache:stats() or { miss = 0, hit = 0, stale = 0 }
  return out
end

--- Closes the client. Calls under way and later calls end with ClientClosedError. A second call does nothing.
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
    local problem
    cache, problem = require("resty.ivs.cache").new(own.cache)
    if not cache then error(tostring(problem), 3) end
  end
  local flush_log
  if common.logger then common.logger, flush_log = log.new(common.logger) end
  local self = setmetatable({}, Client)
  states[self] = {
    options = common, own = own, cache = cache, env = common.env, flush_log = flush_log, spares = {},
    stats = { calls = 0, attempts = 0, retries = 0, throttles = 0, errors = 0, credential_refreshes = 0 },
    questions = {}, resolve = resolve,
  }
  return self
end

return client
