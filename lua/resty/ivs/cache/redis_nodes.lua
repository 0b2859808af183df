--- The nodes of a Redis Cluster that this worker has met, and which of them has a key.
--
-- A node that is asked for another node's key replies `MOVED 3999 127.0.0.1:6381`; so the nodes become known, one hash slot after the
-- other. A server that is no cluster never sends it (Redis Cluster Specification, "MOVED Redirection", "Key distribution model").
-- Invariant: whatever a server replies, no more than MAX_NODES nodes and 16384 slots are remembered.
-- Not for: connections (redis_connection.lua).
-- @module resty.ivs.cache.redis_nodes

local bit = require "bit"

local redis_nodes = {}

local Nodes = { __name = "resty.ivs.cache.redis_nodes" }
Nodes.__index = Nodes

local SLOTS = 16384
local MAX_NODES = 1000 -- the specification's own limit
local MAX_PORT = 65535

--- CRC-16/XMODEM.
local function checksum(text)
  local sum = 0
  for at = 1, #text do
    sum = bit.bxor(sum, bit.lshift(text:byte(at), 8))
    for _ = 1, 8 do
      local shifted = bit.lshift(sum, 1)
      sum = bit.band(sum >= 0x8000 and bit.bxor(shifted, 0x1021) or shifted, 0xffff)
    end
  end
  return sum
end

--- The hash slot of a key: of its hash tag, where it has one.
function redis_nodes.slot(key)
  local opened = key:match("{(.*)$")
  return checksum(opened and opened:match("^([^}]+)}") or key) % SLOTS
end

--- Whether a reply is a redirection to another node.
function redis_nodes.is_redirection(reply, why)
  return reply == false and type(why) == "string" and why:find("^MOVED ") ~= nil
end

--- Whether a host is an address.
function redis_nodes.is_address(host)
  return host:find("^[%d.]+$") ~= nil or host:find(":", 1, true) ~= nil
end

--- Parses a MOVED redirection.
-- @string text
-- @param own the host of the node that sent it, which an empty host stands for
-- @return host and port, as cosockets take them; or nil
function redis_nodes.parse(text, own)
  local host, port = text:match("^MOVED %d+ (%S*):(%d+)$")
  if host == "" then host = own end
  port = tonumber(port)
  if not host or port < 1 or port > MAX_PORT then return nil end
  if host:find(":", 1, true) and host:sub(1, 1) ~= "[" then host = "[" .. host .. "]" end
  return host, port
end

--- @func make makes the table of a new node
function redis_nodes.new(make)
  return setmetatable({ make = make, by_slot = {}, by_name = {}, count = 0 }, Nodes)
end

--- The node that has a key, or nothing.
function Nodes:find(key)
  return self.by_slot[redis_nodes.slot(key)]
end

--- Remembers which node has a key.
-- @string key
-- @string host
-- @int port
-- @treturn table the node: `host`, `port`, and what `make` gives
function Nodes:take(key, host, port)
  local name = host .. ":" .. port
  if not self.by_name[name] then
    if self.count >= MAX_NODES then self.by_slot, self.by_name, self.count = {}, {}, 0 end
    local node = self.make()
    node.host, node.port = host, port
    self.by_name[name], self.count = node, self.count + 1
  end
  self.by_slot[redis_nodes.slot(key)] = self.by_name[name]
  return self.by_name[name]
end

--- Forgets which keys a node had.
function Nodes:forget(node)
  for slot, other in pairs(self.by_slot) do
    if other == node then self.by_slot[slot] = nil end
  end
end

return redis_nodes
