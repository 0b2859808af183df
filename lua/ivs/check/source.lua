--- Reads an expectation from JSON, given as text or as the path of a file.
-- @module ivs.check.source

local expectation = require "ivs.check.expectation"
local failure = require "ivs.failure"
local json = require "ivs.json"
local printable = require "ivs.printable"

local source = {}

local MAX_BYTES = 256 * 1024 * 1024 -- a snapshot of every recording configuration of a large account is far smaller
local BYTE_ORDER_MARK = "^\239\187\191"

local function read_file(path)
  if path:find("\0", 1, true) then return nil, "its name has a NUL byte" end
  local file, problem = io.open(path, "rb")
  if not file then return nil, problem end
  local text, why = file:read(MAX_BYTES + 1)
  file:close()
  if not text then return why == nil and "" or nil, why end -- nil alone is the end of the file
  if #text > MAX_BYTES then return nil, ("it is larger than %d bytes"):format(MAX_BYTES) end
  return text
end

local function fail(kind, code, origin, problem)
  return nil, failure.new(kind, code, ("the expectation%s cannot be read: %s"):format(origin, problem))
end

local function is_object(text)
  return text:find("^[ \t\r\n]*{") ~= nil
end

local function decode(text, origin)
  if not is_object(text) then return fail("config", "ConfigParseError", origin, "it has to be a JSON object") end
  if text:find("\0", 1, true) then return fail("config", "ConfigParseError", origin, "it has a NUL byte") end
  local value, problem = json.decode(text)
  if value == nil then return fail("config", "ConfigParseError", origin, problem) end
  local compiled
  compiled, problem = expectation.compile(value)
  if not compiled then return fail("params", "ParamValidationError", origin, problem) end
  return expectation.clean(value)
end

--- Text that begins with `{`, after white space or a byte order mark, is JSON; anything else is a path.
-- @string text_or_path
-- @treturn table the expectation, without nulls; or nil and an error object
function source.load(text_or_path)
  local text = text_or_path:gsub(BYTE_ORDER_MARK, "")
  if is_object(text) then return decode(text, "") end
  local content, problem = read_file(text_or_path)
  local path = printable.escape(text_or_path)
  if not content then
    problem = printable.escape(problem)
    if problem:sub(1, #path + 2) == path .. ": " then problem = problem:sub(#path + 3) end -- the message names it already
    return fail("config", "ConfigNotFound", " " .. path, problem)
  end
  return decode(content:gsub(BYTE_ORDER_MARK, ""), " " .. path)
end

return source
