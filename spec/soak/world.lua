--- What a soak runs in: the service (TLS), a Redis, two machines and the clients, each an nginx or a process of its own.

local cjson = require "cjson"
local certificates = require "support.certificates"
local nginx = require "support.nginx"
local redis_server = require "support.redis_server"
local shell = require "emulator.shell"

local world = {}

local World = { __name = "ivs.spec.soak" }
World.__index = World

local SERVICE = [[
lua_socket_log_errors off;
server {
  listen 127.0.0.1:%d ssl;
  ssl_certificate %s/server.pem;
  ssl_certificate_key %s/server.key;
  location / { client_body_buffer_size 64k; content_by_lua_block { require("soak.upstream").answer() } }
}]]

local MACHINE = [[
lua_socket_log_errors off;
lua_check_client_abort on;
lua_ssl_trusted_certificate %s/ca.pem;
lua_shared_dict cache 10m;]]

local function calls(module, names)
  local locations = {}
  for path, name in pairs(names) do locations["= /" .. path] = { content = ("require('soak.%s').%s()"):format(module, name) } end
  return locations
end

local function start_machine(directory, options)
  return nginx.start { workers = 2, http = MACHINE:format(directory),
    init_worker = ("require('soak.machine').set_up(require('cjson').decode(%q))"):format(cjson.encode(options)),
    locations = calls("machine", { get = "get", wait = "wait", batch = "batch", status = "status" }) }
end

--- Starts all.
-- @tab given `cache`: options of the machines' caches; `client`: further options of their clients
function world.start(given)
  local self = setmetatable({ crashed = 0, machines = {} }, World)
  self.directory = shell.run('mktemp -d "${TMPDIR:-/tmp}/ivs-soak.XXXXXX"'):match "[^\n]+"
  certificates.make(self.directory)
  local port = redis_server.free_port()
  self.upstream = nginx.start { http = SERVICE:format(port, self.directory, self.directory),
    locations = calls("upstream", { mode = "set_mode", quota = "set_quota", counts = "counts" }) }
  self:start_redis()
  local options = { region = "us-west-2", endpoint_url = "https://localhost:" .. port, env = cjson.decode "{}",
    credentials = { access_key_id = "AKIAIOSFODNN7EXAMPLE", secret_access_key = "soak" } }
  for name, value in pairs(given.client) do options[name] = value end
  options.cache = { dict = "cache", redis = { host = "127.0.0.1", port = self.redis_port } }
  for name, value in pairs(given.cache) do options.cache[name] = value end
  for at = 1, 2 do
    options.sdk_ua_app_id = "machine" .. at
    self.machines[at] = start_machine(self.directory, options)
  end
  self.clients = nginx.start { http = "lua_socket_log_errors off; lua_max_running_timers 8000; lua_max_pending_timers 8000;",
    init_worker = "require('soak.load').set_up()",
    locations = calls("load", { start = "start", notes = "notes", trouble = "trouble", killed = "killed" }) }
  return self
end

function World:start_redis()
  self.redis_port = self.redis_port or redis_server.free_port()
  self.redis = redis_server.start("--port " .. self.redis_port)
end

--- What a page of a site returns, decoded; nil if it has not answered.
local function ask(site, path)
  local body, status = site:get(path)
  return status == 200 and cjson.decode(body) or nil
end

function World:set_mode(mode)
  self.upstream:get("/mode?mode=" .. mode)
  if mode ~= "healthy" then self.clients:get "/trouble?on=1" elseif self.mode and self.mode ~= "healthy" then self.clients:get "/trouble" end
  self.mode = mode
end

--- Kills a worker of a machine without notice.
function World:kill_worker(at)
  local site = self.machines[at]
  self.clients:get("/killed?port=" .. site.port)
  shell.run("kill -KILL " .. site:workers()[1])
end

--- Starts the clients.
function World:load(kinds, seconds)
  local ports = {}
  for at, site in ipairs(self.machines) do ports[at] = site.port end
  local path = self.directory .. "/load"
  local file = assert(io.open(path, "wb"))
  file:write(cjson.encode { kinds = kinds, ports = ports, seconds = seconds })
  file:close()
  shell.run(("curl -s --max-time 30 --data-binary @%s %s/start"):format(path, self.clients.url))
end

--- What the clients have noted, when none of them waits any more.
function World:notes()
  local notes
  for _ = 1, 1500 do
    notes = ask(self.clients, "/notes")
    if notes and notes.running == 0 then break end
    shell.run "sleep 0.1"
  end
  notes.lost, notes.running = notes.lost + notes.running, nil
  return notes
end

function World:counts(forget)
  return ask(self.upstream, forget and "/counts?forget=1" or "/counts")
end

--- The most timers that a worker has been seen with, and the memory of the largest worker (MiB).
function World:sample()
  local found = { running = 0, pending = 0, memory = 0 }
  for _, site in ipairs(self.machines) do
    local status = ask(site, "/status")
    if status then found.running, found.pending = math.max(found.running, status.running), math.max(found.pending, status.pending) end
    for _, pid in ipairs(site:workers()) do
      local kib = shell.run(("sed -n 's/^VmRSS:[^0-9]*\\([0-9]*\\).*/\\1/p' /proc/%d/status 2>/dev/null"):format(pid))
      found.memory = math.max(found.memory, (tonumber(kib) or 0) / 1024)
    end
  end
  return found
end

--- Lines that follow from what a soak does: a killed worker, clients that left.
local EXPECTED = { "exited on signal 9", "recv%(%) failed %(104", "send%(%) failed %(32", "send%(%) failed %(104", "writev%(%) failed %(32" }

local function is_expected(line)
  for _, pattern in ipairs(EXPECTED) do
    if line:find(pattern) then return true end
  end
  return false
end

--- Stops all.
-- @treturn table the unexpected lines in the machines' error logs
-- @treturn number how many workers have crashed
function World:stop()
  local lines, crashed = {}, 0
  for _, site in ipairs(self.machines) do
    for _, line in ipairs(site:stop(true)) do
      if line:find "exited on signal" and not line:find "exited on signal 9" then
        crashed = crashed + 1
      elseif not is_expected(line) then
        lines[#lines + 1] = line
      end
    end
  end
  self.clients:stop()
  self.upstream:stop()
  if self.redis then self.redis:stop() end
  shell.run("rm -rf -- " .. shell.quote(self.directory))
  return lines, crashed
end

return world
