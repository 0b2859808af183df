--- Wraps functions that do HTTP for us: the option `transport`, and the `http` of a loop. Their callers get
-- `{ status, headers, body }` with lower-case header names, or nil and an error object. C validates the responses
-- (csrc/lua/message.c), as for the blocking call.
-- @module ivs.http.transport

local transport = {}

--- Wraps the option `transport`. The result never raises.
-- @func send the option
-- @func read_response of the C side
-- @number max_bytes the largest body, unless the request has another limit
-- @return function(request) → response | nil, error object
function transport.protected(send, read_response, max_bytes)
  return function(request)
    return read_response("transport", request.max_bytes or max_bytes, pcall(send, request))
  end
end

--- Wraps a loop's `http`. What that raises reaches the loop. There is no pcall, since in Lua 5.1 no function may yield inside one.
-- @return as `protected`
function transport.checked(send, read_response, max_bytes)
  return function(request)
    return read_response("http", request.max_bytes or max_bytes, true, send(request))
  end
end

return transport
