-- The README as data: its settings table as it has to be, its Lua examples with what they say they print.

local readme = {}

local here = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$")
readme.root = here .. "/../.."

function readme.text()
  local file = assert(io.open(readme.root .. "/README.md", "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local function code(words)
  if #words == 0 then return "" end
  return "`" .. table.concat(words, "`, `") .. "`"
end

local function shown_default(row)
  if row.default == nil then return "" end
  return "`" .. (row.type == "integer" and ("%d"):format(row.default) or tostring(row.default)) .. "`"
end

-- The rows of the settings table, from the table in lua/ivs/config/settings.lua.
function readme.settings_rows(rows)
  local lines = {}
  for _, row in ipairs(rows) do
    lines[#lines + 1] = ("| `%s` | %s | %s | %s | %s | %s |"):format(row.name, row.type, code(row.env or {}),
      row.profile and "yes" or "", shown_default(row), row.doc)
  end
  return lines
end

-- The ```lua blocks: { source, prints = the lines that `-->` comments promise }.
function readme.examples()
  local examples = {}
  for source in readme.text():gmatch("\n```lua\n(.-)\n```") do
    local prints = {}
    for promised in source:gmatch("%-%->%s*([^\n]*)") do prints[#prints + 1] = promised end
    examples[#examples + 1] = { source = source, prints = prints }
  end
  return examples
end

-- The ```nginx block.
function readme.nginx()
  return readme.text():match("\n```nginx\n(.-)\n```")
end

return readme
