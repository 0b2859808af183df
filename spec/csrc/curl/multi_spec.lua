--- Many exchanges at once (csrc/curl/multi), where they meet: names that are looked up too long, connections that idle while others
-- work.

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

  it("end at connect_timeout if a name lookup takes longer, and others go on meanwhile", function()
    local library = server.directory .. "/slow_names.so"
    local output, status = shell.run(("exec 2>&1; cc -O1 -fPIC -shared -o %s %s -ldl"):format(shell.quote(library),
      shell.quote(SUPPORT .. "slow_names.c")))
    assert(status == 0, output)
    output, status = interpreter.run([[
      local ivs = require "ivs"
      local client = assert(ivs.client { region = "us-west-2", env = {}, endpoint_url = "http://ivs.invalid", connect_timeout = 0.3,
        max_attempts = 1, credentials = { access_key_id = "AKID", secret_access_key = "spec" } })
      local begun = ivs.private.system.monotonic()
      for _, pace in ipairs { false, 4 } do
        -- the second one lasts longer than the look-ups, which end meanwhile
        local result = client:batch_get_recording_configuration { arns = { "1", "2", "3", "4", "5", "6", "7", "8" }, max_tps = pace,
          max_concurrency = 4 }
        for _, entry in ipairs(result.errors) do print(entry.arn, entry.code) end
      end
      client:close()
      print(ivs.private.system.monotonic() - begun < 30)]],
      { LD_PRELOAD = library, IVS_SLOW_NAMES = "1", ASAN_OPTIONS = "verify_asan_link_order=0:detect_leaks=0" })
    local expected = {}
    for round = 1, 2 do
      for index = 1, 8 do expected[(round - 1) * 8 + index] = index .. "\tConnectTimeoutError\n" end
    end
    assert.same({ table.concat(expected) .. "true\n", 0 }, { output, status })
  end)

  it("close an idle connection with unexpected data, and no other", function()
    local answer = calls.answer()
    local busy = { { "request" }, { "wait", 1 }, { "send", answer }, { "again", 2 } }
    -- the first connection answers at once and then sends what nobody asked for; the second one is busy meanwhile
    server:play_each { { { "request" }, { "send", answer }, { "send", calls.answer '{"recordingConfiguration":{"state":"WRONG"}}' },
      { "hang" } }, busy }
    local client = calls.client(server)
    local result = assert(client:batch_get_recording_configuration { arns = { "1", "2", "3", "4" }, max_concurrency = 2, max_tps = 4 })
    client:close()
    assert.equal(4, #result.recordingConfigurations, tostring(result.errors[1] and result.errors[1].error))
    for _, configuration in ipairs(result.recordingConfigurations) do assert.equal("ACTIVE", configuration.state) end
  end)
end)
