--- Several calls of one client of ivs.core that need credentials at the same time: one retrieves them, all share the result. The numbers of
-- minutes are botocore's (botocore.credentials, RefreshableCredentials).

local by_hand = require "support.by_hand"
local failure = require "ivs.failure"

local ARN, KEYS, NOW, GOOD = by_hand.ARN, by_hand.KEYS, by_hand.NOW, by_hand.GOOD

local function keys_for(minutes, id)
  return { access_key_id = id or "AKIDEXAMPLE", secret_access_key = "secret", expiration = NOW + minutes * 60 }
end

local function key_of(request)
  return request.headers.Authorization:match "Credential=(%w+)/"
end

describe("calls of one client that need credentials at the same time", function()
  local host, client, log

  before_each(function()
    log = {}
    client, host = by_hand.client {
      credentials = function() error("the spec answers in its place", 0) end,
      logger = function(_, text) log[#log + 1] = text end,
    }
  end)

  --- Calls that have been begun; the first one asks, the others wait.
  local function waiting(count)
    local calls = {}
    for at = 1, count do
      calls[at] = at % 2 == 0 and client:list_recording_configurations() or client:call(ARN)
      local step, detail = calls[at]:next()
      if at == 1 then
        assert.equal("credentials", step)
      else
        assert.equal("sleep", step)
        assert.is_true(detail > 0 and detail <= 1)
      end
    end
    return calls
  end

  --- Gives the client credentials that are valid for so many minutes.
  local function give(minutes)
    local call = client:call(ARN)
    assert.equal("credentials", (call:next()))
    assert.equal("exchange", (call:next(keys_for(minutes, "OLD"))))
    assert.equal("done", (call:next(GOOD)))
  end

  it("share the credentials that one of them gets", function()
    local calls = waiting(4)
    assert.equal("sleep", (calls[2]:next()))
    assert.equal("exchange", (calls[1]:next(KEYS)))
    for at = 2, 4 do assert.equal("exchange", (calls[at]:next())) end
    assert.equal("exchange", (client:call(ARN):next()))
    local asked = 0
    for _, text in ipairs(log) do asked = asked + (text == "requesting credentials" and 1 or 0) end
    assert.equal(1, asked)
  end)

  it("share a failure, each with an error object of its own", function()
    local calls = waiting(3)
    local given = failure.new("credentials", "NoCredentialsError", "Unable to locate credentials",
      { causes = { { provider = "environment", message = "none" } } })
    local errors = {}
    local step
    step, errors[1] = calls[1]:next(nil, given)
    assert.equal("failed", step)
    for at = 2, 3 do
      step, errors[at] = calls[at]:next()
      assert.equal("failed", step)
    end
    for at = 1, 3 do
      assert.same({ "credentials", "NoCredentialsError", "Unable to locate credentials", 0 },
        { errors[at].kind, errors[at].code, errors[at].message, errors[at].attempts })
      assert.same({ { provider = "environment", message = "none" } }, errors[at].causes)
    end
    assert.equal("ListRecordingConfigurations", errors[2].operation_name)
    assert.are_not.equal(errors[1], errors[2])
    assert.are_not.equal(errors[2].causes, errors[3].causes)
    assert.equal("credentials", (client:call(ARN):next()), "a failure is not remembered")
  end)

  it("share a failure that is a text, or credentials that cannot be used", function()
    for _, answer in ipairs { { nil, "no luck" }, { { access_key_id = 5 } }, { keys_for(-1) } } do
      local calls = waiting(2)
      local _, first = calls[1]:next(answer[1], answer[2])
      local step, second = calls[2]:next()
      assert.equal("failed", step)
      assert.same({ first.kind, first.code, first.message }, { second.kind, second.code, second.message })
    end
  end)

  it("do not wait while the current credentials are valid for ten minutes", function()
    give(14)
    local asking, other = client:call(ARN), client:call(ARN)
    assert.equal("credentials", (asking:next()))
    local step, request = other:next()
    assert.same({ "exchange", "OLD" }, { step, key_of(request) })
    host.now = NOW + 5 * 60 -- nine minutes are left
    local late = client:call(ARN)
    assert.equal("credentials", (late:next()), "the first one has not answered for five minutes")
    local last = client:call(ARN)
    assert.equal("sleep", (last:next()))
    assert.equal("exchange", (late:next(keys_for(60, "NEW"))))
    step, request = last:next()
    assert.same({ "exchange", "NEW" }, { step, key_of(request) })
  end)

  it("use the current credentials if the retrieval fails", function()
    give(9)
    local asking, other = client:call(ARN), client:call(ARN)
    assert.equal("credentials", (asking:next()))
    assert.equal("sleep", (other:next()))
    for _, call in ipairs { asking, other } do
      local step, request = call:next(nil, "no luck")
      assert.same({ "exchange", "OLD" }, { step, key_of(request) })
    end
  end)

  it("do not wait for a call that was collected", function()
    local calls = waiting(2)
    calls[1] = nil
    collectgarbage()
    collectgarbage()
    assert.equal("credentials", (calls[2]:next()))
    assert.equal("exchange", (calls[2]:next(KEYS)))
  end)

  it("do not wait for a call that has not answered for a minute, whose answer is still accepted", function()
    local calls = waiting(3)
    host.now = NOW + 59
    assert.equal("sleep", (calls[2]:next()))
    host.now = NOW + 61
    assert.equal("credentials", (calls[2]:next()))
    assert.equal("sleep", (calls[3]:next()))
    local step, err = calls[1]:next(nil, "too late")
    assert.same({ "failed", "too late" }, { step, err.message })
    assert.equal("sleep", (calls[3]:next()))
    assert.equal("exchange", (calls[2]:next(KEYS)))
    assert.equal("exchange", (calls[3]:next()))
  end)

  it("do not wait if the clock was set back", function()
    local calls = waiting(2)
    host.now = NOW - 3600
    assert.equal("credentials", (calls[2]:next()))
  end)

  it("end with their client", function()
    local calls = waiting(3)
    client:close()
    for _, call in ipairs(calls) do
      local step, err = call:next(KEYS)
      assert.same({ "failed", "ClientClosedError" }, { step, err.code })
    end
  end)
end)
