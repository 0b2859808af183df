-- Starts and stops the emulator from any Lua, without modules from other directories.
--
-- Each emulator is a separate nginx in a temporary directory, with its own CA and certificate, on free ports. When nginx has
-- daemonized, its sockets are listening, so clients can connect as soon as `start` returns. It ends with `stop`, or when the
-- process that started it exits (guard.lua).

local json = require "emulator.json"
local shell = require "emulator.shell"
local store = require "emulator.store"

local server = {}

local MODULE_DIRECTORIES = { "/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/usr/local/lib/nginx/modules" }
local FIRST_PORT, PORTS = 20000, 12000 -- below Linux's range for outgoing connections
local START_ATTEMPTS = 5

-- The daemon writes its process id after the command has returned.
local LAUNCH = [[

exec 2>&1
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
nginx -e error.log -p "$PWD/" -c "$PWD/nginx.conf" >output 2>&1 </dev/null || { cat output error.log; exit 1; }
ticks=0
until [ -s nginx.pid ] || [ $ticks -ge 3000 ]; do
  ticks=$((ticks + 1))
  sleep 0.01
done
cat nginx.pid]]

-- A zombie that has not been reaped has exited as well.
local STOP = [[
alive() { kill -0 $1 2>/dev/null && ! grep -q ') Z ' /proc/$1/stat 2>/dev/null; }
set -- %d
kill -TERM $1 2>/dev/null
ticks=0
while alive $1; do
  ticks=$((ticks + 1))
  [ $ticks -eq 500 ] && kill -KILL $1
  sleep 0.01
done]]

-- Example roles: one that the emulator's STS issues credentials for, and one that it denies.
local CONFIG = ([[
[profile video]
role_arn = arn:aws:iam::%s:role/video
credential_source = Environment

[profile denied]
role_arn = arn:aws:iam::%s:role/denied
credential_source = Environment
]]):format(store.account, store.account)

local source = debug.getinfo(1, "S").source:match("^@(.*)$")

local Emulator = { __name = "ivs.emulator" }
Emulator.__index = Emulator

local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read("*a")
  if file then
    file:close()
  end
  return text
end

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

-- Facts of this process and a new directory.
local function surroundings()
  local directory = source:match("^(.*)/[^/]*$") or "."
  local output, status = shell.run('exec 2>&1; cd ' .. shell.quote(directory)
    .. '/.. && pwd -P && echo "$PPID" && id -u && mktemp -d "${TMPDIR:-/tmp}/ivs-emulator.XXXXXX"')
  local spec, owner, user, prefix = output:match("^([^\n]+)\n(%d+)\n(%d+)\n([^\n]+)\n$")
  if status ~= 0 or not spec then
    error("the emulator's directory could not be made: " .. output, 0)
  end
  return { spec = spec, owner = owner, is_root = user == "0", prefix = prefix }
end

