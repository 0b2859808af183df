--- Names that a caller got wrong, and what was probably meant.
-- @module ivs.names

local names = {}

local MAX_SHOWN = 100 -- bytes of a wrong name

--- Case and underscores are what differs between the SDKs' spellings of one name.
local function fold(name)
  return (name:lower():gsub("[_%-]", ""))
end

--- The number of edits (insert, delete, replace, swap two neighbors) that turn one text into the other: the distance of
-- optimal string alignment.
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

--- The known name that is most like another one; nil if none is.
-- @string name
-- @tab known a list of names; the first of equals is taken
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

--- What to say of a name that is not known.
-- @string what `option`, or whatever the name was to be
-- @param name as given
-- @tab known a list of names
-- @tab[opt] advice what to use, by names that other libraries have
-- @string[opt] path of the table that the name is in, as in `cache`
function names.unknown(what, name, known, advice, path)
  local text = tostring(name)
  local shown = text:gsub("%c", "?"):sub(1, MAX_SHOWN)
  local message = ("unknown %s '%s%s'"):format(what, path and path .. "." or "", shown)
  local use = advice and advice[text]
  if use then return ("%s; use %s"):format(message, use) end
  local nearest = names.nearest(text, known)
  return nearest and ("%s; did you mean '%s'?"):format(message, nearest) or message
end

return names
