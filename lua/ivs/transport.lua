--- HTTP done by functions that are not ours: the option `transport`, and the `http` that a loop offers. What they give is
-- checked here and nowhere else; their callers get `{ status, headers, body }` with lower-case header names, or nil and an
-- error object.
-- Not for: the exchanges over libcurl and cosockets, which build their responses themselves.
-- @module ivs.transport

local failure = require "ivs.failure"

local transport = {}

local TOKEN = "^[A-Za-z0-9!#$%%&'*+%-.^_`|~]+$" -- RFC 9110, 5.6.2

--- An answer that is none. Sending the request again would not change the function.
local function broken(source, problem)
  return nil, failure.new("connection", "HTTPClientError", source .. ": " .. problem)
end

--- Copies the headers. Returns them; or nil and what is wrong.
local function read_headers(given)
  local headers = {}
  for name, value in next, given do
    local kind = type(value)
    if type(name) ~= "string" or kind ~= "string" and kind ~= "number" then
      return nil, "headers have to be a table of name → string"
    end
    if not name:find(TOKEN) or kind == "string" and value:find("[%z\r\n]") then
      return nil, "a header's name or value is malformed"
    end
    name = name:lower()
    headers[name] = headers[name] and headers[name] .. ", " .. value or tostring(value)
  end
  return headers
end

--- Copies an answer without running its metamethods. Returns it; or nil and what is wrong.
local function read_answer(given)
  if type(given) ~= "table" then return nil, "an answer has to be a table { status, headers, body }, or nil and an error" end
  local status, headers, body = rawget(given, "status"), rawget(given, "headers"), rawget(given, "body")
  if type(status) ~= "number" or status % 1 ~= 0 or status < 100 or status > 999 then
    return nil, "status has to be an HTTP status"
  end
  if headers ~= nil and type(headers) ~= "table" then return nil, "headers have to be a table" end
  if body ~= nil and type(body) ~= "string" and type(body) ~= "number" then return nil, "body has to be a string" end
  local problem
  headers, problem = read_headers(headers or {})
  if not headers then return nil, problem end
  return { status = status, headers = headers, body = body and tostring(body) or "" }
end

local function normalize(source, given, err)
  if given == nil then
    return nil, failure.whole(err, { kind = "connection", code = "EndpointConnectionError", retryable = true,
      message = "the " .. source .. " gave no answer and no reason" })
  end
  local answer, problem = read_answer(given)
  if not answer then return broken(source, problem) end
  return answer
end

local function settle(has_returned, given, err)
  if has_returned then return normalize("transport", given, err) end
  if failure.is(given) then given = tostring(given) end
  return broken("transport", type(given) == "string" and given or "it raised an error that is no text")
end

--- The user's `transport` function, made so that it never raises.
-- @func send the user's
-- @return function(request) → answer | nil, error object
function transport.protected(send)
  return function(request) return settle(pcall(send, request)) end
end

--- A loop's `http`. What it raises is for the loop to see, and it may wait: in Lua 5.1 nothing can wait inside pcall.
-- @func send the loop's
-- @return function(request) → answer | nil, error object
function transport.checked(send)
  return function(request) return normalize("http", send(request)) end
end

return transport
