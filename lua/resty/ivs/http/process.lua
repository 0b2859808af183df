--- run(argv, options) for credential_process, without blocking the worker: over ngx.pipe.
--
-- ngx.pipe needs an nginx with OpenResty's patch for child processes. Debian's nginx lacks it, and any other way to run a program blocks
-- the worker, so there is an error that says what to do instead.
-- @module resty.ivs.http.process

local environment = require "resty.ivs.environment"
local ffi = require "ffi"
local monotonic = require("ivs.core").private.monotonic

local process = {}

local PIECE = 4096
local KILL = 9
local TOO_LONG = "it took too long"

local UNAVAILABLE = "credential_process needs ngx.pipe, which this nginx lacks (OpenResty has it), and nothing else runs a "
  .. "program without blocking the worker: give the option `credentials` a function, or write the credentials to the shared "
  .. "credentials file from outside"

pcall(ffi.cdef, "int ivs_pipe_spawn(void) __asm__(\"ngx_http_lua_ffi_pipe_spawn\");")

--- ngx.pipe loads even if nginx lacks the functions that it calls.
local function find_pipe()
  local loaded, pipe = pcall(require, "ngx.pipe")
  if not loaded or type(pipe) ~= "table" then return nil end
  if process.assume_available or pcall(function() return ffi.C.ivs_pipe_spawn end) then return pipe end
end

local function list_environment(variables)
  if not variables or variables == environment then return nil end -- the worker's own
  local list = {}
  for name, value in pairs(variables) do list[#list + 1] = name .. "=" .. value end
  return list
end

--- Sets the timeouts to the time that is left; ngx.pipe's are for one read each. Returns false if no time is left.
local function limit(child, deadline)
  local left = math.floor((deadline - monotonic()) * 1000)
  if left <= 0 then return false end
  child:set_timeouts(left, left, left, left)
  return true
end

--- Reads one stream to its end. Returns the text; or nil and what is wrong.
local function read_all(read, child, bounds)
  local pieces, total = {}, 0
  while true do
    if not limit(child, bounds.deadline) then return nil, TOO_LONG end
    local bytes, problem = read(child, PIECE)
    if not bytes then
      if problem == "closed" then return table.concat(pieces) end
      return nil, problem == "timeout" and TOO_LONG or tostring(problem)
    end
    total = total + #bytes
    if total > bounds.max_bytes then return nil, "it printed too much" end
    pieces[#pieces + 1] = bytes
  end
end

--- Reads both streams at once, since a program may fill one while we wait for the other.
local function read_both(child, bounds)
  local errors = ngx.thread.spawn(read_all, child.stderr_read_any, child, bounds)
  local output, problem = read_all(child.stdout_read_any, child, bounds)
  if not output then
    ngx.thread.kill(errors)
    return nil, problem
  end
  local ok, text, failed = ngx.thread.wait(errors)
  if not ok then return nil, tostring(text) end -- it raised
  if not text then return nil, failed end
  return output, text
end

--- Runs a program. As ivs_process_run of csrc/lua/blocking/process.h.
-- @tab argv
-- @tab options `timeout` (seconds for all of it), `max_bytes` (of each stream), `env` (in place of the environment)
-- @return `{ status | signal, stdout, stderr }`; or nil and a message
function process.run(argv, options)
  local pipe = find_pipe()
  if not pipe then return nil, UNAVAILABLE end
  local child, problem = pipe.spawn(argv, { environ = list_environment(options.env) })
  if not child then return nil, "it can't be started: " .. tostring(problem) end
  child:shutdown "stdin"
  local bounds = { deadline = monotonic() + options.timeout, max_bytes = options.max_bytes }
  local output, errors = read_both(child, bounds)
  if not output then
    child:kill(KILL)
    child:wait()
    return nil, errors
  end
  local reason, status, _
  if limit(child, bounds.deadline) then _, reason, status = child:wait() end
  if not status then
    child:kill(KILL)
    child:wait()
    return nil, TOO_LONG
  end
  return { status = reason == "exit" and status or nil, signal = reason ~= "exit" and status or nil,
    stdout = output, stderr = errors }
end

return process
