-- ListRecordingConfigurations of the emulator, with botocore as the client. One run of botocore_client.py makes all calls.

local cjson = require "cjson"
local botocore = require "emulator.botocore"
local server = require "emulator.server"
local store = require "emulator.store"

local EMPTY = cjson.decode "{}" -- an empty table is written as an object

describe("the emulator's list", function()
  local emulator, results

  local function assert_error(result, exception, code, status, message)
    assert.same({ exception, code, status }, { result.exception, result.code, result.status })
    assert.truthy(result.message:find(message, 1, true), result.message)
  end

  -- RecordingConfigurationSummary in the Amazon IVS API Reference: five of the eight members.
  local function summaries()
    local expected = {}
    for index, label in ipairs(store.labels) do
      local configuration = store.configurations[label]
      expected[index] = { arn = configuration.arn, name = configuration.name, state = configuration.state,
        destinationConfiguration = configuration.destinationConfiguration, tags = configuration.tags }
    end
    return expected
  end

  local function answering(id)
    return emulator.endpoint_url .. "/answer/" .. id
  end

  setup(function()
    emulator = server.start()
    emulator:script("page", { body = '{"recordingConfigurations": [{"arn": "x"}], "nextToken": "t"}' })
    local job = botocore.job()
    job:add("all", { list = EMPTY })
    job:add("first page", { list = { maxResults = 5 } })
    job:add("empty token", { list = { maxResults = 5, nextToken = "" } })
    job:add("pages of five", { pages = { PageSize = 5 } })
    job:add("pages of all", { pages = { PageSize = #store.labels } })
    job:add("other region", { list = EMPTY, region = "eu-west-1" })
    for name, size in pairs { zero = 0, negative = -1, ["too large"] = 101, fraction = 1.5 } do
      job:add("maxResults " .. name, { list = { maxResults = size } })
    end
    job:add("maxResults text", { list = { maxResults = "5" } })
    job:add("token of nobody", { list = { nextToken = "bm9ib2R5" } })
    job:add("token that is no base64", { list = { nextToken = "?" } })
    job:add("token past the end", { list = { nextToken = "ZW11bGF0b3I6MTAwMA==" } })
    job:add("token too long", { list = { nextToken = ("x"):rep(1025) } })
    job:add("token number", { list = { nextToken = 5 } })
    job:add("two problems", { list = { maxResults = 0, nextToken = ("x"):rep(1025) } })
    job:add("nulls", { send = { path = "/ListRecordingConfigurations", body = '{"maxResults": null, "nextToken": null}' } })
    job:add("nothing held", { send = { path = "/ListRecordingConfigurations", body = "{}" }, region = "eu-west-1" })
    job:add("tampered", { send = { path = "/ListRecordingConfigurations", body = "{}", alter = { body = "{ }" } } })
    job:add("many", { pages = { PageSize = 100 }, endpoint_url = answering "many-250" })
    job:add("same token", { pages = EMPTY, endpoint_url = answering "endless-1" })
    job:add("tokens in turn", { pages = { PageSize = 2, MaxItems = 20 }, endpoint_url = answering "endless-2" })
    job:add("access denied", { list = EMPTY, endpoint_url = answering "access-denied" })
    job:add("flaky", { list = EMPTY, endpoint_url = answering "flaky-2", max_attempts = 3 })
    job:add("scripted", { list = EMPTY, endpoint_url = answering "scripted-page" })
    for index = 1, 4 do
      job:add("throttled " .. index, { list = EMPTY, endpoint_url = answering "throttle-3-tps", times = { 1000 } })
    end
    job:add("get meanwhile", { arn = store.arn "throttle-3-tps", times = { 1000 } })
    job:add("get by path", { arn = store.configurations.complete.arn, endpoint_url = answering "throttled" })
    results = job:run(emulator)
  end)

  teardown(function()
    emulator:stop()
  end)

  it("returns to botocore a summary of each configuration of the account and region", function()
    assert.same({ recordingConfigurations = summaries() }, results.all.response)
    assert.same({ recordingConfigurations = {} }, results["other region"].response)
    assert.equal(200, results.nulls.status)
  end)

  it("writes an empty list as a JSON array", function()
    assert.equal('{"recordingConfigurations":[]}', results["nothing held"].body)
  end)

  it("returns maxResults summaries and a token for the rest, except on the last page", function()
    assert.equal(5, #results["first page"].response.recordingConfigurations)
    assert.same(results["first page"].response, results["empty token"].response)
    assert.same({ 5, 5, 5, 2 }, results["pages of five"].sizes)
    assert.same(summaries(), results["pages of five"].response.recordingConfigurations)
    assert.same({ #store.labels }, results["pages of all"].sizes)
  end)

  it("returns ValidationException for maxResults below 1 or above 100", function()
    local exception = "ValidationException"
    for name, constraint in pairs {
      zero = "Value '0' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 1",
      negative = "Value '-1' at 'maxResults'",
      ["too large"] = "Value '101' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 100",
    } do
      assert_error(results["maxResults " .. name], exception, exception, 400, constraint)
    end
    assert_error(results["two problems"], exception, exception, 400, "2 validation errors detected: ")
  end)

  it("returns ValidationException for a token that it did not return", function()
    local exception = "ValidationException"
    for _, name in ipairs { "token of nobody", "token that is no base64", "token past the end" } do
      assert_error(results[name], exception, exception, 400, "The nextToken is invalid")
    end
    assert_error(results["token too long"], exception, exception, 400, "Member must have length less than or equal to 1024")
  end)

  it("returns SerializationException for members of another type", function()
    for name, message in pairs {
      ["maxResults fraction"] = "maxResults is not an integer", ["maxResults text"] = "maxResults is not an integer",
      ["token number"] = "nextToken is not a string",
    } do
      assert_error(results[name], "ClientError", "SerializationException", 400, message)
    end
  end)

  it("checks the signature", function()
    assert.equal(403, results.tampered.status)
    assert.equal("InvalidSignatureException", results.tampered.headers["x-amzn-errortype"])
  end)

  it("has as many configurations as the address requests", function()
    assert.same({ 100, 100, 50 }, results.many.sizes)
    local seen, distinct = {}, 0
    for _, item in ipairs(results.many.response.recordingConfigurations) do
      distinct = distinct + (seen[item.arn] and 0 or 1)
      seen[item.arn] = true
    end
    assert.equal(250, distinct)
  end)

  it("repeats a token, which botocore stops at", function()
    assert.equal("PaginationError", results["same token"].exception)
    assert.same({ #store.labels, #store.labels }, results["same token"].sizes)
  end)

  it("returns alternating tokens without an end, which botocore does not notice", function()
    assert.same({ 2, 2, 2, 2, 2, 2, 2, 2, 2, 2 }, results["tokens in turn"].sizes)
  end)

  it("misbehaves as the address requests", function()
    local exception = "AccessDeniedException"
    assert_error(results["access denied"], exception, exception, 403,
      "User: arn:aws:iam::123456789012:user/emulator is not authorized to perform: "
        .. "ivs:ListRecordingConfigurations on resource: arn:aws:ivs:us-west-2:123456789012:recording-configuration/*")
    assert.same({ 200, 2 }, { results.flaky.status, results.flaky.retries })
    assert.equal("x", results.scripted.response.recordingConfigurations[1].arn)
    assert.equal("ThrottlingException", results["get by path"].code)
  end)

  -- The table API Call Rate Quotas of Amazon IVS Service Quotas has a row for each operation.
  it("has a quota of 3 a second, which is not that of GetRecordingConfiguration", function()
    local statuses = {}
    for index = 1, 4 do
      statuses[index] = results["throttled " .. index].status
    end
    assert.same({ 200, 200, 200, 429 }, statuses)
    assert.equal(200, results["get meanwhile"].status)
  end)
end)
