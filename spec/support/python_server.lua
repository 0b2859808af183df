--- Starts and stops a Python server for a spec. python_server.py is its counterpart.
--
--     local server = python_server.new("ivs-echo", Server)   … files in server.directory …   server:launch(SCRIPT, "argument")
--
-- The server has its own directory for all its files. It listens when `launch` returns. It ends with `stop`, or when this process
-- exits. Not for: the behavior of a server (hostile_server, http_server).

local json = require "emulator.json"
local processes = require "support.processes"
local shell = require "emulator.shell"

local python_server = {}

local PYTHON = "$(command -v /usr/bin/python3 || command -v python3) -BIS" -- needs no site packages, and leaves no compiled file behind

local Server = {}
python_server.Server = Server

--- Creates a server, which is not running yet, and its directory.
-- @string name of the directory
-- @tab class its methods; those of this module are added
-- @treturn Server with `directory`
function python_server.new(name, class)
  for method, body in pairs(Server) do class[method] = class[method] or body end
  class.__index = class
  local output = shell.run(('exec 2>&1; echo "$PPID"; mktemp -d "${TMPDIR:-/tmp}/%s.XXXXXX"'):format(name))
  local owner, directory = output:match("^(%d+)\n(/[^\n]+)\n$")
  assert(owner, "the server's directory could not be made: " .. output)
  return setmetatable({ owner = owner, directory = directory }, class)
end

--- Runs the script, with the directory, the owner's process id and the arguments; sets `port` and `pid`.
function Server:launch(script, ...)
  local words = { PYTHON, shell.quote(script), shell.quote(self.directory), self.owner }
  for _, argument in ipairs { ... } do words[#words + 1] = shell.quote(argument) end
  local output = shell.run("exec 2>&1 </dev/null; " .. table.concat(words, " "))
  local port, pid = output:match("^(%d+) (%d+)\n$")
  if not port then
    shell.run("rm -rf -- " .. shell.quote(self.directory))
    error("the server did not start: " .. output, 3)
  end
  self.port, self.pid = tonumber(port), tonumber(pid)
end

--- Writes a value as a JSON file for the server; renames the file, so that the server never reads a part of it.
function Server:publish(name, value)
  local path = self.directory .. "/" .. name
  local file = assert(io.open(path .. ".new", "wb"))
  file:write(json.encode(value))
  file:close()
  assert(os.rename(path .. ".new", path))
end

--- Truncates a file of the directory.
function Server:empty(name)
  assert(io.open(self.directory .. "/" .. name, "wb")):close()
end

--- Stops the server. Its process has ended and its directory is removed on return. A second call does nothing.
function Server:stop()
  if not self.pid then return end
  local pid = self.pid
  self.pid = nil
  processes.stop(pid, "TERM", self.directory)
end

return python_server
