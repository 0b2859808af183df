--- How a server in Python that runs beside a spec starts and ends; its other half is python_server.py.
--
--     local server = python_server.new("ivs-echo", Server)   … files in server.directory …   server:launch(SCRIPT, "argument")
--
-- It has a directory of its own, which holds all that it reads and writes. It listens when `launch` returns, and ends with `stop`, or
-- by itself when this process is gone.
-- Not for: what a server does (hostile_server, http_server).

local json = require "emulator.json"
local processes = require "support.processes"
local shell = require "emulator.shell"

local python_server = {}

local PYTHON = "$(command -v /usr/bin/python3 || command -v python3) -BIS" -- needs no site packages, and leaves no compiled file behind

local Server = {}
python_server.Server = Server

--- Makes a server that is not running yet, and its directory.
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

--- Writes a value as JSON where the server reads it; a rename, so that it never reads half a file.
function Server:publish(name, value)
  local path = self.directory .. "/" .. name
  local file = assert(io.open(path .. ".new", "wb"))
  file:write(json.encode(value))
  file:close()
  assert(os.rename(path .. ".new", path))
end

--- Makes a file of the directory empty.
function Server:empty(name)
  assert(io.open(self.directory .. "/" .. name, "wb")):close()
end

--- Ends it; its process and its directory are gone on return. A second call does nothing.
function Server:stop()
  if not self.pid then return end
  local pid = self.pid
  self.pid = nil
  processes.stop(pid, "TERM", self.directory)
end

return python_server
