--- Error values (docs/design.md, "Errors"): their fields, boto3's sentence, and how one that ends a script is shown.
--
-- The sentences are compared with those of a complete botocore client (oracle/client_error.py). Which answer gives which
-- fields is in support/scenarios.lua, run by response_spec.

local core = require "ivs.core"
local interpreter = require "support.interpreter"
local ivs = require "ivs"
local oracle = require "support.oracle"
local runner = require "support.scenario_runner"
local scenarios = require "support.scenarios"

local ARN = "arn:aws:ivs:us-west-2:123456789012:recording-configuration/AbCdEf123456"
local KEYS = { access_key_id = "AKIDEXAMPLE", secret_access_key = "wJalrXUtnFEMI/K7MDENG" }
local THROTTLED = { status = 429, headers = { ["x-amzn-errortype"] = "ThrottlingException" },
  body = '{"message":"Rate exceeded"}' }
local MISSING = { status = 404, headers = { ["x-amzn-errortype"] = "ResourceNotFoundException" },
  body = '{"message":"Resource not found"}' }
local BROKEN = { status = 500, body = '{"code":"InternalServerException","message":"Oops"}' }
local OPTIONAL = { status = 418, body = '{"code":"NewException","message":"é"}' }

--- Makes the call through ivs.core without sleeping; the last of the answers is repeated.
local function call_with(answers, options)
  local given = { region = "us-west-2", credentials = KEYS, env = {} }
  for name, value in pairs(options or {}) do given[name] = value end
  local call, sent = assert(core.client(given)):call(ARN), 0
  local step, detail = call:next()
  while step ~= "failed" and step ~= "done" do
    if step == "exchange" then
      sent = sent + 1
      step, detail = call:next(answers[math.min(sent, #answers)])
    else
      step, detail = call:next()
    end
  end
  return step == "failed" and detail or nil, sent
end

local function fail_with(answer, options)
  local given = { region = "us-west-2", credentials = KEYS, env = {}, max_attempts = 1,
    transport = function() return answer end }
  for name, value in pairs(options or {}) do given[name] = value end
  local response, err = ivs.client(given):get_recording_configuration(ARN)
  assert.is_nil(response)
  return err
end

describe("an error of the service", function()
  local examples = {
    { "that may not be retried, before the last attempt", { MISSING } },
    { "that may not be retried, at the last attempt", { MISSING }, max_attempts = 1 },
    { "after retries", { BROKEN, BROKEN, BROKEN } },
    { "of another kind after retries", { BROKEN, BROKEN, MISSING } },
    { "after a retry, before the last attempt", { BROKEN, MISSING } },
    { "after throttling", { THROTTLED } },
    { "in a call of five attempts", { THROTTLED }, max_attempts = 5 },
    { "of no model", { OPTIONAL } },
    { "in adaptive mode", { BROKEN }, retry_mode = "adaptive" },
    { "in legacy mode after retries", { BROKEN }, retry_mode = "legacy", max_attempts = 5 },
    { "in legacy mode that may not be retried", { MISSING }, retry_mode = "legacy", max_attempts = 5 },
    { "in legacy mode that may not be retried, at the last attempt", { MISSING }, retry_mode = "legacy",
      max_attempts = 1 },
  }
  local expected = {}

  lazy_setup(function()
    local inputs, owners = {}, {}
    local function add(owner, input)
      inputs[#inputs + 1], owners[#owners + 1] = input, owner
    end
    for _, example in ipairs(examples) do
      add(example, { answers = example[2], max_attempts = example.max_attempts or 3,
        retry_mode = example.retry_mode or "standard" })
    end
    for _, scenario in ipairs(scenarios.list) do
      if scenario.botocore then
        add(scenario, { answers = { runner.literal(scenario) }, max_attempts = 1, retry_mode = "standard" })
      end
    end
    for index, result in ipairs(oracle.run("client_error", inputs)) do expected[owners[index]] = result end
  end)

  for _, example in ipairs(examples) do
    it("reads as boto3's: " .. example[1], function()
      local err, sent = call_with(example[2], { max_attempts = example.max_attempts, retry_mode = example.retry_mode })
      local is = { text = tostring(err), code = err.code, message = err.message, attempts = err.attempts,
        botocore = expected[example].botocore }
      assert.same(expected[example], is)
      assert.equal(sent, err.attempts)
    end)
  end

  for _, scenario in ipairs(scenarios.list) do
    if scenario.botocore then
      it("reads as boto3's: " .. scenario.name, function()
        assert.equal(expected[scenario].text, tostring(fail_with(runner.literal(scenario))))
      end)
    end
  end

  it("names the retries that were made", function()
    assert.equal("An error occurred (ThrottlingException) when calling the GetRecordingConfiguration operation "
      .. "(reached max retries: 2): Rate exceeded", tostring((call_with { THROTTLED })))
  end)

  it("has every field of the contract", function()
    local err = fail_with { status = 404, body = '{"message":"Resource not found"}', headers = {
      ["x-amzn-ErrorType"] = "ResourceNotFoundException", ["X-Amzn-RequestId"] = "id-1", ["X-Extra"] = "Yes" } }
    local fields = {}
    for _, name in ipairs { "kind", "code", "message", "operation_name", "status", "request_id", "headers", "attempts",
      "retryable", "causes" } do
      fields[name] = err[name]
    end
    assert.same({ kind = "service", code = "ResourceNotFoundException", message = "Resource not found", status = 404,
      operation_name = "GetRecordingConfiguration", request_id = "id-1", attempts = 1, retryable = false,
      headers = { ["x-amzn-errortype"] = "ResourceNotFoundException", ["x-amzn-requestid"] = "id-1",
        ["x-extra"] = "Yes" } }, fields)
    assert.equal(ivs.exceptions.ResourceNotFoundException, err.code)
  end)

  it("counts in integers where the Lua version has them", function()
    if not math.type then return end
    local err = fail_with(MISSING)
    assert.equal("integer", math.type(err.status))
    assert.equal("integer", math.type(err.attempts))
  end)

  it("limits the length of a server's message and code", function()
    local err = fail_with { status = 400, headers = { ["x-amzn-errortype"] = ("C"):rep(5000) }, body = ("é"):rep(50000) }
    assert.is_true(#err.code < 5000 and #err.code > 0)
    assert.is_true(#err.message < 100000 and #err.message > 0)
    assert.equal(0, #err.message % 2, "cut within a character")
  end)
end)

describe("an error value", function()
  it("has a metatable with a name", function()
    assert.equal("ivs.error", getmetatable(fail_with(MISSING)).__name)
    local _, err = ivs.client { env = {}, region = "a b" }
    assert.equal("ivs.error", getmetatable(err).__name)
  end)

  it("can be concatenated with a text", function()
    local err = fail_with(MISSING)
    assert.equal("failed: " .. tostring(err), "failed: " .. err)
    assert.equal(tostring(err) .. "!", err .. "!")
  end)

  it("without a status reads as its code and message", function()
    local err = fail_with(nil)
    assert.equal("EndpointConnectionError: " .. err.message, tostring(err))
    assert.is_nil(err.status)
    assert.is_nil(err.headers)
    assert.is_nil(err.request_id)
  end)

  it("has the last response's fields even if a later attempt had none", function()
    local sent = 0
    local _, err = ivs.client { region = "us-west-2", credentials = KEYS, env = {}, max_attempts = 2,
      transport = function()
        sent = sent + 1
        if sent == 1 then return { status = 500, headers = { ["x-amzn-requestid"] = "id-1" }, body = "{}" } end
        return nil, { kind = "timeout", code = "ReadTimeoutError", message = "late" }
      end }:get_recording_configuration(ARN)
    assert.same({ "timeout", "ReadTimeoutError", 2 }, { err.kind, err.code, err.attempts })
    assert.same({ 500, "id-1" }, { err.status, err.request_id })
  end)

  it("contains no secret", function()
    for _, answer in ipairs { MISSING, THROTTLED } do
      local err = fail_with(answer)
      for _, value in pairs(err) do
        assert.is_nil(tostring(value):find(KEYS.secret_access_key, 1, true))
      end
    end
  end)
end)

describe("ivs.exceptions", function()
  it("maps every code that a caller may compare with to itself", function()
    for _, code in ipairs { "ResourceNotFoundException", "InternalServerException", "AccessDeniedException",
      "ValidationException", "ThrottlingException", "ConflictException", "PendingVerification",
      "ServiceQuotaExceededException", "ServiceUnavailable", "ChannelNotBroadcasting", "StreamUnavailable",
      "NoCredentialsError", "ConnectTimeoutError", "ReadTimeoutError", "ResponseParserError", "ParamValidationError",
      "NoRegionError", "PartialCredentialsError", "EndpointConnectionError", "SSLError", "WaiterError" } do
      assert.equal(code, ivs.exceptions[code])
      assert.equal(code, core.exceptions[code])
    end
  end)

  it("raises for a misspelled name, at the line that uses it", function()
    local fine, message = pcall(function() local code = ivs.exceptions.ResorceNotFound return code end)
    assert.is_false(fine)
    assert.truthy(message:find("failure_spec.lua:%d+: .*ResorceNotFound"), message)
  end)

  it("cannot be changed", function()
    assert.is_false((pcall(function() ivs.exceptions.Mine = "Mine" end)))
  end)
end)

describe("an error that ends a script", function()
  local SCRIPT = [[
    local ivs = require "ivs"
    local response, err = ivs.client { region = "us-west-2", env = {},
      credentials = { access_key_id = "A", secret_access_key = "S" },
      transport = function()
        return { status = 403, headers = { ["x-amzn-errortype"] = "AccessDeniedException" }, body = '{"message":"no"}' }
      end }:get_recording_configuration "arn"
    ]]
  local SENTENCE = "An error occurred (AccessDeniedException) when calling the GetRecordingConfiguration operation: no"
  -- The interpreter of Lua 5.1 prints no error that is a table, whatever its metatable; assert takes texts only in 5.1, 5.2.
  local prints_objects = _VERSION ~= "Lua 5.1" or rawget(_G, "jit") ~= nil
  local asserts_objects = prints_objects and _VERSION ~= "Lua 5.2"

  it("is readable when it is raised", function()
    local output, status = interpreter.run(SCRIPT .. (prints_objects and "error(err)" or "error(tostring(err))"))
    assert.equal(1, status)
    assert.truthy(output:find(SENTENCE, 1, true), output)
  end)

  it("is readable when an assert raises it", function()
    local output, status = interpreter.run(SCRIPT .. (asserts_objects and "assert(response, err)"
      or "assert(response, tostring(err))"))
    assert.equal(1, status)
    assert.truthy(output:find(SENTENCE, 1, true), output)
  end)
end)
