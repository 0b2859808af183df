-- The README and the pages of docs/ as data: the expected settings table, the Lua examples with their documented output.

local readme = {}

local here = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$")
readme.root = here .. "/../.."

--- The pages whose examples the specs run.
readme.pages = { "README.md", "docs/credentials.md", "docs/loops.md" }

function readme.text(page)
  local file = assert(io.open(readme.root .. "/" .. (page or "README.md"), "rb"))
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

-- The ```lua blocks of a page: { source, prints = the lines in `-->` comments }.
function readme.examples(page)
  local examples = {}
  for source in readme.text(page):gmatch("\n```lua\n(.-)\n```") do
    local prints = {}
    for promised in source:gmatch("%-%->%s*([^\n]*)") do prints[#prints + 1] = promised end
    examples[#examples + 1] = { source = source, prints = prints }
  end
  return examples
end

-- The first ```nginx block of a page.
function readme.nginx(page)
  return readme.text(page):match("\n```nginx\n(.-)\n```")
end

-- The ```console blocks of a page: { { command, output }, … } each. A command follows a `$`; what it prints, if anything, follows it.
function readme.consoles(page)
  local consoles = {}
  for block in readme.text(page):gmatch("\n```console\n(.-\n)```") do
    local steps = {}
    for line in block:gmatch "([^\n]*)\n" do
      local command = line:match "^%$ (.*)$"
      if command then steps[#steps + 1] = { command = command, output = "" } else
        steps[#steps].output = steps[#steps].output .. line .. "\n"
      end
    end
    consoles[#consoles + 1] = steps
  end
  return consoles
end

return readme
