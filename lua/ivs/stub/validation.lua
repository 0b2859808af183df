--- Checks what a stub is given, as botocore's Stubber checks its responses: names and types, not values.
-- @module ivs.stub.validation

local names = require "ivs.names"
local printable = require "ivs.printable"
local shape = require "ivs.shape"

local validation = {}

local ERROR_MEMBERS = { "error", "message" }

local function unknown(path, name, known)
  local guess = type(name) == "string" and names.nearest(name, known)
  return ('%s: unknown member "%s"; %s'):format(path, printable.escape(name),
    guess and ('did you mean "%s"?'):format(guess) or "known: " .. table.concat(known, ", "))
end

local function wrong_type(path, wanted, value)
  return ("%s: %s expected, got %s"):format(path, wanted, type(value))
end

local problem_of

local kinds = {}

function kinds.string(value, _, path)
  if type(value) ~= "string" then return wrong_type(path, "a string", value) end
end

function kinds.integer(value, _, path)
  if type(value) ~= "number" or value % 1 ~= 0 then return wrong_type(path, "an integer", value) end
end

function kinds.list(value, node, path)
  if type(value) ~= "table" then return wrong_type(path, "a list", value) end
  local count = 0
  for key in pairs(value) do
    if type(key) ~= "number" then return ("%s: a list expected, got a table with the key %s"):format(path, printable.escape(key)) end
    count = count + 1
  end
  if count ~= #value then return path .. ": a list expected, got one with holes" end
  for index = 1, #value do
    local problem = problem_of(value[index], node.element, ("%s[%d]"):format(path, index))
    if problem then return problem end
  end
end

local function kind_of_object(value, node, path)
  if type(value) ~= "table" then return wrong_type(path, "an object", value) end
  for name, member in pairs(value) do
    local child = type(name) == "string" and shape.child(node, name)
    if not child and node.members then return unknown(path, name, names.sorted(node.members)) end
    if not child then return ("%s: the key %s has to be a string"):format(path, printable.escape(name)) end
    local problem = problem_of(member, child, path .. "." .. printable.escape(name))
    if problem then return problem end
  end
end

kinds.structure, kinds.map = kind_of_object, kind_of_object

function problem_of(value, node, path)
  return kinds[node.type](value, node, path)
end

local function problem_of_error(answer, path)
  for name in pairs(answer) do
    if name ~= "error" and name ~= "message" then return unknown(path, name, ERROR_MEMBERS) end
  end
  if type(answer.error) ~= "string" or not answer.error:find("^[A-Za-z0-9_.]+$") then
    return path .. ".error: an exception's name expected, such as \"AccessDeniedException\""
  end
  if answer.message ~= nil and type(answer.message) ~= "string" then
    return wrong_type(path .. ".message", "a string", answer.message)
  end
end

--- @param answer a recording configuration, or `{ error = …, message = … }`
-- @string path where it stands
-- @treturn ?string what is wrong with it
function validation.problem(answer, path)
  if type(answer) == "table" and answer.error ~= nil then return problem_of_error(answer, path) end
  return problem_of(answer, shape.configuration, path)
end

return validation
