--- The exit statuses of the command `ivs`, and how a subcommand ends early with one.
-- @module ivs.command.status

local status = {
  OK = 0,
  DIFFERENT = 1, -- a check failed, or a recording configuration is CREATE_FAILED
  USAGE = 2, -- wrong usage, or an expectation that cannot be read
  FAILED = 3, -- a call failed, or the output could not be written
  INTERRUPTED = 130, -- Ctrl-C: 128 + SIGINT, as shells count
  PIPE_CLOSED = 141, -- the reader of standard output has closed it: 128 + SIGPIPE
}

local Stop = { __name = "ivs.command.stop" }

--- Ends the command: `message` goes to standard error unless it is nil.
function status.stop(code, message)
  error(setmetatable({ status = code, message = message }, Stop), 0)
end

--- Whether a raised value is one of `status.stop`.
function status.is_stop(value)
  return getmetatable(value) == Stop
end

--- Whether a raised value is what the interpreter raises at Ctrl-C (lua.c and luajit.c: "interrupted!").
function status.is_interrupt(value)
  return type(value) == "string" and value:find("interrupted!", 1, true) ~= nil
end

return status
