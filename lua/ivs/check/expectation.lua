--- Expectations: read once, checked against the service's shape, and turned into nodes that ivs.check.compare walks.
--
-- A node has `kind`, `expected` (what was written, for differences), `shape`, and by kind:
-- `scalar`; `list` (`items`: nodes); `structure`, of a structure or a map (`members`: name → node; `exact`: no others are allowed);
-- `matches` (`pattern`); `any` (`alternatives`: nodes); `absent`. A snapshot has `kind`, `arns` in its order, and `by_arn`.
-- Every problem is a text that says where it is and what to do.
-- @module ivs.check.expectation

local json = require "ivs.json"
local names = require "ivs.names"
local pattern = require "ivs.check.pattern"
local printable = require "ivs.printable"
local shape = require "ivs.shape"

local expectation = {}

local MAX_DEPTH = 60
local SNAPSHOT_MEMBERS = { "errors", "recordingConfigurations" } -- what `ivs get --output json` prints

-- Copies without nulls ------------------------------------------------------------------------------------------------

local clean

--- Copies a list without its nulls; the items after a null move up.
local function clean_list(list, depth)
  local copy, count, last = {}, 0, 0
  for index in pairs(list) do
    if type(index) ~= "number" then return nil, "a table has both names and numbers as keys" end
    count, last = count + 1, math.max(last, index)
  end
  if count ~= last then return nil, "a list has holes" end
  for index = 1, last do
    local value, problem = clean(list[index], depth)
    if problem then return nil, problem end
    copy[#copy + 1] = value
  end
  return copy
end

local function clean_map(map, depth)
  local copy = {}
  for name, member in pairs(map) do
    if type(name) ~= "string" then return nil, "a table has both names and numbers as keys" end
    local value, problem = clean(member, depth)
    if problem then return nil, problem end
    copy[name] = value
  end
  return copy
end

function clean(value, depth)
  local kind = type(value)
  if value == nil or value == json.null then return nil end
  if kind == "string" or kind == "number" or kind == "boolean" then return value end
  if kind ~= "table" then return nil, "a " .. kind .. " cannot be expected" end
  if depth > MAX_DEPTH then return nil, "it is nested too deeply" end
  local first = next(value)
  return (type(first) == "number" and clean_list or clean_map)(value, depth + 1)
end

-- Problems ------------------------------------------------------------------------------------------------------------

local function at_path(path, problem)
  return (path == "" and "" or printable.escape(path) .. ": ") .. problem
end

--- An unknown name and the nearest known one; if none is near, all of them.
local function unknown(path, what, name, known)
  local guess = names.nearest(name, known)
  local hint = guess and ('did you mean "%s"?'):format(guess) or ("known: %s"):format(table.concat(known, ", "))
  return at_path(path, ('unknown %s "%s"; %s'):format(what, printable.escape(name), hint))
end

local function join(path, name)
  return path == "" and name or path .. "." .. name
end

-- Rules ---------------------------------------------------------------------------------------------------------------

local compile

-- Each gets the rule's argument, the node of ivs.shape, and where it stands: `path`, `exact`, `is_member` (it may be absent).
local rules = {}

rules["$matches"] = function(argument, node, where)
  if node.type ~= "string" and node.type ~= "integer" then
    return nil, at_path(where.path, ("$matches compares text, and this is a %s"):format(node.type))
  end
  if type(argument) ~= "string" then return nil, at_path(where.path, "$matches takes a Lua pattern, a string") end
  local problem = pattern.problem(argument)
  if problem then
    return nil, at_path(where.path, ('malformed Lua pattern "%s": %s'):format(printable.escape(argument), problem))
  end
  return { kind = "matches", pattern = argument }
end

rules["$any"] = function(argument, node, where)
  if type(argument) ~= "table" or argument[1] == nil then
    return nil, at_path(where.path, "$any takes a list of at least one alternative")
  end
  local alternatives = {}
  for index, alternative in ipairs(argument) do
    local compiled, problem = compile(alternative, node, where)
    if not compiled then return nil, problem end
    alternatives[index] = compiled
  end
  return { kind = "any", alternatives = alternatives }
end

rules["$absent"] = function(argument, _, where)
  if argument ~= true then return nil, at_path(where.path, "$absent takes true") end
  if not where.is_member then return nil, at_path(where.path, "$absent is for a member or a tag") end
  return { kind = "absent" }
end

rules["$exactly"] = function(argument, node, where)
  if type(argument) ~= "table" then return nil, at_path(where.path, "$exactly takes an object or a list") end
  return compile(argument, node, { path = where.path, exact = true, is_member = where.is_member })
end

local RULE_NAMES = names.sorted(rules)

--- A table whose only key begins with `$` is a rule.
local function rule_of(value)
  local name, argument = next(value)
  if type(name) == "string" and name:sub(1, 1) == "$" and next(value, name) == nil then return name, argument end
end

-- Values --------------------------------------------------------------------------------------------------------------

local kinds = {}

local function scalar(value, node, where)
  if type(value) == "table" then return nil, at_path(where.path, ("this is a %s in the response, not a table"):format(node.type)) end
  return { kind = "scalar" }
end

kinds.string, kinds.integer = scalar, scalar

function kinds.list(value, node, where)
  if type(value) ~= "table" or next(value) ~= nil and value[1] == nil then
    return nil, at_path(where.path, "this is a list in the response; write a list")
  end
  local items = {}
  for index, element in ipairs(value) do
    local item, problem = compile(element, node.element, { path = ("%s[%d]"):format(where.path, index), exact = where.exact })
    if not item then return nil, problem end
    items[index] = item
  end
  return { kind = "list", items = items }
end

local function structure(value, node, where)
  if type(value) ~= "table" or value[1] ~= nil then
    return nil, at_path(where.path, "this is an object in the response; write an object")
  end
  local members = {}
  for _, name in ipairs(names.sorted(value)) do
    local child = shape.child(node, name)
    if not child then
      if rules[name] then return nil, at_path(where.path, name .. " has to be the only key of its table") end
      return nil, unknown(where.path, "member", name, names.sorted(node.members))
    end
    local member, problem = compile(value[name], child, { path = join(where.path, name), exact = where.exact, is_member = true })
    if not member then return nil, problem end
    members[name] = member
  end
  return { kind = "structure", members = members, exact = where.exact }
end

kinds.structure, kinds.map = structure, structure

function compile(value, node, where)
  local rule, argument = nil, nil
  if type(value) == "table" then rule, argument = rule_of(value) end
  if rule and not rules[rule] then return nil, unknown(where.path, "rule", rule, RULE_NAMES) end
  local compiled, problem
  if rule then
    compiled, problem = rules[rule](argument, node, where)
  else
    compiled, problem = kinds[node.type](value, node, where)
  end
  if not compiled then return nil, problem end
  compiled.expected, compiled.shape = value, node
  return compiled
end

-- Snapshots -----------------------------------------------------------------------------------------------------------

local function compile_snapshot(value)
  for _, name in ipairs(names.sorted(value)) do
    if name ~= "errors" and name ~= "recordingConfigurations" then return nil, unknown("", "member", name, SNAPSHOT_MEMBERS) end
  end
  local configurations = value.recordingConfigurations
  if type(configurations) ~= "table" or next(configurations) ~= nil and configurations[1] == nil then
    return nil, "recordingConfigurations: this has to be a list"
  end
  local snapshot = { kind = "snapshot", arns = {}, by_arn = {} }
  for index, configuration in ipairs(configurations) do
    local path = ("recordingConfigurations[%d]"):format(index)
    local arn = type(configuration) == "table" and configuration.arn
    if type(arn) ~= "string" then return nil, at_path(path, "a snapshot's recording configuration has to have its arn") end
    local compiled, problem = compile(configuration, shape.configuration, { path = "", exact = true })
    if not compiled then return nil, at_path(path, problem) end
    if not snapshot.by_arn[arn] then
      snapshot.arns[#snapshot.arns + 1], snapshot.by_arn[arn] = arn, compiled
    end
  end
  return snapshot
end

-- Public --------------------------------------------------------------------------------------------------------------

--- @param value an expectation as a table
-- @treturn table a copy without nulls; or nil and a problem
function expectation.clean(value)
  if type(value) ~= "table" then return nil, "an expectation has to be an object, got " .. type(value) end
  local copy, problem = clean(value, 0)
  if not copy then return nil, problem end
  if copy[1] ~= nil then return nil, "an expectation has to be an object, not a list" end
  return copy
end

--- @param value an expectation as a table
-- @treturn table a node, or a snapshot; or nil and a problem
function expectation.compile(value)
  local copy, problem = expectation.clean(value)
  if not copy then return nil, problem end
  if copy.recordingConfigurations ~= nil then return compile_snapshot(copy) end
  return compile(copy, shape.configuration, { path = "", exact = false })
end

return expectation
