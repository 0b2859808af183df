--- One request and its response over a cosocket.
--
-- The request goes out in one write. From then on the response has `read_timeout` seconds to come to its last byte,
-- however it drips. A pooled connection that turns out to have been closed before a byte of the response came is
-- replaced at once: the server never took the request.
-- @module resty.ivs.exchange

local connection = require "resty.ivs.connection"
local core = require "ivs.core"
local fault = require "resty.ivs.fault"
local gzip = require "resty.ivs.gzip"
local wires = require "resty.ivs.wire"

local exchange = {}

local PIECE = 64 * 1024
local MAX_IDLE_READERS = 64

--- Readers that nobody uses, of this worker; they keep their memory.
local idle = {}

local function take_reader(max_bytes)
  local reader = table.remove(idle)
  if not reader then return core.http_reader(max_bytes) end
  reader:reset(max_bytes)
  return reader
end

local function give_back(reader)
  reader:reset() -- wipes what it held
  if #idle < MAX_IDLE_READERS then idle[#idle + 1] = reader end
end

local FAULT_OF = {
  closed = fault.closed, malformed = fault.malformed, ["too large"] = fault.too_large, memory = fault.out_of_memory,
}

--- Reads until the response is complete. Returns true; or nil, an error object, and whether the connection ended first.
local function receive(sock, reader, url, timeout)
  local deadline = ngx.now() + timeout
  local began = false
  while true do
    local bytes, problem = sock:receiveany(PIECE)
    local progress, detail, what
    if bytes then
      began = true
      progress, detail, what = reader:feed(bytes)
    elseif problem == "timeout" then
      return nil, fault.read_timeout(url)
    elseif problem == "closed" then
      progress, detail, what = reader:close()
    else
      progress, detail, what = nil, tostring(problem), "closed"
    end
    if progress == "done" then return true end
    if not progress then return nil, FAULT_OF[what](url, detail), not began end
    local left = deadline - ngx.now()
    if left <= 0 then return nil, fault.read_timeout(url) end
    connection.limit(sock, left)
  end
end

--- Sends and receives. Returns the response; or nil, an error object, and whether another connection may do better.
local function converse(sock, text, wire, request)
  local url, timeout = request.url, request.read_timeout or wire.read_timeout
  connection.limit(sock, timeout)
  local sent, problem = sock:send(text)
  if not sent then
    sock:close()
    if problem == "timeout" then return nil, fault.read_timeout(url) end
    return nil, fault.closed(url, tostring(problem)), true
  end
  local reader = take_reader(request.max_bytes or wire.max_response_bytes)
  local good, err, unheard = receive(sock, reader, url, timeout)
  if not good then
    sock:close()
    give_back(reader)
    return nil, err, unheard
  end
  local response = reader:response()
  if reader:keep_alive() then connection.keep(sock, wire) else sock:close() end
  give_back(reader)
  return response
end

--- The body as it was before a content coding that nobody asked for.
local function decode(response, wire, request)
  local coding = response.headers["content-encoding"]
  if not coding or coding == "" or coding:lower() == "identity" then return response end
  local body, problem = gzip.decode(coding, response.body, request.max_bytes or wire.max_response_bytes)
  if body then
    response.body = body
    return response
  end
  if problem == gzip.TOO_LARGE then return nil, fault.too_large(request.url) end
  return nil, fault.undecodable(request.url, problem)
end

--- Carries out a request.
-- @tab wire of resty.ivs.wire
-- @tab request `{ method, url, headers?, body?, connect_timeout?, read_timeout?, max_bytes?, direct? }`
-- @return `{ status, headers, body }`; or nil and an error object
function exchange.send(wire, request)
  local url = request.url
  local route = wires.route(wire, url, request.direct)
  if not route then return nil, fault.config("InvalidConfigError", "the URL is malformed") end
  local text, problem = core.http_request(request, route.is_absolute, route.is_absolute and route.authorization)
  if not text then return nil, fault.config("InvalidConfigError", problem) end
  while true do
    local sock, reused = connection.open(wire, route, url, request.connect_timeout or wire.connect_timeout)
    if not sock then return nil, reused end
    local response, err, unheard = converse(sock, text, wire, request)
    if response then return decode(response, wire, request) end
    if not (reused and unheard) then return nil, err end
  end
end

return exchange
