--- A stand-in for the service, for the tests of code that uses this package: a `transport` that answers from a table.
--
--     local service = stub.new { [ARN] = { state = "ACTIVE" }, [OTHER] = { error = "AccessDeniedException", message = "no" } }
--     local client = ivs.client(service:options { max_attempts = 1 })
--
-- It does no I/O. Requests are signed, sent, retried and decoded by the client as always; only the network is left out.
-- @module ivs.stub

local answers = require "ivs.stub.service"
local printable = require "ivs.printable"
local validation = require "ivs.stub.validation"

local stub = {}

local Stub = { __name = "ivs.stub" }
Stub.__index = Stub

local function copy(value)
  if type(value) ~= "table" then return value end
  local out = {}
  for key, member in pairs(value) do out[key] = copy(member) end
  return out
end

--- One ARN's answers as a list of copies, with the ARN filled in; or nil and what is wrong.
local function read_answers(arn, given)
  if type(arn) ~= "string" then return nil, "an ARN has to be a string, got " .. type(arn) end
  if type(given) ~= "table" then return nil, ("%s: table expected, got %s"):format(printable.escape(arn), type(given)) end
  local is_sequence = given[1] ~= nil
  local out = {}
  for key, answer in pairs(is_sequence and given or { given }) do
    local path = printable.escape(arn) .. (is_sequence and ("[%s]"):format(printable.escape(key)) or "")
    local problem = validation.problem(answer, path)
    if is_sequence and (type(key) ~= "number" or key > #given) then problem = path .. ": a list of answers has no such key" end
    if problem then return nil, problem end
    out[key] = copy(answer)
    if not answer.error then out[key].arn = answer.arn or arn end
  end
  return out
end

--- Makes a stand-in. Raises at the caller's line if an answer has a member or a type that the service's response does not have.
-- @tab given from each ARN to its answer: a recording configuration (an absent `arn` is filled in), `{ error = CODE, message = TEXT }`,
-- or a list of them, which are given once each, the last one again and again
-- @treturn table with `requests`, the list of `{ operation, arn }`, and `:options()`
function stub.new(given)
  if type(given) ~= "table" then error("bad argument #1 to 'new' (table expected, got " .. type(given) .. ")", 2) end
  local self = setmetatable({ requests = {} }, Stub)
  local state = { arns = {}, answers = {}, position = {}, count = 0 }
  for arn, answer in pairs(given) do
    local list, problem = read_answers(arn, answer)
    if not list then error(problem, 2) end
    state.arns[#state.arns + 1], state.answers[arn], state.position[arn] = arn, list, 1
  end
  table.sort(state.arns)
  function state.record(request) self.requests[#self.requests + 1] = request end
  function self.transport(request) return answers.answer(state, request) end
  return self
end

--- Options for `ivs.client`, `resty.ivs.client` or `ivs.core.client`: a transport, a region, credentials, and an empty environment.
-- @tab[opt] given more options; they override these
-- @treturn table
function Stub:options(given)
  if given ~= nil and type(given) ~= "table" then
    error("bad argument #1 to 'options' (table expected, got " .. type(given) .. ")", 2)
  end
  local options = {
    transport = self.transport, region = "us-west-2", env = {},
    credentials = { access_key_id = "AKIAIOSFODNN7EXAMPLE", secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" },
  }
  for name, value in pairs(given or {}) do options[name] = value end
  return options
end

return stub
