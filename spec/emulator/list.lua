-- ListRecordingConfigurations: summaries of the store's configurations, page by page. Runs inside nginx.
--
-- The list contains the configurations of the key's account in the region that the request is signed for. A next token contains
-- the position of the next item.
-- luacheck: std ngx_lua

local cjson = require "cjson"
local answers = require "emulator.answers"
local store = require "emulator.store"
local validation = require "emulator.validation"

local list = {}

-- The Amazon IVS API Reference, ListRecordingConfigurations. The default is the quota of the account or 100, whichever is
-- smaller; this emulator has no quota.
local DEFAULT_RESULTS, MAXIMUM_RESULTS = 100, 100
local TOKEN_MAXIMUM = 1024
local TOKEN = "emulator:(%d+)"

local function summary(configuration)
  return {
    arn = configuration.arn,
    name = configuration.name,
    state = configuration.state,
    destinationConfiguration = configuration.destinationConfiguration,
    tags = configuration.tags,
  }
end

-- The number of the account's configurations in the region, and a function that returns their summaries by index.
local function held(request)
  local summaries = {}
  local prefix = store.arn("", request.account, request.region)
  for _, label in ipairs(store.labels) do
    local configuration = store.configurations[label]
    if configuration.arn:sub(1, #prefix) == prefix then
      summaries[#summaries + 1] = summary(configuration)
    end
  end
  return #summaries, function(index)
    return summaries[index]
  end
end

local function write_token(position)
  return ngx.encode_base64((TOKEN:gsub("%(%%d%+%)", tostring(position))))
end

-- The position in a token; 0 without a token; nil for an invalid token.
local function read_token(token)
  if token == nil or token == "" then
    return 0
  end
  return tonumber((ngx.decode_base64(token) or ""):match("^" .. TOKEN .. "$"))
end

-- A page of a list of `total` items; `item` returns an item by index.
local function page(total, item, position, size)
  local items = {}
  for index = position + 1, math.min(position + size, total) do
    items[#items + 1] = item(index)
  end
  return items
end

-- The page that the request asks for.
local function list_answer(request, total, item)
  local position, size = read_token(request.input.nextToken), request.input.maxResults
  if not position or position > total then
    return answers.invalid "The nextToken is invalid"
  end
  local following = position + size
  return answers.success {
    recordingConfigurations = page(total, item, position, size),
    nextToken = following < total and write_token(following) or nil,
  }
end

-- A list of this number of configurations, with ARNs that GetRecordingConfiguration limits to 3 calls a second.
local function many(request, number)
  return list_answer(request, tonumber(number), function(index)
    return summary(store.complete(store.arn("throttle-3-tps-" .. index, request.account, request.region)))
  end)
end

-- An endless list: repeats the first page, with this number of different next tokens.
local function endless(request, tokens)
  local position = read_token(request.input.nextToken)
  if not position or position > tonumber(tokens) then
    return answers.invalid "The nextToken is invalid"
  end
  local total, item = held(request)
  return answers.success {
    recordingConfigurations = page(total, item, 0, request.input.maxResults),
    nextToken = write_token(position % tonumber(tokens) + 1),
  }
end

-- Special answers in addition to those of answers.lua.
local SPECIAL = {
  { "^many%-(%d+)", many },
  { "^endless%-([1-9]%d*)", endless },
}

-- Treats null as absent and sets the default. Returns the response to a member of an invalid type, or nil.
local function read_input(input)
  for _, member in ipairs { "maxResults", "nextToken" } do
    if input[member] == cjson.null then
      input[member] = nil
    end
  end
  input.maxResults = input.maxResults or DEFAULT_RESULTS
  if type(input.maxResults) ~= "number" or input.maxResults % 1 ~= 0 then
    return answers.fault(400, "SerializationException", "The member maxResults is not an integer")
  elseif input.nextToken ~= nil and type(input.nextToken) ~= "string" then
    return answers.fault(400, "SerializationException", "The member nextToken is not a string")
  end
end

local function validate(input)
  local problems = {}
  if input.maxResults < 1 then
    problems[1] = validation.problem(input.maxResults, "maxResults", "have value greater than or equal to 1")
  elseif input.maxResults > MAXIMUM_RESULTS then
    problems[1] = validation.problem(input.maxResults, "maxResults", "have value less than or equal to " .. MAXIMUM_RESULTS)
  end
  if #(input.nextToken or "") > TOKEN_MAXIMUM then
    problems[#problems + 1] = validation.problem(input.nextToken, "nextToken",
      "have length less than or equal to " .. TOKEN_MAXIMUM)
  end
  return validation.message(problems)
end

--- The response to an authenticated request.
-- @tparam table request see service.lua
-- @tparam table input the decoded body
function list.respond(request, input)
  local malformed = read_input(input)
  if malformed then
    return malformed
  end
  local invalid = validate(input)
  if invalid then
    return answers.invalid(invalid)
  end
  request.input = input
  request.resource = store.arn("*", request.account, request.region)
  request.succeed = function()
    return list_answer(request, held(request))
  end
  return request.answer and answers.special(request, request.answer, SPECIAL) or request.succeed()
end

return list
