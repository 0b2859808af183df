--- Fetches recording configurations and compares each with what is expected of it.
--
-- The report is `{ passed, failed, errors, results }`; a result is `{ arn, status = "passed" | "failed" | "error", differences,
-- error }`. Results have the order of the ARNs; an ARN that is named twice has one result.
-- @module ivs.check.run

local compare = require "ivs.check.compare"
local failure = require "ivs.failure"
local names = require "ivs.names"
local printable = require "ivs.printable"

local run = {}

local OPTION_TYPES = {
  arns = { table = true }, expectation = { table = true, string = true }, on_progress = { ["function"] = true },
  max_concurrency = { number = true }, max_tps = { number = true, boolean = true },
}
local OPTION_NAMES = { "arns", "expectation", "max_concurrency", "max_tps", "on_progress" }

-- Misuse --------------------------------------------------------------------------------------------------------------

local function method(client, name)
  local kind = type(client)
  if kind ~= "table" and kind ~= "userdata" then return nil end
  local ok, value = pcall(function() return client[name] end)
  return ok and type(value) == "function" and value or nil
end

--- What is wrong with the arguments; nil if nothing is.
function run.misuse(client, options)
  if not method(client, "get_recording_configuration") and not method(client, "batch_get_recording_configuration") then
    return "bad argument #1 to 'run' (an ivs client expected)"
  end
  if type(options) ~= "table" then return "bad argument #2 to 'run' (table expected, got " .. type(options) .. ")" end
  for name, value in pairs(options) do
    local types = OPTION_TYPES[name]
    if not types then
      local guess = names.nearest(tostring(name), OPTION_NAMES)
      return ("unknown option '%s' (%s)"):format(printable.escape(name),
        guess and ("did you mean '%s'?"):format(guess) or "known: " .. table.concat(OPTION_NAMES, ", "))
    end
    if not types[type(value)] then return ("option '%s' cannot be a %s"):format(name, type(value)) end
  end
  local arns = options.arns or {}
  if next(arns) ~= nil and arns[1] == nil then return "option 'arns' has to be a list" end
  for index, arn in ipairs(arns) do
    if type(arn) ~= "string" then return ("arns[%d] has to be a string, got %s"):format(index, type(arn)) end
  end
end

-- Fetching ------------------------------------------------------------------------------------------------------------

local function without_duplicates(arns)
  local unique, known = {}, {}
  for _, arn in ipairs(arns) do
    if not known[arn] then unique[#unique + 1], known[arn] = arn, true end
  end
  return unique
end

local function no_answer()
  return failure.new("response", "ResponseParserError", "the client returned neither a recording configuration nor an error")
end

--- Both lists of a batch are in the order of the ARNs, so an ARN without an error has the next configuration.
local function outcomes_of_batch(arns, batch)
  local errors, outcomes, position = {}, {}, 0
  for _, entry in ipairs(batch.errors or {}) do errors[entry.arn] = entry.error or entry end
  for index, arn in ipairs(arns) do
    if errors[arn] then
      outcomes[index] = { error = errors[arn] }
    else
      position = position + 1
      local configuration = (batch.recordingConfigurations or {})[position]
      outcomes[index] = configuration and { configuration = configuration } or { error = no_answer() }
    end
  end
  return outcomes
end

local function fetch_in_batch(client, fetch, arns, options)
  local batch, err = fetch(client, { arns = arns, on_progress = options.on_progress, max_concurrency = options.max_concurrency,
    max_tps = options.max_tps })
  if not batch then return nil, err or no_answer() end
  return outcomes_of_batch(arns, batch)
end

--- As a batch, fails as a whole only if no request could be sent.
local function fetch_one_by_one(client, fetch, arns, options)
  local outcomes = {}
  for index, arn in ipairs(arns) do
    local response, err = fetch(client, { arn = arn })
    if response then
      outcomes[index] = { configuration = response.recordingConfiguration, error = not response.recordingConfiguration and no_answer() }
    else
      err = err or no_answer()
      if index == 1 and type(err) == "table" and (err.kind == "credentials" or err.code == "ClientClosedError") then return nil, err end
      outcomes[index] = { error = err }
    end
    if options.on_progress then options.on_progress(index, #arns) end
  end
  return outcomes
end

local function fetch_all(client, arns, options)
  if #arns == 0 then return {} end
  local batch = method(client, "batch_get_recording_configuration")
  if batch then return fetch_in_batch(client, batch, arns, options) end
  return fetch_one_by_one(client, method(client, "get_recording_configuration"), arns, options)
end

-- Judging -------------------------------------------------------------------------------------------------------------

--- The node that a recording configuration is compared with; or nil and an error object.
function run.node_for(expected, arn)
  if expected.kind ~= "snapshot" then return expected end
  local node = expected.by_arn[arn]
  if node then return node end
  return nil, failure.new("params", "ParamValidationError", "the snapshot has no recording configuration with the ARN "
    .. printable.escape(arn) .. "; make the snapshot again, or do not check this one")
end

local function judge(expected, arn, outcome)
  local result = { arn = arn, status = "error", differences = {} }
  local node
  if outcome.configuration then
    node, result.error = run.node_for(expected, arn)
  else
    result.error = outcome.error
  end
  if node then
    result.differences = compare.differences(node, outcome.configuration)
    result.status = #result.differences == 0 and "passed" or "failed"
  end
  return result
end

local COUNTER_OF = { passed = "passed", failed = "failed", error = "errors" }

--- @param client of ivs, resty.ivs, or anything with its methods
-- @tab options of ivs.check's run, checked
-- @tab expected a compiled expectation
-- @treturn table the report; or nil and an error object if no request could be sent
function run.carry_out(client, options, expected)
  local arns = without_duplicates(options.arns or expected.arns)
  local outcomes, err = fetch_all(client, arns, options)
  if not outcomes then return nil, err end
  local report = { passed = 0, failed = 0, errors = 0, results = {} }
  for index, arn in ipairs(arns) do
    local result = judge(expected, arn, outcomes[index])
    report.results[index] = result
    local counter = COUNTER_OF[result.status]
    report[counter] = report[counter] + 1
  end
  return report
end

return run
