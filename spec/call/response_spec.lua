--- What a caller gets of every answer in support/scenarios.lua: over HTTPS from the emulator, and, where the answer is
-- a literal one, over a `transport` function too.

local core = require "ivs.core"
local endpoint = require "support.endpoint"
local ivs = require "ivs"
local runner = require "support.scenario_runner"
local scenarios = require "support.scenarios"
local server = require "emulator.server"
local store = require "emulator.store"

local ARN = store.configurations.complete.arn
local KEYS = { access_key_id = "AKIDEXAMPLE", secret_access_key = "secret" }

describe("the response", function()
  local emulator, wire

  lazy_setup(function()
    emulator = server.start()
    wire = assert(ivs.client(endpoint.options(emulator, { max_attempts = 1 })))
  end)

  lazy_teardown(function()
    wire:close()
    emulator:stop()
  end)

  local function over_transport(answer)
    return ivs.client {
      region = "us-west-2", credentials = KEYS, env = {}, max_attempts = 1, transport = function() return answer end,
    }:get_recording_configuration(ARN)
  end

  for _, scenario in ipairs(scenarios.list) do
    it("over HTTPS: " .. scenario.name, function()
      local before = emulator:requests()
      local response, err = wire:get_recording_configuration { arn = runner.arn(emulator, scenario) }
      local found = runner.differences(scenario, response, err)
      assert(not found, found)
      assert.equal(before + 1, emulator:requests())
    end)

    local answer = runner.literal(scenario)
    if answer then
      it("over a transport function: " .. scenario.name, function()
        local found = runner.differences(scenario, over_transport(answer))
        assert(not found, found)
      end)
    end
  end

  it("has integers where the Lua version has them", function()
    if not math.type then return end
    local configuration = assert(wire:get_recording_configuration(ARN)).recordingConfiguration
    assert.equal("integer", math.type(configuration.recordingReconnectWindowSeconds))
    assert.equal("integer", math.type(configuration.thumbnailConfiguration.targetIntervalSeconds))
    local metadata = wire:get_recording_configuration(ARN).ResponseMetadata
    assert.equal("integer", math.type(metadata.HTTPStatusCode))
    assert.equal("integer", math.type(metadata.RetryAttempts))
  end)

  it("is a plain table that prints its integers without a fraction in every Lua", function()
    local response = assert(wire:get_recording_configuration(ARN))
    assert.is_nil(getmetatable(response))
    assert.is_nil(getmetatable(response.recordingConfiguration.tags))
    assert.equal("300", tostring(response.recordingConfiguration.recordingReconnectWindowSeconds))
  end)

  it("belongs to the caller: changing one does not change the next", function()
    local first = wire:get_recording_configuration(ARN)
    first.recordingConfiguration.tags.team = "changed"
    first.ResponseMetadata.HTTPHeaders = nil
    local second = wire:get_recording_configuration(ARN)
    assert.same(store.configurations.complete, second.recordingConfiguration)
    assert.is_table(second.ResponseMetadata.HTTPHeaders)
  end)

  it("has every header under its lowercase name, and repeated ones joined", function()
    local body = '{"recordingConfiguration":{}}'
    local arn = emulator:script("headers", { raw = "HTTP/1.1 200 OK\r\nX-Mixed-CASE:  Value \r\nX-Twice: a\r\nx-twice: b\r\n"
      .. "x-amzn-requestid: id-9\r\nX-Empty:\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body })
    local metadata = assert(wire:get_recording_configuration(arn)).ResponseMetadata
    assert.same({ ["x-mixed-case"] = "Value", ["x-twice"] = "a, b", ["x-amzn-requestid"] = "id-9", ["x-empty"] = "",
      ["content-length"] = tostring(#body) }, metadata.HTTPHeaders)
    assert.equal("id-9", metadata.RequestId)
  end)

  it("does not include headers of an interim response", function()
    local body = '{"recordingConfiguration":{}}'
    local arn = emulator:script("interim", { raw = "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n"
      .. "HTTP/1.1 200 OK\r\nX-Late: 2\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body })
    local metadata = assert(wire:get_recording_configuration(arn)).ResponseMetadata
    assert.is_nil(metadata.HTTPHeaders["x-early"])
    assert.equal("2", metadata.HTTPHeaders["x-late"])
    assert.equal(200, metadata.HTTPStatusCode)
  end)

  it("includes a whole chunked body", function()
    local arn = emulator:script("chunked", { raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      .. '1b\r\n{"recordingConfiguration":{\r\n9\r\n"name":"n\r\n3\r\n"}}\r\n0\r\n\r\n' })
    assert.same({ name = "n" }, assert(wire:get_recording_configuration(arn)).recordingConfiguration)
  end)

  it("has the number of retries", function()
    local client = ivs.client(endpoint.options(emulator))
    local response = assert(client:get_recording_configuration(store.arn "flaky-2"))
    assert.equal(2, response.ResponseMetadata.RetryAttempts)
    assert.same(store.complete(store.arn "flaky-2"), response.recordingConfiguration)
  end)

  it("does not change the settings of the host's cjson", function()
    local cjson = require "cjson"
    cjson.decode_max_depth(3)
    local response, err = over_transport { status = 200, body =
      '{"recordingConfiguration":{"destinationConfiguration":{"s3":{"bucketName":"b"}}}}' }
    local deep = pcall(cjson.decode, "[[[[1]]]]")
    cjson.decode_max_depth(1000)
    assert(response, tostring(err))
    assert.is_false(deep)
    assert.is_true((pcall(cjson.decode, ("["):rep(900) .. ("]"):rep(900))))
  end)

  it("is the same through ivs.core", function()
    local client = assert(core.client { region = "us-west-2", credentials = KEYS, env = {} })
    local call = client:call { arn = ARN }
    call:next()
    local step, response = call:next { status = 200, headers = { ["X-Amzn-RequestId"] = "id" }, body =
      '{"recordingConfiguration":{"state":"ACTIVE"}}' }
    assert.equal("done", step)
    assert.same({ recordingConfiguration = { state = "ACTIVE" }, ResponseMetadata = { RequestId = "id",
      HTTPStatusCode = 200, RetryAttempts = 0, HTTPHeaders = { ["x-amzn-requestid"] = "id" } } }, response)
  end)
end)
