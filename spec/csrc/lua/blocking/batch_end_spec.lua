--- How a batch ends before its time: an error raised by the caller's functions, a client that is closed by one. Nothing is left
-- over then, and the client, where it is open, works. (Ctrl-C: interrupt_spec.)

local calls = require "support.hostile_calls"
local emulator_server = require "emulator.server"
local endpoint = require "support.endpoint"
local interpreter = require "support.interpreter"
local ivs = require "ivs"
local store = require "emulator.store"

local FINE = store.configurations.complete.arn
local SLOW = {} -- more than are asked for at once
for index = 1, 24 do SLOW[index] = store.arn("slow-30000-" .. index) end

local function with_slow(first)
  local list = { first }
  for _, arn in ipairs(SLOW) do list[#list + 1] = arn end
  return list
end

describe("a batch", function()
  local emulator, client, before

  before_each(function()
    before = calls.leftovers()
    client = assert(ivs.client(endpoint.options(emulator)))
  end)
  after_each(function()
    client:close()
    assert.equal(before, calls.leftovers())
  end)
  lazy_setup(function() emulator = emulator_server.start() end)
  lazy_teardown(function() emulator:stop() end)

  for _, name in ipairs { "on_progress", "on_result" } do
    it("raises again what " .. name .. " raises, at once, with calls under way", function()
      local reason = { "enough" }
      local begun = ivs.private.system.monotonic()
      local params = { arns = with_slow(FINE), max_tps = false }
      params[name] = function() error(reason) end
      local returned, problem = pcall(client.batch_get_recording_configuration, client, params)
      assert.is_false(returned)
      assert.equal(reason, problem)
      assert.is_true(ivs.private.system.monotonic() - begun < 20, "the slow calls are not waited for")
      assert.equal(FINE, client:get_recording_configuration(FINE).recordingConfiguration.arn)
      assert.equal(1, #assert(client:batch_get_recording_configuration { arns = { FINE } }).recordingConfigurations)
    end)

    it("returns what was fetched when " .. name .. " closes the client", function()
      local params, told = { arns = with_slow(FINE), max_tps = false }, 0
      params[name] = function()
        told = told + 1
        client:close()
      end
      local result = assert(client:batch_get_recording_configuration(params))
      assert.equal(1, told)
      assert.equal(FINE, result.recordingConfigurations[1].arn)
      assert.equal(#SLOW, #result.errors)
      for index, entry in ipairs(result.errors) do
        assert.same({ SLOW[index], "ClientClosedError" }, { entry.arn, entry.code })
      end
    end)
  end

  it("may make other calls and batches from its functions", function()
    local inner = 0
    local result = assert(client:batch_get_recording_configuration { arns = { FINE, store.arn "slow-20" }, max_tps = false,
      on_result = function()
        assert(client:get_recording_configuration(FINE))
        inner = inner + #assert(client:batch_get_recording_configuration { arns = { FINE } }).recordingConfigurations
      end })
    assert.same({ 2, 2 }, { #result.recordingConfigurations, inner })
  end)

  it("reports that its functions may not yield", function()
    local thread = coroutine.create(function()
      return client:batch_get_recording_configuration { arns = { FINE }, on_progress = coroutine.yield }
    end)
    local resumed, problem = coroutine.resume(thread)
    assert.is_false(resumed)
    assert.truthy(tostring(problem):find "yield")
  end)
end)

describe("a client that is closed", function()
  --- Runs a batch of five in a process of its own; the client is closed by the given option's function.
  local function closed_by(option)
    return interpreter.run(([[
      local ivs = require "ivs"
      local client, count = nil, 0
      local function close() count = count + 1; if count == 3 then client:close() end end
      local keys = { access_key_id = "A", secret_access_key = "s" }
      local options = { region = "us-west-2", env = {}, max_attempts = 1, credentials = keys,
        transport = function() return { status = 200, body = '{"recordingConfiguration":{}}' } end }
      local function and_close(value) return function() close(); return value end end
      if %q == "logger" then options.logger = and_close(nil) end
      if %q == "transport" then options.transport = and_close { status = 200, body = '{"recordingConfiguration":{}}' } end
      if %q == "credentials" then count = 2; options.credentials = and_close(keys) end
      client = ivs.client(options)
      local result, err = client:batch_get_recording_configuration { arns = { "1", "2", "3", "4", "5" }, max_tps = false }
      print(result and #result.recordingConfigurations + #result.errors, result and result.errors[#result.errors].code or err)]])
      :format(option, option, option))
  end

  for _, option in ipairs { "logger", "transport", "credentials" } do
    it("by the function " .. option .. " ends a batch", function()
      local output, status = closed_by(option)
      assert.same({ "5\tClientClosedError\n", 0 }, { output, status })
    end)
  end
end)
