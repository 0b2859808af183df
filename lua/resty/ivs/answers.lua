--- The answers of a client inside nginx: from its cache, if it has one, or from the service.
-- @module resty.ivs.answers

local call = require "resty.ivs.call"
local failure = require "ivs.failure"
local identity = require "resty.ivs.cache.identity"
local lrucache = require "resty.lrucache"
local phases = require "resty.ivs.phases"

local answers = {}

-- Operations of a client. `name`; `takes_string`: the ARN may stand in place of the table; `cacheable(params)`: the text that makes
-- two answers differ, and the parameters to send when it is not cached; nothing for parameters that the call has to refuse.

answers.get = { name = "GetRecordingConfiguration", method = "get_recording_configuration", takes_string = true }

function answers.get.cacheable(params)
  if type(params) == "table" then
    for name in pairs(params) do
      if name ~= "arn" then return nil end
    end
    params = params.arn
  end
  if type(params) == "string" then return params, params end
end

answers.list = { name = "ListRecordingConfigurations", method = "list_recording_configurations" }

local LIST_PARAMETERS = { maxResults = "number", nextToken = "string" }

function answers.list.cacheable(params)
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
local function carry_out(state, operation, params, job, urgency)
  if not job then return call.carry_out(state, operation.name, params, nil, urgency) end
  return job:limited(params, function() return call.carry_out(state, operation.name, params, job, urgency) end)
end

local MAX_KEY = 512 -- a longer text cannot be an ARN; it is not remembered

--- What the worker remembers of the questions of one identity: for each operation, those asked last, by their text.
-- @treturn table|nil nil: nothing is to be remembered
local function questions_of(state, whose)
  local known, size = state.questions, state.cache.lru_size
  if size == 0 then return nil end
  if known.whose ~= whose then -- another account
    known = { whose = whose, [answers.get] = assert(lrucache.new(size)), [answers.list] = assert(lrucache.new(size)) }
    state.questions = known
  end
  return known
end

--- The function that calls the service, perhaps in a timer after the request has ended.
local function service_call(state, operation, params, whose)
  return function(urgency, job)
    local ok, err = phases.check()
    if not ok then return nil, err end
    local response
    response, err = carry_out(state, operation, params, job, urgency)
    return response, err, not state.closed and identity.of(state) ~= whose -- new credentials may be another account's
  end
end

local function make_question(state, operation, key, params, whose)
  local machine = state.machine
  local text = table.concat({ machine.endpoint_url or "-", machine.region or "-", whose, operation.name, key }, "|")
  return { id = state.cache.id(text), group = call.group_of(state, params), call_service = service_call(state, operation, params, whose) }
end

--- What the cache keeps an answer under (endpoint, region, whose credentials, operation, arguments), what its request is paced with,
-- and the function that calls the service. Remembered, since most questions are asked again and again. LuaJIT does not compile a function
-- that makes a closure, so this one does not.
local function question_of(state, operation, key, params)
  local whose, err = identity.of(state)
  if not whose then return nil, err end
  local known = questions_of(state, whose)
  local question = known and known[operation]:get(key)
  if question then return question end
  question = make_question(state, operation, key, params, whose)
  if known and #key <= MAX_KEY then known[operation]:set(key, question) end
  return question
end

local function as_part_of(job, question)
  return function(urgency) return question.call_service(urgency, job) end
end

local function get_through_cache(state, operation, key, params, job)
  local question, err = question_of(state, operation, key, params)
  if not question then return nil, err end
  local cache = state.cache
  cache.answers:note_asked(question)
  local response, problem = cache:get(question.id, job and as_part_of(job, question) or question.call_service)
  return response, problem -- without the outcome, which is in ResponseMetadata
end

--- The answer of an operation.
-- @tab state of a client (client.lua)
-- @tab operation answers.get or answers.list
-- @param params of the call
-- @tab[opt] job the batch that the call is part of (batch.lua)
-- @return the response; or nil and an error object
function answers.of(state, operation, params, job)
  local key, query
  if state.cache then key, query = operation.cacheable(params) end
  local ok, err = true, nil
  if not key then ok, err = phases.check() end -- a cached answer can be read in every phase
  if ok then ok, err = state.resolve(state) end
  if not ok then return nil, err end
  if key then return get_through_cache(state, operation, key, query, job) end
  return carry_out(state, operation, params, job)
end

--- The cache's id of an ARN. Returns nil and an error object if the client has no cache, or its identity cannot be found out here.
function answers.cached_id(state, arn)
  if not state.cache then
    return nil, failure.new("config", "InvalidConfigError", "This client has no cache: give it the option `cache`.")
  end
  local ok, err = state.resolve(state)
  if not ok then return nil, err end
  local question
  question, err = question_of(state, answers.get, arn, arn)
  return question and question.id, err
end

return answers
