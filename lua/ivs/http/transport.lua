--- HTTP done by functions that are not ours: the option `transport`, and the `http` that a loop offers. Whatever they give,
-- their callers get `{ status, headers, body }` with lower-case header names, or nil and an error object. What an answer has
-- to be is judged in C (csrc/lua/message.c), as it is for the blocking call.
-- @module ivs.http.transport

local transport = {}

--- The user's `transport` function, made so that it never raises.
-- @func send the user's
-- @func read_answer of the C side
-- @number max_bytes of a body, where the request names no other number
-- @return function(request) → answer | nil, error object
function transport.protected(send, read_answer, max_bytes)
  return function(request)
    local cap = request.max_bytes or max_bytes
    return read_answer("transport", cap, pcall(send, request))
  end
end

--- A loop's `http`. What it raises is for the loop to see, and it may wait: in Lua 5.1 nothing can wait inside pcall.
-- @return as `protected`
function transport.checked(send, read_answer, max_bytes)
  return function(request)
    local cap = request.max_bytes or max_bytes
    return read_answer("http", cap, true, send(request))
  end
end

return transport
