--- A `transport` function in place of the network (DESIGN 1.3): what it is given, and what becomes of what it gives.

local ivs = require "ivs"

local ARN = "arn:aws:ivs:us-west-2:123456789012:recording-configuration/AbCdEf123456"
local GOOD = { status = 200, headers = { ["X-AMZN-RequestID"] = "id-1" }, body = '{"recordingConfiguration":{"state":"ACTIVE"}}' }

local function client_with(transport, more)
  local options = { region = "us-west-2", env = {}, max_attempts = 1, transport = transport,
    credentials = { access_key_id = "A", secret_access_key = "S" } }
  for name, value in pairs(more or {}) do options[name] = value end
  return assert(ivs.client(options))
end

local function fail_with(transport, more)
  local response, err = client_with(transport, more):get_recording_configuration(ARN)
  assert.is_nil(response)
  return err
end

describe("a transport function", function()
  it("is given the method, the URL, the headers and the body", function()
    local request
    local client = client_with(function(given, ...)
      assert(select("#", ...) == 0)
      request = given
      return GOOD
    end)
    local response = assert(client:get_recording_configuration(ARN))
    assert.same({ "POST", "https://ivs.us-west-2.amazonaws.com/GetRecordingConfiguration", '{"arn": "' .. ARN .. '"}' },
      { request.method, request.url, request.body })
    assert.equal("application/json", request.headers["Content-Type"])
    assert.equal("id-1", response.ResponseMetadata.RequestId)
    assert.equal("id-1", response.ResponseMetadata.HTTPHeaders["x-amzn-requestid"])
  end)

  it("may give nil and a text, or an error of any kind", function()
    local err = fail_with(function() return nil, "cable cut" end)
    assert.same({ "connection", "cable cut", 1, true }, { err.kind, err.message, err.attempts, err.retryable })
    err = fail_with(function() return nil, { kind = "timeout", code = "ConnectTimeoutError", message = "late" } end)
    assert.same({ "timeout", "ConnectTimeoutError", "late" }, { err.kind, err.code, err.message })
    err = fail_with(function() return nil, { kind = "tls", code = "SSLError", message = "m" } end)
    assert.same({ "tls", false }, { err.kind, err.retryable })
    err = fail_with(function() end)
    assert.equal("connection", err.kind)
    assert.is_true(#err.message > 0)
  end)

  it("is asked again where that may help", function()
    local sent = 0
    local client = client_with(function()
      sent = sent + 1
      if sent < 3 then return nil, { kind = "connection", message = "cut" } end
      return GOOD
    end, { max_attempts = 3 })
    assert.equal(2, assert(client:get_recording_configuration(ARN)).ResponseMetadata.RetryAttempts)
  end)

  it("that raises, or gives what is no answer, fails the call and not the program", function()
    for _, transport in ipairs {
      function() error("broken", 0) end, function() error({}) end, function() error() end,
      function() return "200 OK" end, function() return true end, function() return {} end,
      function() return { status = "200" } end, function() return { status = 99 } end, function() return { status = 2 / 3 } end,
      function() return { status = 200, headers = { 1, 2 } } end, function() return { status = 200, body = {} } end,
      function() return { status = 200, headers = { ["a b"] = "c" } } end,
      function() return { status = 200, headers = { a = "b\r\nc: d" } } end,
      function() coroutine.yield() end,
    } do
      local err = fail_with(transport, { max_attempts = 3 })
      assert.equal("connection", err.kind)
      assert.equal(1, err.attempts)
      assert.truthy(err.message:find("^transport: "), err.message)
    end
    assert.truthy(fail_with(function() error("broken", 0) end).message:find("broken", 1, true))
  end)

  it("may leave headers and body out", function()
    local err = fail_with(function() return { status = 400 } end)
    assert.same({ "400", 400, {} }, { err.code, err.status, err.headers })
  end)

  it("is held to max_response_bytes", function()
    local err = fail_with(function() return GOOD end, { max_response_bytes = 10 })
    assert.same({ "response", "ResponseParserError" }, { err.kind, err.code })
  end)

  it("may make calls of its own", function()
    local client, depth = nil, 0
    client = client_with(function()
      depth = depth + 1
      if depth < 3 then assert(client:get_recording_configuration(ARN)) end
      return GOOD
    end)
    assert.equal("ACTIVE", assert(client:get_recording_configuration(ARN)).recordingConfiguration.state)
    assert(client:get_recording_configuration(ARN))
  end)

  it("may change what it was given without harm", function()
    local bodies = {}
    local client = client_with(function(request)
      bodies[#bodies + 1] = request.body
      request.body, request.url, request.headers = nil, nil, nil
      return { status = 500, body = "" }
    end, { max_attempts = 2 })
    assert.is_nil((client:get_recording_configuration(ARN)))
    assert.equal(bodies[1], bodies[2])
  end)

  it("works inside a coroutine", function()
    local client = client_with(function() return GOOD end)
    local state = coroutine.wrap(function()
      return assert(client:get_recording_configuration(ARN)).recordingConfiguration.state
    end)()
    assert.equal("ACTIVE", state)
  end)
end)
