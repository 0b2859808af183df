--- A real nginx with the spec's Lua code in its locations, in a temporary directory, for the specs of resty.ivs.
--
--     local site = nginx.start { locations = { ["/x"] = { content = "ngx.print(require('resty.ivs')._VERSION)" } } }
--     local body, status = site:get "/x"   …   site:stop()
--
-- A location's members are the phases: `content`, `access`, `rewrite`, `log`, `header_filter`, `body_filter` (Lua each),
-- and `more` (directives). `site:run(code)` runs Lua code in a worker, in the content phase, and returns its results. nginx
-- listens, and its workers run, when `start` returns. It ends with `stop`, or when this process exits.
-- `nginx.available` is false if the module is not built for LuaJIT, which nginx uses for every Lua that runs the spec.

local json = require "cjson"
local processes = require "support.processes"
local shell = require "emulator.shell"

local nginx = {}

local unpack = table.unpack or unpack

local BUILD = (os.getenv "IVS_BUILD" or ".build") .. "/luajit"
local ROOT = shell.run "pwd -P":gsub("\n$", "")
local MODULES = "/usr/lib/nginx/modules/"
local FIRST_PORT, PORTS = 20000, 12000 -- below Linux's range for outgoing connections
local START_ATTEMPTS = 5

local TEMPLATE = [[
@USER@
@LOAD@
worker_processes @WORKERS@;
worker_shutdown_timeout 20s;
pid nginx.pid;
error_log error.log notice;
@MAIN@
events { worker_connections 4096; }
http {
  client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;
  access_log off;
  keepalive_requests 1000000000;
  lua_package_path "@ROOT@/lua/?.lua;@ROOT@/spec/?.lua;;";
  lua_package_cpath "@ROOT@/@BUILD@/?.so;;";
  @HTTP@
  init_by_lua_file init.lua;
  init_worker_by_lua_file init_worker.lua;
  server {
    listen 127.0.0.1:@PORT@;
    default_type text/plain;
    location = /-/run { client_max_body_size 4m; client_body_buffer_size 4m; content_by_lua_file run.lua; }
@LOCATIONS@
  }
}
]]

local LAUNCH = [[

exec 2>&1
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
@ENVIRONMENT@ nginx -e error.log -p "$PWD/" -c "$PWD/nginx.conf" >output 2>&1 </dev/null || { cat output error.log; exit 1; }
ticks=0
until [ -s nginx.pid ] && pgrep -P "$(cat nginx.pid)" >/dev/null || [ $ticks -ge 3000 ]; do ticks=$((ticks + 1)); sleep 0.01; done
cat nginx.pid]]

local RUN = [[
local json = require "cjson"
ngx.req.read_body()
local chunk, problem = loadstring(ngx.req.get_body_data(), "=run")
local good, value = chunk ~= nil, problem
if chunk then good, value = xpcall(chunk, debug.traceback) end
ngx.print(json.encode { good = good, value = value })
]]

local Site = { __name = "ivs.spec.nginx" }
Site.__index = Site

local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read("*a")
  if file then file:close() end
  return text
end

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

nginx.available = read(MODULES .. "ngx_http_lua_module.so") ~= nil and read(ROOT .. "/" .. BUILD .. "/ivs/core.so") ~= nil

local function free_port()
  local used = (read "/proc/net/tcp" or "") .. (read "/proc/net/tcp6" or "")
  local random = assert(io.open("/dev/urandom", "rb"))
  local port
  repeat
    local high, low = random:read(2):byte(1, 2)
    port = FIRST_PORT + (high * 256 + low) % PORTS
  until not used:find((":%04X "):format(port), 1, true)
  random:close()
  return port
end

local PHASES = { "rewrite", "access", "content", "log", "header_filter", "body_filter" }

