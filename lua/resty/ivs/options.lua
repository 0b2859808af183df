--- The options of a client, checked and taken apart without reading anything: those that nginx adds, and those that every
-- client has (ivs.settings).
-- @module resty.ivs.options

local settings = require "ivs.config.settings"

local options = {}

--- What DESIGN 1.5 adds, but for `cache`, which the cache itself checks.
local ROWS = {
  pool_size = { least = 1, most = 100000, whole = true, wanted = "a whole number from 1 to 100000" },
  keepalive_timeout = { least = 0.001, most = 2000000, wanted = "a number of seconds from 0.001 to 2000000" },
}

--- Every name that an option may have, for what is near a wrong one.
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
-- @return the options of every client, and those of nginx; or nil and what the caller did wrong
function options.read(given)
  if given == nil then given = {} end
  if type(given) ~= "table" then return nil, ("the options have to be a table, got %s"):format(type(given)) end
  local common, own = {}, {}
  for name, value in pairs(given) do
    local wrong = ROWS[name] and check_number(name, value)
    if wrong then return nil, wrong end
    if ROWS[name] or name == "cache" then own[name] = value else common[name] = value end
  end
  local wrong = settings.check(common, known)
  if wrong then return nil, wrong end
  return common, own
end

return options
