-- The README is true: its settings table is that of lua/ivs/config/settings.lua, its examples run and print what they say.

local readme = require "support.readme"
local server = require "emulator.server"
local shell = require "emulator.shell"

local LUA = os.getenv "IVS_LUA" or "lua5.4"

describe("the README", function()
  local emulator

  setup(function() emulator = server.start() end)
  teardown(function() emulator:stop() end)

  local function run(source)
    local path = os.tmpname()
    local file = assert(io.open(path, "wb"))
    file:write(source)
    file:close()
    local words = { "env", "HOME=/nonexistent" }
    for name, value in pairs(emulator:environment()) do words[#words + 1] = name .. "=" .. shell.quote(value) end
    words[#words + 1] = LUA .. " " .. path .. " 2>&1"
    local pipe = assert(io.popen(table.concat(words, " ")))
    local output = pipe:read("*a")
    pipe:close()
    os.remove(path)
    return output
  end

  it("lists every setting with its variables, its default and what it is", function()
    local text = readme.text()
    for _, line in ipairs(readme.settings_rows(require("ivs.config.settings").rows)) do
      assert.is_truthy(text:find(line, 1, true), "README.md lacks this row: " .. line)
    end
  end)

  it("shows the two commands on its first screen", function()
    local first_screen = readme.text():sub(1, 1500)
    assert.is_truthy(first_screen:find("make demo", 1, true))
    assert.is_truthy(first_screen:find("make test", 1, true))
  end)

  for number, example in ipairs(readme.examples()) do
    it("has an example " .. number .. " that prints what it says", function()
      local output = run(example.source)
      local lines = {}
      for line in output:gmatch("[^\n]+") do lines[#lines + 1] = line end
      local promised = {}
      for i, line in ipairs(example.prints) do promised[i] = line:gsub("ENDPOINT", emulator.endpoint_url) end
      assert.same(promised, lines)
    end)
  end
end)
