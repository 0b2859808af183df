--- Runs a script in a process of its own, with the interpreter and the module paths of this one.

local shell = require "emulator.shell"

local interpreter = {}

local path

--- The path of the interpreter that runs this; under valgrind that is not what the process was started from.
function interpreter.path()
  path = path or os.getenv "IVS_LUA" or assert(shell.run("readlink -f /proc/$PPID/exe"):match("^(.-)\n"))
  return path
end

--- @string script Lua
-- @tparam[opt] table variables more environment variables; the AWS_* and proxy settings of this process are not handed on
-- @string[opt] before shell words in front of the interpreter (a ulimit)
-- @treturn string standard output and standard error together
-- @treturn number the exit status, 128 and more for a signal
function interpreter.run(script, variables, before)
  local words = { before or "", "env", "-i", 'PATH="$PATH"' }
  local function export(name, value)
    words[#words + 1] = name .. "=" .. shell.quote(value)
  end
  export("LUA_PATH", package.path)
  export("LUA_CPATH", package.cpath)
  for name, value in pairs(variables or {}) do export(name, value) end
  words[#words + 1] = shell.quote(interpreter.path()) .. " -e " .. shell.quote(script)
  return shell.run("exec 2>&1 </dev/null; " .. table.concat(words, " "))
end

return interpreter
