--- Iterates over all pages of a list, as botocore's paginator does (botocore.paginate): the `nextToken` of a response is the
-- parameter of the next request, and a token that comes twice running ends the iteration.
--
-- No I/O of its own: it calls the function that it is given. Not for: fetching pages at the same time; each token is known
-- only when the page before it has come.
-- @module ivs.pagination

local failure = require "ivs.failure"

local pagination = {}

local OPERATION = "ListRecordingConfigurations"

local function repeated_token()
  return failure.new("response", "PaginationError", "Error during pagination: The same next token was received twice. "
    .. "The items so far are valid; list again later, and tell AWS if it happens again.", { operation_name = OPERATION })
end

--- The token for the next page; nil at the end; or nil and an error object.
local function following(response, previous)
  local token = response.nextToken
  if token == nil or token == "" then return nil end
  if token == previous then return nil, repeated_token() end
  return token
end

--- An iterator over the items of all pages. Requests are made when items are needed: the first one at the first step.
-- @func list function(params) → response | nil, err: list_recording_configurations
-- @tab[opt] params its parameters; `nextToken` is where to begin
-- @return an iterator that returns each item; after a failure `false` and the error object; then nothing
function pagination.iterate(list, params)
  local query = {}
  params = params or {}
  for name, value in pairs(params) do query[name] = value end
  query.maxResults, query.nextToken = params.maxResults, params.nextToken -- a metamethod may give them
  local items, index, token, err, is_last = {}, 0, nil, nil, false

  local function fetch()
    local response, problem = list(query)
    if not response then return problem end
    items, index = response.recordingConfigurations or {}, 0
    token, err = following(response, token)
    query.nextToken, is_last = token, token == nil
  end

  return function()
    while index >= #items do
      if is_last then
        local problem = err
        err = nil
        if problem then return false, problem end
        return nil
      end
      local problem = fetch()
      if problem then
        items, index, is_last = {}, 0, true
        return false, problem
      end
    end
    index = index + 1
    return items[index]
  end
end

return pagination
