--- Answers requests as the service does, from a table of answers.
--
-- The state is `{ arns, answers, position, requests }`: the sorted ARNs, a list of answers for each, which of them is next, and
-- what was asked. An answer is a recording configuration or `{ error, message }`.
-- Not for: signatures, quotas, and whatever else a client cannot see in an answer.
-- @module ivs.stub.service

local json = require "ivs.json"
local ordered_json = require "ivs.ordered_json"
local shape = require "ivs.shape"

local service = {}

local MAX_RESULTS = 100 -- AWS API reference, ListRecordingConfigurations: the default and the largest
local TOKEN = "ivs-stub-%d"

-- The HTTP statuses of the service's model (botocore, ivs/2020-07-14).
local STATUS_OF = {
  AccessDeniedException = 403, ChannelNotBroadcasting = 404, ConflictException = 409, InternalServerException = 500,
  PendingVerification = 403, ResourceNotFoundException = 404, ServiceQuotaExceededException = 402, ServiceUnavailable = 503,
  StreamUnavailable = 503, ThrottlingException = 429, UnknownOperationException = 404, ValidationException = 400,
}

-- Responses -----------------------------------------------------------------------------------------------------------

local function response(state, status, body, node)
  state.count = state.count + 1
  return {
    status = status,
    headers = {
      ["Content-Type"] = "application/json",
      ["x-amzn-RequestId"] = ("00000000-0000-4000-8000-%012d"):format(state.count),
    },
    body = ordered_json.encode(body, { shape = node }),
  }
end

local function fail(state, code, message)
  local answer = response(state, STATUS_OF[code] or 400, { exceptionMessage = message })
  answer.headers["x-amzn-ErrorType"] = code
  return answer
end

-- GetRecordingConfiguration -------------------------------------------------------------------------------------------

local function get(state, input)
  local arn = input.arn
  state.record { operation = "GetRecordingConfiguration", arn = arn }
  local answers = state.answers[arn]
  if not answers then
    return fail(state, "ResourceNotFoundException", "Resource: " .. tostring(arn) .. " not found")
  end
  local position = state.position[arn]
  state.position[arn] = math.min(position + 1, #answers)
  local answer = answers[position]
  if answer.error then return fail(state, answer.error, answer.message) end
  return response(state, 200, { recordingConfiguration = answer }, shape.get_result)
end

-- ListRecordingConfigurations -----------------------------------------------------------------------------------------

--- The configuration that a list shows: the next one to be answered, or else the last; nil if all answers are errors.
local function listed(state, arn)
  local answers, position = state.answers[arn], state.position[arn]
  for index = position, #answers do
    if not answers[index].error then return answers[index] end
  end
  for index = position - 1, 1, -1 do
    if not answers[index].error then return answers[index] end
  end
end

local function summary_of(configuration)
  local summary = {}
  for name in pairs(shape.summary.members) do summary[name] = configuration[name] end
  return summary
end

local function all_summaries(state)
  local summaries = {}
  for _, arn in ipairs(state.arns) do
    local configuration = listed(state, arn)
    if configuration then summaries[#summaries + 1] = summary_of(configuration) end
  end
  return summaries
end

--- The index that a token stands for; nil if it is none of ours.
local function first_of(token, count)
  if token == nil then return 1 end
  local first = type(token) == "string" and tonumber(token:match("^ivs%-stub%-(%d+)$"))
  return first and first >= 1 and first <= count and first or nil
end

local function list(state, input)
  state.record { operation = "ListRecordingConfigurations", maxResults = input.maxResults, nextToken = input.nextToken }
  local size = input.maxResults or MAX_RESULTS
  if type(size) ~= "number" or size % 1 ~= 0 or size < 1 or size > MAX_RESULTS then
    return fail(state, "ValidationException", ("maxResults has to be an integer from 1 to %d"):format(MAX_RESULTS))
  end
  local summaries = all_summaries(state)
  local first = first_of(input.nextToken, #summaries)
  if not first then return fail(state, "ValidationException", "nextToken is not one that this service gave") end
  local page = {}
  for index = first, math.min(first + size - 1, #summaries) do page[#page + 1] = summaries[index] end
  local following = first + #page
  return response(state, 200, { recordingConfigurations = page,
    nextToken = following <= #summaries and TOKEN:format(following) or nil }, shape.list_result)
end

-- Requests ------------------------------------------------------------------------------------------------------------

local OPERATIONS = { GetRecordingConfiguration = get, ListRecordingConfigurations = list }

--- A body's members; a null one is absent.
local function read_input(body)
  local input = json.decode(body or "")
  if type(input) ~= "table" then return nil end
  for name, value in pairs(input) do
    if value == json.null then input[name] = nil end
  end
  return input
end

--- A transport's work (see the option `transport` of ivs.client).
-- @tab state
-- @tab request `method`, `url`, `body`
-- @treturn table `{ status, headers, body }`
function service.answer(state, request)
  local name = request.url:gsub("[?#].*$", ""):match("/([^/]*)$")
  local operation = request.method == "POST" and OPERATIONS[name]
  if not operation then return fail(state, "UnknownOperationException", "the stub does not know this operation") end
  local input = read_input(request.body)
  if not input then return fail(state, "ValidationException", "the request's body is not a JSON object") end
  return operation(state, input)
end

return service
