--- Members of a table of options against a table of rows: misuse becomes a text that the driver raises at its caller's level.
-- Not for: settings that the environment and files have, too (ivs.settings).
-- @module resty.ivs.members

local names = require "ivs.names"

local members = {}

local TYPE_OF = { integer = "number" }

local function range_of(row)
  if row.above then return ("more than %g and at most %g"):format(row.above, row.most) end
  return ("from %g to %g"):format(row.least, row.most)
end

--- What is wrong with a value, never quoting it (it may be a password); or nil.
local function problem(row, value)
  if row.is then return not row.is(value) and ("has to be %s, got a %s"):format(row.type, type(value)) or nil end
  if type(value) ~= (TYPE_OF[row.type] or row.type) then
    return ("has to be a %s, got a %s"):format(row.type, type(value))
  end
  if type(value) == "string" and (value == "" or value:find("%c")) and not row.any_text then
    return "has to be a text that is not empty and has no control characters"
  end
  if type(value) ~= "number" then return nil end
  if row.type == "integer" and value % 1 ~= 0 then return "has to be a whole number" end
  local low_enough = value <= row.most
  local high_enough = row.above and value > row.above or row.least and value >= row.least
  if not (low_enough and high_enough) then return "has to be " .. range_of(row) end
end

local function sorted_names(rows)
  local out = {}
  for name in pairs(rows) do out[#out + 1] = name end
  table.sort(out)
  return out
end

--- Checks a table of options.
-- @tab rows by name: `type`, or `type` as words and `is` (a predicate); for numbers `least` or `above`, and `most`;
--   `any_text`: for a text that may hold what it likes; `default`; `needed`
-- @param given what the caller gave
-- @string path how messages call the table, `cache`
-- @treturn table|nil the values, defaults filled in
-- @treturn string|nil what is wrong
function members.check(rows, given, path)
  if type(given) ~= "table" then return nil, ("option '%s' has to be a table, got a %s"):format(path, type(given)) end
  local values = {}
  for name, value in pairs(given) do
    local row = rows[name]
    if not row then return nil, names.unknown("option", name, sorted_names(rows), nil, path) end
    local what = problem(row, value)
    if what then return nil, ("option '%s.%s' %s"):format(path, name, what) end
    values[name] = value
  end
  for name, row in pairs(rows) do
    if values[name] == nil then
      if row.needed then return nil, ("option '%s.%s' is missing"):format(path, name) end
      values[name] = row.default
    end
  end
  return values
end

return members
