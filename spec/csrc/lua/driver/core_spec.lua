--- One call carried out by hand over ivs.core (docs/design.md, "ivs.core"): each step and what may be reported to it.
-- When and how it is retried is in retry_spec.

local by_hand = require "support.by_hand"
local core = require "ivs.core"
local interpreter = require "support.interpreter"

local ARN, NOW, KEYS = by_hand.ARN, by_hand.NOW, by_hand.KEYS
local GOOD, BROKEN = by_hand.GOOD, by_hand.BROKEN
local client_for, refusal = by_hand.client, by_hand.refusal

describe("a call by hand", function()
  it("needs credentials, is sent, sleeps, is sent again and is done", function()
    local asked = 0
    local client = client_for { credentials = function() asked = asked + 1 return KEYS end }
    local call = client:call { arn = ARN }
    local step, provider = call:next()
    assert.equal("credentials", step)
    assert.is_function(provider)
    assert.equal(0, asked)
    local request
    step, request = call:next(provider())
    assert.equal("exchange", step)
    assert.same({ "POST", "https://ivs.us-west-2.amazonaws.com/GetRecordingConfiguration", '{"arn": "' .. ARN .. '"}',
      60, 60 }, { request.method, request.url, request.body, request.connect_timeout, request.read_timeout })
    local delay
    step, delay = call:next(BROKEN)
    assert.same({ "sleep", 0.05 }, { step, delay })
    assert.equal("exchange", (call:next()))
    local response
    step, response = call:next(GOOD)
    assert.equal("done", step)
    assert.equal("ACTIVE", response.recordingConfiguration.state)
    assert.equal(1, response.ResponseMetadata.RetryAttempts)
    assert.equal(1, asked)
  end)

  it("stays done, or failed, after any report", function()
    for answer, final in pairs { [GOOD] = "done", [refusal(404, "ResourceNotFoundException")] = "failed" } do
      local call = client_for():call(ARN)
      call:next()
      local step, detail = call:next(answer)
      assert.equal(final, step)
      for _, report in ipairs { BROKEN, GOOD, "nonsense", false } do
        local again, same = call:next(report, "reason")
        assert.equal(final, again)
        assert.equal(detail, same)
      end
    end
  end)

  it("refuses a report that does not fit the step, and stays at it", function()
    local call = client_for():call(ARN)
    call:next()
    for _, nonsense in ipairs { "x", 5, true, {}, { status = "200" }, { status = 20 }, { status = 200.5 },
      { status = 200, headers = "x" }, { status = 200, headers = { "x" } }, { status = 200, headers = { ["a b"] = "x" } },
      { status = 200, headers = { a = "x\r\ny: z" } }, { status = 200, headers = { a = {} } },
      { status = 200, body = {} } } do
      local fine, message = pcall(function() call:next(nonsense) end)
      assert.is_false(fine)
      assert.truthy(message:find("core_spec.lua:%d+: "), message)
    end
    assert.equal("done", (call:next(GOOD)))
  end)

  it("fails with the error of its exchange", function()
    local call = client_for({ max_attempts = 1 }):call(ARN)
    call:next()
    local step, err = call:next(nil, { kind = "timeout", code = "ConnectTimeoutError", message = "late" })
    assert.equal("failed", step)
    assert.same({ "timeout", "ConnectTimeoutError", "late", true, 1 },
      { err.kind, err.code, err.message, err.retryable, err.attempts })
    call = client_for({ max_attempts = 1 }):call(ARN)
    call:next()
    err = select(2, call:next(nil, "cable cut"))
    assert.same({ "connection", "cable cut" }, { err.kind, err.message })
  end)

  it("is not retried after a certificate was refused", function()
    local call = client_for():call(ARN)
    call:next()
    local step, err = call:next(nil, { kind = "tls", code = "SSLError", message = "m" })
    assert.same({ "failed", "tls", "SSLError", 1, false }, { step, err.kind, err.code, err.attempts, err.retryable })
  end)

  it("fails at its first step if its arguments are invalid", function()
    local step, err = client_for():call { arn = 5 }:next()
    assert.same({ "failed", "ParamValidationError" }, { step, err.code })
    step, err = client_for({ region = false }):call("no arn"):next()
    assert.same({ "failed", "NoRegionError", "You must specify a region." }, { step, err.code, err.message })
  end)

  it("of a closed client fails, also after it has begun", function()
    local client = client_for()
    local begun = client:call(ARN)
    assert.equal("exchange", (begun:next()))
    client:close()
    local step, err = begun:next(GOOD)
    assert.same({ "failed", "cancelled", "ClientClosedError" }, { step, err.kind, err.code })
    step, err = client:call(ARN):next()
    assert.same({ "failed", "cancelled", "ClientClosedError" }, { step, err.kind, err.code })
  end)

  it("may be interleaved with another one of the same client", function()
    local client = client_for()
    local one, two = client:call(ARN .. "1"), client:call(ARN .. "2")
    local _, first = one:next()
    local _, second = two:next()
    assert.truthy(first.body:find("4561", 1, true) or first.body:find(ARN .. "1", 1, true))
    assert.truthy(second.body:find(ARN .. "2", 1, true))
    assert.equal("sleep", (two:next(BROKEN)))
    assert.equal("done", (one:next(GOOD)))
    local _, again = two:next()
    assert.equal(second.body, again.body)
    assert.equal("done", (two:next(GOOD)))
  end)

  it("uses the region of its ARN if the client has none, also interleaved with another one", function()
    local client = client_for { region = false }
    local calls, requests = {}, {}
    for _, region in ipairs { "us-west-2", "eu-west-1" } do
      calls[region] = client:call("arn:aws:ivs:" .. region .. ":1:recording-configuration/x")
      requests[region] = select(2, calls[region]:next())
    end
    for _, call in pairs(calls) do call:next(BROKEN) end
    for region, call in pairs(calls) do
      for _, request in ipairs { requests[region], (select(2, call:next())) } do
        assert.equal("https://ivs." .. region .. ".amazonaws.com/GetRecordingConfiguration", request.url)
        assert.equal("ivs." .. region .. ".amazonaws.com", request.headers.Host)
        assert.truthy(request.headers.Authorization:find("/" .. region .. "/ivs/aws4_request", 1, true))
      end
    end
  end)

  it("has the functions for resty.ivs alone in a table of their own", function()
    local function names_of(list)
      local names = {}
      for name in pairs(list) do names[#names + 1] = name end
      table.sort(names)
      return names
    end
    assert.same({ "_VERSION", "client", "exceptions", "http_reader", "http_request", "is_bypassed", "parse_url", "private" },
      names_of(core))
    assert.same({ "advance", "begin", "is_throttled", "monotonic", "new_pace", "note_sent", "request_table", "request_text",
      "set_pace", "system" }, names_of(core.private))
  end)

  it("loads no libcurl", function()
    local output, status = interpreter.run [[
      local core = require "ivs.core"
      assert(core.client { env = {}, region = "x" })
      for line in io.lines "/proc/self/maps" do assert(not line:find "curl", line) end
      assert(not package.loaded["ivs"])
      print "none"]]
    assert.equal("none\n", output)
    assert.equal(0, status)
  end)
end)

describe("credentials that expire soon", function()
  local function keys_until(seconds)
    return { access_key_id = "AKID" .. seconds, secret_access_key = "s", expiration = NOW + seconds }
  end

  it("are requested again from 15 minutes before they expire, and the old ones are used if that fails", function()
    local clock = {}
    local client = client_for({ credentials = function() end }, clock)
    local call = client:call(ARN)
    call:next()
    assert.equal("exchange", (call:next(keys_until(3600))))
    clock.now = NOW + 3600 - 15 * 60 - 1
    assert.equal("exchange", (client:call(ARN):next()))
    clock.now = NOW + 3600 - 15 * 60
    call = client:call(ARN)
    assert.equal("credentials", (call:next()))
    local step, request = call:next(nil, "the provider is down")
    assert.equal("exchange", step)
    assert.truthy(request.headers.Authorization:find("Credential=AKID3600/", 1, true))
    call = client:call(ARN)
    assert.equal("credentials", (call:next()))
    step, request = call:next(keys_until(7200))
    assert.equal("exchange", step)
    assert.truthy(request.headers.Authorization:find("Credential=AKID7200/", 1, true))
  end)

  it("are used until they expire, and not later", function()
    local clock = {}
    local client = client_for({ credentials = function() end }, clock)
    local call = client:call(ARN)
    call:next()
    call:next(keys_until(60))
    clock.now = NOW + 59
    call = client:call(ARN)
    call:next()
    assert.equal("exchange", (call:next(nil, "down")))
    clock.now = NOW + 60
    call = client:call(ARN)
    call:next()
    local step, err = call:next(nil, "down")
    assert.same({ "failed", "credentials", "CredentialRetrievalError", "down", 0 },
      { step, err.kind, err.code, err.message, err.attempts })
  end)

  it("have as many seconds left as the client's clock says", function()
    local clock = {}
    local client = client_for({ credentials = function() end }, clock)
    assert.is_nil(client:credentials_left())
    assert(client:take_credentials(keys_until(3600)))
    assert.equal(3600, client:credentials_left())
    clock.now = NOW + 3000
    assert.equal(600, client:credentials_left())
  end)

  it("are requested again when they expire between two attempts", function()
    local clock = {}
    local call = client_for({ credentials = function() end }, clock):call(ARN)
    call:next()
    call:next(keys_until(3600))
    call:next(BROKEN)
    clock.now = NOW + 3600
    assert.equal("credentials", (call:next()))
    local step, request = call:next(keys_until(7200))
    assert.equal("exchange", step)
    assert.truthy(request.headers.Authorization:find("Credential=AKID7200/", 1, true))
    assert.equal("attempt=2; max=3", request.headers["amz-sdk-request"])
  end)
end)
