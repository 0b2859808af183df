--- The context of a subcommand: the client that the options describe, the terminal, the output, a progress bar.
-- @module ivs.command.session

local printable = require("ivs.printable").escape
local progress = require "ivs.command.progress"
local status = require "ivs.command.status"
local terminals = require "ivs.command.terminal"

local session = {}

--- Options of the command line that are options of the client.
local CLIENT_OPTIONS = { "profile", "region", "endpoint_url", "ca_bundle", "max_attempts", "connect_timeout", "read_timeout" }

--- Asks the person at the terminal, whatever standard input is, for the code of an MFA device. Without a terminal there is no code.
local function ask(question)
  local terminal = io.open("/dev/tty", "r+")
  if not terminal then return nil end
  terminal:write(printable(question))
  terminal:flush() -- before the stream is read (C11 7.21.5.3)
  local code = terminal:read "*l"
  terminal:close()
  return code
end

local function client_options(arguments)
  local options = { user_agent_extra = "md/command", mfa_prompt = ask }
  for _, name in ipairs(CLIENT_OPTIONS) do options[name] = arguments[name] end
  if arguments.no_verify_ssl then options.verify = false end
  if arguments.debug then
    options.logger = function(level, message) io.stderr:write("ivs: ", level, ": ", printable(message), "\n") end
  end
  return options
end

--- Makes the client. An option that the client refuses is wrong usage.
local function new_client(ivs, arguments)
  local called, client, err = pcall(ivs.client, client_options(arguments))
  if not called and status.is_interrupt(client) then error(client, 0) end
  if not called then status.stop(status.USAGE, client) end
  if not client then status.stop(status.FAILED, err) end
  return client
end

--- @tab arguments of the command line
-- @func write of standard output
-- @func complain of standard error
-- @treturn table the context of a subcommand:
--
-- - `client()`: the client; ends the command if there can be none
-- - `identify()`: what ivs.private.identify returns for it
-- - `write(text)`, `print(lines)`: to standard output
-- - `complain(text)`: an error, to standard error; `warn(text)`: the same unless --quiet
-- - `terminal`: see ivs.command.terminal
-- - `pace`: `{ max_tps, max_concurrency }` for a batch
-- - `progress(no_pace)`: see ivs.command.progress
-- - `now()`: seconds of a clock that only goes forward; `sleep(seconds)`
function session.new(arguments, write, complain)
  local ivs = require "ivs"
  local system = ivs.private.system
  local client
  local context = { write = write, complain = complain, now = system.monotonic, sleep = system.sleep }
  context.terminal = terminals.new(system, os.getenv, arguments.no_color)
  context.pace = { max_tps = arguments.max_tps, max_concurrency = arguments.max_concurrency }
  if arguments.max_tps == 0 then context.pace.max_tps = false end

  function context.client()
    client = client or new_client(ivs, arguments)
    return client
  end

  function context.identify()
    return ivs.private.identify(context.client())
  end

  function context.print(lines)
    if #lines > 0 then write(table.concat(lines, "\n") .. "\n") end
  end

  function context.warn(message)
    if not arguments.quiet then complain(message) end
  end

  function context.progress(no_pace)
    local is_wanted = not arguments.quiet and not arguments.debug -- the lines of the log would break the bar
    return progress.new({ columns = is_wanted and context.terminal.error_columns or nil, now = system.monotonic,
      write = function(s) io.stderr:write(s) end }, no_pace)
  end

  return context
end

return session
