--- Ctrl-C, typed at a real terminal, while C waits: the interpreter's "interrupted!" is raised at once, from each wait of the blocking
-- driver, and what comes after still works.

local emulator_server = require "emulator.server"
local endpoint = require "support.endpoint"
local interpreter = require "support.interpreter"
local json = require "emulator.json"
local shell = require "emulator.shell"
local stand_in = require "support.stand_in"
local store = require "emulator.store"

local LONG = 40 -- seconds; terminal.py gives a program 45

--- What a script writes that has a client `client` of the emulator, and is interrupted when it has printed "waiting".
-- The script defines `wait`, which would take LONG seconds or more, and may define `after`.
local function interrupt(emulator, script, options)
  local given = endpoint.options(emulator, options)
  local program = ([[
    io.stdout:setvbuf "no"
    local ivs = require "ivs"
    local cjson = require "cjson"
    local client = assert(ivs.client(cjson.decode(%q)))
    local fine, begun = %q, ivs.private.system.monotonic()
    local wait, after
    %s
    local returned, problem = pcall(wait)
    print(returned, problem, ivs.private.system.monotonic() - begun < %d / 2 and "at once" or "late")
    print(after and after() or client:get_recording_configuration(fine).recordingConfiguration.arn == fine)]])
    :format(json.encode(given), store.configurations.complete.arn, script, LONG)
  return stand_in.with_directory(function(directory)
    local path = stand_in.write(directory .. "/script.lua", program)
    local environment = ("LUA_PATH=%s LUA_CPATH=%s"):format(shell.quote(package.path), shell.quote(package.cpath))
    return (shell.run(table.concat({ "exec 2>&1;", environment, "python3 spec/support/terminal.py", "waiting", shell.quote "\\x03",
      shell.quote(interpreter.path()), shell.quote(path) }, " ")))
  end)
end

local function assert_interrupted(output)
  assert.truthy(output:find("false\t[^\n]*interrupted!\tat once\ntrue\nexit status 0\n"), output)
end

describe("Ctrl-C", function()
  local emulator
  lazy_setup(function() emulator = emulator_server.start() end)
  lazy_teardown(function() emulator:stop() end)

  it("ends a wait for a slow response", function()
    assert_interrupted(interrupt(emulator, [[
      function wait()
        print "waiting"
        return client:get_recording_configuration "]] .. store.arn "slow-40000" .. [["
      end]]))
  end)

  it("ends the wait before another attempt", function()
    local arn = emulator:script("later", { status = 500, headers = { ["x-amz-retry-after"] = tostring(LONG * 1000) }, body = "{}" })
    -- a hint of the server is followed up to 5 s, so this is several sleeps after one another
    assert_interrupted(interrupt(emulator, [[
      function wait()
        print "waiting"
        return client:get_recording_configuration "]] .. arn .. [["
      end]], { max_attempts = 9 }))
  end)

  it("ends a batch and keeps what has been fetched", function()
    assert_interrupted(interrupt(emulator, [[
      local found = {}
      function wait()
        return client:batch_get_recording_configuration { arns = { fine, "]] .. store.arn "slow-40000" .. [[" }, max_tps = false,
          on_result = function(arn) found[#found + 1] = arn; print "waiting" end }
      end
      function after() return #found == 1 and found[1] == fine end]]))
  end)

  it("ends a batch that waits for its turn", function()
    assert_interrupted(interrupt(emulator, [[
      function wait()
        return client:batch_get_recording_configuration { arns = { fine, "]] .. store.configurations.longest.arn .. [[" },
          max_tps = 0.02, on_result = function() print "waiting" end }
      end]]))
  end)

  it("ends wait_until_active", function()
    assert_interrupted(interrupt(emulator, [[
      function wait()
        print "waiting"
        return client:wait_until_active { arn = "]] .. store.arn "creating-1000000" .. [[", delay = 40 }
      end]]))
  end)

  it("ends a sleep", function()
    assert_interrupted(interrupt(emulator, [[
      function wait()
        print "waiting"
        ivs.private.system.sleep(40)
      end]]))
  end)

  it("ends the wait for a credential process", function()
    stand_in.with_directory(function(directory)
      local config = stand_in.write(directory .. "/config", "[default]\ncredential_process = sleep 40\n", "600")
      assert_interrupted(interrupt(emulator, ([[
        function wait()
          local other = assert(ivs.client { region = "us-west-2", env = { AWS_CONFIG_FILE = %q, PATH = "/usr/bin:/bin",
            AWS_SHARED_CREDENTIALS_FILE = "/dev/null" } })
          print "waiting"
          return other:credentials()
        end]]):format(config)))
    end)
  end)

  it("ends a wait in a transport function and in a credentials function", function()
    for _, option in ipairs { "transport", "credentials" } do
      assert_interrupted(interrupt(emulator, ([[
        function wait()
          local options = { region = "us-west-2", env = {}, credentials = { access_key_id = "A", secret_access_key = "s" },
            transport = function() return { status = 200, body = "{}" } end }
          options.%s = function() ivs.private.system.sleep(40) end
          local other = assert(ivs.client(options))
          print "waiting"
          return other:get_recording_configuration(fine)
        end]]):format(option)))
    end
  end)

  if _VERSION ~= "Lua 5.1" then
    it("ends a wait within a coroutine", function()
      assert_interrupted(interrupt(emulator, [[
        function wait()
          local resumed, problem = coroutine.resume(coroutine.create(function()
            print "waiting"
            ivs.private.system.sleep(40)
          end))
          error(problem, 0)
        end]]))
    end)
  end
end)

describe("a hook that does not raise", function()
  it("does not end a wait", function()
    local output = interpreter.run [[
      local system, count = require "ivs".private.system, 0
      debug.sethook(function() count = count + 1 end, "", 1)
      local before = system.monotonic()
      system.sleep(0.6)
      debug.sethook()
      print(system.monotonic() - before >= 0.6, count > 0)]]
    assert.equal("true\ttrue\n", output)
  end)
end)
