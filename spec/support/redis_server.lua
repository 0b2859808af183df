--- A real redis-server on a free port and a unix socket, in a temporary directory, for the specs of resty.ivs.redis.
--
--     local redis = redis_server.start "--requirepass secret"   …  redis:cli "KEYS *"   redis:signal "STOP"   redis:stop()
--
-- The server responds when `start` returns. It ends with `stop`, or when this process exits.

local processes = require "support.processes"
local shell = require "emulator.shell"

local redis_server = {}

local START_ATTEMPTS = 5

-- Waits until the server responds. The watching process ends with the server.
local LAUNCH = [[
exec 2>&1
owner=$PPID
cd %s || exit
setsid redis-server --port %d --bind 127.0.0.1 --unixsocket "$PWD/socket" --save '' --appendonly no --dir "$PWD" %s \
  >log 2>&1 </dev/null &
pid=$!
ticks=0
until redis-cli -s socket ping 2>&1 | grep -q -e PONG -e NOAUTH; do
  ticks=$((ticks + 1))
  if [ $ticks -ge 3000 ] || ! kill -0 $pid 2>/dev/null; then cat log; kill -KILL $pid; exit 1; fi
  sleep 0.01
done
setsid sh -c 'while kill -0 $0 && kill -0 $1; do sleep 1; done; kill -KILL $1; rm -rf -- "$2"' $owner $pid "$PWD" \
  >/dev/null 2>&1 </dev/null &
echo $pid]]

local Server = { __name = "ivs.spec.redis_server" }
Server.__index = Server

--- A port that is likely to be free.
function redis_server.free_port()
  local random = assert(io.open("/dev/urandom", "rb"))
  local high, low = random:read(2):byte(1, 2)
  random:close()
  return 20000 + (high * 256 + low) % 12000
end

--- Starts a server.
-- @string[opt] arguments more of redis-server's; `@DIR@` is its directory, `@PORT@` a second port, free like the first
-- @string[opt] directory with the files that the arguments name; a new one by default
-- @treturn Server with `port`, `second_port`, `unix` (its socket's path), `directory`, `pid`
function redis_server.start(arguments, directory)
  directory = directory or redis_server.directory()
  local said, status
  for _ = 1, START_ATTEMPTS do
    local port, second_port = redis_server.free_port(), redis_server.free_port()
    local given = (arguments or ""):gsub("@DIR@", directory):gsub("@PORT@", second_port)
    said, status = shell.run(LAUNCH:format(shell.quote(directory), port, given))
    if status == 0 then
      return setmetatable({ port = port, second_port = second_port, pid = tonumber(said), directory = directory,
        unix = directory .. "/socket" }, Server)
    end
    if not said:find("Address already in use", 1, true) then break end
  end
  shell.run("rm -rf -- " .. shell.quote(directory))
  error("redis-server did not start: " .. said, 2)
end

-- Sends the same reply to the first bytes of each connection, in parts. Ends when its owner exits.
local FAKE = [[
import os, socket, sys, threading, time
reply, size, pause, owner = eval(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(64)
print(listener.getsockname()[1], flush=True)
sys.stdout.close()
def serve(peer):
    try:
        peer.recv(65536)
        for at in range(0, len(reply), size):
            peer.sendall(reply[at:at + size])
            time.sleep(pause)
        peer.recv(1)
    except OSError:
        pass
def watch():
    while os.path.exists("/proc/%d" % owner):
        time.sleep(1)
    os._exit(0)
threading.Thread(target=watch, daemon=True).start()
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
]]

local PYTHON = "$(command -v /usr/bin/python3 || command -v python3) -IS"

--- Starts a fake Redis server, for slow and invalid replies. It ends with `stop`, or when this process exits.
-- @string reply a Python expression, the bytes
-- @int[opt] size of a part; the whole reply by default
-- @number[opt] pause seconds between two parts
-- @treturn Server with `port`, `pid`, `directory`
function redis_server.fake(reply, size, pause)
  local directory = redis_server.directory()
  local said = shell.run(([[cd %s && printf %%s %s >fake.py || exit
    setsid %s fake.py %s %d %s $PPID >port 2>log </dev/null &
    echo $!; ticks=0; until [ -s port ] || [ $ticks -ge 3000 ]; do ticks=$((ticks + 1)); sleep 0.01; done; cat port]])
    :format(shell.quote(directory), shell.quote(FAKE), PYTHON, shell.quote(reply), size or 1e9, pause or 0))
  local pid, port = said:match("^(%d+)\n(%d+)\n$")
  assert(port, said)
  return setmetatable({ port = tonumber(port), pid = tonumber(pid), directory = directory }, Server)
end

--- A new directory for a server.
function redis_server.directory()
  return shell.run('mktemp -d "${TMPDIR:-/tmp}/ivs-redis.XXXXXX"'):match("[^\n]+")
end

--- The output of redis-cli for a command.
function Server:cli(command)
  return (shell.run(("redis-cli -s %s %s 2>&1"):format(shell.quote(self.unix), command)):gsub("\n$", ""))
end

function Server:signal(name)
  shell.run(("kill -%s %d"):format(name, self.pid))
end

--- Stops the server. Its process has ended and its directory is removed on return. A second call does nothing.
function Server:stop()
  if not self.pid then return end
  local pid = self.pid
  self.pid = nil
  processes.stop(pid, "KILL", self.directory)
end

return redis_server
