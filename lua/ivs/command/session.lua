--- What a subcommand works with: the client that the options ask for, the terminal, the output, a progress bar.
-- @module ivs.command.session

local progress = require "ivs.command.progress"
local status = require "ivs.command.status"
local terminals = require "ivs.command.terminal"
local printable = require("ivs.printable").escape

local session = {}

--- Options of the command line that are options of the client.
local CLIENT_OPTIONS = { "profile", "region", "endpoint_url", "ca_bundle", "max_attempts", "connect_timeout", "read_timeout" }

local function client_options(arguments)
  local options = { user_agent_extra = "md/command" }
  for _, name in ipairs(CLIENT_OPTIONS) do options[name] = arguments[name] end
  if arguments.no_verify_ssl then options.verify = false end
  if arguments.debug then
    options.logger = function(level, message) io.stderr:write("ivs: ", level, ": ", printable(message), "\n") end
  end
  return options
end

--- An error object on one or more lines.
local function describe(err)
  return tostring(err)
end

--- @tab arguments of the command line
-- @func write of standard output
-- @func complain of standard error
-- @treturn table the context of a subcommand:
--
-- - `client()`: the client; ends the command if there can be none
-- - `describe(err)`: an error as text
-- - `write(text)`, `print(lines)`: to standard output
-- - `complain(text)`: an error, to standard error; `warn(text)`: the same unless --quiet
-- - `terminal`: see ivs.command.terminal
-- - `pace`: `{ max_tps, max_concurrency }` for a batch
-- - `progress()`: update(done, total) and finish()
-- - `now()`: seconds, `sleep(seconds)`
function session.new(arguments, write, complain)
  local ivs = require "ivs"
  local system = ivs.private.system
  local made
  local context = { write = write, complain = complain, describe = describe, now = system.now, sleep = system.sleep }
  context.terminal = terminals.new(system, os.getenv, arguments.no_color)
  context.pace = { max_tps = arguments.max_tps, max_concurrency = arguments.max_concurrency }
  if arguments.max_tps == 0 then context.pace.max_tps = false end

  function context.client()
    if made then return made end
    local err
    made, err = ivs.client(client_options(arguments))
    if not made then status.stop(status.FAILED, describe(err)) end
    return made
  end

  function context.print(lines)
    if #lines > 0 then write(table.concat(lines, "\n") .. "\n") end
  end

  function context.warn(message)
    if not arguments.quiet then complain(message) end
  end

  function context.progress()
    local columns = not arguments.quiet and context.terminal.error_columns or nil
    return progress.new { columns = columns, now = system.now, write = function(s) io.stderr:write(s):flush() end }
  end

  return context
end

return session
