--- A check's report as JSON, with sorted keys, so that two reports can be compared line by line.
-- @module ivs.check.report_json

local compare = require "ivs.check.compare"
local json = require "ivs.json"
local ordered_json = require "ivs.ordered_json"
local report = require "ivs.check.report"
local shape = require "ivs.shape"

local report_json = {}

-- An error's headers are left out: they are many, and change with each call.
local ERROR_FIELDS = { "kind", "code", "message", "operation_name", "status", "request_id", "attempts", "retryable", "causes" }

local function error_of(err)
  if type(err) ~= "table" then return { message = report.error_text(err) } end
  local out = {}
  for _, name in ipairs(ERROR_FIELDS) do out[name] = err[name] end
  return out
end

--- A difference always has its four members; what is absent is null.
local function difference_of(difference)
  local out = { path = difference.path, message = difference.message, expected = difference.expected, actual = difference.actual }
  if out.expected == nil then out.expected = json.null end
  if out.actual == nil then out.actual = json.null end
  return out
end

-- Shapes: an empty table is printed as what the difference's path names. A node with `items` has one for each element.

local function structure(members)
  return { type = "structure", members = members }
end

local function difference_shape(difference)
  local node = shape.at(shape.configuration, difference.path)
  return structure { expected = node, actual = node }
end

local function child(node, key)
  if node.items then return node.items[key] end
  return compare.child(node, key)
end

--- One member of a difference as JSON on one line.
-- @tab difference
-- @string name
-- @treturn string
function report_json.member(difference, name)
  return ordered_json.encode(difference[name], { shape = child(difference_shape(difference), name), child = child })
end

--- A result and its shape.
local function result_of(result)
  local differences, shapes = {}, {}
  for index, difference in ipairs(result.differences) do
    differences[index], shapes[index] = difference_of(difference), difference_shape(difference)
  end
  return { arn = result.arn, status = result.status, differences = differences, error = result.error and error_of(result.error) },
    structure { differences = { type = "list", items = shapes } }
end

--- @tab given a report
-- @treturn string
function report_json.text(given)
  local results, shapes = {}, {}
  for index, result in ipairs(given.results) do results[index], shapes[index] = result_of(result) end
  return ordered_json.encode({ passed = given.passed, failed = given.failed, errors = given.errors, results = results },
    { indent = "  ", child = child, shape = structure { results = { type = "list", items = shapes } } }) .. "\n"
end

return report_json
