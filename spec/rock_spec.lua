-- The rock: luarocks builds and installs it offline, and a script outside the tree requires what was installed.

local readme = require "support.readme"
local shell = require "emulator.shell"

local LUA = os.getenv "IVS_LUA" or "lua5.4"
local VERSION = _VERSION:match("[%d.]+")
local IS_LUAJIT = rawget(_G, "jit") ~= nil

-- What Debian's packages provide, so that luarocks asks no server for it.
local CONFIGURATION = [[
rocks_servers = {}
rocks_provided = { ["lua-cjson"] = "2.1.0-1", ["luaexpat"] = "1.5.1-1" }
variables = { LUA_INCDIR = "/usr/include/%s", LUA_DIR = "/usr", LUA_BINDIR = "/usr/bin" }
external_deps_dirs = { "/usr" }
]]

local function capture(command)
  local pipe = assert(io.popen(command .. " 2>&1; echo \"status $?\""))
  local output = pipe:read("*a")
  pipe:close()
  return output, output:match("status (%d+)%s*$") == "0"
end

describe("the rock", function()
  local tree

  setup(function()
    tree = capture("mktemp -d"):match("^[^\n]+")
    assert(os.execute("cp -R " .. shell.quote(readme.root) .. "/csrc " .. shell.quote(readme.root) .. "/lua " ..
      shell.quote(readme.root) .. "/Makefile " .. shell.quote(readme.root) .. "/ivs-scm-1.rockspec " .. tree))
    local file = assert(io.open(tree .. "/config.lua", "wb"))
    file:write(CONFIGURATION:format(IS_LUAJIT and "luajit-2.1" or "lua" .. VERSION))
    file:close()
  end)

  teardown(function() os.execute("rm -rf " .. tree) end)

  it("is built and installed by luarocks make, and found by a script elsewhere", function()
    local output, good = capture(("cd %s && LUAROCKS_CONFIG=%s/config.lua HOME=%s luarocks --lua-version=%s --tree=%s/rocks make ivs-scm-1.rockspec")
      :format(tree, tree, tree, VERSION, tree))
    assert.is_true(good, output)
    local script = [[
      local ivs = require "ivs"
      local core = require "ivs.core"
      assert(package.searchpath == nil or package.searchpath("ivs", package.cpath):find("/rocks/", 1, true))
      print(ivs._VERSION == core._VERSION, type(ivs.get_recording_configuration))
      local client = assert(ivs.client { region = "us-west-2", env = { HOME = "/nonexistent", AWS_EC2_METADATA_DISABLED = "true" } })
      print((select(2, client:get_recording_configuration "arn")).code)
    ]]
    output, good = capture(("cd / && env -u LUA_PATH -u LUA_CPATH LUA_PATH='%s/rocks/share/lua/%s/?.lua;;' LUA_CPATH='%s/rocks/lib/lua/%s/?.so;;' %s -e %s")
      :format(tree, VERSION, tree, VERSION, LUA, shell.quote(script)))
    assert.is_true(good, output)
    assert.equal("true\tfunction\nNoCredentialsError\n", (output:gsub("status %d+%s*$", "")))
  end)

  it("names every file of lua/ for installation", function()
    local makefile = capture("sed -n '/^install-rock:/,/^$/p' " .. shell.quote(readme.root) .. "/Makefile")
    for directory in capture("cd " .. shell.quote(readme.root) .. " && find lua -name '*.lua' -printf '%h\\n' | sort -u"):gmatch("lua[^\n]*") do
      assert.is_truthy(makefile:find(directory .. "/*.lua", 1, true), directory)
    end
  end)
end)
