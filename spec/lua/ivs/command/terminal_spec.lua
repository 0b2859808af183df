--- `ivs` at a terminal of its own: width, color, the progress bar, Ctrl-C. Ctrl-C is typed as soon as something is on the screen.

local command = require "support.command"
local server = require "emulator.server"
local store = require "emulator.store"
local text = require "ivs.command.text"

local COMPLETE, CREATING = store.configurations.complete.arn, store.configurations.creating.arn

--- What stays on the screen, without colors, cursor movements and what was drawn over.
local function visible(screen)
  return (screen:gsub("\27%[[%d;]*[mK]", ""):gsub("[^\n]*\r", ""))
end

describe("ivs at a terminal", function()
  local emulator

  setup(function() emulator = server.start() end)
  teardown(function() emulator:stop() end)

  local function at(columns, arguments, changes, expected, answer)
    local env = emulator:environment()
    for name, value in pairs(changes or {}) do env[name] = value end
    return command.at_terminal(columns, arguments, { env = env, expected = expected, answer = answer })
  end

  it("prints tables that fit, with name and state", function()
    for _, columns in ipairs { 40, 80, 200 } do
      local screen = visible(at(columns, { "list" }))
      assert.truthy(screen:find("exit status 0\n$"), screen)
      assert.truthy(screen:find "NAME +STATE", screen)
      assert.truthy(screen:find("CREATE_FAILED", 1, true), screen)
      for line in screen:gmatch "[^\n]+" do assert.is_true(text.width(line) <= columns, line) end
    end
    assert.is_true(#visible(at(200, { "list" }, { COLUMNS = "50" })):match "[^\n]+" <= 50)
  end)

  it("prints the results of whoami and check in 40 columns", function()
    for _, arguments in ipairs { { "whoami" }, { "check", COMPLETE, "--expect", '{"name":"another"}' } } do
      for line in visible(at(40, arguments)):gmatch "[^\n]+" do assert.is_true(text.width(line) <= 40, line) end
    end
  end)

  it("uses colors, unless they are disabled or the terminal has none", function()
    local green = "\27[32mACTIVE"
    assert.truthy(at(80, { "get", COMPLETE }):find(green, 1, true))
    for _, changes in ipairs { { NO_COLOR = "1" }, { TERM = "dumb" } } do
      assert.is_nil(at(80, { "get", COMPLETE }, changes):find("\27[", 1, true))
    end
    assert.is_nil(at(80, { "get", COMPLETE, "--no-color" }):find("\27[", 1, true))
    assert.truthy(at(80, { "get", COMPLETE }, { NO_COLOR = "" }):find(green, 1, true))
    assert.is_nil(command.run({ "get", COMPLETE }, { env = emulator:environment() }).out:find("\27[", 1, true))
  end)

  it("prints ASCII if the locale is not UTF-8", function()
    for _, arguments in ipairs { { "list" }, { "get", store.configurations.standard_definition.arn }, { "whoami" } } do
      assert.is_nil(at(60, arguments, { LANG = "C", LC_ALL = "POSIX" }):find "[\128-\255]")
    end
    assert.truthy(at(60, { "list" }):find("…", 1, true))
  end)

  it("shows a progress bar when work takes longer than a second, and removes it", function()
    local slow = { "get", COMPLETE, store.arn "slow-1300", store.arn "slow-1600", "--max-tps", "0" }
    local screen = at(80, slow)
    assert.truthy(screen:find "%[[#-]+%] 2/3  [%d.]+/s  %d+ s left", screen)
    assert.is_nil(visible(screen):find("2/3", 1, true), screen)
    assert.truthy(screen:find("exit status 0\n$"), screen)
    slow[#slow + 1] = "--quiet"
    assert.is_nil(at(80, slow):find("2/3", 1, true))
    assert.is_nil(at(80, { "get", COMPLETE }):find("1/1", 1, true))
  end)

  it("prints what was fetched when Ctrl-C ends a batch, with 130", function()
    local screen = visible(at(80, { "get", COMPLETE, store.arn "slow-1300", store.arn "slow-60000", "--max-tps", "0" }, nil, "2/3",
      "\\x03"))
    assert.truthy(screen:find("/AbCdEf123456", 1, true) and screen:find("/slow-1300", 1, true), screen)
    assert.truthy(screen:find("ivs: interrupted; what had been fetched is printed\nexit status 130\n$"), screen)
    assert.is_nil(screen:find("traceback", 1, true), screen)
  end)

  it("reports what was fetched when Ctrl-C ends a check, with 130", function()
    local screen = visible(at(80, { "check", COMPLETE, store.arn "slow-1300", store.arn "slow-60000", "--max-tps", "0", "--expect",
      '{"state":"ACTIVE"}' }, nil, "2/3", "\\x03"))
    assert.truthy(screen:find("2 passed, 0 failed\nivs: interrupted; what had been fetched is printed\nexit status 130\n$"), screen)
  end)

  it("ends a wait at Ctrl-C, with 130", function()
    local screen = visible(at(80, { "wait", COMPLETE, CREATING, "--delay", "300" }, nil, "ACTIVE", "\\x03"))
    assert.truthy(screen:find("ivs: interrupted\nexit status 130\n$"), screen)
  end)

  it("ends the pause before another attempt at Ctrl-C, with 130", function()
    local env = { AWS_RETRY_MODE = "standard" }
    local screen = visible(at(80, { "get", store.arn "throttled", "--max-attempts", "900", "--debug" }, env, "attempt 4", "\\x03"))
    assert.truthy(screen:find("ivs: interrupted; what had been fetched is printed\nexit status 130\n$"), screen)
  end)

  it("asks for the code of an MFA device", function()
    local path = emulator.prefix .. "/mfa"
    local file = assert(io.open(path, "wb"))
    file:write("[profile mfa]\nrole_arn = arn:aws:iam::123456789012:role/video\ncredential_source = Environment\n"
      .. "mfa_serial = arn:aws:iam::123456789012:mfa/me\n")
    file:close()
    local screen = at(80, { "get", COMPLETE, "--profile", "mfa" }, { AWS_CONFIG_FILE = path }, "Enter MFA code", "123456\\n")
    assert.truthy(screen:find("live-sessions_archive", 1, true), screen)
    local nobody = command.run({ "get", COMPLETE, "--profile", "mfa" }, { env = (function()
      local env = emulator:environment()
      env.AWS_CONFIG_FILE = path
      return env
    end)() })
    assert.equal(3, nobody.status)
    assert.truthy(nobody.err:find("MFA", 1, true), nobody.err)
  end)
end)
