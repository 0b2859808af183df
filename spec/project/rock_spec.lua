-- The rock: luarocks builds and installs it offline, for one Lua after another in one tree, and scripts outside the tree require what
-- was installed: Lua 5.1, 5.4 and LuaJIT. So do its own command and the command of another rock that depends on it.

local emulator_server = require "emulator.server"
local readme = require "support.readme"
local shell = require "emulator.shell"

local ROCKS = { { version = "5.1", lua = "lua5.1", headers = "lua5.1" }, { version = "5.1", lua = "luajit", headers = "luajit-2.1" },
  { version = "5.4", lua = "lua5.4", headers = "lua5.4" } }

-- What Debian's packages provide, so that luarocks asks no server for it.
local CONFIGURATION = [[
rocks_servers = {}
rocks_provided = { ["lua-cjson"] = "2.1.0-1", ["argparse"] = "0.7.1-1", luaossl = "20220711-0" }
lua_interpreter = "%s"
rocks_trees = { { name = "spec", root = "%s/rocks" } }
variables = { CC = "cc -include %s/warning.h", LUA_INCDIR = "/usr/include/%s", LUA_DIR = "/usr", LUA_BINDIR = "/usr/bin", LUA = "/usr/bin/%s" }
external_deps_dirs = { "/usr" }
]]

local SCRIPT = [[
  local ivs = require "ivs"
  local core = require "ivs.core"
  assert(not package.searchpath or package.searchpath("ivs", package.cpath):find("/rocks/", 1, true))
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
  local tree, emulator
  local root = shell.quote(readme.root)

  --- Runs luarocks in a folder of the tree.
  local function luarocks(rock, words, folder)
    return capture(("cd %s/%s && LUAROCKS_CONFIG=%s/config.lua HOME=%s luarocks --lua-version=%s --tree=%s/rocks %s")
      :format(tree, folder or "", tree, tree, rock.version, tree, words))
  end

  --- Runs an installed command, from elsewhere and without any path of this process.
  local function run(words)
    local environment = { "HOME=/nonexistent" }
    for name, value in pairs(emulator:environment()) do environment[#environment + 1] = name .. "=" .. shell.quote(value) end
    return capture(("cd / && env -i PATH=%s/rocks/bin:/usr/bin:/bin %s %s"):format(tree, table.concat(environment, " "), words))
  end

  setup(function()
    emulator = emulator_server.start()
    tree = capture("mktemp -d"):match("^[^\n]+")
    local file = assert(io.open(tree .. "/warning.h", "wb"))
    file:write("static int unused(void) { return 0; }\n")
    file:close()
    assert(os.execute(([[cd %s && cp -R bin csrc docs examples lua Makefile ivs-scm-1.rockspec spec/project/*_rock %s && mkdir %s/tested &&
      cp -R .busted ivs-scm-1.rockspec spec %s/tested]]):format(root, tree, tree, tree)))
  end)

  teardown(function()
    emulator:stop()
    os.execute("rm -rf " .. tree)
  end)

  for _, rock in ipairs(ROCKS) do
    it("is built by luarocks make for " .. rock.lua .. " by a compiler that warns, and found by a script elsewhere", function()
      local file = assert(io.open(tree .. "/config.lua", "wb"))
      file:write(CONFIGURATION:format(rock.lua, tree, tree, rock.headers, rock.lua))
      file:close()
      local output, good = luarocks(rock, "make ivs-scm-1.rockspec")
      assert.is_true(good, output)
      assert.is_truthy(output:find("-Wunused-function", 1, true), "the compiler was to warn: " .. output)
      output, good = capture(("cd / && env LUA_PATH='%s/rocks/share/lua/%s/?.lua;;' LUA_CPATH='%s/rocks/lib/lua/%s/?.so;;' %s -e %s")
        :format(tree, rock.version, tree, rock.version, rock.lua, shell.quote(SCRIPT)))
      assert.is_true(good, output)
      assert.equal("true\tfunction\nNoCredentialsError\n", (output:gsub("status %d+%s*$", "")))
      local function lua_files(directory) return (capture(("cd %s && find . -name '*.lua' | sort"):format(directory))) end
      assert.equal(lua_files(root .. "/lua"), lua_files(tree .. "/rocks/share/lua/" .. rock.version))
    end)

    it("is tested by luarocks test with what was installed, for " .. rock.lua, function()
      local output, good = luarocks(rock, "make busted-2.1.1-1.rockspec", "busted_rock") -- Debian's busted is no rock
      assert.is_true(good, output)
      output, good = luarocks(rock, "test ivs-scm-1.rockspec -- spec/call/response_spec.lua", "tested") -- a folder without the sources
      assert.is_true(good, output)
      assert.truthy(output:find "\n[1-9]%d+ successes / 0 failures / 0 errors / 0 pending", output)
    end)

    it("installs the command and its man page for " .. rock.lua, function()
      local output, good = run "ivs --version"
      assert.is_true(good, output)
      assert.truthy(output:find("^ivs %d"), output)
      output, good = run "ivs list --output arns"
      assert.is_true(good, output)
      assert.truthy(output:find("\narn:aws:ivs:us-west-2:123456789012:recording-configuration/MiNiMaL00001\n", 1, true), output)
      local page = tree .. "/rocks/lib/luarocks/rocks-" .. rock.version .. "/ivs/scm-1/docs/ivs.1"
      assert.equal("", (shell.run(("cmp %s/docs/ivs.1 %s 2>&1"):format(root, page))))
    end)

    it("can be a dependency of another rock with a command, for " .. rock.lua, function()
      local output, good = luarocks(rock, "make recordings-audit-1.0-1.rockspec", "dependent_rock")
      assert.is_true(good, output)
      output = run "recordings-audit"
      assert.truthy(output:find("^%d+ passed, %d+ failed, 0 errors\nstatus 1\n$"), output)
      output = run "recordings-audit TAP"
      assert.truthy(output:find("^TAP version 13\n1%.%.%d+\n"), output)
      assert.truthy(output:find("\nok 1 - ", 1, true) and output:find("\nnot ok ", 1, true), output)
    end)
  end
end)
