-- ivs.private.system: the clock, the sleep and the terminal that the command uses.

local interpreter = require "support.interpreter"
local ivs = require "ivs"
local shell = require "emulator.shell"

local system = ivs.private.system

--- What a script prints at a terminal.
local function at_terminal(before, script)
  local command = { "python3 spec/support/terminal.py never '' sh -c",
    shell.quote(before .. "exec " .. shell.quote(interpreter.path()) .. " -e " .. shell.quote(script)) }
  return (shell.run("LUA_PATH=" .. shell.quote(package.path) .. " LUA_CPATH=" .. shell.quote(package.cpath)
    .. " timeout 60 " .. table.concat(command, " ")))
end

describe("ivs.private.system", function()
  it("returns the time that os.time returns", function()
    local before = os.time()
    local now = system.now()
    -- os.time may lag: it reads the second that the kernel's last tick began in
    assert.is_true(now >= before and now <= os.time() + 2, ("%.9f after %d"):format(now, before))
  end)

  it("sleeps at least as long as given, by the monotonic clock", function()
    local before = system.monotonic()
    system.sleep(0.3)
    local took = system.monotonic() - before
    assert.is_true(took > 0.3 - 1e-6, took) -- less for the rounding
    system.sleep(0)
    system.sleep(-1)
  end)

  it("returns no width for a descriptor that is not a terminal", function()
    local output = interpreter.run [[print(require "ivs".private.system.terminal_width(0), (require "ivs".private.system.terminal_width(99)))]]
    assert.equal("nil\tnil\n", output)
  end)

  it("returns the terminal's width, or 80 columns if the terminal does not know it", function()
    local script = 'print("width " .. require "ivs".private.system.terminal_width(1))'
    assert.truthy(at_terminal("stty cols 132; ", script):find("width 132\n", 1, true))
    assert.truthy(at_terminal("stty cols 0; ", script):find("width 80\n", 1, true))
  end)
end)
