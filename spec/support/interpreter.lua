--- Runs a script in a new process, with the interpreter and the module paths of this process.

local shell = require "emulator.shell"

local interpreter = {}

local path

--- The path of the interpreter that runs this file. Under valgrind it is not the executable of the process.
function interpreter.path()
  path = path or os.getenv "IVS_LUA" or assert(shell.run("readlink -f /proc/$PPID/exe"):match("^(.-)\n"))
  return path
end

--- @string script Lua
-- @tparam[opt] table variables more environment variables; the AWS_* and proxy variables of this process are removed
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
