--- The name that a misspelled one most likely means, for error messages.
-- @module ivs.nearest

local nearest = {}

local MAX_LENGTH = 64 -- the distance takes time in proportion to the product of both lengths
local MIN_PREFIX = 3

--- The number of insertions, deletions, substitutions and swaps of neighbors between two texts (optimal string alignment).
local function distance(left, right)
  local before, previous = {}, {}
  for column = 0, #right do previous[column] = column end
  for row = 1, #left do
    local current = { [0] = row }
    for column = 1, #right do
      local cost = left:byte(row) == right:byte(column) and 0 or 1
      local least = math.min(previous[column] + 1, current[column - 1] + 1, previous[column - 1] + cost)
      if row > 1 and column > 1 and left:byte(row) == right:byte(column - 1) and left:byte(row - 1) == right:byte(column) then
        least = math.min(least, before[column - 2] + 1)
      end
      current[column] = least
    end
    before, previous = previous, current
  end
  return previous[#right]
end

--- @string name
-- @tparam {string,…} candidates
-- @treturn ?string the candidate that differs least: at most a third of its letters, or the name is its beginning; nil if there
-- is none. The first of equals wins.
function nearest.of(name, candidates)
  if #name > MAX_LENGTH then return nil end
  local wanted = name:lower()
  local best, least
  for _, candidate in ipairs(candidates) do
    local known = candidate:lower()
    local allowed = math.max(1, math.floor(math.max(#wanted, #known) / 3))
    local found = distance(wanted, known)
    if #wanted >= MIN_PREFIX and known:sub(1, #wanted) == wanted then found = math.min(found, allowed) end
    if found <= allowed and (not least or found < least) then best, least = candidate, found end
  end
  return best
end

return nearest
