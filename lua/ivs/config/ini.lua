--- The grammar of the shared AWS files, read as Python's RawConfigParser and botocore on top of it read them.
-- A pure function of the text: no file, no environment, no meaning of any section (that is ivs.files).
-- Where it refuses, it tells the line and what kind of thing is wrong, never a word of the text: that may be a secret.
-- Two things differ from Python: a NUL byte is refused, and only ASCII letters of a key are lower-cased.
-- @module ivs.config.ini

local byte, find, match, sub = string.byte, string.find, string.match, string.sub

local ini = {}

-- White space as Python's str.strip takes it: one byte, two or three.
local SPACE = { [9] = 1, [11] = 1, [12] = 1, [13] = 1, [28] = 1, [29] = 1, [30] = 1, [31] = 1, [32] = 1 }
local WIDE_SPACE = { ["\194\133"] = 2, ["\194\160"] = 2, ["\225\154\128"] = 3, ["\226\128\168"] = 3,
  ["\226\128\169"] = 3, ["\226\128\175"] = 3, ["\226\129\159"] = 3, ["\227\128\128"] = 3 }
for last = 128, 138 do WIDE_SPACE["\226\128" .. string.char(last)] = 3 end

-- Where str.splitlines cuts beside "\n"; counts inside a nested block only.
local LINE_ENDS = { "[\11\12\28-\30]", "\194\133", "\226\128\168", "\226\128\169" }
local LINE_END_BYTES = "[\11\12\28-\30\194\226]"

-- How nearly every line looks. Such a one is taken in one step, which makes files of megabytes twice as fast.
local PLAIN_SECTION = "^%[([ -~]+)%]\n"
local PLAIN_SETTING = "^([a-z0-9_]+) ?= ?([!-~][ -~]*)\n"

local NUMBER_SIGN, SEMICOLON, BRACKET = byte("#;[", 1, 3)

-- Keys in lower case whatever the host's locale makes of string.lower.
local LOWER = {}
for code = 65, 90 do LOWER[string.char(code)] = string.char(code + 32) end

--- The length of the white space character that starts at a byte, or nil.
local function space_from(text, at)
  local code = byte(text, at)
  if not code or code < 128 then return SPACE[code or 0] end
  return WIDE_SPACE[sub(text, at, at + 1)] or WIDE_SPACE[sub(text, at, at + 2)]
end

--- The length of the white space character that ends at a byte, or nil.
local function space_until(text, at)
  local code = byte(text, at)
  if code < 128 then return SPACE[code] end
  return WIDE_SPACE[sub(text, at - 1, at)] or WIDE_SPACE[sub(text, at - 2, at)]
end

--- A text without the white space at its ends, and how many characters of it were at the beginning.
local function trim(text)
  local head, tail = byte(text, 1), byte(text, -1)
  if not head or head > 32 and head < 128 and tail > 32 and tail < 128 then return text, 0 end
  local _, indent = find(text, "^[ \t]*")
  local first, last = indent + 1, #text
  local width = space_from(text, first)
  while width do
    first, indent = first + width, indent + 1
    width = space_from(text, first)
  end
  width = last > first and space_until(text, last)
  while width do
    last = last - width
    width = last > first and space_until(text, last)
  end
  return sub(text, first, last), indent
end

--- Whether a byte above 127 with the continuation bytes after it is one character of UTF-8 (RFC 3629).
local function is_character(bytes)
  local lead, second = byte(bytes, 1, 2)
  local length = lead < 0xE0 and 2 or lead < 0xF0 and 3 or 4
  if lead < 0xC2 or lead > 0xF4 or #bytes ~= length then return false end
  return not (lead == 0xE0 and second < 0xA0 or lead == 0xED and second > 0x9F
    or lead == 0xF0 and second < 0x90 or lead == 0xF4 and second > 0x8F)
end

