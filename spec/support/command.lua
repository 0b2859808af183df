--- Runs the command `ivs`, or another script, in a new process, with the interpreter and the module paths of this process.
--
--     local result = command.run({ "get", ARN }, { env = emulator:environment() })   → { out, err, status }
--     local screen = command.at_terminal(40, { "list" }, { env = … })                → text, with the exit status as its last line
--
-- The process has only the given environment variables. HOME is a directory that does not exist.

local interpreter = require "support.interpreter"
local shell = require "emulator.shell"
local stand_in = require "support.stand_in"

local command = {}

local function assignments(env)
  local variables = { LUA_PATH = package.path, LUA_CPATH = package.cpath, HOME = "/nonexistent", LANG = "C.UTF-8", TERM = "xterm" }
  for name, value in pairs(env or {}) do variables[name] = value end
  local words = { "env", "-i", 'PATH="$PATH"' }
  for name, value in pairs(variables) do words[#words + 1] = name .. "=" .. shell.quote(value) end
  return table.concat(words, " ")
end

--- The shell words that run the command.
-- @tab arguments
-- @tab[opt] options `env`; `program`: the script, "bin/ivs" by default
-- @treturn string
function command.words(arguments, options)
  options = options or {}
  local words = { assignments(options.env), shell.quote(interpreter.path()), options.program or "bin/ivs" }
  for _, argument in ipairs(arguments) do words[#words + 1] = shell.quote(argument) end
  return table.concat(words, " ")
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

--- Runs it without a terminal.
-- @tab arguments
-- @tab[opt] options `env`; `program`; `stdin`: text; `before`: shell words in front of the command, a program that runs it; `behind`:
--   a redirection of standard output in place of catching it
-- @treturn table `out`, `err`, `status`
function command.run(arguments, options)
  options = options or {}
  return stand_in.with_directory(function(directory)
    stand_in.write(directory .. "/in", options.stdin or "", "600")
    local place = shell.quote(directory)
    local _, status = shell.run(("exec <%s/in 2>%s/err; : >%s/out; setsid -w %s %s %s"):format(place, place, place,
      options.before or "", command.words(arguments, options), options.behind or (">" .. place .. "/out")))
    return { out = read(directory .. "/out"), err = read(directory .. "/err"), status = status }
  end)
end

--- Runs it in its own terminal.
-- @number columns of the terminal
-- @tab arguments
-- @tab[opt] options `env`; `expected`, and `answer`, which is typed as soon as `expected` is on the terminal
-- @treturn string what was on the terminal, and a last line with how the command ended
function command.at_terminal(columns, arguments, options)
  options = options or {}
  return (shell.run(("python3 spec/support/terminal.py --columns %d %s %s %s"):format(columns, shell.quote(options.expected or "\1"),
    shell.quote(options.answer or ""), command.words(arguments, options))))
end

return command
