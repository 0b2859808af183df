-- Shell commands, alike in every Lua: their output and their exit status.

local shell = {}

--- A text as one word of the shell's.
function shell.quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

--- Runs a script.
-- @treturn string what it wrote to standard output
-- @treturn number its exit status, which io.popen itself tells only since Lua 5.2
function shell.run(script)
  local pipe = assert(io.popen("(" .. script .. "\n); echo \"status $?\"", "r"))
  local output = pipe:read("*a")
  pipe:close()
  local text, status = output:match("^(.*)status (%d+)\n$")
  return text, tonumber(status)
end

return shell
