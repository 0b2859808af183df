-- What the Makefile would do (make -n) for those who only try or build the module, and for which Luas.

local shell = require "emulator.shell"

local LATER_ONLY = { "redis-server", "redis-tools", "tinyproxy", "wrk", "python3-botocore", "lua-busted", "luarocks", "lua5.1",
  "lua5.2", "lua5.3", "luajit2" }

--- The commands of a goal, as if nothing had been built.
local function commands(arguments, environment)
  local output, status = shell.run(("exec 2>&1; env -u MAKEFLAGS -u MFLAGS %s make --no-print-directory -n B=.build/none %s")
    :format(environment or "", arguments))
  assert(status == 0, output)
  return output
end

describe("make demo", function()
  it("installs no package that only the specs use", function()
    local packages = commands("demo"):match "spec/setup%.sh ([^\n]*)" .. " "
    assert.truthy(packages:find("liblua5.4-dev ", 1, true), packages)
    for _, name in ipairs(LATER_ONLY) do assert.is_nil(packages:find(" " .. name .. " ", 1, true), name) end
  end)

  it("installs the Lua that it is asked for", function()
    local packages = commands("demo LUA=lua5.1"):match "spec/setup%.sh ([^\n]*)" .. " "
    assert.truthy(packages:find(" lua5.1 ", 1, true), packages)
    assert.is_nil(packages:find("lua5.4", 1, true), packages)
  end)

  it("builds both modules of that Lua, which the README's examples load", function()
    local said = commands "demo"
    assert.truthy(said:find("LD .build/none/lua5.4/ivs.so", 1, true), said)
    assert.truthy(said:find("LD .build/none/lua5.4/ivs/core.so", 1, true), said)
  end)
end)

describe("a warning of the compiler", function()
  it("is an error where the specs run, and nowhere else", function()
    assert.truthy(commands("test"):find("-Werror", 1, true))
    for _, goal in ipairs { "all", "demo", "rock LUA_INCDIR=/usr/include/lua5.4" } do
      assert.is_nil(commands(goal):find("-Werror", 1, true), goal)
    end
  end)
end)

describe("make test", function()
  it("runs Lua 5.5, too, where it finds the interpreter and its headers", function()
    local directory = shell.run "mktemp -d":match "[^\n]+"
    shell.run(([[cd %s && printf '#!/bin/sh\n' >lua5.5 && chmod 755 lua5.5
      printf 'Name: Lua\nDescription: Lua\nVersion: 5.5.0\nCflags: -I/nonexistent\n' >lua5.5.pc]]):format(directory))
    local path = os.getenv "PATH"
    local found = commands("test", ("PATH=%s:%s PKG_CONFIG_PATH=%s"):format(directory, path, directory))
    shell.run(("rm %s/lua5.5.pc"):format(directory))
    local missing = commands("test", ("PATH=%s:%s PKG_CONFIG_LIBDIR=%s"):format(directory, path, directory))
    shell.run("rm -rf " .. directory)
    assert.truthy(found:find("spec/run%.sh [^\n]*lua5%.5"), found)
    assert.truthy(found:find(".build/none/lua5.5/ivs/core.so", 1, true), found)
    assert.is_nil(missing:find("lua5.5/", 1, true), missing)
  end)
end)
