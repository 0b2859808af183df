-- The busted command for spec files, on Luas for which Debian has not built its C modules, too. Some files of busted and penlight
-- do not compile on Lua 5.5; they are mended as they are loaded.
--
-- Not for: directories as arguments, or colored output; both need the real modules.

require "support.missing_modules"

--- Compiles a file whose loops assign to their own variables, which are constants from Lua 5.5 on: each gets a local in its loop.
local function compile(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  while true do
    local chunk, problem = load(text, "@" .. path)
    local line, name = tostring(problem):match ":(%d+): attempt to assign to const variable '([%w_]+)'"
    if chunk or not line then return assert(chunk, problem) end
    local lines = {}
    for each in (text .. "\n"):gmatch "(.-)\n" do lines[#lines + 1] = each end
    local at = tonumber(line)
    while not (lines[at]:find("%f[%w_]for%f[^%w_].*%f[%w_]" .. name .. "%f[^%w_].*%f[%w_]do$")) do at = at - 1 end
    lines[at] = ("%s local %s = %s"):format(lines[at], name, name)
    text = table.concat(lines, "\n")
  end
end

if _VERSION == "Lua 5.5" then
  table.insert(package.searchers, 2, function(name)
    local path = (name:find "^pl%." or name:find "^busted%.") and package.searchpath(name, package.path)
    if path then return compile(path), path end
  end)
end

require "busted.runner" { standalone = false }
