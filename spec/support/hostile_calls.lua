--- Calls to a hostile server: their expected results, and minimum durations.
--
--     hostile_calls.expect(server, steps, { "connection", "ConnectionClosedError", attempts = 2 }, options)
--
-- On a busy machine any step may take seconds. So a call that must not time out has the timeout PATIENCE, a call that must time
-- out has only one short timeout, and the only upper limit for a measured time is PATIENCE. Not for: the rules of a call (core
-- specs), or valid responses (emulator).

local assert = require "luassert"
local ivs = require "ivs"
local shell = require "emulator.shell"

local hostile_calls = {}

--- connect_timeout and read_timeout of a call that must not time out, in seconds.
hostile_calls.PATIENCE = 30

--- The timeout that must expire.
hostile_calls.TIMEOUT = 0.3

--- The tolerance of measured times: /proc/uptime has a resolution of 0.01 seconds.
hostile_calls.RESOLUTION = 0.02

hostile_calls.BODY = '{"recordingConfiguration":{"state":"ACTIVE"}}'

local function read(path)
  local file = io.open(path)
  local text = file and file:read("*a") or ""
  if file then file:close() end
  return text
end

--- Seconds of the monotonic clock, with a resolution of 0.01.
function hostile_calls.uptime()
  return tonumber(read("/proc/uptime"):match("^[%d.]+"))
end

--- A 200 response with a valid Content-Length.
-- @string[opt] body
-- @string[opt] lines of its head, each with its end
function hostile_calls.answer(body, lines)
  body = body or hostile_calls.BODY
  return "HTTP/1.1 200 OK\r\n" .. (lines or "") .. "Content-Length: " .. #body .. "\r\n\r\n" .. body
end

--- Steps that send these bytes and close.
function hostile_calls.sending(bytes) return { { "request" }, { "send", bytes }, { "close" } } end

--- Steps that send a response (see `answer`) and keep the connection.
function hostile_calls.answering(body, lines) return { { "request" }, { "send", hostile_calls.answer(body, lines) }, { "hang" } } end

--- Steps that send a beginning, and then a text repeatedly.
function hostile_calls.endless(start, text) return { { "request" }, { "send", start }, { "endless", text } } end

--- A client of the server. `more.tls`: it uses TLS, with the server's certificate authority unless `more.ca_bundle` is set or
-- false. Its default timeout is PATIENCE.
function hostile_calls.client(server, more)
  local options = { region = "us-west-2", env = {}, endpoint_url = server.url, max_attempts = 1,
    read_timeout = hostile_calls.PATIENCE, connect_timeout = hostile_calls.PATIENCE,
    credentials = { access_key_id = "AKID", secret_access_key = "spec" } }
  for name, value in pairs(more or {}) do options[name] = value end
  if options.tls then
    options.endpoint_url = server.tls_url
    if options.ca_bundle == nil then options.ca_bundle = server.ca_bundle end
  end
  options.tls, options.ca_bundle = nil, options.ca_bundle or nil
  return assert(ivs.client(options))
end

--- Makes a call and measures its seconds.
-- @return response or nil, error, seconds
function hostile_calls.time(client)
  local begun = hostile_calls.uptime()
  local response, err = client:get_recording_configuration("arn")
  return response, err, hostile_calls.uptime() - begun
end

local function describe(response, err)
  if err then return ("%s %s after %d: %s"):format(err.kind, err.code, err.attempts, err.message) end
  return "a response after " .. response.ResponseMetadata.RetryAttempts + 1
end

--- Asserts a minimum duration in seconds, and that it is shorter than the other timeouts.
function hostile_calls.took_at_least(seconds, took, what)
  assert.is_true(took >= seconds - hostile_calls.RESOLUTION and took < hostile_calls.PATIENCE,
    ("%s took %.2f s instead of %.2f s"):format(what or "it", took, seconds))
end

--- The option for each timeout.
hostile_calls.TIMEOUT_OF = { ReadTimeoutError = "read_timeout", ConnectTimeoutError = "connect_timeout" }

--- Creates a client, runs the steps for one call, and compares the result.
-- @tab server
-- @tab steps of each connection; or a list of such lists
-- @tab wanted kind and code of the error, or `state` of the response; `attempts` (1); `status`; `says` (a pattern of the
--   message); `after` (0): seconds. Where a timeout is wanted, that one is TIMEOUT.
-- @tab[opt] more the client's options
function hostile_calls.expect(server, steps, wanted, more)
  if type(steps[1][1]) == "table" then server:play_each(steps) else server:play(steps) end
  local options = {}
  if hostile_calls.TIMEOUT_OF[wanted[2]] then options[hostile_calls.TIMEOUT_OF[wanted[2]]] = hostile_calls.TIMEOUT end
  for name, value in pairs(more or {}) do options[name] = value end
  local client = hostile_calls.client(server, options)
  local response, err, took = hostile_calls.time(client)
  client:close()
  local seen = describe(response, err)
  if wanted.state then
    assert.truthy(response, seen)
    assert.equal(wanted.state, response.recordingConfiguration.state)
    assert.equal(wanted.attempts or 1, response.ResponseMetadata.RetryAttempts + 1)
  else
    assert.truthy(err, seen)
    assert.same({ wanted[1], wanted[2], wanted.attempts or 1 }, { err.kind, err.code, err.attempts }, seen)
    assert.equal(wanted.status, err.status, seen)
    assert.equal(err.kind ~= "tls" and err.kind ~= "service", err.retryable, seen)
    assert.truthy(err.message:find(wanted.says or ""), seen)
  end
  hostile_calls.took_at_least(wanted.after or 0, took, seen)
end

--- Creates a spec for each case.
-- @func it busted's
-- @tab server
-- @tab list of cases: a name, and what `expect` takes behind the server
-- @tab[opt] more the client's options where a case has none
function hostile_calls.cases(it, server, list, more)
  for _, case in ipairs(list) do
    it(case[1], function() hostile_calls.expect(server, case[2], case[3], case[4] or more) end)
  end
end

--- The file descriptors of this process, by what they are open on, and its children; equal before and after where nothing is left
-- over. A descriptor that is closed between its listing and its reading is left out, and so is the pipe that this list comes
-- through: Lua may still have its other end open.
function hostile_calls.leftovers()
  collectgarbage()
  collectgarbage()
  return shell.run [[
    pipe=$(readlink /proc/$$/fd/1)
    for descriptor in /proc/$PPID/fd/*; do readlink "$descriptor"; done | grep -vxF "$pipe" | sort
    echo "$(pgrep -P $PPID | grep -vxc $$) children"]]
end

return hostile_calls
