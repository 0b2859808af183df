--- Compares recording configurations with what they should be, and reports the result for people and for CI.
--
-- An expectation is a table, or JSON, that names the members that matter. A table whose only key begins with `$` is a rule:
-- `$matches`, `$any`, `$absent`, `$exactly`. What `ivs get --output json` prints is an expectation, too: a snapshot.
-- No I/O, except that an expectation may be the path of a file, and that `run` makes calls of a client.
-- @module ivs.check

local compare = require "ivs.check.compare"
local expectation = require "ivs.check.expectation"
local report_json = require "ivs.check.report_json"
local report_junit = require "ivs.check.report_junit"
local report_tap = require "ivs.check.report_tap"
local run = require "ivs.check.run"
local source = require "ivs.check.source"

local check = {}

--- The compiled form of an expectation that is a table, JSON, or a path; or nil and a problem.
local function compile(given)
  if type(given) ~= "string" then return expectation.compile(given) end
  local loaded, err = source.load(given)
  if not loaded then return nil, err.message end
  return expectation.compile(loaded)
end

--- Compares one recording configuration.
-- @tab configuration a response's `recordingConfiguration`
-- @param given an expectation; a snapshot is compared by its configuration of the same ARN
-- @treturn table a list of `{ path, expected, actual, message }`, empty if all is as expected; or nil and an error object if a
-- snapshot lacks the ARN. Raises for an invalid expectation.
function check.compare(configuration, given)
  if type(configuration) ~= "table" then
    error("bad argument #1 to 'compare' (table expected, got " .. type(configuration) .. ")", 2)
  end
  local expected, problem = compile(given)
  if not expected then error("invalid expectation: " .. problem, 2) end
  local node, err = run.node_for(expected, configuration.arn)
  if not node then return nil, err end
  return compare.differences(node, configuration)
end

--- Reads an expectation.
-- @string text_or_path JSON (it begins with `{`), or the path of a file of JSON
-- @treturn table the expectation; or nil and an error object
function check.load(text_or_path)
  if type(text_or_path) ~= "string" then
    error("bad argument #1 to 'load' (string expected, got " .. type(text_or_path) .. ")", 2)
  end
  return source.load(text_or_path)
end

--- The ARNs that a snapshot names, in its order.
-- @param given an expectation
-- @treturn table|nil nil if the expectation is not a snapshot. Raises for an invalid expectation.
function check.arns(given)
  local expected, problem = compile(given)
  if not expected then error("invalid expectation: " .. problem, 2) end
  return expected.kind == "snapshot" and expected.arns or nil
end

--- Fetches recording configurations and compares each.
-- @param client of `ivs` or `resty.ivs`
-- @tab options `expectation`; `arns`, which a snapshot has by itself; `on_progress(done, total)`; `max_concurrency` and `max_tps`
-- of the client's batch
-- @treturn table `{ passed, failed, errors, results = { { arn, status, differences, error }, … } }`; or nil and an error object if
-- no request could be sent. Raises for misuse and for an invalid expectation, before anything is fetched.
function check.run(client, options)
  local misuse = run.misuse(client, options)
  if misuse then error(misuse, 2) end
  local expected, problem = compile(options.expectation)
  if not expected then error("invalid expectation: " .. problem, 2) end
  if not options.arns and expected.kind ~= "snapshot" then
    error("option 'arns' is missing: only a snapshot says itself which recording configurations to check", 2)
  end
  return run.carry_out(client, options, expected)
end

local function check_report(report, name)
  if type(report) ~= "table" or type(report.results) ~= "table" then
    error(("bad argument #1 to '%s' (a report of ivs.check.run expected)"):format(name), 3)
  end
end

--- The report as TAP version 13.
function check.tap(report)
  check_report(report, "tap")
  return report_tap.text(report)
end

--- The report as JUnit XML.
function check.junit(report)
  check_report(report, "junit")
  return report_junit.text(report)
end

--- The report as JSON.
function check.json(report)
  check_report(report, "json")
  return report_json.text(report)
end

return check
