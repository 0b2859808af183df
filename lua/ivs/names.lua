--- Messages about unknown names: which known name the caller probably meant.
-- @module ivs.names

local printable = require "ivs.printable"

local names = {}

local MAX_SHOWN = 100 -- bytes of an unknown name

--- SDKs spell one name with different case and underscores: these do not count.
local function fold(name)
  return (name:lower():gsub("[_%-]", ""))
end

--- The optimal string alignment distance: the number of edits (insert, delete, replace, swap two neighbors) from one text to the
-- other.
local function distance(a, b)
  local before, previous = nil, {}
  for j = 0, #b do previous[j] = j end
  for i = 1, #a do
    local row = { [0] = i }
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      row[j] = math.min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + cost)
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        row[j] = math.min(row[j], before[j - 2] + 1)
      end
    end
    before, previous = previous, row
  end
  return previous[#b]
end

--- The known name that is most similar to a name.
-- @string name
-- @tab known a list of names; the first of several that are equally similar is returned
-- @return a name; or nil if none is similar
function names.nearest(name, known)
  local best, least
  local wanted = fold(name:sub(1, MAX_SHOWN))
  for _, candidate in ipairs(known) do
    local folded = fold(candidate)
    local edits = distance(wanted, folded)
    local is_part = #wanted > 3 and folded:find(wanted, 1, true)
    if (is_part or edits <= math.max(#wanted, #folded) / 2) and (not least or edits < least) then
      best, least = candidate, edits
    end
  end
  return best
end

--- The message for an unknown name.
-- @string what the kind of name: `option`
-- @param name as given
-- @tab known a list of names
-- @tab[opt] advice what to use instead, by the names that other libraries have
-- @string[opt] path of the table that holds the name: `cache`
-- @treturn string
function names.unknown(what, name, known, advice, path)
  local text = tostring(name)
  local message = ("unknown %s '%s%s'"):format(what, path and path .. "." or "", printable.line(text, MAX_SHOWN))
  local use = advice and advice[text]
  if use then return ("%s; use %s"):format(message, use) end
  local nearest = names.nearest(text, known)
  return nearest and ("%s; did you mean '%s'?"):format(message, nearest) or message
end

--- The string keys of a table, sorted.
-- @tab map
-- @treturn table a list
function names.sorted(map)
  local list = {}
  for name in pairs(map) do list[#list + 1] = name end
  table.sort(list)
  return list
end

return names
