-- Runs shell commands and returns their output and exit status, the same in every Lua.

local shell = {}

--- Quotes a text as one shell word.
function shell.quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

--- Runs a script.
-- @treturn string its standard output
-- @treturn number its exit status, which io.popen itself returns only since Lua 5.2
function shell.run(script)
  local pipe = assert(io.popen("(" .. script .. "\n); echo \"status $?\"", "r"))
  local output = pipe:read("*a")
  pipe:close()
  local text, status = output:match("^(.*)status (%d+)\n$")
  return text, tonumber(status)
end

return shell
