--- A real TCP and TLS server that does to each connection what the spec says, right or wrong.
--
--     local server = hostile_server.start()
--     server:play { { "request" }, { "send", "HTTP/1.1 200 OK\r\nConte" }, { "reset" } }
--     … server.url, server.tls_url … server:connections(), server:requests() … server:stop()
--
-- Steps: tls (certificate, { version, client_ca }), request, bytes (count), send (text), plain (text, below TLS), drip (text,
-- seconds), endless (text), wait (seconds), pause (until `release`), mark, hang, again (step), reset, notify (close_notify), goodbye
-- (close_notify, close), close; see hostile_server.py.
-- It listens when `start` returns, and ends with `stop`, or by itself when this process is gone.
-- Not for: answers that are merely scripted (http_server, emulator.server).

local certificates = require "support.certificates"
local json = require "emulator.json"
local shell = require "emulator.shell"

local hostile_server = {}

local SCRIPT = debug.getinfo(1, "S").source:match("^@(.*)%.lua$") .. ".py"

local PYTHON = "$(command -v /usr/bin/python3 || command -v python3) -IS" -- without site packages, which it needs not

-- A zombie that nobody reaps is gone, too.
local STOP = [[
alive() { kill -0 $1 2>/dev/null && ! grep -q ') Z ' /proc/$1/stat 2>/dev/null; }
set -- %d
kill -TERM $1 2>/dev/null
while alive $1; do sleep 0.01; done
rm -rf -- ]]

local Server = { __name = "ivs.spec.hostile_server" }
Server.__index = Server

--- Starts a server.
-- @tparam[opt] table options `deaf = true`: its backlog is full and it accepts nothing; `certificates = true`: makes those of
--   certificates.NAMES
-- @treturn Server with `url` (http), `tls_url` (https, the same port), `port`, `directory`, `ca_bundle`
function hostile_server.start(options)
  options = options or {}
  local output = shell.run('exec 2>&1; echo "$PPID"; mktemp -d "${TMPDIR:-/tmp}/ivs-hostile.XXXXXX"')
  local owner, directory = output:match("^(%d+)\n(/[^\n]+)\n$")
  assert(owner, "the server's directory could not be made: " .. output)
  local server = setmetatable({ directory = directory, serial = 0 }, Server)
  if options.certificates then certificates.make(directory) end
  server:play_each {}
  local said = shell.run("exec 2>&1 </dev/null; " .. table.concat({
    PYTHON, shell.quote(SCRIPT), shell.quote(directory), owner, options.deaf and "1" or "0" }, " "))
  local port, pid = said:match("^(%d+) (%d+)\n$")
  if not port then
    shell.run("rm -rf -- " .. shell.quote(directory))
    error("the server did not start: " .. said, 2)
  end
  server.port, server.pid = tonumber(port), tonumber(pid)
  server.url = "http://127.0.0.1:" .. port
  server.tls_url = "https://localhost:" .. port
  server.ca_bundle = directory .. "/ca.pem"
  return server
end

--- What to do with the connections from now on; the record begins anew.
-- @tparam table connections a list of lists of steps; the last one is repeated
function Server:play_each(connections)
  self.serial = self.serial + 1
  local path = self.directory .. "/script.json"
  local file = assert(io.open(path .. ".new", "wb"))
  file:write(json.encode { serial = self.serial, connections = connections })
  file:close()
  assert(os.rename(path .. ".new", path))
  assert(io.open(self.directory .. "/record", "wb")):close()
  os.remove(self.directory .. "/release")
end

--- Lets the connections go on that pause.
function Server:release()
  assert(io.open(self.directory .. "/release", "wb")):close()
end

--- The same for every connection.
function Server:play(steps) self:play_each { steps } end

--- What happened, oldest first: a list of `{ connection (its number), what, data }`; `what` is "accepted", "handshake" (data: the
-- version), "request" (data: all its bytes), "mark", "gone" (the client went away; data: how it showed) or "closed".
function Server:record()
  local found = {}
  local file = assert(io.open(self.directory .. "/record", "rb"))
  for line in file:lines() do
    local number, what, hex = line:match("^(%d+) (%S+) (%S+)$")
    local data = hex == "-" and "" or hex:gsub("%x%x", function(byte) return string.char(tonumber(byte, 16)) end)
    found[#found + 1] = { connection = tonumber(number), what = what, data = data }
  end
  file:close()
  return found
end

local function select_kind(record, what)
  local found = {}
  for _, event in ipairs(record) do
    if event.what == what then found[#found + 1] = event end
  end
  return found
end

--- How many connections there were.
function Server:connections() return #select_kind(self:record(), "accepted") end

--- The requests that arrived, as the bytes they were.
function Server:requests()
  local found = select_kind(self:record(), "request")
  for index, event in ipairs(found) do found[index] = event.data end
  return found
end

--- Waits until so many things of one kind have happened.
function Server:await(what, count)
  for _ = 1, 3000 do
    if #select_kind(self:record(), what) >= count then return end
    shell.run "sleep 0.01"
  end
  error("the server did not come to " .. what, 2)
end

--- Ends it; its process and its directory are gone on return. A second call does nothing.
function Server:stop()
  if not self.pid then return end
  local pid = self.pid
  self.pid = nil
  shell.run(STOP:format(pid) .. shell.quote(self.directory))
end

return hostile_server
