--- Whether a text is a well-formed Lua pattern.
--
-- string.find reports a malformed pattern only when matching gets to the malformed part, which may be long after the pattern was
-- read from a file. This reads the whole pattern by the grammar of the Lua manual, "Patterns", as lstrlib.c does.
-- @module ivs.check.pattern

local pattern = {}

local SPECIAL = "[%^%$%*%+%?%.%(%[%%%-]" -- a text without any of these is searched as it is, a ) among it
local MAX_CAPTURES = 32 -- LUA_MAXCAPTURES

--- The position behind the set that begins at `at`; nil if its `]` is missing. A `]` that comes first is a member.
local function skip_set(text, at)
  at = at + 1
  if text:sub(at, at) == "^" then at = at + 1 end
  local first = true
  while at <= #text do
    local character = text:sub(at, at)
    if character == "]" and not first then return at + 1 end
    at = at + (character == "%" and at < #text and 2 or 1)
    first = false
  end
end

local function open_capture(state, _, at)
  if #state.captures >= MAX_CAPTURES then return nil, "too many captures" end
  state.captures[#state.captures + 1] = "open"
  return at + 1
end

local function close_capture(state, _, at)
  for index = #state.captures, 1, -1 do
    if state.captures[index] == "open" then
      state.captures[index] = "closed"
      return at + 1
    end
  end
  return nil, "a ) without its ("
end

local function skip_escape(state, text, at)
  local character = text:sub(at + 1, at + 1)
  if character == "" then return nil, "it ends with %" end
  if character == "b" then
    if at + 3 > #text then return nil, "%b needs two characters" end
    return at + 4
  elseif character == "f" then
    if text:sub(at + 2, at + 2) ~= "[" then return nil, "%f needs a set, such as %f[%w]" end
    return at + 2 -- the set is read next
  elseif character:find("^[0-9]$") then
    if state.captures[tonumber(character)] ~= "closed" then return nil, "%" .. character .. " refers to no capture before it" end
  end
  return at + 2
end

local READERS = {
  ["("] = open_capture,
  [")"] = close_capture,
  ["%"] = skip_escape,
  ["["] = function(_, text, at)
    local after = skip_set(text, at)
    if not after then return nil, "a [ without its ]" end
    return after
  end,
}

--- @string text
-- @treturn ?string what is wrong with it; nil if it is well-formed
function pattern.problem(text)
  if not text:find(SPECIAL) then return nil end
  local state, at = { captures = {} }, 1
  while at <= #text do
    local reader = READERS[text:sub(at, at)]
    local after, problem = at + 1, nil
    if reader then after, problem = reader(state, text, at) end
    if not after then return problem end
    at = after
  end
  for _, capture in ipairs(state.captures) do
    if capture == "open" then return "a ( without its )" end
  end
end

return pattern
