--- A real proxy: Debian's tinyproxy, in its own directory, on a free port.
--
--     local proxy = tinyproxy.start { user = "video", password = "secret" }   … proxy.port … proxy:asked() … proxy:stop()
--
-- The proxy listens when `start` returns. It ends with `stop`, or when this process exits.

local processes = require "support.processes"
local shell = require "emulator.shell"

local tinyproxy = {}

local START_ATTEMPTS = 5

local FREE_PORT = [[
$(command -v /usr/bin/python3 || command -v python3) -ISc '
import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])']]

-- A watching process ends the proxy when its owner has exited; a zombie has exited as well.
local LAUNCH = [[
exec 2>&1
PATH="$PATH:/usr/sbin:/sbin"
cd %s || exit
cat >keeper <<'END'
tinyproxy -d -c "$PWD/tinyproxy.conf" >output 2>&1 </dev/null &
proxy=$!
trap 'kill $proxy; wait $proxy; exit' TERM
while kill -0 $1 2>/dev/null && kill -0 $proxy 2>/dev/null; do
  sleep 0.5 &
  wait $!
done
kill $proxy 2>/dev/null
kill -0 $1 2>/dev/null || rm -rf -- "$2"
END
setsid sh keeper "$PPID" "$PWD" </dev/null >/dev/null 2>&1 &
keeper=$!
ticks=0
until grep -q 'Accepting connections\|Starting main loop' log 2>/dev/null; do
  ticks=$((ticks + 1))
  kill -0 $keeper 2>/dev/null && [ $ticks -lt 3000 ] || { cat output log; exit 1; }
  sleep 0.01
done
echo $keeper]]

local Proxy = { __name = "ivs.spec.tinyproxy" }
Proxy.__index = Proxy

local function write_configuration(directory, port, options)
  local file = assert(io.open(directory .. "/tinyproxy.conf", "wb"))
  file:write(table.concat({ "Port " .. port, "Listen 127.0.0.1", "Timeout 10", "MaxClients 50", "LogLevel Info",
    'LogFile "' .. directory .. '/log"', "Allow 127.0.0.1", 'ViaProxyName "tinyproxy"',
    options.user and ("BasicAuth %s %s"):format(options.user, options.password) or "", "" }, "\n"))
  file:close()
end

--- Starts one.
-- @tparam[opt] table options `user` and `password`: the proxy requires them
-- @treturn Proxy with `port`, `address` ("127.0.0.1:port")
function tinyproxy.start(options)
  local directory = shell.run('mktemp -d "${TMPDIR:-/tmp}/ivs-tinyproxy.XXXXXX"'):match("^(/[^\n]+)\n$")
  local said
  for _ = 1, START_ATTEMPTS do
    local port = tonumber((shell.run(FREE_PORT)))
    write_configuration(directory, port, options or {})
    said = shell.run(LAUNCH:format(shell.quote(directory)))
    local keeper = said:match("^(%d+)\n$")
    if keeper then
      return setmetatable({ directory = directory, keeper = tonumber(keeper), port = port, address = "127.0.0.1:" .. port }, Proxy)
    end
  end
  shell.run("rm -rf -- " .. shell.quote(directory))
  error("tinyproxy did not start: " .. said, 2)
end

--- The requests since the last call: a list of request lines, "CONNECT localhost:443 HTTP/1.1".
function Proxy:asked()
  local found = {}
  local file = assert(io.open(self.directory .. "/log", "rb"))
  file:seek("set", self.read_to or 0)
  for line in file:lines() do
    found[#found + 1] = line:match("Request %(file descriptor %d+%): (.*)$")
  end
  self.read_to = file:seek()
  file:close()
  return found
end

--- Stops the proxy. Its process has ended and its directory is removed on return. A second call does nothing.
function Proxy:stop()
  if not self.keeper then return end
  local keeper = self.keeper
  self.keeper = nil
  processes.stop(keeper, "TERM", self.directory)
end

return tinyproxy