-- A CA that signs one certificate; then its key is deleted.
local function make_certificates(prefix, hostnames)
  local names = { "DNS:localhost", "IP:127.0.0.1", "IP:::1" }
  for _, name in ipairs(hostnames or {}) do
    names[#names + 1] = "DNS:" .. name
  end
  write(prefix .. "/tls.cnf", table.concat({
    "[req]", "distinguished_name = name", "[name]",
    "[ca]", "basicConstraints = critical, CA:TRUE", "keyUsage = critical, keyCertSign", "subjectKeyIdentifier = hash",
    "[leaf]", "basicConstraints = critical, CA:FALSE", "keyUsage = critical, digitalSignature",
    "extendedKeyUsage = serverAuth", "subjectKeyIdentifier = hash", "authorityKeyIdentifier = keyid",
    "subjectAltName = " .. table.concat(names, ", "), "",
  }, "\n"))
  local request = "openssl req -config tls.cnf -x509 -days 30 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
  local output, status = shell.run("exec 2>&1; cd " .. shell.quote(prefix) .. " && "
    .. request .. "-extensions ca -subj '/CN=ivs emulator CA' -keyout ca.key -out ca.pem && "
    .. request .. "-extensions leaf -subj /CN=localhost -CA ca.pem -CAkey ca.key -keyout server.key -out server.pem && "
    .. "rm ca.key && mkdir tmp")
  if status ~= 0 then
    error("the emulator's certificate could not be made: " .. output, 0)
  end
end

-- The set of this machine's used ports. On other systems than Linux it is empty.
local function used_ports()
  local used = {}
  for _, path in ipairs { "/proc/net/tcp", "/proc/net/tcp6" } do
    for port in (read(path) or ""):gmatch("\n%s*%d+: %x+:(%x+)") do
      used[tonumber(port, 16)] = true
    end
  end
  return used
end

-- math.random is unseeded in Lua 5.1 and is the caller's; two emulators must not try the same ports in turn.
local function free_ports(how_many)
  local used, ports = used_ports(), {}
  local random = assert(io.open("/dev/urandom", "rb"))
  while #ports < how_many do
    local high, low = random:read(2):byte(1, 2)
    local port = FIRST_PORT + (high * 256 + low) % PORTS
    if not used[port] then
      used[port] = true
      ports[#ports + 1] = port
    end
  end
  random:close()
  return ports
end

local function has_ipv6_loopback()
  return (read("/proc/net/if_inet6") or ""):find(("0"):rep(31) .. "1", 1, true) ~= nil
end

local function listen_lines(https_port, http_port)
  local lines = { ("listen 127.0.0.1:%d ssl;"):format(https_port), ("listen 127.0.0.1:%d;"):format(http_port) }
  if has_ipv6_loopback() then
    lines[3] = ("listen [::1]:%d ssl;"):format(https_port)
    lines[4] = ("listen [::1]:%d;"):format(http_port)
  end
  return table.concat(lines, "\n    ")
end

-- Debian builds the Lua module as a shared object. An nginx with a built-in module needs no directive.
local function module_lines()
  for _, directory in ipairs(MODULE_DIRECTORIES) do
    if read(directory .. "/ngx_http_lua_module.so") then
      return ("load_module %s/ndk_http_module.so;\nload_module %s/ngx_http_lua_module.so;"):format(directory, directory)
    end
  end
  return ""
end

local function write_configuration(here, options, https_port, http_port)
  local given = {}
  if options.region then
    given[#given + 1] = ("region = %q"):format(options.region)
  end
  if options.clock_offset then
    given[#given + 1] = ("clock_offset = %d"):format(options.clock_offset)
  end
  given[#given + 1] = "log = " .. tostring(options.log ~= false)
  local values = {
    USER = here.is_root and "user root root;" or "",
    MODULES = module_lines(),
    ACCESS_LOG = options.log == false and "off" or "access.log request",
    SPEC = here.spec:gsub('[\\"]', "\\%0"),
    OPTIONS = table.concat(given, ", "),
    OWNER = here.owner,
    LISTEN = listen_lines(https_port, http_port),
  }
  local template = assert(read(here.spec .. "/emulator/nginx.conf"))
  write(here.prefix .. "/nginx.conf", (template:gsub("@([A-Z_]+)@", values)))
end

-- Starts nginx and returns its process id; or nil and its output.
local function launch(prefix)
  local output, status = shell.run("cd " .. shell.quote(prefix) .. " || exit" .. LAUNCH)
  local pid = status == 0 and output:match("^(%d+)\n$")
  if pid then
    return tonumber(pid)
  end
  return nil, output
end

local function remove(prefix)
  shell.run("rm -rf -- " .. shell.quote(prefix))
end

local function start_in(here, options)
  write(here.prefix .. "/requests.jsonl", "")
  write(here.prefix .. "/config", CONFIG)
  make_certificates(here.prefix, options.hostnames)
  local pid, problem
  for _ = 1, START_ATTEMPTS do
    local ports = free_ports(2)
    write_configuration(here, options, ports[1], ports[2])
    pid, problem = launch(here.prefix)
    if pid then
      return pid, ports[1], ports[2]
    elseif not problem:find("Address already in use", 1, true) then
      break
    end
  end
  error("the emulator did not start: " .. problem, 0)
end

--- Starts an emulator.
-- @tparam[opt] table options `region`: the only one to be served, else every one is; `clock_offset`: seconds that its
--   clock is ahead; `hostnames`: more DNS names for its certificate; `log = false`: no record of requests
-- @treturn Emulator with `endpoint_url`, `http_endpoint_url`, `https_port`, `http_port`, `ca_bundle`, `region`,
--   `access_key_id`, `secret_access_key` (the permanent pair), `temporary` (a pair with `session_token`),
--   `prefix` (its directory) and `pid`
function server.start(options)
  options = options or {}
  local here = surroundings()
  local ok, pid, https_port, http_port = pcall(start_in, here, options)
  if not ok then
    remove(here.prefix)
    error(pid, 2)
  end
  return setmetatable({
    pid = pid,
    prefix = here.prefix,
    https_port = https_port,
    http_port = http_port,
    endpoint_url = ("https://localhost:%d"):format(https_port),
    http_endpoint_url = ("http://localhost:%d"):format(http_port),
    ca_bundle = here.prefix .. "/ca.pem",
    region = options.region or store.region,
    access_key_id = store.keys.permanent.access_key_id,
    secret_access_key = store.keys.permanent.secret_access_key,
    temporary = store.keys.temporary,
    scripts = {},
    serial = 0,
  }, Emulator)
end

--- The environment variables with which the module, or any SDK, uses the emulator: variable to value.
function Emulator:environment()
  return {
    AWS_ENDPOINT_URL_IVS = self.endpoint_url,
    AWS_ENDPOINT_URL_STS = self.endpoint_url,
    AWS_CA_BUNDLE = self.ca_bundle,
    AWS_CONFIG_FILE = self.prefix .. "/config",
    AWS_REGION = self.region,
    AWS_DEFAULT_REGION = self.region,
    AWS_ACCESS_KEY_ID = self.access_key_id,
    AWS_SECRET_ACCESS_KEY = self.secret_access_key,
  }
end

--- The requests so far, oldest first, each the JSON text of
-- `{ method, path, query, headers (lowercase names), body, scheme, connection, time }`.
function Emulator:request_log()
  local lines = {}
  for line in (read(self.prefix .. "/requests.jsonl") or ""):gmatch("[^\n]+") do
    lines[#lines + 1] = line
  end
  return lines
end

--- The number of requests so far, including those without a response yet.
function Emulator:requests()
  return #self:request_log()
end

--- Sets the response for `recording-configuration/scripted-NAME` (see answers.lua).
-- @tparam string name
-- @tparam table answer `{ status?, headers?, body?, body_base64?, delay?, close?, raw? }`; or a list of such, the last
--   repeated
-- @treturn string the ARN
function Emulator:script(name, answer)
  self.serial = self.serial + 1
  self.scripts[name] = { serial = self.serial, answers = answer[1] and answer or { answer } }
  local path = self.prefix .. "/scripted.json"
  write(path .. ".new", json.encode(self.scripts))
  assert(os.rename(path .. ".new", path))
  return store.arn("scripted-" .. name)
end

--- Stops the emulator. Its process has ended and its directory is removed on return. A second call does nothing.
function Emulator:stop()
  if not self.pid then
    return
  end
  local pid = self.pid
  self.pid = nil
  shell.run(STOP:format(pid))
  remove(self.prefix)
end

return server
