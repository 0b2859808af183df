--- make release: what it refuses, and that the rocks it packs install into an empty tree.

local readme = require "support.readme"
local shell = require "emulator.shell"

if jit or _VERSION ~= "Lua 5.4" then return end -- it runs luarocks, whatever runs this: once is enough

local version = readme.text("csrc/core/version.h"):match '"(%d[^"]*)"'

local CONFIGURATION = [[
rocks_servers = {}
rocks_provided = { ["lua-cjson"] = "2.1.0-1", ["argparse"] = "0.7.1-1" }
lua_interpreter = "lua5.4"
variables = { LUA_INCDIR = "/usr/include/lua5.4", LUA_DIR = "/usr", LUA_BINDIR = "/usr/bin", LUA = "/usr/bin/lua5.4" }
external_deps_dirs = { "/usr" }
]]

describe("make release", function()
  local directory

  local function run(script)
    return shell.run(("exec 2>&1; cd %s && export HOME=%s LUAROCKS_CONFIG=%s/config.lua GIT_CONFIG_GLOBAL=/dev/null && %s")
      :format(directory, directory, directory, script))
  end

  --- Runs spec/release.sh in a repository that holds this tree.
  local function release(words, environment)
    return run(("cd ivs && %s sh spec/release.sh %s"):format(environment or "", words))
  end

  lazy_setup(function()
    directory = shell.run "mktemp -d":match "[^\n]+"
    local file = assert(io.open(directory .. "/config.lua", "wb"))
    file:write(CONFIGURATION)
    file:close()
    file = assert(io.open(directory .. "/luarocks", "wb"))
    file:write('#!/bin/sh\nexec /usr/bin/luarocks --lua-version=5.4 "$@"\n')
    file:close()
    local output, status = shell.run(([[exec 2>&1; mkdir %s/ivs && tar -C %s --exclude=./.build --exclude=./.git -cf - . | tar -C %s/ivs -xf - && cd %s &&
      chmod +x luarocks && cd ivs && git init -q && git config user.name spec && git config user.email spec@example.org && git add -A &&
      git commit -qm spec]]):format(directory, shell.quote(readme.root), directory, directory))
    assert.equal(0, status, output)
  end)

  lazy_teardown(function() shell.run("rm -rf " .. directory) end)

  it("refuses another version than the source's, and a tree with changes", function()
    local output, status = release "9.9.9"
    assert.same({ "release: csrc/core/version.h has another version than 9.9.9\n", 1 }, { output, status })
    output, status = release ""
    assert.same({ "release: name the version: make release VERSION=1.0.0\n", 1 }, { output, status })
    run "touch ivs/change"
    output, status = release(version)
    assert.same({ "release: commit your changes first\n", 1 }, { output, status })
    run "rm ivs/change"
  end)

  it("packs a source rock and a binary rock, which install into an empty tree, and tags", function()
    local output, status = release(version, "HOMEPAGE=https://ivs.test/home PATH=" .. directory .. ":$PATH")
    assert.equal(0, status, output)
    assert.equal("v" .. version .. "\n", (run "cd ivs && git tag"))
    local packed = run "cd ivs/.build/release && echo *":gsub("ivs%-" .. version:gsub("%p", "%%%0") .. "%-1%.linux[^ ]*%.rock", "BINARY")
    assert.equal(("BINARY ivs-%s-1.rockspec ivs-%s-1.src.rock ivs-%s.tar.gz\n"):format(version, version, version), packed)
    local rockspec = run("cat ivs/.build/release/ivs-" .. version .. "-1.rockspec")
    assert.truthy(rockspec:find('"https://ivs.test/home/ivs-' .. version .. '.tar.gz"', 1, true), rockspec)
    assert.is_nil(rockspec:find("example.org", 1, true))

    output, status = run("./luarocks --tree=$HOME/rocks install ivs/.build/release/ivs-" .. version .. "-1.linux*.rock")
    assert.equal(0, status, output)
    output = run "cd / && unset LUA_PATH LUA_CPATH && $HOME/rocks/bin/ivs --version"
    assert.equal("ivs " .. version .. "\n", output)

    output, status = release(version)
    assert.same({ "release: the tag v" .. version .. " exists\n", 1 }, { output, status })
  end)
end)