--- The directives of the locations. Their Lua code is written to files, which need no quoting.
local function write_locations(prefix, locations)
  local out, count = {}, 0
  for path, location in pairs(locations) do
    local lines = { location.more or "" }
    for _, phase in ipairs(PHASES) do
      if location[phase] then
        count = count + 1
        local name = ("%s-%d.lua"):format(phase, count)
        write(prefix .. "/" .. name, location[phase])
        lines[#lines + 1] = ("%s_by_lua_file %s;"):format(phase, name)
      end
    end
    out[#out + 1] = ("location %s { %s }"):format(path, table.concat(lines, " "))
  end
  return table.concat(out, "\n")
end

local function write_configuration(site, options)
  local values = {
    USER = site.is_root and "user root root;" or "",
    LOAD = ("load_module %sndk_http_module.so;\nload_module %sngx_http_lua_module.so;"):format(MODULES, MODULES),
    WORKERS = tostring(options.workers or 1), MAIN = options.main or "", HTTP = options.http or "", ROOT = ROOT,
    BUILD = BUILD, PORT = tostring(site.port),
    LOCATIONS = write_locations(site.prefix, options.locations or {}),
  }
  write(site.prefix .. "/run.lua", RUN)
  write(site.prefix .. "/nginx.conf", (TEMPLATE:gsub("@([A-Z_]+)@", values)))
  write(site.prefix .. "/init.lua", options.init or "")
  write(site.prefix .. "/init_worker.lua", ("require('emulator.guard').start(%s)\n"):format(site.owner) .. (options.init_worker or ""))
end

local function export(variables)
  local words = { "env -i PATH=\"$PATH\"" }
  for name, value in pairs(variables or {}) do words[#words + 1] = name .. "=" .. shell.quote(value) end
  return table.concat(words, " ")
end

--- Starts an nginx.
-- @tab options `locations` (path to location), `init`, `init_worker` (Lua), `http`, `main` (directives), `workers` (1),
--   `environment` (of the master process; no other variables)
-- @treturn Site with `url`, `port`, `prefix`, `pid`
function nginx.start(options)
  local output = shell.run('exec 2>&1; echo "$PPID"; id -u; mktemp -d "${TMPDIR:-/tmp}/ivs-nginx.XXXXXX"')
  local owner, user, prefix = output:match("^(%d+)\n(%d+)\n(/[^\n]+)\n$")
  assert(prefix, output)
  local site = setmetatable({ prefix = prefix, owner = owner, is_root = user == "0" }, Site)
  local said, status
  for _ = 1, START_ATTEMPTS do
    site.port = free_port()
    site.url = "http://127.0.0.1:" .. site.port
    write_configuration(site, options)
    local launch = LAUNCH:gsub("@ENVIRONMENT@", function() return export(options.environment) end)
    said, status = shell.run("cd " .. shell.quote(prefix) .. " || exit" .. launch)
    site.pid = status == 0 and tonumber(said) or nil
    if site.pid or not said:find("Address already in use", 1, true) then break end
  end
  if not site.pid then
    shell.run("rm -rf -- " .. shell.quote(prefix))
    error("nginx did not start: " .. said, 2)
  end
  return site
end

--- Sends a GET request for a path.
-- @treturn string the body
-- @treturn number the status
function Site:get(path)
  local said = shell.run(("curl -s --max-time 30 -w '\\n%%{http_code}' %s"):format(shell.quote(self.url .. path)))
  local body, status = said:match("^(.*)\n(%d+)$")
  return body, tonumber(status)
end

--- Runs Lua code in a worker. string.format inserts `...`; tables are converted to Lua code.
-- @string code
-- @return its results, transferred as JSON
function Site:run(code, ...)
  local arguments = { ... }
  for at, value in ipairs(arguments) do
    if type(value) == "table" then arguments[at] = ("require('cjson').decode(%q)"):format(json.encode(value)) end
  end
  self.runs = (self.runs or 0) + 1
  local path = ("%s/code-%d"):format(self.prefix, self.runs)
  write(path, select("#", ...) > 0 and code:format(unpack(arguments)) or code)
  local said = shell.run(("curl -s --max-time 60 --data-binary @%s -H 'Content-Type: text/plain' %s/-/run")
    :format(shell.quote(path), self.url))
  local good, answer = pcall(json.decode, said)
  if not good then error("no answer: " .. said .. table.concat(self:errors(), "\n"), 2) end
  if not answer.good then error(answer.value, 2) end
  if answer.value == json.null then return nil end
  return answer.value
end

--- The errors that nginx has logged, of this level or a more severe one.
function Site:errors()
  local found = {}
  for line in (read(self.prefix .. "/error.log") or ""):gmatch "[^\n]+" do
    if line:find "%[error%]" or line:find "%[crit%]" or line:find "%[alert%]" or line:find "%[emerg%]" then
      found[#found + 1] = line
    end
  end
  return found
end

--- All that nginx has logged.
function Site:log()
  return read(self.prefix .. "/error.log") or ""
end

--- The processes of its workers.
function Site:workers()
  local pids = {}
  for pid in shell.run("pgrep -P " .. self.pid):gmatch "%d+" do pids[#pids + 1] = tonumber(pid) end
  return pids
end

function Site:signal(name)
  shell.run(("kill -%s %d"):format(name, self.pid))
end

--- Stops nginx immediately or, if `graceful`, after its requests. Its processes have ended and its directory is removed on
-- return.
-- @treturn {string,…} the errors that it has logged
function Site:stop(graceful)
  if not self.pid then return {} end
  local pid = self.pid
  self.pid = nil
  processes.stop(pid, graceful and "QUIT" or "TERM")
  local errors = self:errors()
  shell.run("rm -rf -- " .. shell.quote(self.prefix))
  return errors
end

return nginx
