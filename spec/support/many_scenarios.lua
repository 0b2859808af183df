--- Scenarios of batches and lists, the same for `ivs` in a script and `resty.ivs` inside nginx, against the emulator.
--
-- A scenario is `{ name, run = function(make) → found, expected }`. `make(changes?)` makes a client of the emulator; `changes`
-- replace options, false takes one away, and `answer` is an address of the emulator (emulator/run.lua lists them). `found` is
-- data that JSON can represent. Expected values come from the emulator's store and from the documented contract, never from our
-- own output.

local store = require "emulator.store"

local scenarios = { list = {} }

local function add(name, expected, run)
  scenarios.list[#scenarios.list + 1] = { name = name, expected = expected, run = run }
end

local COMPLETE, MINIMAL, CREATING = store.configurations.complete, store.configurations.minimal, store.configurations.creating

local function codes_of(result)
  local codes = {}
  for at, item in ipairs(result.errors) do
    assert(item.error.code == item.code and item.error.message == item.message and item.error.kind)
    codes[at] = item.arn .. " " .. item.code
  end
  return codes
end

local function arns_of(items)
  local arns = {}
  for at, item in ipairs(items) do arns[at] = item.arn end
  return arns
end

local function numbered(prefix, count, region)
  local arns = {}
  for at = 1, count do arns[at] = store.arn(prefix .. "-" .. at, nil, region) end
  return arns
end

-- Batches ----------------------------------------------------------------------------------------------------------------

add("a batch gives whole configurations in the order of the ARNs, a duplicate once",
  { configurations = { COMPLETE, MINIMAL, CREATING }, errors = 0 }, function(make)
    local result = assert(make():batch_get_recording_configuration {
      arns = { COMPLETE.arn, MINIMAL.arn, COMPLETE.arn, CREATING.arn, MINIMAL.arn }, max_tps = false })
    return { configurations = result.recordingConfigurations, errors = #result.errors }
  end)

add("a batch has the failures in the order of the ARNs, and they do not spoil the rest", {
  arns = { COMPLETE.arn, MINIMAL.arn },
  errors = { store.arn "unknown" .. " ResourceNotFoundException", store.arn "access-denied" .. " AccessDeniedException",
    "no-arn ValidationException" },
}, function(make)
  local result = assert(make():batch_get_recording_configuration { max_tps = false,
    arns = { store.arn "unknown", COMPLETE.arn, store.arn "access-denied", MINIMAL.arn, "no-arn" } })
  return { arns = arns_of(result.recordingConfigurations), errors = codes_of(result) }
end)

add("a batch tells its progress, and each result once", {
  progress = { "1/3", "2/3", "3/3" }, results = { [COMPLETE.arn] = COMPLETE.name, [MINIMAL.arn] = "-",
    [store.arn "unknown"] = "ResourceNotFoundException" },
}, function(make)
  local progress, results = {}, {}
  assert(make():batch_get_recording_configuration {
    arns = { COMPLETE.arn, store.arn "unknown", MINIMAL.arn, COMPLETE.arn }, max_tps = false,
    on_progress = function(done, total) progress[#progress + 1] = done .. "/" .. total end,
    on_result = function(arn, configuration, err)
      assert(not results[arn], "told twice")
      results[arn] = configuration and (configuration.name or "-") or err.code
    end,
  })
  return { progress = progress, results = results }
end)

add("a batch of no ARNs is two empty lists", { 0, 0 }, function(make)
  local result = assert(make():batch_get_recording_configuration { arns = {} })
  return { #result.recordingConfigurations, #result.errors }
end)

add("a batch takes one call at a time, too", { 5, 0 }, function(make)
  local result = assert(make():batch_get_recording_configuration { arns = numbered("slow-20", 5), max_concurrency = 1,
    max_tps = false })
  return { #result.recordingConfigurations, #result.errors }
end)

add("a batch lets a service that throttles answer all in the end, by backing off", { 9, 0 }, function(make)
  local result = assert(make { max_attempts = 1 }:batch_get_recording_configuration {
    arns = numbered("throttle-3-tps", 9), max_tps = false })
  return { #result.recordingConfigurations, #result.errors }
end)

add("an error that a callback raises ends the batch, is raised as it is, and leaves a client that works",
  { is_raised = true, is_same = true, calls = 1, later = COMPLETE.name }, function(make)
    local client, problem, calls = make(), {}, 0
    local ok, raised = pcall(client.batch_get_recording_configuration, client, { arns = numbered("slow-20", 40),
      max_concurrency = 4, on_progress = function()
        calls = calls + 1
        error(problem)
      end })
    return { is_raised = not ok, is_same = raised == problem, calls = calls,
      later = assert(client:get_recording_configuration(COMPLETE.arn)).recordingConfiguration.name }
  end)

add("a client that a callback closes ends the calls that are left with errors", { total = 20, is_closed = true }, function(make)
  local client, is_closed = make(), true
  local result, err = client:batch_get_recording_configuration { arns = numbered("slow-20", 20), max_concurrency = 2, max_tps = false,
    on_progress = function() client:close() end }
  if not result then return { total = 20, is_closed = err.code == "ClientClosedError" } end
  for _, item in ipairs(result.errors) do is_closed = is_closed and item.code == "ClientClosedError" end
  return { total = #result.recordingConfigurations + #result.errors, is_closed = is_closed and #result.errors >= 16 }
end)

add("a batch fails as a whole where nothing can be asked", { "ClientClosedError", "NoCredentialsError" }, function(make)
  local client = make()
  client:close()
  local closed, err = client:batch_get_recording_configuration { arns = { COMPLETE.arn } }
  local keyless, problem = make { credentials = false, env = { AWS_EC2_METADATA_DISABLED = "true" } }
    :batch_get_recording_configuration { arns = { COMPLETE.arn, MINIMAL.arn } }
  assert(closed == nil and keyless == nil)
  return { err.code, problem.code }
end)

add("misuse of a batch raises and names the member", "", function(make)
  local client, missed = make(), {}
  for member, params in pairs {
    arns = {}, ["arns "] = { arns = "x" }, [" arns"] = { arns = { COMPLETE.arn, 5 } }, max_tps = { arns = {}, max_tps = 0 },
    max_concurrency = { arns = {}, max_concurrency = 0 }, ["max_concurrency "] = { arns = {}, max_concurrency = 1.5 },
    on_progress = { arns = {}, on_progress = 5 }, on_result = { arns = {}, on_result = "x" },
    ["did you mean 'max_tps'"] = { arns = {}, max_tsp = 3 },
  } do
    local ok, problem = pcall(client.batch_get_recording_configuration, client, params)
    if ok or not tostring(problem):find(member:gsub("^ *(.-) *$", "%1"), 1, true) then missed[#missed + 1] = member end
  end
  return table.concat(missed, ", ")
end)

-- Lists ------------------------------------------------------------------------------------------------------------------

add("a list has a page, and a token for the next one", { sizes = { 3, 2 }, is_other = true, metadata = { "200", "string" } },
  function(make)
    local client = make()
    local first = assert(client:list_recording_configurations { maxResults = 3 })
    local second = assert(client:list_recording_configurations { maxResults = 2, nextToken = first.nextToken })
    return { sizes = { #first.recordingConfigurations, #second.recordingConfigurations },
      is_other = first.recordingConfigurations[1].arn ~= second.recordingConfigurations[1].arn,
      metadata = { tostring(first.ResponseMetadata.HTTPStatusCode), type(first.ResponseMetadata.RequestId) } }
  end)

add("the iterator gives the items of all pages, each once", { count = 250, distinct = 250 }, function(make)
  local seen, count, different = {}, 0, 0
  for item, err in make { answer = "many-250" }:recording_configurations { maxResults = 100 } do
    assert(item, err)
    count = count + 1
    if not seen[item.arn] then different = different + 1 end
    seen[item.arn] = true
  end
  return { count = count, distinct = different }
end)

add("the iterator stops a service that gives the same token twice, after that page's items",
  { items = 4, code = "PaginationError", after = "nil" }, function(make)
    local items, code = 0, nil
    local iterator = make { answer = "endless-1" }:recording_configurations { maxResults = 2 }
    for item, err in iterator do
      if item then items = items + 1 else code = err.code end
    end
    return { items = items, code = code, after = tostring((iterator())) }
  end)

add("a list's errors name its operation", { "ListRecordingConfigurations", "An error occurred (ValidationException) when calling the "
  .. "ListRecordingConfigurations operation: The nextToken is invalid" }, function(make)
  local _, err = make():list_recording_configurations { nextToken = "no token" }
  return { err.operation_name, tostring(err) }
end)

add("a list needs a region, and checks its parameters", { "NoRegionError", "ParamValidationError", "ParamValidationError",
  "Invalid value for parameter maxResults, value: 101, valid max value: 100" }, function(make)
  local _, err = make { region = false }:list_recording_configurations()
  local _, low = make():list_recording_configurations { maxResults = 0 }
  local _, high = make():list_recording_configurations { maxResults = 101 }
  return { err.code, low.code, high.code, high.message:match "Invalid value.*$" }
end)

--- Makes clients of an emulator.
-- @tab ivs the module
-- @tab base options
-- @treturn function make
function scenarios.maker(ivs, base)
  return function(changes)
    local options = {}
    for name, value in pairs(base) do options[name] = value end
    for name, value in pairs(changes or {}) do options[name] = value or nil end
    if options.answer then options.endpoint_url, options.answer = base.endpoint_url .. "/answer/" .. options.answer, nil end
    return ivs.client(options)
  end
end

return scenarios
