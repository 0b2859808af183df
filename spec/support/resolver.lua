--- A DNS server for nginx's `resolver`: it resolves names that begin with `good` to 127.0.0.1, with a TTL of 0, and does not
-- respond for other names.
--
-- The server listens when `start` returns. It ends with `stop`, or when this process exits.

local shell = require "emulator.shell"

local resolver = {}

local SCRIPT = [[
import os, socket, sys
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))
child = os.fork()
if child:
    print(server.getsockname()[1], child, flush=True)
    os._exit(0)
os.setsid()
null = os.open(os.devnull, os.O_RDWR)
for descriptor in 0, 1, 2:
    os.dup2(null, descriptor)
server.settimeout(0.5)
while os.path.exists("/proc/" + sys.argv[1]):
    try:
        query, peer = server.recvfrom(512)
    except socket.timeout:
        continue
    end = query.index(b"\0", 12) + 5
    if query[13:17] != b"good":
        continue
    is_ipv4 = query[end - 3] == 1
    answer = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\x7f\0\0\1" if is_ipv4 else b""
    head = query[:2] + b"\x81\x80\0\1" + bytes((0, int(is_ipv4))) + b"\0\0\0\0"
    server.sendto(head + query[12:end] + answer, peer)
]]

local Resolver = { __name = "ivs.spec.resolver" }
Resolver.__index = Resolver

--- Starts one.
-- @treturn Resolver with `address`, for the directive
function resolver.start()
  local said = shell.run('owner=$PPID; exec 2>&1; python3 -IS -c ' .. shell.quote(SCRIPT) .. " $owner")
  local port, pid = said:match "^(%d+) (%d+)\n$"
  assert(port, said)
  return setmetatable({ address = "127.0.0.1:" .. port, pid = tonumber(pid) }, Resolver)
end

--- Stops the server. A second call does nothing.
function Resolver:stop()
  if not self.pid then return end
  shell.run("kill -TERM " .. self.pid)
  self.pid = nil
end

return resolver
