-- The rock: luarocks builds and installs it offline, for one Lua after another in one tree, and scripts outside the tree require what
-- was installed: Lua 5.4 and LuaJIT.

local readme = require "support.readme"
local shell = require "emulator.shell"

local ROCKS = { { version = "5.1", lua = "luajit", headers = "luajit-2.1" }, { version = "5.4", lua = "lua5.4", headers = "lua5.4" } }

-- What Debian's packages provide, so that luarocks asks no server for it.
local CONFIGURATION = [[
rocks_servers = {}
rocks_provided = { ["lua-cjson"] = "2.1.0-1", ["luaexpat"] = "1.5.1-1" }
variables = { CC = "cc -include %s/warning.h", LUA_INCDIR = "/usr/include/%s", LUA_DIR = "/usr", LUA_BINDIR = "/usr/bin" }
external_deps_dirs = { "/usr" }
]]

local SCRIPT = [[
  local ivs = require "ivs"
  local core = require "ivs.core"
  assert(package.searchpath("ivs", package.cpath):find("/rocks/", 1, true))
  print(ivs._VERSION == core._VERSION, type(ivs.get_recording_configuration))
  local client = assert(ivs.client { region = "us-west-2", env = { HOME = "/nonexistent", AWS_EC2_METADATA_DISABLED = "true" } })
  print((select(2, client:get_recording_configuration "arn")).code)
]]

local function capture(command)
  local pipe = assert(io.popen(command .. " 2>&1; echo \"status $?\""))
  local output = pipe:read("*a")
  pipe:close()
  return output, output:match("status (%d+)%s*$") == "0"
end

describe("the rock", function()
  local tree
  local root = shell.quote(readme.root)

  setup(function()
    tree = capture("mktemp -d"):match("^[^\n]+")
    local file = assert(io.open(tree .. "/warning.h", "wb"))
    file:write("static int unused(void) { return 0; }\n")
    file:close()
    assert(os.execute(("cp -R %s/csrc %s/lua %s/Makefile %s/ivs-scm-1.rockspec %s"):format(root, root, root, root, tree)))
  end)

  teardown(function() os.execute("rm -rf " .. tree) end)

  for _, rock in ipairs(ROCKS) do
    it("is built by luarocks make for " .. rock.lua .. " by a compiler that warns, and found by a script elsewhere", function()
      local file = assert(io.open(tree .. "/config.lua", "wb"))
      file:write(CONFIGURATION:format(tree, rock.headers))
      file:close()
      local output, good = capture(("cd %s && LUAROCKS_CONFIG=%s/config.lua HOME=%s luarocks --lua-version=%s --tree=%s/rocks make ivs-scm-1.rockspec")
        :format(tree, tree, tree, rock.version, tree))
      assert.is_true(good, output)
      assert.is_truthy(output:find("-Wunused-function", 1, true), "the compiler was to warn: " .. output)
      output, good = capture(("cd / && env LUA_PATH='%s/rocks/share/lua/%s/?.lua;;' LUA_CPATH='%s/rocks/lib/lua/%s/?.so;;' %s -e %s")
        :format(tree, rock.version, tree, rock.version, rock.lua, shell.quote(SCRIPT)))
      assert.is_true(good, output)
      assert.equal("true\tfunction\nNoCredentialsError\n", (output:gsub("status %d+%s*$", "")))
      local function lua_files(directory) return (capture(("cd %s && find . -name '*.lua' | sort"):format(directory))) end
      assert.equal(lua_files(root .. "/lua"), lua_files(tree .. "/rocks/share/lua/" .. rock.version))
    end)
  end
end)
