-- The annotations of lua/ivs/types.lua and lua/ivs/types/ as data.

local readme = require "support.readme"

local annotations = { files = { "types", "types/response", "types/exceptions", "types/options", "types/nginx", "types/core", "types/check",
  "types/stub" } }

-- Each class by name: { fields = set, optional = set, functions = set, types = field → type and meaning }; each alias's type by name.
annotations.classes, annotations.aliases = {}, {}

local classes, aliases = annotations.classes, annotations.aliases

for _, file in ipairs(annotations.files) do
  local class, owners = nil, {}
  for line in (readme.text("lua/ivs/" .. file .. ".lua") .. "\n"):gmatch "(.-)\n" do
    local name = line:match "^%-%-%-@class ([%w_.]+)"
    if name then
      class = { fields = {}, optional = {}, functions = {}, types = {} }
      classes[name] = class
    end
    local field, optional, type = line:match "^%-%-%-@field ([%w_]+)(%??) (.*)$"
    if field then class.fields[field], class.optional[field], class.types[field] = true, optional ~= "" or nil, type end
    local alias, its = line:match "^%-%-%-@alias ([%w_.]+) (.*)$"
    if alias then aliases[alias] = its end
    local owner = line:match "^local (%w+) = {}"
    if owner then owners[owner] = class end
    local whose, member = line:match "^function (%w+)[.:]([%w_]+)%("
    local its_class = whose and owners[whose]
    if its_class then its_class.functions[member] = true end
  end
end

function annotations.sorted(set)
  local names = {}
  for name in pairs(set) do names[#names + 1] = tostring(name) end
  table.sort(names)
  return names
end

return annotations
