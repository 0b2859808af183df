-- What `make lint` refuses (spec/lint/), with small trees that have one error each.

local readme = require "support.readme"
local shell = require "emulator.shell"

local ROOT = shell.run("cd " .. shell.quote(readme.root) .. " && pwd"):match "[^\n]+"

describe("lint", function()
  local tree

  before_each(function() tree = shell.run "mktemp -d":match "[^\n]+" end)
  after_each(function() shell.run("rm -rf " .. tree) end)

  local function write(path, text)
    assert(os.execute(("mkdir -p %s/%s"):format(tree, path:match "^(.*)/" or ".")))
    local file = assert(io.open(tree .. "/" .. path, "wb"))
    file:write(text)
    file:close()
  end

  --- Runs a command in the tree: what it prints, its status.
  local function run(command) return shell.run(("exec 2>&1; cd %s && %s"):format(tree, command)) end
  local function script(name) return shell.quote(ROOT .. "/spec/lint/" .. name) end

  describe("of citations", function()
    local function check(text, path)
      path = path or "csrc/core/retry.c"
      write("docs/protocol.md", "# Protocol\n\n## Retries\n\n### `ivs.core`: a loop\n\n```sh\n# No heading\n```\n")
      write(path, text)
      return run(("lua5.4 %s %s"):format(script "citations.lua", path))
    end

    local function accepts(text, path) assert.same({ "", 0 }, { check(text, path) }) end
    local function refuses(problem, text, path)
      local output, status = check(text, path)
      assert.truthy(output:find(problem, 1, true), output)
      assert.equal(1, status)
    end

    it("accepts a heading that exists, on one line of a comment or two", function()
      accepts '/* As in docs/protocol.md, "Retries". */'
      accepts ' * As in (docs/protocol.md,\n * "Retries" and\n * "ivs.core: a loop").'
      accepts '--- As in docs/protocol.md, "Retries"; "this" is no citation.'
    end)

    it("refuses a heading that does not exist, anywhere in the citation", function()
      refuses('docs/protocol.md, "Clock skew"', '/* As in docs/protocol.md, "Clock skew". */')
      refuses('docs/protocol.md, "Clock skew"', ' * As in docs/protocol.md, "Retries", "Clock\n * skew" and "Retries".')
      refuses('docs/protocol.md, "No heading"', '# docs/protocol.md, "No heading"')
    end)

    it("refuses a document that does not exist", function()
      refuses("docs/facts.md, which does not exist", '-- docs/facts.md, "Retries"')
    end)

    it("refuses working papers", function()
      for _, text in ipairs { "BEHAV" .. "IOUR 8.4", "DESIGN" .. " 1.3", "DESIGN" .. " section 4", "issue" .. " 4" } do
        refuses("cites a working paper", "-- As in " .. text)
      end
    end)

    it("refuses a link from one document to a file or heading that does not exist", function()
      accepts("[a](protocol.md) [b](protocol.md#ivscore-a-loop) [c](../docs/protocol.md#retries) [d](https://aws.amazon.com/#x)", "docs/a.md")
      accepts('[a](protocol.md), "Retries"', "docs/a.md")
      refuses("facts.md, which does not exist", "[a](facts.md)", "docs/a.md")
      refuses("protocol.md#clock-skew: there is no such heading", "[a](protocol.md#clock-skew)", "docs/a.md")
      refuses('docs/protocol.md, "Clock skew"', '[a](protocol.md),\n"Clock skew"', "docs/a.md")
    end)
  end)

  describe("of the layers", function()
    local headers = { "csrc/core/core.h", "csrc/curl/easy.h", "csrc/lua/lua_part.h", "csrc/lua/blocking/b.h", "csrc/lua/driver/d.h" }
    local folders = { "csrc/core", "csrc/curl", "csrc/lua", "csrc/lua/blocking", "csrc/lua/driver" }

    local function check(path, included)
      for _, header in ipairs(headers) do write(header, "") end
      for _, folder in ipairs(folders) do write(folder .. "/empty.c", "#include <stddef.h>\n") end
      write(path, ("#include %s\n"):format(included))
      return run("sh " .. script "layers.sh")
    end

    for _, case in ipairs {
      { "csrc/core/a.c", '"core/core.h"' }, { "csrc/curl/a.c", '"core/core.h"' }, { "csrc/curl/a.c", "<curl/curl.h>" },
      { "csrc/lua/a.c", "<lua.h>" }, { "csrc/lua/blocking/a.c", '"curl/easy.h"' }, { "csrc/lua/driver/a.c", '"lua/lua_part.h"' },
    } do
      it(("let %s include %s"):format(case[1], case[2]), function() assert.same({ "", 0 }, { check(case[1], case[2]) }) end)
    end

    for _, case in ipairs {
      { "csrc/core/a.c", "<lua.h>" }, { "csrc/core/a.c", "<curl/curl.h>" }, { "csrc/core/a.c", '"curl/easy.h"' },
      { "csrc/curl/a.c", "<lauxlib.h>" }, { "csrc/curl/a.c", '"lua/lua_part.h"' }, { "csrc/lua/a.c", '"curl/easy.h"' },
      { "csrc/lua/a.c", "<curl/curl.h>" }, { "csrc/lua/a.c", '"lua/blocking/b.h"' }, { "csrc/lua/a.c", '"lua/driver/d.h"' },
      { "csrc/lua/blocking/a.c", '"lua/driver/d.h"' }, { "csrc/lua/driver/a.c", '"lua/blocking/b.h"' },
      { "csrc/lua/driver/a.c", "<curl/curl.h>" },
    } do
      it(("refuse that %s includes %s"):format(case[1], case[2]), function()
        local output, status = check(case[1], case[2])
        assert.truthy(output:find(case[1] .. ": includes ", 1, true), output)
        assert.equal(1, status)
      end)
    end
  end)

  describe("of the names", function()
    local function check(source, object, text)
      for _, folder in ipairs { "csrc/core", "csrc/curl", "csrc/lua", "csrc/lua/driver" } do
        write(folder .. "/ok.c", "")
        local built = folder:find "lua" and ".build/lua5.4/obj" .. folder:sub(9) or ".build/obj" .. folder:sub(5)
        write(built .. "/x", "")
        run(("cc -c -o %s/ok.o %s/ok.c"):format(built, folder))
      end
      write(source, text)
      assert(os.execute(("cc -c -o %s/.build/%s %s/%s"):format(tree, object, tree, source)))
      return run("env -u BUILD -u LUA sh " .. script "names.sh")
    end

    it("accepts those that begin with their file's name, and static ones", function()
      assert.same({ "", 0 }, { check("csrc/core/rate.c", "obj/core/rate.o", "static int f(void) { return 0; } int ivs_rate_f(void) { return f(); }") })
    end)

    it("refuses a source without an object", function()
      write("csrc/core/skew.c", "int ivs_skew_f(void) { return 0; }")
      local output, status = check("csrc/core/rate.c", "obj/core/rate.o", "int ivs_rate_f(void) { return 0; }")
      assert.truthy(output:find("skew.o", 1, true), output)
      assert.equal(1, status)
    end)

    it("refuses others, functions and data", function()
      for _, case in ipairs {
        { "csrc/core/rate.c", "obj/core/rate.o", "int ivs_retry_f(void) { return 0; }", "ivs_retry_f has to begin with ivs_rate_" },
        { "csrc/curl/easy.c", "obj/curl/easy.o", "int easy_f(void) { return 0; }", "easy_f has to begin with ivs_easy_" },
        { "csrc/lua/client.c", "lua5.4/obj/client.o", "int ivs_client_f(void) { return 0; }", "ivs_client_f has to begin with ivs_lua_client_" },
        { "csrc/lua/driver/wire.c", "lua5.4/obj/driver/wire.o", "int limit = 3;", "limit has to begin with ivs_lua_wire_" },
      } do
        local output, status = check(case[1], case[2], case[3])
        assert.truthy(output:find(case[1] .. ": " .. case[4], 1, true), output)
        assert.equal(1, status)
        shell.run("rm -rf " .. tree .. "/csrc " .. tree .. "/.build")
      end
    end)
  end)
end)
