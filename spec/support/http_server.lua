--- A real HTTP/1.1 server with answers that the spec decides, for the services that credentials come from.
--
--     local server = http_server.start { routes = { ["GET /role"] = { { status = 503 }, { body = "{}" } } } }
--     … server.url .. "/role" … server:requests()[1].headers.authorization … server:stop()
--
-- It listens when `start` returns, and ends with `stop`, or by itself when this process is gone. Its directory holds
-- everything that it writes. A request is on record before its answer is sent.
-- Not for: TLS, or calls of IVS (emulator.server).

local json = require "emulator.json"
local shell = require "emulator.shell"

local http_server = {}

local SCRIPT = debug.getinfo(1, "S").source:match("^@(.*)%.lua$") .. ".py"

local PYTHON = "$(command -v /usr/bin/python3 || command -v python3) -IS" -- without site packages, which it needs not

-- A zombie that nobody reaps is gone, too.
local STOP = [[
alive() { kill -0 $1 2>/dev/null && ! grep -q ') Z ' /proc/$1/stat 2>/dev/null; }
set -- %d
kill -TERM $1 2>/dev/null
while alive $1; do sleep 0.01; done
rm -rf -- ]]

local Server = { __name = "ivs.spec.http_server" }
Server.__index = Server

--- Puts the routes where the server reads them; a rename, so that it never reads half a file.
local function publish(server)
  local path = server.directory .. "/routes.json"
  local file = assert(io.open(path .. ".new", "wb"))
  file:write(json.encode(server.routes))
  file:close()
  assert(os.rename(path .. ".new", path))
end

local function set_route(server, key, answers)
  server.serial = server.serial + 1
  if answers[1] == nil and next(answers) ~= nil then answers = { answers } end
  server.routes[key] = { serial = server.serial, answers = answers }
end

--- Starts a server.
-- @tparam[opt] table options `routes`: "METHOD /path" to a list of answers, given in order, the last one repeated; an
--   answer is `{ status = 200, headers = {}, body = "", delay = seconds, close = true (a reset, no answer),
--   raw = "bytes" (sent as they stand, then closed) }`; without a route: 404. `host`: "127.0.0.1" or "::1"
-- @treturn Server with `url` (no slash at its end), `port`, `host`
function http_server.start(options)
  options = options or {}
  local host = options.host or "127.0.0.1"
  local output = shell.run('exec 2>&1; echo "$PPID"; mktemp -d "${TMPDIR:-/tmp}/ivs-http-server.XXXXXX"')
  local owner, directory = output:match("^(%d+)\n(/[^\n]+)\n$")
  assert(owner, "the server's directory could not be made: " .. output)
  local server = setmetatable({ directory = directory, host = host, routes = {}, serial = 0 }, Server)
  for key, answers in pairs(options.routes or {}) do set_route(server, key, answers) end
  publish(server)
  local said = shell.run("exec 2>&1 </dev/null; " .. table.concat({
    PYTHON, shell.quote(SCRIPT), shell.quote(directory), owner, shell.quote(host) }, " "))
  local port, pid = said:match("^(%d+) (%d+)\n$")
  if not port then
    shell.run("rm -rf -- " .. shell.quote(directory))
    error("the server did not start: " .. said, 2)
  end
  server.port, server.pid = tonumber(port), tonumber(pid)
  server.url = ("http://%s:%d"):format(host:find(":", 1, true) and "[" .. host .. "]" or host, server.port)
  return server
end

--- Replaces one route's answers (a list, or one answer); the first of them is next.
function Server:route(key, answers)
  set_route(self, key, answers)
  publish(self)
end

local function from_hex(text)
  return (text:gsub("%x%x", function(byte) return string.char(tonumber(byte, 16)) end))
end

--- The requests so far, oldest first: a list of `{ method, path (with its query), headers (lower-case names), body }`.
function Server:requests()
  local found = {}
  local file = assert(io.open(self.directory .. "/requests", "rb"))
  for line in file:lines() do
    local method, path, body, rest = line:match("^(%S+) (%S+) (%S+)(.*)$")
    local headers = {}
    for name, value in rest:gmatch(" ([^ =]+)=(%x*)") do headers[name] = from_hex(value) end
    found[#found + 1] = { method = method, path = path, headers = headers, body = body == "-" and "" or from_hex(body) }
  end
  file:close()
  return found
end

--- Begins the record of requests anew.
function Server:forget()
  assert(io.open(self.directory .. "/requests", "wb")):close()
end

--- Ends it; its process and its directory are gone on return. A second call does nothing.
function Server:stop()
  if not self.pid then return end
  local pid = self.pid
  self.pid = nil
  shell.run(STOP:format(pid) .. shell.quote(self.directory))
end

return http_server
