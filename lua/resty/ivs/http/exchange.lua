--- One request and its response over a cosocket.
--
-- The request is sent in one write. The whole response then has `read_timeout` seconds; a server that trickles bytes cannot extend
-- that. A pooled connection that was closed before a byte of the response arrived is replaced at once: the server never took the
-- request.
-- @module resty.ivs.http.exchange

local connection = require "resty.ivs.http.connection"
local core = require "ivs.core"
local fault = require "resty.ivs.http.error_map"
local gzip = require "resty.ivs.http.gzip"
local monotonic = core.private.monotonic
local wires = require "resty.ivs.http.wire"

local exchange = {}

local PIECE = 64 * 1024
local MAX_IDLE_READERS = 64
local MAX_REPLACED = 5 -- pooled connections, for one request

--- This worker's unused readers, which keep their memory.
local idle = {}

local function take_reader(max_bytes)
  local count = #idle
  local reader = idle[count]
  if not reader then return core.http_reader(max_bytes) end
  idle[count] = nil
  reader:reset(max_bytes)
  return reader
end

--- Returns a reader for reuse.
function exchange.release(reader)
  reader:reset() -- wipes its content, and frees a large one
  if #idle < MAX_IDLE_READERS then idle[#idle + 1] = reader end
end

local FAULT_OF = {
  closed = fault.closed, malformed = fault.malformed, ["too large"] = fault.too_large, memory = fault.out_of_memory,
}

--- Reads until the response is complete. Returns true; or nil, an error object, and whether the connection ended first.
local function receive(sock, reader, url, timeout)
  local deadline = monotonic() + timeout
  local has_begun = false
  while true do
    local bytes, problem = sock:receiveany(PIECE)
    local progress, detail, what
    if bytes then
      has_begun = true
      progress, detail, what = reader:feed(bytes)
    elseif problem == "timeout" then
      return nil, fault.read_timeout(url)
    elseif problem == "closed" then
      progress, detail, what = reader:close()
    else
      progress, detail, what = nil, tostring(problem), "closed"
    end
    if progress == "done" then return true end
    if not progress then return nil, FAULT_OF[what](url, detail), not has_begun end
    local left = deadline - monotonic()
    if left <= 0 then return nil, fault.read_timeout(url) end
    connection.limit(sock, left)
  end
end

--- Sends and receives.
-- @return the reader, done; or nil, an error object, and whether another connection may succeed
local function converse(sock, text, url, wire, route, limits)
  local sent, problem = sock:send(text)
  if not sent then
    sock:close()
    if problem == "timeout" then return nil, fault.read_timeout(url) end
    return nil, fault.closed(url, tostring(problem)), true
  end
  local reader = take_reader(limits.max_bytes or wire.max_response_bytes)
  local ok, err, is_unanswered = receive(sock, reader, url, limits.read_timeout or wire.read_timeout)
  if not ok then
    sock:close()
    exchange.release(reader)
    return nil, err, is_unanswered
  end
  if reader:keep_alive() then connection.keep(sock, wire, route) else sock:close() end
  return reader
end

--- Sends a request that is text already, and reads the response.
-- @tab wire of resty.ivs.http.wire
-- @tab route its route to the URL
-- @param text the whole message: a string, or a list of its pieces
-- @string url for messages
-- @tab limits `connect_timeout`, `read_timeout`, `max_bytes`, in place of the wire's; `on_connected`, called before the request is
--   sent
-- @return a reader that is done, to be released; or nil and an error object
function exchange.carry_out(wire, route, text, url, limits)
  local replaced = 0
  while true do
    local sock, reused = connection.open(wire, route, url, limits)
    if not sock then return nil, reused end
    if limits.on_connected then limits.on_connected() end
    local reader, err, is_unanswered = converse(sock, text, url, wire, route, limits)
    if reader then return reader end
    if not (reused and is_unanswered) or replaced >= MAX_REPLACED then return nil, err end
    replaced = replaced + 1
  end
end

--- The response of a reader as a table, with an unrequested content coding decoded.
-- @return `{ status, headers, body }`; or nil and an error object
function exchange.response(reader, url, max_bytes)
  local response = reader:response()
  local coding = response.headers["content-encoding"]
  -- an empty body is not decoded, whatever its header says: the status matters
  if response.body == "" or not exchange.is_coded(coding) then return response end
  local body, problem = gzip.decode(coding, response.body, max_bytes)
  if body then
    response.body = body
    return response
  end
  if problem == gzip.TOO_LARGE then return nil, fault.too_large(url) end
  return nil, fault.undecodable(url, problem)
end

--- Whether the body has to be decoded.
function exchange.is_coded(coding)
  return coding ~= nil and coding ~= "" and coding:lower() ~= "identity"
end

--- Sends a request and reads the response.
-- @tab wire of resty.ivs.http.wire
-- @tab request `{ method, url, headers?, body?, connect_timeout?, read_timeout?, max_bytes?, direct? }`
-- @return `{ status, headers, body }`; or nil and an error object
function exchange.send(wire, request)
  local url = request.url
  local route = wires.route(wire, url, request.direct)
  if not route then return nil, fault.config("InvalidConfigError", "the URL is malformed") end
  local text, problem, what = core.http_request(request, route.is_absolute, route.is_absolute and route.authorization)
  if not text and what == "memory" then return nil, fault.out_of_memory(url) end
  if not text then return nil, fault.config("InvalidConfigError", problem) end
  local reader, err = exchange.carry_out(wire, route, text, url, request)
  if not reader then return nil, err end
  local response
  response, err = exchange.response(reader, url, request.max_bytes or wire.max_response_bytes)
  exchange.release(reader)
  return response, err
end

return exchange
