--- A `transport` function in place of the network (docs/design.md, "Transport functions"): its argument, and what becomes of
-- its results.

local core = require "ivs.core"
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
  it("gets the method, the URL, the headers and the body", function()
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

  it("may return nil and a text, or an error of any kind", function()
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

  it("is called again after a retryable failure", function()
    local sent = 0
    local client = client_with(function()
      sent = sent + 1
      if sent < 3 then return nil, { kind = "connection", message = "cut" } end
      return GOOD
    end, { max_attempts = 3 })
    assert.equal(2, assert(client:get_recording_configuration(ARN)).ResponseMetadata.RetryAttempts)
  end)

  it("is not called again after an error that is not retryable", function()
    for _, kind in ipairs { "service", "params", "config", "credentials", "tls", "cancelled" } do
      local err = fail_with(function() return nil, { kind = kind, code = "Spec", message = "m" } end, { max_attempts = 3 })
      assert.same({ kind, 1, false }, { err.kind, err.attempts, err.retryable })
    end
  end)

  it("that raises, or returns an invalid response, makes the call fail and not the program", function()
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

  it("may omit headers and body", function()
    local err = fail_with(function() return { status = 400 } end)
    assert.same({ "400", 400, {} }, { err.code, err.status, err.headers })
  end)

  it("is limited by max_response_bytes", function()
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

  it("may change its argument", function()
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

describe("a transport function called by a source of credentials", function()
  local TOKEN_FILE = os.tmpname()
  local SOURCES = {
    instance = {},
    container = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI = "/keys" },
    web_identity = { AWS_WEB_IDENTITY_TOKEN_FILE = TOKEN_FILE, AWS_ROLE_ARN = "arn:aws:iam::123456789012:role/spec" },
  }
  local KINDS = { service = true, config = true, credentials = true, connection = true, timeout = true, tls = true, response = true }

  lazy_setup(function()
    local file = assert(io.open(TOKEN_FILE, "w"))
    file:write("token")
    file:close()
  end)

  lazy_teardown(function() os.remove(TOKEN_FILE) end)

  --- What a call fails with whose source of credentials is reached over the transport. No sleep is carried out.
  local function core_failure(source, transport)
    local client = assert(core.client { region = "us-west-2", env = SOURCES[source], max_attempts = 1, transport = transport })
    local call = client:call(ARN)
    local step, provider = call:next()
    assert.equal("credentials", step)
    local err
    step, err = call:next(provider {})
    assert.equal("failed", step)
    return err
  end

  local function assert_whole(err, case)
    assert.is_true(KINDS[err.kind], case)
    assert.is_true(type(err.code) == "string" and #err.code > 0, case)
    assert.is_true(type(err.message) == "string" and #err.message > 0, case)
    local text = tostring(err)
    assert.is_nil(text:find("%.lua:%d"), case .. ": " .. text)
    assert.is_nil(text:find("bad argument", 1, true), case .. ": " .. text)
    assert.is_nil(text:find("nil$") or text:find(": nil", 1, true), case .. ": " .. text)
  end

  local BROKEN = {
    ["a text"] = function() return "200 OK" end,
    ["a boolean"] = function() return true end,
    ["nothing"] = function() end,
    ["an empty table"] = function() return {} end,
    ["a status that is a text"] = function() return { status = "200" } end,
    ["a body that is a table"] = function() return { status = 200, body = {} } end,
    ["headers that are a list"] = function() return { status = 200, headers = { 1, 2 }, body = "{}" } end,
    ["a header's name that is no token"] = function() return { status = 200, headers = { ["a b"] = "c" }, body = "" } end,
    ["a header's value of two lines"] = function() return { status = 200, headers = { a = "b\nc" }, body = "" } end,
    ["an error that is a number"] = function() return nil, 5 end,
    ["an error that is an empty text"] = function() return nil, "" end,
    ["an error of an unknown kind"] = function() return nil, { kind = "odd", code = 5, message = {} } end,
    ["a raised table"] = function() error {} end,
    ["a table of tricks"] = function()
      return setmetatable({}, { __index = function() error "trick" end, __tostring = function() error "trick" end })
    end,
    ["an error with tricks"] = function()
      return nil, setmetatable({}, { __index = function() error "trick" end, __tostring = function() error "trick" end })
    end,
  }

  for source in pairs(SOURCES) do
    it("causes complete errors, whatever it does: " .. source, function()
      for case, transport in pairs(BROKEN) do assert_whole(core_failure(source, transport), source .. ", " .. case) end
    end)

    it("has its own error kept: " .. source, function()
      local text = tostring(core_failure(source, function() return nil, "cable cut" end))
      assert.truthy(text:find("cable cut", 1, true), text)
      text = tostring(core_failure(source, function() error("broken", 0) end))
      assert.truthy(text:find("broken", 1, true), text)
    end)
  end

  it("causes complete errors in a blocking client, in the call and in client:credentials()", function()
    for _, source in ipairs { "instance", "web_identity" } do
      for case, transport in pairs(BROKEN) do
        local client = assert(ivs.client { region = "us-west-2", env = SOURCES[source], max_attempts = 1, transport = transport })
        local _, err = client:get_recording_configuration(ARN)
        assert_whole(err, case)
        _, err = client:credentials()
        assert_whole(err, case)
      end
    end
  end)

  it("has its response checked for a driver of ivs.core, too", function()
    for case, transport in pairs(BROKEN) do
      local client = assert(core.client { region = "us-west-2", env = {}, transport = transport })
      local answer, err = client:connection_settings().transport { method = "GET", url = "http://x", headers = {}, body = "" }
      assert.is_nil(answer, case)
      assert_whole(err, case)
    end
  end)

  it("may be a loop's `http`, whose responses are checked, too", function()
    for case, http in pairs(BROKEN) do
      if not case:find "raised" then
        local call = assert(core.client { region = "us-west-2", env = SOURCES.web_identity, max_attempts = 1 }):call(ARN)
        local step, err = call:next(select(2, call:next()) { http = http })
        assert.equal("failed", step)
        assert_whole(err, case)
      end
    end
  end)
end)
