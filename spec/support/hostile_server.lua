--- A real TCP and TLS server that follows a script of steps for each connection, for valid and invalid behavior.
--
--     local server = hostile_server.start()
--     server:play { { "request" }, { "send", "HTTP/1.1 200 OK\r\nConte" }, { "reset" } }
--     … server.url, server.tls_url … server:connections(), server:requests() … server:stop()
--
-- Steps: tls (certificate, { version, client_ca }), request, bytes (count), send (text), plain (text, below TLS), drip (text,
-- seconds), endless (text), wait (seconds), pause (until `release`), mark, hang, again (step), reset, notify (close_notify), goodbye
-- (close_notify, close), close; see hostile_server.py.
-- The server listens when `start` returns. It ends with `stop`, or when this process exits.
-- Not for: valid scripted responses (http_server, emulator.server).

local certificates = require "support.certificates"
local python_server = require "support.python_server"
local shell = require "emulator.shell"

local hostile_server = {}

local SCRIPT = debug.getinfo(1, "S").source:match("^@(.*)%.lua$") .. ".py"

local Server = { __name = "ivs.spec.hostile_server" }

--- Creates a server that is not running yet.
-- @tparam[opt] table options `deaf = true`: its backlog is full and it accepts nothing; `certificates = true`: makes those of
--   certificates.NAMES
-- @treturn Server with `directory`, `ca_bundle`
function hostile_server.new(options)
  local server = python_server.new("ivs-hostile", Server)
  server.options, server.serial, server.ca_bundle = options or {}, 0, server.directory .. "/ca.pem"
  if server.options.certificates then certificates.make(server.directory) end
  return server
end

--- Creates a server and starts it.
-- @treturn Server with `url` (http), `tls_url` (https, the same port), `port`, `directory`, `ca_bundle`
function hostile_server.start(options)
  return hostile_server.new(options):start()
end

function Server:start()
  self:play_each {}
  self:launch(SCRIPT, self.options.deaf and "1" or "0")
  self.url = "http://127.0.0.1:" .. self.port
  self.tls_url = "https://localhost:" .. self.port
  return self
end

--- Sets the steps for new connections, and clears the recorded events.
-- @tparam table connections a list of lists of steps; the last one is repeated
function Server:play_each(connections)
  self.serial = self.serial + 1
  self:publish("script.json", { serial = self.serial, connections = connections })
  self:empty "record"
  os.remove(self.directory .. "/release")
end

--- Continues the paused connections.
function Server:release()
  self:empty "release"
end

--- Sets the same steps for every connection.
function Server:play(steps) self:play_each { steps } end

--- The recorded events, oldest first: a list of `{ connection (its number), what, data }`; `what` is "accepted", "handshake" (data: the
-- version), "request" (data: all its bytes), "mark", "gone" (the client closed the connection; data: how) or "closed".
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

--- The number of connections.
function Server:connections() return #select_kind(self:record(), "accepted") end

--- The bytes of the received requests.
function Server:requests()
  local found = select_kind(self:record(), "request")
  for index, event in ipairs(found) do found[index] = event.data end
  return found
end

--- Waits until there is this number of events of one kind.
function Server:await(what, count)
  for _ = 1, 3000 do
    if #select_kind(self:record(), what) >= count then return end
    shell.run "sleep 0.01"
  end
  error("the server did not come to " .. what, 2)
end

return hostile_server
