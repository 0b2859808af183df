--- A real Redis Cluster of three masters on loopback, for the specs of resty.ivs.redis_nodes.
--
--     local cluster = redis_cluster.start()   …  cluster.nodes[1].port   cluster:owner(key)   cluster:stop()
--
-- The cluster serves all slots when `start` returns. Its servers end with `stop`, or when this process exits.

local redis_server = require "support.redis_server"
local shell = require "emulator.shell"

local redis_cluster = {}

local MASTERS = 3
-- A certificate for the name good.test.
local CERTIFY = [[
cd %s && openssl req -x509 -days 2 -nodes -subj /CN=good.test -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
  -addext subjectAltName=DNS:good.test -keyout key.pem -out cert.pem 2>&1 && chmod 644 *.pem]]
local TLS = "--tls-port %d --tls-cluster yes --tls-auth-clients no --tls-cert-file %s/cert.pem --tls-key-file %s/key.pem "
  .. "--tls-ca-cert-file %s/cert.pem "

local CREATE = [[
redis-cli %s --cluster create %s --cluster-replicas 0 --cluster-yes 2>&1 || exit
for port in %s; do
  ticks=0
  until redis-cli %s -p $port cluster info | grep -q cluster_state:ok; do
    ticks=$((ticks + 1)); [ $ticks -ge 3000 ] && exit 1; sleep 0.01
  done
done]]

local Cluster = { __name = "ivs.spec.redis_cluster" }
Cluster.__index = Cluster

--- @string[opt] arguments more of redis-server's
-- @bool[opt] is_tls TLS on each node's `tls_port`, with the name good.test; `certificate` is its certificate authority
function redis_cluster.start(arguments, is_tls)
  local self = setmetatable({ nodes = {}, directory = is_tls and redis_server.directory() }, Cluster)
  if is_tls then
    self.certificate = self.directory .. "/cert.pem"
    assert(select(2, shell.run(CERTIFY:format(self.directory))) == 0)
  end
  local ports, addresses = {}, {}
  for number = 1, MASTERS do
    local tls_port = is_tls and redis_server.free_port()
    local more = is_tls and TLS:format(tls_port, self.directory, self.directory, self.directory) or ""
    local node = redis_server.start(("--cluster-enabled yes --cluster-port %d %s%s"):format(redis_server.free_port(), more, arguments or ""))
    node.tls_port = tls_port
    self.nodes[number], ports[number] = node, tls_port or node.port
    addresses[number] = "127.0.0.1:" .. ports[number]
  end
  local how = is_tls and "--tls --insecure" or ""
  local said, status = shell.run(CREATE:format(how, table.concat(addresses, " "), table.concat(ports, " "), how))
  if status ~= 0 then
    self:stop()
    error("the cluster was not made: " .. said, 2)
  end
  return self
end

--- The node that currently has a key.
-- @treturn Server its server
-- @treturn Server another
function Cluster:owner(key)
  local moved = self.nodes[1]:cli("get '" .. key .. "'"):match "MOVED %d+ [%d.]+:(%d+)"
  local port = tonumber(moved) or self.nodes[1].port
  local owner, other
  for _, node in ipairs(self.nodes) do
    if node.port == port then owner = node else other = node end
  end
  return owner, other
end

--- The number of keys on each node.
function Cluster:sizes()
  local found = {}
  for number, node in ipairs(self.nodes) do found[number] = tonumber(node:cli "dbsize") end
  return found
end

--- The number of redirections by its nodes.
function Cluster:redirections()
  local sum = 0
  for _, node in ipairs(self.nodes) do
    sum = sum + (tonumber(node:cli "info errorstats":match "errorstat_MOVED:count=(%d+)") or 0)
  end
  return sum
end

--- Begins to move a key's slot; the returned function completes it.
function Cluster:move(key)
  local from, to = self:owner(key)
  local slot = from:cli("cluster keyslot '" .. key .. "'")
  local from_id, to_id = from:cli "cluster myid", to:cli "cluster myid"
  assert(to:cli(("cluster setslot %s importing %s"):format(slot, from_id)) == "OK")
  assert(from:cli(("cluster setslot %s migrating %s"):format(slot, to_id)) == "OK")
  return function()
    from:cli(("migrate 127.0.0.1 %d '' 0 5000 keys $(redis-cli -p %d cluster getkeysinslot %s 100)"):format(to.port, from.port, slot))
    for _, node in ipairs { to, from } do assert(node:cli(("cluster setslot %s node %s"):format(slot, to_id)) == "OK") end
    return to
  end
end

function Cluster:stop()
  for _, node in ipairs(self.nodes) do node:stop() end
  if self.directory then shell.run("rm -rf -- " .. shell.quote(self.directory)) end
end

return redis_cluster
