--- Turns the annotations of lua/ivs/types.lua and lua/ivs/types/ into one file of LDoc comments, for `make docs`.
--
--     lua docs/reference.lua FOLDER        writes FOLDER/reference.lua
--
-- The annotations are lua-language-server's, which editors read; LDoc has tags of its own. Each class is a section; its fields are a table,
-- its functions keep the name of the class. Aliases are listed with the types.

--- The files, and the title of those that do not begin with a class that has functions.
local FILES = { { "types" }, { "types/response", "Responses and errors" }, { "types/exceptions", "Codes" },
  { "types/options", "Options" }, { "types/nginx" }, { "types/core" }, { "types/check" }, { "types/stub" } }

local TITLES = { ivs = 'require "ivs"', ["resty.ivs"] = 'require "resty.ivs"', ["ivs.core"] = 'require "ivs.core"',
  ["ivs.check"] = 'require "ivs.check"', ["ivs.stub"] = 'require "ivs.stub"' }

local INTRODUCTION = [[
--- Amazon IVS recording configurations for Lua: the public API.
--
-- Made from <code>lua/ivs/types.lua</code> and <code>lua/ivs/types/</code>, which lua-language-server reads, too. The README has a tour;
-- <code>docs/</code> has the rules.
-- @module reference

]]

--- Splits `type description`; the type ends at the first blank outside of brackets.
local function split_type(text)
  local depth = 0
  for at = 1, #text do
    local byte = text:sub(at, at)
    if byte:find "[(<{%[]" then depth = depth + 1 elseif byte:find "[)>}%]]" then depth = depth - 1 end
    if byte == " " and depth == 0 then return text:sub(1, at - 1), text:sub(at + 1) end
  end
  return text, ""
end

--- A description as HTML. LDoc drops an item whose text has two hyphens.
local function html(text)
  return (text:gsub("[&<]", { ["&"] = "&amp;", ["<"] = "&lt;" }):gsub("%-%-", "&#45;&#45;"):gsub("`([^`]+)`", "<code>%1</code>"))
end

--- LDoc's types have neither blanks nor optional marks of their own; a bar separates alternatives.
local function as_type(text) return (text:gsub("%s", "")) end

--- A field's type as HTML; LDoc makes links only of the types of parameters and results.
local function linked_type(text)
  return (as_type(text):gsub("<", "&lt;"):gsub("%f[%w][%l.]*ivs%.[%l.]*%u%w*", '<a href="#%0">%0</a>'))
end

local out, class, owners

local function add(...) out[#out + 1] = table.concat { ... } end

local sections = 0

local function begin_section(title)
  sections = sections + 1
  add("--- ", title)
  add("-- @section section", sections)
  add ""
end

--- The comment lines of a class.
local function write_class(name, text, fields, has_functions)
  if has_functions then begin_section(TITLES[name] or name) end
  add("--- ", html(text))
  add("-- @table ", name)
  for _, field in ipairs(fields) do
    local type, description = split_type(field.text)
    local is_optional = field.name:find "%?$"
    add("-- @field ", field.name:gsub("%?$", ""), " (", linked_type(type), is_optional and ", optional" or "", ") ", html(description))
  end
  add ""
end

local function write_function(name, text, tags)
  local owner, separator, last = name:match "^(%w+)([.:])([%w_]+)$"
  add("--- ", html(text))
  for _, tag in ipairs(tags) do
    if tag.kind == "param" then
      local type, description = split_type(tag.text)
      add("-- @tparam", tag.name:find "%?$" and "[opt] " or " ", as_type(type), " ", tag.name:gsub("%?$", ""), " ", html(description))
    else
      local type, description = split_type(tag.text)
      local name_of_result, meaning = description:match "^(%S+) ?(.*)$"
      add("-- @treturn ", as_type(type), " ", name_of_result, meaning ~= "" and ": " or "", html(meaning))
    end
  end
  add("-- @function ", owners[owner], separator, last, "\n")
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

local function convert(path)
  local text, fields, tags = {}, {}, {}
  class, owners = nil, {}
  for line in (read(path) .. "\n"):gmatch "(.-)\n" do
    local kind, rest = line:match "^%-%-%-@(%l+) ?(.*)$"
    if kind == "class" then
      class = rest:match "^[%w_.]+"
    elseif kind == "field" then
      local name, its = rest:match "^([%w_]+%??) (.*)$"
      fields[#fields + 1] = { name = name, text = its }
    elseif kind == "param" then
      local name, its = rest:match "^([%w_]+%??) (.*)$"
      tags[#tags + 1] = { kind = kind, name = name, text = its }
    elseif kind == "return" then
      tags[#tags + 1] = { kind = kind, text = rest }
    elseif kind == "alias" then
      local name, its = rest:match "^([%w_.]+) (.*)$"
      add("--- ", html(table.concat(text, " ") .. " `" .. its:gsub("|", " | ") .. "`"))
      add("-- @table ", name, "\n")
      text = {}
    elseif not kind and line:find "^%-%-%-" then
      text[#text + 1] = line:match "^%-%-%- ?(.*)$"
    elseif not kind then
      local name = line:match "^function ([%w_.:]+)%("
      if class then
        local owner = line:match "^local (%w+) = {}"
        write_class(class, table.concat(text, " "), fields, owner ~= nil)
        if owner then owners[owner] = class end
        class, fields, text = nil, {}, {}
      elseif name then
        write_function(name, table.concat(text, " "), tags)
      end
      tags = {}
      if name or line == "" then text = {} end
    end
  end
end

out = { INTRODUCTION }
for _, file in ipairs(FILES) do
  if file[2] then begin_section(file[2]) end
  convert("lua/ivs/" .. file[1] .. ".lua")
end
local target = assert(io.open(arg[1] .. "/reference.lua", "wb"))
target:write(table.concat(out, "\n"), "\n")
target:close()
