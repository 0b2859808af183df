--- Many exchanges at once (csrc/curl/multi), where they affect each other: slow name lookups, idle connections beside busy
-- ones.

local calls = require "support.hostile_calls"
local hostile_server = require "support.hostile_server"
local interpreter = require "support.interpreter"
local shell = require "emulator.shell"

local SUPPORT = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$") .. "/../../support/"

describe("concurrent exchanges", function()
  local before, server = calls.leftovers(), hostile_server.new {}

  lazy_setup(function() server:start() end)
  lazy_teardown(function()
    server:stop()
    assert.equal(before, calls.leftovers())
  end)

  it("end at connect_timeout if a name lookup takes longer, and do not connect when it ends", function()
    local library = server.directory .. "/slow_names.so"
    local output, status = shell.run(("exec 2>&1; cc -O1 -fPIC -shared -o %s %s -ldl"):format(shell.quote(library),
      shell.quote(SUPPORT .. "slow_names.c")))
    assert(status == 0, output)
    server:play { { "request" }, { "send", calls.answer() }, { "again", 7 } }
    output, status = interpreter.run(([[
      local ivs = require "ivs"
      local client = assert(ivs.client { region = "us-west-2", env = {}, endpoint_url = %q, connect_timeout = 0.3,
        max_attempts = 1, credentials = { access_key_id = "AKID", secret_access_key = "spec" } })
      local begun, codes = ivs.private.system.monotonic(), {}
      local function ask(pace)
        local result = client:batch_get_recording_configuration { arns = { "1", "2", "3", "4", "5", "6", "7", "8" }, max_tps = pace,
          max_concurrency = 4 }
        for _, entry in ipairs(result.errors) do codes[entry.code] = true end
        return #result.recordingConfigurations
      end
      print(ask(false))
      print(ask(4)) -- lasts longer than the look-ups, which end meanwhile
      client:close()
      print(next(codes), next(codes, (next(codes))), ivs.private.system.monotonic() - begun < 30)]])
      :format("http://ivs.invalid:" .. server.port), { LD_PRELOAD = library, IVS_SLOW_NAMES = "1", IVS_NAMES_ARE_LOCAL = "1",
      ASAN_OPTIONS = "verify_asan_link_order=0:detect_leaks=0" })
    local none, found = output:match "^(%d+)\n(%d+)\nConnectTimeoutError\tnil\ttrue\n$"
    assert.same({ "0", 0 }, { none, status }, output)
    assert.is_true(tonumber(found) < 8, output)
    assert.is_true(server:connections() <= tonumber(found), server:connections() .. " connections for " .. output)
  end)

  it("close an idle connection with unexpected data, and no other", function()
    local answer = calls.answer()
    local slow = { { "request" }, { "wait", 2 }, { "send", answer }, { "again", 2 } }
    -- the first connection is busy; the second one answers, and then sends what nobody asked for
    server:play_each { slow, { { "request" }, { "send", answer }, { "wait", 0.1 },
      { "send", calls.answer '{"recordingConfiguration":{"state":"WRONG"}}' }, { "hang" } }, { { "request" }, { "send", answer }, { "again", 2 } } }
    local client = calls.client(server)
    local result = assert(client:batch_get_recording_configuration { arns = { "1", "2", "3", "4" }, max_concurrency = 2, max_tps = 4 })
    client:close()
    assert.equal(4, #result.recordingConfigurations, tostring(result.errors[1] and result.errors[1].error))
    for _, configuration in ipairs(result.recordingConfigurations) do assert.equal("ACTIVE", configuration.state) end
  end)
end)
