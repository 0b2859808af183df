--- Calls of a hostile server: what comes of them, and in what time.
--
--     hostile_calls.expect(server, steps, { "connection", "ConnectionClosedError", attempts = 2, within = 0.3 }, options)
--
-- Not for: what a call's steps decide (core specs), or answers of a server that behaves (emulator).

local assert = require "luassert"
local ivs = require "ivs"
local shell = require "emulator.shell"

local hostile_calls = {}

--- Seconds that a call may take which has nothing to wait for.
hostile_calls.AT_ONCE = 0.1

--- read_timeout and connect_timeout of the calls.
hostile_calls.TIMEOUT = 0.3

hostile_calls.BODY = '{"recordingConfiguration":{"state":"ACTIVE"}}'

local function read(path)
  local file = io.open(path)
  local text = file and file:read("*a") or ""
  if file then file:close() end
  return text
end

--- Seconds by a clock that nobody sets, to a hundredth.
function hostile_calls.uptime()
  return tonumber(read("/proc/uptime"):match("^[%d.]+"))
end

--- How exact a time can be measured to be: a tenth of a second, where the machine isn't busy with more than it can do, or
-- the interpreter slowed down by valgrind or the sanitizers.
function hostile_calls.tolerance()
  local _, processors = read("/proc/cpuinfo"):gsub("\nprocessor", "")
  if (os.getenv("LD_PRELOAD") or ""):find("valgrind", 1, true) then return 5 end
  local load = tonumber(read("/proc/loadavg"):match("^[%d.]+")) or 0
  return (load > processors + 1 or os.getenv("ASAN_OPTIONS")) and 0.25 or 0.1
end

--- An answer of 200 with a right Content-Length.
-- @string[opt] body
-- @string[opt] lines of its head, each with its end
function hostile_calls.answer(body, lines)
  body = body or hostile_calls.BODY
  return "HTTP/1.1 200 OK\r\n" .. (lines or "") .. "Content-Length: " .. #body .. "\r\n\r\n" .. body
end

--- A client of the server; `more.tls` makes it speak TLS, with the server's authority unless `more.ca_bundle` is another
-- or false.
function hostile_calls.client(server, more)
  local options = { region = "us-west-2", env = {}, endpoint_url = server.url, max_attempts = 1,
    read_timeout = hostile_calls.TIMEOUT, connect_timeout = hostile_calls.TIMEOUT,
    credentials = { access_key_id = "AKID", secret_access_key = "spec" } }
  for name, value in pairs(more or {}) do options[name] = value end
  if options.tls then
    options.endpoint_url = server.tls_url
    if options.ca_bundle == nil then options.ca_bundle = server.ca_bundle end
  end
  options.tls, options.ca_bundle = nil, options.ca_bundle or nil
  return assert(ivs.client(options))
end

--- A call and the seconds it took.
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

--- Makes a client, plays the steps to one call of it, and compares.
-- @tab server
-- @tab steps of each connection; or a list of such lists
-- @tab wanted kind and code of the error, or `state` of the response; `attempts` (1); `status`; `says` (a pattern of the
--   message); `within` (AT_ONCE), `after` (0): seconds
-- @tab[opt] more the client's options
function hostile_calls.expect(server, steps, wanted, more)
  if type(steps[1][1]) == "table" then server:play_each(steps) else server:play(steps) end
  local client = hostile_calls.client(server, more)
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
  local latest = (wanted.within or hostile_calls.AT_ONCE) + hostile_calls.tolerance()
  assert.is_true(took >= (wanted.after or 0) - 0.02 and took <= latest, ("%s; took %.2f s"):format(seen, took))
end

--- How many file descriptors and children this process has; equal before and after where nothing is left over. (Not
-- looked at before popen has closed the other end of its own pipe.)
function hostile_calls.leftovers()
  collectgarbage()
  collectgarbage()
  return shell.run "sleep 0.05; ls /proc/$PPID/fd | wc -l; pgrep -P $PPID | wc -l"
end

return hostile_calls
