--- The options of a client in nginx, checked without reading anything: those that nginx adds, and those of every client
-- (ivs.config.settings); and tables of options inside them, such as `cache`. Misuse becomes a text that the caller raises at its
-- own caller's level.
-- @module resty.ivs.options

local names = require "ivs.names"
local settings = require "ivs.config.settings"

local options = {}

-- Tables of options ------------------------------------------------------------------------------------------------------

local TYPE_OF = { integer = "number" }

local function range_of(row)
  if row.above then return ("more than %g and at most %g"):format(row.above, row.most) end
  return ("from %g to %g"):format(row.least, row.most)
end

--- What is wrong with a value, never quoting it (it may be a password); or nil.
local function problem_of(row, value)
  if row.or_false and value == false then return nil end
  if row.is then return not row.is(value) and ("has to be %s, got %s"):format(row.type, type(value)) or nil end
  if type(value) ~= (TYPE_OF[row.type] or row.type) then
    return ("has to be %s %s%s, got %s"):format(row.type == "integer" and "an" or "a", row.type, row.or_false and " or false" or "", type(value))
  end
  if type(value) == "string" and (value == "" or value:find("%c")) and not row.any_text then
    return "has to be a text that is not empty and has no control characters"
  end
  if type(value) ~= "number" then return nil end
  if row.type == "integer" and value % 1 ~= 0 then return "has to be an integer" end
  local is_high_enough = row.above and value > row.above or row.least and value >= row.least
  if not (value <= row.most and is_high_enough) then return "has to be " .. range_of(row) end
end

--- Checks a table of options.
-- @tab rows by name: `type`, or `type` as words and `is` (a predicate); for numbers `least` or `above`, and `most`;
--   `or_false`: false is allowed, too; `any_text`: a text may be empty or hold control characters; `default`; `required`
-- @param given what the caller gave
-- @string path the table's name in messages, such as `cache`
-- @treturn table|nil the values, with defaults
-- @treturn string|nil what is wrong
function options.check(rows, given, path)
  if type(given) ~= "table" then return nil, ("option '%s' has to be a table, got %s"):format(path, type(given)) end
  local values = {}
  for name, value in pairs(given) do
    local row = rows[name]
    if not row then return nil, names.unknown("option", name, names.sorted(rows), nil, path) end
    local problem = problem_of(row, value)
    if problem then return nil, ("option '%s.%s' %s"):format(path, name, problem) end
    values[name] = value
  end
  for name, row in pairs(rows) do
    if values[name] == nil then
      if row.required then return nil, ("option '%s.%s' is missing"):format(path, name) end
      values[name] = row.default
    end
  end
  return values
end

-- A client's options -----------------------------------------------------------------------------------------------------

--- The options that nginx adds, except for `cache`, which the cache checks itself.
local ROWS = {
  pool_size = { least = 1, most = 100000, whole = true, wanted = "an integer from 1 to 100000" },
  keepalive_timeout = { least = 0.001, most = 2000000, wanted = "a number of seconds from 0.001 to 2000000" },
}

--- Every option's name, to suggest the nearest one.
local known = { "cache" }
for name in pairs(ROWS) do known[#known + 1] = name end
table.sort(known)
for _, row in ipairs(settings.rows) do known[#known + 1] = row.name end

local function check_number(name, value)
  local row = ROWS[name]
  if type(value) ~= "number" then return ("option '%s' has to be a number, got %s"):format(name, type(value)) end
  if value >= row.least and value <= row.most and not (row.whole and value % 1 ~= 0) then return nil end
  return ("option '%s' has to be %s"):format(name, row.wanted)
end

--- @param given what the caller gave
-- @return the options of every client, and those of nginx; or nil and what is wrong
function options.read(given)
  if given == nil then given = {} end
  if type(given) ~= "table" then return nil, ("the options have to be a table, got %s"):format(type(given)) end
  local common, own = {}, {}
  for name, value in pairs(given) do
    local problem = ROWS[name] and check_number(name, value)
    if problem then return nil, problem end
    if ROWS[name] or name == "cache" then own[name] = value else common[name] = value end
  end
  local problem = settings.check(common, known)
  if problem then return nil, problem end
  return common, own
end

return options
