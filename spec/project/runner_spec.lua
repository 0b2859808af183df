-- The runner of the specs reports files that fail, crash or hang.

local shell = require "emulator.shell"

local FILES = {
  ["good_spec.lua"] = "it('one', function() end) it('two', function() end) it('later', function() pending 'x' end)",
  ["bad_spec.lua"] = "it('three', function() end) it('four', function() error 'the reason' end)",
  ["broken_spec.lua"] = "this is no Lua",
  ["crash_spec.lua"] = "it('five', function() os.execute 'kill -SEGV $PPID' end)",
  ["hanging_spec.lua"] = "it('six', function() os.execute 'sleep 60' end)",
  ["late_spec.lua"] = "it('seven', function() end) package.loaded.last = setmetatable({}, { __gc = function() os.exit(3) end })",
  ["helper.lua"] = "error 'no spec'",
}

describe("spec/run.sh", function()
  local directory

  setup(function()
    directory = shell.run "mktemp -d":match "[^\n]+"
    for name, text in pairs(FILES) do
      local file = assert(io.open(directory .. "/" .. name, "wb"))
      file:write(text)
      file:close()
    end
  end)

  teardown(function() shell.run("rm -rf " .. directory) end)

  local function run(luas, more)
    return shell.run(("exec 2>&1; env UNDER= SPEC_SECONDS=5 %s sh spec/run.sh %s"):format(more or "", luas))
  end

  it("counts each file's successes and failures, and a crashed file as a failure", function()
    local output, status = run("lua5.4", "SPECS=" .. directory)
    local function line(name, words)
      assert.truthy(output:find(("lua5.4 %s/%s_spec.lua: %s"):format(directory, name, words), 1, true), name .. ":\n" .. output)
    end
    line("good", "2 passed, 0 failed, 1 pending")
    line("bad", "1 passed, 1 failed")
    line("broken", "0 passed, 1 failed")
    line("crash", "0 passed, 1 failed: did not come to its end (status 139)")
    line("hanging", "0 passed, 1 failed: did not come to its end (status 124)")
    line("late", "1 passed, 1 failed: every spec passed, but the process ended with status 3")
    assert.truthy(output:find("the reason", 1, true), output)
    assert.equal("4 passed, 5 failed", output:match "([^\n]*)\n$")
    assert.equal(1, status)
  end)

  it("succeeds if all did, on each Lua", function()
    local output, status = run("lua5.1 lua5.4", ("SPECS=%s/good_spec.lua"):format(directory))
    assert.same({ "4 passed, 0 failed", 0 }, { output:match "([^\n]*)\n$", status })
  end)

  it("fails if there was nothing to run", function()
    local output, status = run("lua5.4", ("SPECS=%s/helper.lua"):format(directory))
    assert.same({ "0 passed, 0 failed", 1 }, { output:match "([^\n]*)\n$", status }, output)
  end)
end)
