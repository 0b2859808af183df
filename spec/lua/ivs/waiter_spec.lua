--- Waiting for ACTIVE (lua/ivs/waiter.lua), on a clock of the spec's own, and client:wait_until_active against the emulator.

local emulator_server = require "emulator.server"
local endpoint = require "support.endpoint"
local failure = require "ivs.failure"
local ivs = require "ivs"
local store = require "emulator.store"
local waiter = require "ivs.waiter"

local ARN = store.arn "x"
local LOST = failure.new("connection", "ConnectionClosedError", "lost", { retryable = true })
local DENIED = failure.new("service", "AccessDeniedException", "denied", { status = 403, request_id = "id-1" })

local function in_state(state)
  return { recordingConfiguration = { arn = ARN, state = state, destinationConfiguration = { s3 = { bucketName = "b\27[31m" } } },
    ResponseMetadata = { RequestId = "r" } }
end

--- A host whose clock the sleeps and the calls (each `call_seconds`) move.
local function host_of(answers, call_seconds)
  local host = { time = 0, calls = 0, slept = {}, arns = {} }
  function host.get(params)
    host.calls = host.calls + 1
    host.arns[host.calls] = params.arn
    host.time = host.time + (call_seconds or 0)
    local answer = answers[math.min(host.calls, #answers)]
    if failure.is(answer) then return nil, answer end
    return answer
  end
  function host.sleep(seconds)
    host.slept[#host.slept + 1] = seconds
    host.time = host.time + seconds
  end
  function host.now() return host.time end
  return host
end

describe("waiting", function()
  it("returns the response that is ACTIVE", function()
    local active = in_state "ACTIVE"
    local host = host_of { in_state "CREATING", LOST, in_state "CREATING", active }
    assert.equal(active, (waiter.wait(host, { arn = ARN, delay = 3 })))
    assert.same({ { 3, 3, 3 }, 4 }, { host.slept, host.calls })
    assert.same({ ARN, ARN, ARN, ARN }, host.arns)
    host = host_of { active }
    assert.equal(active, (waiter.wait(host, ARN)))
    assert.same({}, host.slept)
  end)

  it("polls every two seconds for five minutes by default, and once more at the end", function()
    local host = host_of { in_state "CREATING" }
    local response, err = waiter.wait(host, { arn = ARN })
    assert.is_nil(response)
    assert.same({ 300, 151, 2 }, { host.time, host.calls, host.slept[1] })
    assert.same({ "timeout", "WaiterError", true }, { err.kind, err.code, err.retryable })
    assert.equal("CREATING", err.response.recordingConfiguration.state)
    assert.truthy(err.message:find("300 seconds", 1, true))
    host = host_of { in_state "CREATING" }
    waiter.wait(host, { arn = ARN, timeout = 5, delay = 2 })
    assert.same({ 2, 2, 1 }, host.slept)
    host = host_of({ in_state "CREATING" }, 4)
    waiter.wait(host, { arn = ARN, timeout = 0 })
    assert.same({ 1, {} }, { host.calls, host.slept })
  end)

  it("ends if the state is CREATE_FAILED, and says what to check", function()
    local failed = in_state "CREATE_FAILED"
    local _, err = waiter.wait(host_of { in_state "CREATING", failed }, ARN)
    assert.same({ "service", "WaiterError", false }, { err.kind, err.code, err.retryable })
    assert.equal(failed, err.response)
    assert.is_nil(err.cause)
    for _, word in ipairs { "CREATE_FAILED", "region", "us-west-2", "policy", "bucket" } do
      assert.truthy(err.message:find(word, 1, true), err.message)
    end
    assert.is_nil(err.message:find "%c", "what a service sends is never shown raw")
  end)

  it("ends with a failure that is not retryable, which is the cause", function()
    local _, err = waiter.wait(host_of { in_state "CREATING", DENIED }, ARN)
    assert.same({ "service", "WaiterError", 403, "id-1" }, { err.kind, err.code, err.status, err.request_id })
    assert.equal(DENIED, err.cause)
    assert.equal("CREATING", err.response.recordingConfiguration.state)
    assert.is_false(err.retryable)
  end)

  it("times out with the last failure as the cause", function()
    local _, err = waiter.wait(host_of { LOST }, { arn = ARN, timeout = 3 })
    assert.same({ "timeout", "WaiterError" }, { err.kind, err.code })
    assert.equal(LOST, err.cause)
    assert.is_nil(err.response)
  end)

  it("names what is wrong with its argument", function()
    for problem, params in pairs {
      ["table or string expected, got number"] = 5,
      ["unknown member 'timout'; did you mean 'timeout'?"] = { arn = ARN, timout = 1 },
      ["'timeout' has to be a number of seconds, got string"] = { arn = ARN, timeout = "5" },
      ["'delay' has to be a number of seconds above 0, got 0"] = { arn = ARN, delay = 0 },
    } do assert.equal(problem, waiter.misuse(params)) end
    for _, value in ipairs { -1, 0 / 0, math.huge } do assert.truthy(waiter.misuse { arn = ARN, delay = value }) end
    assert.is_nil(waiter.misuse { arn = ARN, timeout = 0, delay = 0.1 })
    assert.is_nil(waiter.misuse(ARN))
  end)
end)

describe("client:wait_until_active", function()
  local emulator, client
  lazy_setup(function()
    emulator = emulator_server.start()
    client = assert(ivs.client(endpoint.options(emulator)))
  end)
  lazy_teardown(function()
    client:close()
    emulator:stop()
  end)

  it("returns the response when the configuration is ACTIVE", function()
    local before = emulator:requests()
    local response = assert(client:wait_until_active { arn = store.arn "creating-3", delay = 0.05 })
    assert.equal("ACTIVE", response.recordingConfiguration.state)
    assert.equal(200, response.ResponseMetadata.HTTPStatusCode)
    assert.equal(4, emulator:requests() - before)
    assert.equal("ACTIVE", client:wait_until_active(store.configurations.complete.arn).recordingConfiguration.state)
  end)

  it("returns an error if creating fails, if it takes too long, and if a call fails permanently", function()
    local response, err = client:wait_until_active { arn = store.arn "create-failing-1", delay = 0.05 }
    assert.is_nil(response)
    assert.same({ "WaiterError", "CREATE_FAILED" }, { err.code, err.response.recordingConfiguration.state })
    local begun = ivs.private.system.monotonic()
    response, err = client:wait_until_active { arn = store.arn "creating-1000000", delay = 0.1, timeout = 0.5 }
    assert.is_true(ivs.private.system.monotonic() - begun >= 0.5)
    assert.same({ "timeout", "WaiterError", nil }, { err.kind, err.code, response })
    err = select(2, client:wait_until_active { arn = store.arn "none" })
    assert.same({ "WaiterError", "ResourceNotFoundException" }, { err.code, err.cause.code })
    err = select(2, client:wait_until_active())
    assert.same({ "WaiterError", "ParamValidationError" }, { err.code, err.cause.code })
    assert.truthy(ivs.exceptions.WaiterError)
  end)

  it("raises misuse at the caller's level", function()
    local line = debug.getinfo(1, "l").currentline + 1
    local returned, problem = pcall(function() client:wait_until_active { arn = ARN, delay = "2" } end)
    assert.is_false(returned)
    assert.truthy(problem:find("waiter_spec.lua:" .. line .. ":.*'delay' has to be a number of seconds above 0"), problem)
    assert.is_false((pcall(client.wait_until_active, client, ARN, 5)))
  end)

  it("of a closed client is an error", function()
    local closed = assert(ivs.client(endpoint.options(emulator)))
    closed:close()
    local _, err = closed:wait_until_active(ARN)
    assert.same({ "WaiterError", "ClientClosedError" }, { err.code, err.cause.code })
  end)
end)
