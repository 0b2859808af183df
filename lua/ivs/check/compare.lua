--- The differences between a recording configuration and a compiled expectation (ivs.check.expectation).
--
-- A difference is `{ path, expected, actual, message }`. `expected` is what the expectation says there, a rule as it was written,
-- nil for a member that must not be there; `actual` is the configuration's own value, nil if it is absent. Their order is that of
-- the sorted member names. The message is one line that is safe to print.
-- @module ivs.check.compare

local json = require "ivs.json"
local ordered_json = require "ivs.ordered_json"
local printable = require "ivs.printable"
local shape = require "ivs.shape"

local compare = {}

-- Messages ------------------------------------------------------------------------------------------------------------

--- The node below a value of an expectation, in which rules may stand (the parameter `child` of ivs.ordered_json).
function compare.child(node, key)
  if key == "$exactly" then return node end
  if key == "$any" then return { type = "list", element = node } end
  return shape.child(node, key)
end

local function show(value, node)
  return ordered_json.encode(value, { shape = node, child = compare.child })
end

local function show_actual(value, node)
  if value == nil then return "it is absent" end
  return "it is " .. show(value, node)
end

local function show_all(values, node)
  local shown = {}
  for index, value in ipairs(values) do shown[index] = show(value, node) end
  return table.concat(shown, ", ")
end

--- What was written, without a $exactly around it.
local function show_expected(node)
  local expected = node.expected
  while type(expected) == "table" and expected["$exactly"] ~= nil do expected = expected["$exactly"] end
  return show(expected, node.shape)
end

local wanted = {
  scalar = show_expected,
  structure = show_expected,
  list = function(node) return show_expected(node) .. " in any order" end,
  matches = function(node) return "text that matches the Lua pattern " .. show(node.pattern) end,
  any = function(node) return "one of " .. show_all(node.expected["$any"], node.shape) end,
  absent = function() return "no such member" end,
}

local function add(out, path, difference, text)
  difference.path = path
  difference.message = (path == "" and "the configuration" or printable.escape(path)) .. ": " .. text
  out[#out + 1] = difference
end

local function add_mismatch(out, path, node, actual)
  add(out, path, { expected = node.expected, actual = actual },
    ("expected %s, but %s"):format(wanted[node.kind](node), show_actual(actual, node.shape)))
end

local function add_extra(out, path, actual, node)
  add(out, path, { actual = actual }, "not expected (no other members are allowed), but " .. show_actual(actual, node))
end

-- Kinds ---------------------------------------------------------------------------------------------------------------

local walk

--- null and nil are both absent.
local function present(value)
  if value == json.null then return nil end
  return value
end

local function accepts(node, actual)
  local out = {}
  walk(node, actual, "", out)
  return #out == 0
end

--- Pairs the literals of the expectation with equal values. Returns the nodes of the expectation and the values that are left.
local function match_literals(items, actual)
  local counts, nodes, values = {}, {}, {}
  for _, value in ipairs(actual) do counts[value] = (counts[value] or 0) + 1 end
  for _, item in ipairs(items) do
    local value = item.expected
    if item.kind == "scalar" and (counts[value] or 0) > 0 then
      counts[value] = counts[value] - 1
    else
      nodes[#nodes + 1] = item
    end
  end
  for _, value in ipairs(actual) do
    if counts[value] > 0 then
      counts[value] = counts[value] - 1
      values[#values + 1] = value
    end
  end
  return nodes, values
end

--- Finds a value for the node, and for that moves the node that has it to another value (Kuhn's bipartite matching).
local function assign(index, nodes, values, owner, seen)
  for position, value in ipairs(values) do
    if not seen[position] and accepts(nodes[index], value) then
      seen[position] = true
      if not owner[position] or assign(owner[position], nodes, values, owner, seen) then
        owner[position] = index
        return true
      end
    end
  end
  return false
end

local function lists_match(items, actual)
  if #items ~= #actual then return false end
  local nodes, values = match_literals(items, actual)
  local owner = {}
  for index, node in ipairs(nodes) do
    if node.kind == "scalar" or not assign(index, nodes, values, owner, {}) then return false end
  end
  return true
end

--- An absent structure is as expected if the expectation allows each of its members to be absent.
local function absence_is_expected(node)
  if next(node.members) == nil then return false end
  for _, member in pairs(node.members) do
    if not accepts(member, nil) then return false end
  end
  return true
end

local function sorted_names(...)
  local names, known = {}, {}
  for _, map in ipairs { ... } do
    for name in pairs(map) do
      if not known[name] then names[#names + 1], known[name] = name, true end
    end
  end
  table.sort(names, function(left, right) return tostring(left) < tostring(right) end)
  return names
end

local kinds = {}

function kinds.scalar(node, actual, path, out)
  if actual ~= node.expected then add_mismatch(out, path, node, actual) end
end

function kinds.list(node, actual, path, out)
  if type(actual) ~= "table" or not lists_match(node.items, actual) then add_mismatch(out, path, node, actual) end
end

function kinds.structure(node, actual, path, out)
  if type(actual) ~= "table" then
    if actual ~= nil or not absence_is_expected(node) then add_mismatch(out, path, node, actual) end
    return
  end
  for _, name in ipairs(sorted_names(node.members, node.exact and actual or {})) do
    local member, value = node.members[name], present(actual[name])
    local member_path = path == "" and tostring(name) or path .. "." .. tostring(name)
    if member then
      walk(member, value, member_path, out)
    elseif value ~= nil then
      add_extra(out, member_path, value, shape.child(node.shape, name))
    end
  end
end

function kinds.matches(node, actual, path, out)
  local text = actual
  if type(actual) == "number" then text = actual % 1 == 0 and ("%d"):format(actual) or tostring(actual) end
  -- a well-formed pattern may still be too complex for a text
  local ok, found = pcall(string.find, type(text) == "string" and text or nil, node.pattern)
  if not ok or not found then add_mismatch(out, path, node, actual) end
end

function kinds.any(node, actual, path, out)
  for _, alternative in ipairs(node.alternatives) do
    if accepts(alternative, actual) then return end
  end
  add_mismatch(out, path, node, actual)
end

function kinds.absent(node, actual, path, out)
  if actual ~= nil then add_mismatch(out, path, node, actual) end
end

function walk(node, actual, path, out)
  kinds[node.kind](node, actual, path, out)
end

--- @tab node a compiled expectation; not a snapshot
-- @tab configuration
-- @treturn table the list of differences; empty if all is as expected
function compare.differences(node, configuration)
  local out = {}
  walk(node, configuration, "", out)
  return out
end

return compare
