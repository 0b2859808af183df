--- A real HTTP/1.1 server with scripted responses, for the services that provide credentials.
--
--     local server = http_server.start { routes = { ["GET /role"] = { { status = 503 }, { body = "{}" } } } }
--     … server.url .. "/role" … server:requests()[1].headers.authorization … server:stop()
--
-- The server listens when `start` returns. It ends with `stop`, or when this process exits. All its files are in its directory. A
-- request is recorded before its response is sent.
-- Not for: TLS, or calls of IVS (emulator.server).

local python_server = require "support.python_server"

local http_server = {}

local SCRIPT = debug.getinfo(1, "S").source:match("^@(.*)%.lua$") .. ".py"

local Server = { __name = "ivs.spec.http_server" }

local function publish(server) server:publish("routes.json", server.routes) end

local function set_route(server, key, answers)
  server.serial = server.serial + 1
  if answers[1] == nil and next(answers) ~= nil then answers = { answers } end
  server.routes[key] = { serial = server.serial, answers = answers }
end

--- Starts a server.
-- @tparam[opt] table options `routes`: "METHOD /path" to a list of responses, sent in order, the last one repeatedly. A
--   response is `{ status = 200, headers = {}, body = "", delay = seconds, close = true (resets the connection),
--   raw = "bytes" (sent unchanged, then the connection is closed) }`; without a route: 404. `host`: "127.0.0.1" or "::1"
-- @treturn Server with `url` (without a trailing slash), `port`, `host`
function http_server.start(options)
  options = options or {}
  local host = options.host or "127.0.0.1"
  local server = python_server.new("ivs-http-server", Server)
  server.host, server.serial = host, 0
  server:reset(options.routes)
  server:launch(SCRIPT, host)
  server.url = ("http://%s:%d"):format(host:find(":", 1, true) and "[" .. host .. "]" or host, server.port)
  return server
end

--- Replaces the responses of a route (a list, or one response); the first of them is sent next.
function Server:route(key, answers)
  set_route(self, key, answers)
  publish(self)
end

--- Replaces all routes and clears the recorded requests.
function Server:reset(routes)
  self.routes = {}
  for key, answers in pairs(routes or {}) do set_route(self, key, answers) end
  publish(self)
  self:forget()
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

--- Clears the recorded requests.
function Server:forget()
  self:empty "requests"
end

return http_server
