--- The grammar of the shared AWS files, as Python's RawConfigParser and botocore on top of it read them.
-- This is a pure function of the text: it reads no file and no environment, and gives no section a meaning (see ivs.config.files).
-- Errors tell the line and the problem but quote nothing of the text, which may be a secret.
-- It differs from Python in two ways: it refuses NUL bytes, and it lower-cases only the ASCII letters of keys.
-- @module ivs.config.ini

local printable = require "ivs.printable"

local byte, find, match, sub = string.byte, string.find, string.match, string.sub

local ini = {}

-- White space as in Python's str.strip: characters of one, two or three bytes.
local SPACE = { [9] = 1, [11] = 1, [12] = 1, [13] = 1, [28] = 1, [29] = 1, [30] = 1, [31] = 1, [32] = 1 }
local WIDE_SPACE = { ["\194\133"] = 2, ["\194\160"] = 2, ["\225\154\128"] = 3, ["\226\128\168"] = 3,
  ["\226\128\169"] = 3, ["\226\128\175"] = 3, ["\226\129\159"] = 3, ["\227\128\128"] = 3 }
for last = 128, 138 do WIDE_SPACE["\226\128" .. string.char(last)] = 3 end

-- The line ends of str.splitlines other than "\n". They count only inside a nested block.
local LINE_ENDS = { "[\11\12\28-\30]", "\194\133", "\226\128\168", "\226\128\169" }
local LINE_END_BYTES = "[\11\12\28-\30\194\226]"

-- Most lines have one of these forms. Reading them in one step halves the time for files of megabytes.
local PLAIN_SECTION = "^%[([ -~]+)%]\n"
local PLAIN_SETTING = "^([a-z0-9_]+) ?= ?([!-~][ -~]*)\n"

local NUMBER_SIGN, SEMICOLON, BRACKET = byte("#;[", 1, 3)

-- For lower-casing keys in the same way in every locale.
local LOWER = {}
for code = 65, 90 do LOWER[string.char(code)] = string.char(code + 32) end

--- The length of the white space character that begins at a byte, or nil.
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

--- Returns a text without the white space at both ends, and the number of white space characters at its beginning.
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

--- Checks the bytes of a line. Returns the problem, or nil.
local function check_bytes(line)
  if find(line, "\0", 1, true) then return "a NUL byte (is the file UTF-16?)" end
  local at = find(line, "[\128-\255]")
  while at do
    local length, point = printable.sequence(line, at)
    if not point then return "not UTF-8" end
    at = find(line, "[\128-\255]", at + length)
  end
end

--- Opens a section. A second [DEFAULT] continues the first; any other section may occur only once.
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
  if values[key] then return "this key occurs twice in its section" end
  values[key] = value
  reader.key, reader.block, reader.blanks = key, nil, 0
end

--- Reads `key = value` or `key: value`. Returns the problem, or nil.
local function take_setting(reader, text)
  local at = find(text, "[=:]")
  if not at then return "not a [section], a comment or key = value" end
  if at == 1 then return "no key before the '" .. sub(text, 1, 1) .. "'" end
  local key, value = trim(sub(text, 1, at - 1)), trim(sub(text, at + 1))
  if find(key, "[A-Z]") then key = key:gsub("[A-Z]", LOWER) end
  return set(reader, key, value)
end

--- Adds an indented line to the value above it. Blank lines between them belong to the value.
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

--- Counts blank lines: they belong to the value above if an indented line follows.
local function take_blanks(reader, count)
  if reader.key then reader.blanks = reader.blanks + count end
end

--- Reads one line. Returns the problem, or nil.
local function take(reader, line)
  local problem = reader.has_odd_bytes and check_bytes(line)
  if problem then return problem end
  local text, indent = trim(line)
  local first = byte(text)
  if not first then
    return take_blanks(reader, 1)
  end
  if first == NUMBER_SIGN or first == SEMICOLON then return end
  if reader.key and indent > reader.level then return continue(reader, text) end
  reader.level = indent
  -- what follows the last bracket is ignored: `[default] # mine`
  local name = first == BRACKET and match(text, "^%[(.+)%]")
  if name then return open_section(reader, name) end
  if not reader.values then return "a setting before the first [section]" end
  return take_setting(reader, text)
end

--- Reads the line that begins at a byte, or several empty ones. Returns where the next one begins, and the problem.
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

--- Parses the settings nested in a value. Keys keep their case; the last of several equal keys counts.
-- @return a table; or nil, the line's number and the problem
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

--- Whether any section has a value. A value of [DEFAULT] may be overridden in every section.
local function is_read(reader, block)
  if block.values ~= reader.defaults then return true end
  for _, section in ipairs(reader.sections) do
    if section.values[block.key] == nil then return true end
  end
  return false
end

--- Sets the values of several lines: nested settings if the first line is empty, else a text with newlines.
local function settle_blocks(reader)
  for _, block in ipairs(reader.blocks) do
    local value = table.concat(block)
    if block[1] == "" and is_read(reader, block) then
      local settings, line, problem = parse_nested(block)
      if not settings then return nil, line, problem end
      value = settings
    end
    block.values[block.key] = value
  end
  return true
end

--- Copies the settings of [DEFAULT] into the sections that do not have them.
local function inherit_defaults(reader)
  for key, value in pairs(reader.defaults) do
    for _, section in ipairs(reader.sections) do
      if section.values[key] == nil then section.values[key] = value end
    end
  end
end

--- Parses a file's text (docs/protocol.md, "Shared files").
-- @string text
-- @return a list of { name, values } in the file's order; a value is a text or, if nested, a table of texts. Or nil, the line's
-- number and the problem.
function ini.parse(text)
  if sub(text, 1, 3) == "\239\187\191" then
    return nil, 1, "a byte order mark (save the file as UTF-8 without BOM)"
  end
  if find(text, "\r", 1, true) then text = text:gsub("\r\n?", "\n") end
  local reader = { sections = {}, opened = {}, defaults = {}, blocks = {}, line = 0, level = 0, blanks = 0,
    has_odd_bytes = find(text, "[\128-\255]") or find(text, "\0", 1, true) }
  local start, size = 1, #text
  while start <= size do
    local problem
    start, problem = take_line(reader, text, start)
    if problem then return nil, reader.line, problem end
  end
  local ok, line, problem = settle_blocks(reader)
  if not ok then return nil, line, problem end
  inherit_defaults(reader)
  return reader.sections
end

return ini
