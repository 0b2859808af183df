--- Splits a line into words as a POSIX shell does, for `credential_process` (docs/protocol.md, "Credential process"): quotes and
-- backslashes, and nothing else. No variable, wildcard, operator or comment means anything here.
-- As in Python's shlex, which botocore splits with, a backslash before a line's end keeps the line's end.
-- @module ivs.config.shlex

local shlex = {}

--- Reads from behind the opening quote to the closing one. In double quotes a backslash escapes `"` and `\` only.
-- @return the text and the position after it; or nil if the quote is not closed
local function read_quoted(line, position, quote)
  local parts = {}
  local special = quote == '"' and '["\\]' or "'"
  while true do
    local found = line:find(special, position)
    if not found then return nil end
    parts[#parts + 1] = line:sub(position, found - 1)
    if line:sub(found, found) == quote then return table.concat(parts), found + 1 end
    local following = line:sub(found + 1, found + 1)
    if following == "" then return nil end
    local escapes = following == quote or following == "\\"
    parts[#parts + 1] = escapes and following or "\\" .. following
    position = found + 2
  end
end

--- Reads the word that begins at `position`.
-- @return its text and the position after it; or nil and the problem
local function read_word(line, position)
  local parts = {}
  while true do
    local plain, after = line:match("^([^ \t\r\n\"'\\]+)()", position)
    if plain then
      parts[#parts + 1] = plain
      position = after
    end
    local char = line:sub(position, position)
    if char == "\\" then
      if position == #line then return nil, "the backslash at the end escapes nothing" end
      parts[#parts + 1] = line:sub(position + 1, position + 1)
      position = position + 2
    elseif char == "'" or char == '"' then
      local text, next_position = read_quoted(line, position + 1, char)
      if not text then return nil, "a quotation mark is not closed" end
      parts[#parts + 1] = text
      position = next_position
    else
      return table.concat(parts), position
    end
  end
end

--- Splits a line into words.
-- @string line
-- @return a list of words, which may be empty; or nil and the problem, which quotes nothing of the line
function shlex.split(line)
  if line:find("\0", 1, true) then return nil, "it holds a NUL byte" end
  local found = {}
  local position = line:match("^[ \t\r\n]*()")
  while position <= #line do
    local word, after = read_word(line, position)
    if not word then return nil, after end
    found[#found + 1] = word
    position = line:match("^[ \t\r\n]*()", after)
  end
  return found
end

return shlex