--- What no line may hold, or nil.
local function forbidden(line)
  if find(line, "\0", 1, true) then return "a NUL byte (is the file UTF-16?)" end
  for sequence in line:gmatch("[\128-\255][\128-\191]*") do
    if not is_character(sequence) then return "not UTF-8" end
  end
end

--- Opens a section. A second [DEFAULT] goes on with the first; any other section may be there only once.
local function open_section(reader, name)
  if name == "DEFAULT" then
    reader.values = reader.defaults
  elseif reader.opened[name] then
    return ("this section is already in line %d"):format(reader.opened[name])
  else
    reader.values = {}
    reader.opened[name] = reader.line
    reader.sections[#reader.sections + 1] = { name = name, values = reader.values }
  end
  reader.key, reader.block = nil, nil
end

local function set(reader, key, value)
  local values = reader.values
  if values[key] then return "this key is already in the same section" end
  values[key] = value
  reader.key, reader.block, reader.blanks = key, nil, 0
end

--- Takes `key = value` or `key: value`.
local function take_setting(reader, text)
  local at = find(text, "[=:]")
  if not at then return "neither a [section], a comment nor key = value" end
  if at == 1 then return "no key before the '" .. sub(text, 1, 1) .. "'" end
  local key, value = trim(sub(text, 1, at - 1)), trim(sub(text, at + 1))
  if find(key, "[A-Z]") then key = key:gsub("[A-Z]", LOWER) end
  return set(reader, key, value)
end

--- Adds an indented line to the value above it. Blank lines between the two belong to the value.
local function continue(reader, text)
  local block = reader.block
  if not block then
    block = { reader.values[reader.key], lines = {}, values = reader.values, key = reader.key }
    reader.block = block
    reader.blocks[#reader.blocks + 1] = block
  end
  block[#block + 1] = ("\n"):rep(reader.blanks + 1) .. text
  block.lines[#block] = reader.line
  reader.blanks = 0
end

--- Counts blank lines: they belong to the value above if more of it follows.
local function take_blanks(reader, count)
  if reader.key then reader.blanks = reader.blanks + count end
end

--- Takes one line. Returns what is wrong with it, or nil.
local function take(reader, line)
  local wrong = reader.suspicious and forbidden(line)
  if wrong then return wrong end
  local text, indent = trim(line)
  local first = byte(text)
  if not first then
    return take_blanks(reader, 1)
  end
  if first == NUMBER_SIGN or first == SEMICOLON then return end
  if reader.key and indent > reader.level then return continue(reader, text) end
  reader.level = indent
  -- what follows the last bracket is nobody's: `[default] # mine`
  local name = first == BRACKET and match(text, "^%[(.+)%]")
  if name then return open_section(reader, name) end
  if not reader.values then return "a setting before the first [section]" end
  return take_setting(reader, text)
end

--- Takes the line that starts at a byte, or several empty ones. Returns where the next one starts, and what is wrong.
local function take_line(reader, text, start)
  reader.line = reader.line + 1
  local _, stop, key, value = find(text, PLAIN_SETTING, start)
  if key and reader.values and byte(value, -1) ~= 32 then
    reader.level = 0
    return stop + 1, set(reader, key, value)
  end
  _, stop = find(text, "^\n+", start)
  if stop then
    reader.line = reader.line + stop - start
    return stop + 1, take_blanks(reader, stop - start + 1)
  end
  local name
  _, stop, name = find(text, PLAIN_SECTION, start)
  if name then
    reader.level = 0
    return stop + 1, open_section(reader, name)
  end
  stop = find(text, "\n", start, true) or #text + 1
  return stop + 1, take(reader, sub(text, start, stop - 1))
end

--- The settings nested in a value: keys keep their case, a later one wins. Or nil, the line, what is wrong.
local function parse_nested(block)
  local settings = {}
  for index = 2, #block do
    local text = block[index]
    if find(text, LINE_END_BYTES) then
      for _, line_end in ipairs(LINE_ENDS) do text = text:gsub(line_end, "\n") end
    end
    for untrimmed in text:gmatch("[^\n]+") do
      local line = trim(untrimmed)
      local at = find(line, "=", 1, true)
      if at then
        settings[trim(sub(line, 1, at - 1))] = trim(sub(line, at + 1))
      elseif line ~= "" then
        return nil, block.lines[index], "a nested setting without '='"
      end
    end
  end
  return settings
end

--- Whether any section has a value: one of [DEFAULT] may be overridden everywhere, and then nobody reads it.
local function is_read(reader, block)
  if block.values ~= reader.defaults then return true end
  for _, section in ipairs(reader.sections) do
    if section.values[block.key] == nil then return true end
  end
  return false
end

--- Gives values of several lines their form: nested settings if the first line is empty, else a text with newlines.
local function settle_blocks(reader)
  for _, block in ipairs(reader.blocks) do
    local value = table.concat(block)
    if block[1] == "" and is_read(reader, block) then
      local settings, line, wrong = parse_nested(block)
      if not settings then return nil, line, wrong end
      value = settings
    end
    block.values[block.key] = value
  end
  return true
end

--- Every section has the settings of [DEFAULT] that it does not have itself.
local function inherit_defaults(reader)
  for key, value in pairs(reader.defaults) do
    for _, section in ipairs(reader.sections) do
      if section.values[key] == nil then section.values[key] = value end
    end
  end
end

--- Parses a file's text (docs/protocol.md, "Shared files").
-- @string text
-- @return a list of { name, values } in the file's order, a value being a text or, nested, a table of texts; or nil,
-- the line's number and what is wrong there
function ini.parse(text)
  if sub(text, 1, 3) == "\239\187\191" then
    return nil, 1, "a byte order mark (save the file as UTF-8 without BOM)"
  end
  if find(text, "\r", 1, true) then text = text:gsub("\r\n?", "\n") end
  local reader = { sections = {}, opened = {}, defaults = {}, blocks = {}, line = 0, level = 0, blanks = 0,
    suspicious = find(text, "[\128-\255]") or find(text, "\0", 1, true) }
  local start, size = 1, #text
  while start <= size do
    local wrong
    start, wrong = take_line(reader, text, start)
    if wrong then return nil, reader.line, wrong end
  end
  local settled, line, wrong = settle_blocks(reader)
  if not settled then return nil, line, wrong end
  inherit_defaults(reader)
  return reader.sections
end

-- What a shell takes as it stands: outside of quotes, and between them.
local VERBATIM = { none = "^[^\\'\" \t\r\n]+", ["'"] = "^[^']+", ['"'] = '^[^"\\]+' }

--- Takes one word of a text split as a POSIX shell splits, from `at` on. Returns the word, where it ends and whether
-- there was anything; or false where a quote or a backslash has no partner.
local function take_word(text, at)
  local parts, quoted, quote = {}, false, nil
  while at <= #text do
    local char = sub(text, at, at)
    local part = match(text, VERBATIM[quote or "none"], at)
    if part then
      parts[#parts + 1] = part
      at = at + #part - 1
    elseif char == "\\" then
      local after = sub(text, at + 1, at + 1)
      if after == "" then return false end
      local both = quote and after ~= quote and after ~= "\\"
      parts[#parts + 1] = both and char .. after or after
      at = at + 1
    elseif char == quote then
      quote = nil
    elseif char == "'" or char == '"' then
      quote, quoted = char, true
    else
      break
    end
    at = at + 1
  end
  if quote then return false end
  return table.concat(parts), at, quoted or #parts > 0
end

--- The words of a section's name, split as Python's shlex.split does: `profile "my video"` has two.
-- @string text
-- @return a list, or nil where a quote is not closed
function ini.words(text)
  local words, at = {}, 1
  while at <= #text do
    local word, stop, there = take_word(text, at)
    if not word then return nil end
    if there then words[#words + 1] = word end
    at = stop + 1
  end
  return words
end

return ini
