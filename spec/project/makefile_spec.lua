-- What the Makefile would do (make -n) for those who only try or build the module, and for which Luas.

local shell = require "emulator.shell"

local LATER_ONLY = { "redis-server", "redis-tools", "tinyproxy", "wrk", "python3-botocore", "lua-busted", "luarocks", "lua5.1",
  "lua5.2", "lua5.3", "luajit2" }

local build = os.getenv "IVS_BUILD" or ".build"

--- The commands of a goal, as if nothing had been built.
local function commands(arguments, environment)
  local output, status = shell.run(("exec 2>&1; env -u MAKEFLAGS -u MFLAGS %s make --no-print-directory -n B=.build/none %s")
    :format(environment or "", arguments))
  assert(status == 0, output)
  return output
end

describe("make", function()
  it("builds both modules of one Lua: LUA, or the first that is installed", function()
    local built = commands "LUA=lua5.1"
    assert.truthy(built:find("LD .build/none/lua5.1/ivs.so", 1, true), built)
    assert.truthy(built:find("LD .build/none/lua5.1/ivs/core.so", 1, true), built)
    assert.is_nil(built:find("lua5.4", 1, true), built)
    local directory = shell.run "mktemp -d":match "[^\n]+"
    shell.run(([[cd %s && printf 'Name: Lua\nDescription: Lua\nVersion: 5.3.6\nCflags: -I/nonexistent\n' >lua5.3.pc]]):format(directory))
    built = commands("", ("PKG_CONFIG_LIBDIR=%s"):format(directory))
    shell.run("rm -rf " .. directory)
    assert.truthy(built:find("LD .build/none/lua5.3/ivs.so", 1, true), built)
  end)

  it("help names each goal that has a text, and each variable", function()
    local help = shell.run "env -u MAKEFLAGS make help"
    for _, goal in ipairs { "build", "demo", "env", "test", "compile_commands.json" } do
      assert.truthy(help:find("\n" .. goal:gsub("%p", "%%%0") .. " +%a"), help)
    end
    for _, name in ipairs { "LUA", "LUAS", "CURL_INCDIR", "CURL_LIBDIR", "SPECS", "JOBS" } do
      assert.truthy(help:find("%f[%u]" .. name .. "%f[^%w_]"), help)
    end
  end)

  it("env lets a script anywhere find the modules of the tree, before those of its own paths", function()
    local output, status = shell.run(([[tree=$PWD; cd / && unset LUA_CPATH && LUA_PATH='/nowhere/?.lua'
      eval "$(env -u MAKEFLAGS make -s -C "$tree" env LUA=lua5.4 B=%s)" && exec 2>&1 && lua5.4 -e '
        print(package.searchpath("ivs", package.cpath), package.searchpath("ivs.core", package.cpath))
        print(package.searchpath("ivs.failure", package.path), package.path:match "/nowhere/.*$")']]):format(shell.quote(build)))
    local tree = shell.run "pwd":match "[^\n]+"
    assert.same({ ("%s/%s/lua5.4/ivs.so\t%s/%s/lua5.4/ivs/core.so\n%s/lua/ivs/failure.lua\t/nowhere/?.lua\n"):format(tree, build, tree, build, tree), 0 },
      { output, status })
  end)

  it("names the headers that are missing, and an OpenSSL that is too old", function()
    local directory = shell.run "mktemp -d":match "[^\n]+"
    shell.run(("mkdir %s/openssl && echo '#define OPENSSL_VERSION_MAJOR 1' >%s/openssl/opensslv.h"):format(directory, directory))
    local output, status = shell.run(("exec 2>&1; env -u MAKEFLAGS make --no-print-directory B=%s/b LUA=lua5.4 CRYPTO_INCDIR=%s")
      :format(directory, directory))
    shell.run("rm -rf " .. directory)
    assert.equal(2, status)
    assert.truthy(output:find("ivs needs the headers of libcurl (curl/curl.h) and of OpenSSL 3 (openssl/evp.h): install them (Debian: "
      .. "libcurl4-openssl-dev libssl-dev)", 1, true), output)
    assert.is_nil(output:find("CC ", 1, true), output)
  end)

  it("builds without pkg-config if LUA_INCDIR names the folder of lua.h", function()
    local built = commands("LUA=lua5.4 LUA_INCDIR=/opt/lua/include", "PKG_CONFIG=/nonexistent PKG_CONFIG_LIBDIR=/nonexistent")
    assert.truthy(built:find("-I/opt/lua/include", 1, true), built)
    assert.is_nil(built:find("pkg-config", 1, true), built)
  end)

  it("compile_commands.json has an entry for each C file, with a command that compiles it", function()
    local directory = shell.run "mktemp -d":match "[^\n]+"
    shell.run(("cp -R csrc Makefile %s"):format(directory))
    local output, status = shell.run(("exec 2>&1; cd %s && env -u MAKEFLAGS make -s compile_commands.json LUA=lua5.4 && cat compile_*.json")
      :format(directory))
    assert.equal(0, status, output)
    local entries = require "cjson".decode(output)
    assert.equal(tonumber((shell.run "find csrc -name '*.c' | wc -l")), #entries)
    for _, entry in ipairs(entries) do
      if entry.file == "csrc/lua/driver/wire.c" then
        output, status = shell.run(("exec 2>&1; cd %s && mkdir -p .build/lua5.4/obj/driver && %s"):format(entry.directory, entry.command))
        assert.same({ "", 0 }, { output, status })
      end
    end
    shell.run("rm -rf " .. directory)
  end)
end)

describe("busted", function()
  it("runs spec files without options, also on the Lua that LUA names", function()
    for _, lua in ipairs { "", "LUA=lua5.1" } do
      local output, status = shell.run(("exec 2>&1; env -u LUA_PATH -u LUA_CPATH -u IVS_LUA %s busted -o plainTerminal %s")
        :format(lua, "spec/lua/ivs/names_spec.lua"))
      assert.equal(0, status, output)
      assert.truthy(output:find("[1-9]%d* successes / 0 failures / 0 errors"), output)
    end
  end)
end)

describe("make demo", function()
  it("installs no package that only the specs use", function()
    local packages = commands("demo"):match "spec/setup%.sh ([^\n]*)" .. " "
    assert.truthy(packages:find("liblua5.4-dev ", 1, true), packages)
    for _, name in ipairs(LATER_ONLY) do assert.is_nil(packages:find(" " .. name .. " ", 1, true), name) end
  end)

  it("installs the Lua that LUA names", function()
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
  it("is an error for make test, and for no other build", function()
    assert.truthy(commands("test"):find("-Werror", 1, true))
    for _, goal in ipairs { "all", "demo", "rock LUA_INCDIR=/usr/include/lua5.4" } do
      assert.is_nil(commands(goal):find("-Werror", 1, true), goal)
    end
  end)
end)

describe("make test", function()
  it("runs Lua 5.5, too, if it finds the interpreter and its headers", function()
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
