-- The emulator, with botocore as the client: what boto3 makes of its answers is what it should make of AWS's.
--
-- All calls are made by one run of emulator/botocore_client.py in `setup`, in the order in which they are added here;
-- each test then reads its result. Starting and stopping, and the signature check by itself, are in
-- emulator/server_spec.lua and emulator/signature_spec.lua.

local cjson = require "cjson"
local botocore = require "emulator.botocore"
local cases = require "emulator.cases"
local server = require "emulator.server"
local store = require "emulator.store"

local ARN, BODY = cases.arn, cases.body

describe("the emulator", function()
  local emulator
  local results
  local job = botocore.job()

  local function assert_error(result, exception, code, status, message)
    assert.equal(exception, result.exception)
    assert.equal(code, result.code)
    assert.equal(status, result.status)
    assert.truthy(result.message:find(message, 1, true), result.message)
    assert.truthy(result.request_id:match("^%x+%-%x+%-4%x+%-a%x+%-%x+$"), result.request_id)
  end

  -- The calls, in the order in which they are made. Counting answers come first in their group.
  for _, label in ipairs(store.labels) do
    job:add("get " .. label, { arn = store.configurations[label].arn })
  end
  for id in pairs(cases.modelled) do
    job:add("get " .. id, { arn = store.arn(id) })
    for _, style in ipairs(cases.styles) do
      job:add("get " .. id .. "--" .. style, { arn = store.arn(id .. "--" .. style) })
    end
  end
  job:add("namespace", { send = { body = BODY:gsub("AbCdEf123456", "throttled--namespace") } })
  for name, arn in pairs(cases.malformed) do
    job:add("malformed " .. name, { arn = arn })
  end
  for name, fault in pairs(cases.faults) do
    job:add("fault " .. name, fault[1])
  end
  for name, path in pairs(cases.addresses) do
    job:add("address " .. name, { send = { path = path, body = BODY } })
  end
  job:add("unknown", { arn = store.arn "NoSuchConfiguration" })
  job:add("other region", { arn = ARN, region = "eu-west-1" })
  job:add("absent arn", {})
  job:add("numeric arn", { arn = 5 })
  job:add("temporary", { arn = ARN }, store.keys.temporary)
  job:add("temporary without token", { arn = ARN, session_token = false }, store.keys.temporary)
  job:add("temporary with another token", { arn = ARN, session_token = "other" }, store.keys.temporary)
  job:add("permanent with a token", { arn = ARN, session_token = store.keys.temporary.session_token })
  job:add("expired token", { arn = ARN }, store.keys.expired)
  job:add("flaky", { arn = store.arn "flaky-2", max_attempts = 3 })
  job:add("flaky again", { arn = store.arn "flaky-2", max_attempts = 2 })
  for index = 1, 4 do
    job:add("creating " .. index, { arn = store.arn "creating-3" })
    job:add("create failing " .. index, { arn = store.arn "create-failing-1" })
  end
  for index = 1, 5 do
    job:add("throttled " .. index, { arn = store.arn("throttle-3-tps-" .. index), times = { 1000 } })
  end
  job:add("throttled, other account", { arn = store.arn("throttle-3-tps", "999999999999"), times = { 1000 } })
  job:add("throttled with retries", { arn = store.arn "throttle-3-tps", max_attempts = 10, times = { 1000, 1000.2, 1000.5 } })
  job:add("by header", { send = { body = BODY, headers = { ["X-Emulator-Answer"] = "throttled" } } })
  for index = 1, 3 do
    job:add("scripted list " .. index, { arn = store.arn "scripted-list" })
  end
  job:add("scripted text", { send = { body = BODY:gsub("AbCdEf123456", "scripted-text") } })
  job:add("scripted bytes", { send = { body = BODY:gsub("AbCdEf123456", "scripted-bytes") } })
  job:add("scripted close", { arn = store.arn "scripted-close" })
  job:add("scripted truncated", { arn = store.arn "scripted-truncated" })
  job:add("scripted unknown", { arn = store.arn "scripted-unknown" })
  job:add("slow", { arn = store.arn "slow-250" })
  job:add("after slow", { arn = ARN })

  setup(function()
    emulator = server.start()
    emulator:script("list", {
      { status = 503, body = "<html>Service Unavailable</html>", headers = { ["Content-Type"] = "text/html" } },
      { status = 200, body = '{"recordingConfiguration": {"arn": "x", "state": "ACTIVE"}}' },
    })
    emulator:script("text", { status = 418, body = 'quotes " and \\ and \0 and é', headers = { ["X-Extra"] = "yes" } })
    emulator:script("bytes", { body_base64 = "aGVsbG8=" })
    emulator:script("close", { close = true })
    emulator:script("truncated", { raw = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"recordingConf" })
    results = job:run(emulator)
  end)

  teardown(function()
    emulator:stop()
  end)

  for _, label in ipairs(store.labels) do
    it("returns to botocore the configuration " .. label, function()
      local result = results["get " .. label]
      assert.same({ recordingConfiguration = store.configurations[label] }, result.response)
      assert.equal(200, result.status)
    end)
  end

  for id, expected in pairs(cases.modelled) do
    it("raises " .. expected[1] .. " in botocore, however its name is spelt", function()
      local exception, status, message = expected[1], expected[2], expected[3]
      assert_error(results["get " .. id], exception, exception, status, message)
      for _, style in ipairs(cases.styles) do
        assert_error(results["get " .. id .. "--" .. style], exception, exception, status, message)
      end
    end)
  end

  it("puts a namespace before the code in the header, too", function()
    assert.equal("com.amazon.ivs#ThrottlingException", results.namespace.headers["x-amzn-errortype"])
    assert.equal('{"exceptionMessage":"Rate exceeded"}', results.namespace.body)
  end)

  it("returns ResourceNotFoundException for an unknown configuration", function()
    local exception = "ResourceNotFoundException"
    assert_error(results.unknown, exception, exception, 404, "NoSuchConfiguration not found")
  end)

  for name in pairs(cases.malformed) do
    it("returns ValidationException for a malformed ARN: " .. name, function()
      local exception = "ValidationException"
      assert_error(results["malformed " .. name], exception, exception, 400, "at 'arn' failed to satisfy")
    end)
  end

  it("names the violated length and pattern of an ARN", function()
    assert.truthy(results["malformed overlong"].message:find("length less than or equal to 128", 1, true))
    assert.truthy(results["malformed underscore"].message:find("Value '" .. cases.malformed.underscore .. "'", 1, true))
  end)

  it("handles an ARN that is absent or not a string", function()
    assert_error(results["absent arn"], "ValidationException", "ValidationException", 400, "Member must not be null")
    assert_error(results["numeric arn"], "ClientError", "SerializationException", 400, "not a string")
  end)

  it("checks the request before the ARN", function()
    for name, fault in pairs(cases.faults) do
      local result = results["fault " .. name]
      assert.equal(fault[2], result.status, name)
      assert.equal(fault[3], result.headers["x-amzn-errortype"], name)
      assert.equal("application/json", result.headers["content-type"], name)
      assert.truthy(cjson.decode(result.body).message:find(fault[4]), name .. ": " .. result.body)
    end
  end)

  it("accepts temporary credentials with their token only, and permanent ones without one", function()
    assert.same(store.configurations.complete, results.temporary.response.recordingConfiguration)
    for _, name in ipairs { "temporary without token", "temporary with another token", "permanent with a token" } do
      assert_error(results[name], "ClientError", "UnrecognizedClientException", 403, "security token included")
    end
    assert_error(results["expired token"], "ClientError", "ExpiredTokenException", 403, "is expired")
  end)

  it("canonicalizes path and query as botocore does", function()
    for name in pairs(cases.addresses) do
      assert.equal(200, results["address " .. name].status, results["address " .. name].body)
    end
  end)

  it("serves every region by default", function()
    assert.equal(200, results["other region"].status)
  end)

  it("fails the given number of attempts of each call", function()
    assert.equal(200, results.flaky.status)
    assert.equal(2, results.flaky.retries)
    assert.equal("InternalServerException", results["flaky again"].code)
    assert.equal(1, results["flaky again"].retries)
  end)

  it("returns CREATING the given number of times and then ACTIVE or CREATE_FAILED", function()
    local states, failing = {}, {}
    for index = 1, 4 do
      states[index] = results["creating " .. index].response.recordingConfiguration.state
      failing[index] = results["create failing " .. index].response.recordingConfiguration.state
    end
    assert.same({ "CREATING", "CREATING", "CREATING", "ACTIVE" }, states)
    assert.same({ "CREATING", "CREATE_FAILED", "CREATE_FAILED", "CREATE_FAILED" }, failing)
  end)

  it("throttles above 3 a second, for an account and region", function()
    local statuses = {}
    for index = 1, 5 do
      statuses[index] = results["throttled " .. index].status
    end
    assert.same({ 200, 200, 200, 429, 429 }, statuses)
    assert_error(results["throttled 5"], "ThrottlingException", "ThrottlingException", 429, "Rate exceeded")
    assert.equal(200, results["throttled, other account"].status)
  end)

  it("accepts a client that waits and tries again", function()
    assert.equal(200, results["throttled with retries"].status)
    assert.equal(2, results["throttled with retries"].retries)
  end)

  it("reads the behavior from a header as from the resource ID", function()
    assert.equal(429, results["by header"].status)
    assert.equal("ThrottlingException", results["by header"].headers["x-amzn-errortype"])
  end)

  it("sends scripted responses, one after the other, the last repeated", function()
    assert.equal("503", results["scripted list 1"].code)
    assert.equal("ACTIVE", results["scripted list 2"].response.recordingConfiguration.state)
    assert.equal("ACTIVE", results["scripted list 3"].response.recordingConfiguration.state)
  end)

  it("sends scripted bytes, headers and statuses unchanged", function()
    assert.equal('quotes " and \\ and \0 and é', results["scripted text"].body)
    assert.equal("yes", results["scripted text"].headers["x-extra"])
    assert.equal(418, results["scripted text"].status)
    assert.equal("hello", results["scripted bytes"].body)
    assert.equal("ResourceNotFoundException", results["scripted unknown"].code)
  end)

  it("closes the connection, or cuts a response off, if a script says so", function()
    assert.equal("ConnectionClosedError", results["scripted close"].exception)
    -- botocore before 1.33 takes a truncated body for a success without content.
    assert.falsy((results["scripted truncated"].response or {}).recordingConfiguration)
  end)

  it("records every request, with times and connections", function()
    local log = emulator:request_log()
    assert.equal(emulator:requests(), #log)
    local by_id = {}
    for _, line in ipairs(log) do
      local request = cjson.decode(line)
      by_id[request.body:match("recording%-configuration/([%w-]+)") or ""] = request
      assert.equal("https", request.scheme)
    end
    local slow = by_id["slow-250"]
    assert.equal("POST", slow.method)
    assert.equal("/GetRecordingConfiguration", slow.path)
    assert.equal(BODY:gsub("AbCdEf123456", "slow-250"), slow.body)
    assert.equal("application/json", slow.headers["content-type"])
    assert.truthy(cjson.decode(log[#log]).time - slow.time >= 0.25)
  end)
end)
