--- When a call is sent again, and after how long (docs/protocol.md, "Retries"), and how a wrong clock is corrected
-- (docs/protocol.md, "Clock skew").

local by_hand = require "support.by_hand"
local core = require "ivs.core"

local ARN, NOW, KEYS = by_hand.ARN, by_hand.NOW, by_hand.KEYS
local GOOD, BROKEN, THROTTLED = by_hand.GOOD, by_hand.BROKEN, by_hand.THROTTLED
local client_for, carry_out, refusal = by_hand.client, by_hand.carry_out, by_hand.refusal

local function http_date(seconds) return os.date("!%a, %d %b %Y %H:%M:%S GMT", seconds) end

local function round(delays)
  local rounded = {}
  for index, delay in ipairs(delays) do rounded[index] = ("%.4f"):format(delay) end
  return rounded
end

describe("retrying", function()
  it("waits random × base × 2^(n−1) seconds, up to 20", function()
    local clock = { random = 0.5 }
    local _, delays = carry_out(client_for({ max_attempts = 12 }, clock):call(ARN), { BROKEN })
    assert.same({ "0.0250", "0.0500", "0.1000", "0.2000", "0.4000", "0.8000", "1.6000", "3.2000", "6.4000", "10.0000",
      "10.0000" }, round(delays))
  end)

  it("waits from a base of one second after throttling", function()
    local _, delays = carry_out(client_for({ max_attempts = 8 }, { random = 0.25 }):call(ARN), { THROTTLED })
    assert.same({ "0.2500", "0.5000", "1.0000", "2.0000", "4.0000", "5.0000", "5.0000" }, round(delays))
  end)

  it("waits random × 2^(n−1) seconds in legacy mode, for five attempts", function()
    local requests, delays = carry_out(client_for({ retry_mode = "legacy" }, { random = 0.5 }):call(ARN), { BROKEN })
    assert.same({ "0.5000", "1.0000", "2.0000", "4.0000" }, round(delays))
    assert.equal(5, #requests)
  end)

  it("follows the server's hint within five seconds of its own delay", function()
    for milliseconds, delay in pairs { ["1500"] = "1.5000", ["10"] = "0.0500", ["60000"] = "5.0500", ["x"] = "0.0500" } do
      local call = client_for():call(ARN)
      call:next()
      local _, seconds = call:next(refusal(503, "X", { ["x-amz-retry-after"] = milliseconds }))
      assert.same({ delay }, round { seconds })
    end
    for status, delay in pairs { [503] = "3.0000", [429] = "3.0000", [500] = "0.0500" } do
      local call = client_for():call(ARN)
      call:next()
      local answer = refusal(status, tostring(status), { ["Retry-After"] = "3" })
      assert.same({ status == 429 and "3.0000" or delay }, round { (select(2, call:next(answer))) })
    end
    local call = client_for():call(ARN)
    call:next()
    assert.same({ "2.0000" }, round { (select(2, call:next(refusal(503, "X", { ["Retry-After"] = http_date(NOW + 2) })))) })
  end)

  it("reads the hint as Python's int() does", function()
    local function delay_after(hint)
      local call = client_for():call(ARN)
      call:next()
      return round { (select(2, call:next(refusal(500, "X", { ["x-amz-retry-after"] = hint })))) }[1]
    end
    for _, hint in ipairs { "+1500", "1_500", "0001500", ("0"):rep(40) .. "1500" } do
      assert.equal("1.5000", delay_after(hint), hint)
    end
    for _, digits in ipairs { 19, 20, 25, 308 } do assert.equal("5.0500", delay_after(("9"):rep(digits))) end
    for _, hint in ipairs { "-1500", "-" .. ("9"):rep(25), "1__500", "_1500", "1500_", "+", "-", "+-1500", "1500.0", "1e3",
      ("9"):rep(400) } do
      assert.equal("0.0500", delay_after(hint), hint)
    end
  end)

  it("is for the statuses and codes of its list only", function()
    for code, status in pairs { InternalServerException = 500, ServiceUnavailable = 503, ThrottlingException = 429,
      RequestTimeout = 400, SlowDown = 403, RequestLimitExceeded = 400, ["502"] = 502, ["504"] = 504, ["429"] = 429 } do
      local requests = carry_out(client_for():call(ARN), { refusal(status, code) })
      assert.equal(3, #requests, code)
    end
    for code, status in pairs { ResourceNotFoundException = 404, AccessDeniedException = 403, ValidationException = 400,
      ExpiredTokenException = 403, IDPCommunicationError = 400, ["501"] = 501, ["408"] = 408, ConflictException = 409, ["301"] = 301 } do
      local requests, _, step = carry_out(client_for():call(ARN), { refusal(status, code) })
      assert.same({ 1, "failed" }, { #requests, step }, code)
    end
    assert.equal(3, #carry_out(client_for():call(ARN), { { status = 200, body = "<html>" } }))
  end)

  it("counts its attempts in amz-sdk-request, under one invocation ID", function()
    local requests = carry_out(client_for():call(ARN), { BROKEN })
    assert.equal("attempt=1", requests[1].headers["amz-sdk-request"])
    assert.equal("attempt=2; max=3", requests[2].headers["amz-sdk-request"])
    assert.equal("attempt=3; max=3", requests[3].headers["amz-sdk-request"])
    for _, request in ipairs(requests) do
      assert.equal(requests[1].headers["amz-sdk-invocation-id"], request.headers["amz-sdk-invocation-id"])
    end
  end)

  it("sends the time until which it waits, on the server's clock", function()
    -- botocore: the ttl is now + read_timeout + (Date − now), as an amz date
    local clock = {}
    local call = client_for({ read_timeout = 30 }, clock):call(ARN)
    call:next()
    call:next(refusal(500, "X", { Date = http_date(NOW + 100) }))
    clock.now = NOW + 7
    local _, request = call:next()
    assert.equal("ttl=" .. os.date("!%Y%m%dT%H%M%SZ", NOW + 137) .. "; attempt=2; max=3", request.headers["amz-sdk-request"])
  end)

  it("signs each attempt again", function()
    local clock = {}
    local requests = carry_out(client_for({}, clock):call(ARN), { THROTTLED }, clock)
    assert.equal("20231114T221320Z", requests[1].headers["X-Amz-Date"])
    assert.equal("20231114T221321Z", requests[2].headers["X-Amz-Date"])
    assert.equal("20231114T221323Z", requests[3].headers["X-Amz-Date"])
    assert.not_equal(requests[1].headers.Authorization, requests[2].headers.Authorization)
  end)

  it("gives each call an invocation ID of its own", function()
    local client, seen = assert(core.client { region = "us-west-2", credentials = KEYS, env = {} }), {}
    for _ = 1, 20 do
      local id = select(2, client:call(ARN):next()).headers["amz-sdk-invocation-id"]
      assert.is_nil(seen[id])
      assert.truthy(id:match("^%x+%-%x+%-4%x%x%x%-[89ab]%x%x%x%-%x+$"))
      seen[id] = true
    end
  end)

  it("stops when its quota of 500 tokens is spent, 14 for a retry", function()
    local client = client_for { max_attempts = 100 }
    local requests, _, _, err = carry_out(client:call(ARN), { BROKEN })
    assert.equal(1 + math.floor(500 / 14), #requests)
    assert.same({ "InternalServerException", true }, { err.code, err.retryable })
    assert.is_nil(tostring(err):find("reached max", 1, true))
    assert.equal(1 + 2, #carry_out(client:call(ARN), { THROTTLED }), "the 10 tokens left are two throttling retries")
    assert.equal(1, #carry_out(client:call(ARN), { THROTTLED }))
    for _ = 1, 13 do carry_out(client:call(ARN), { GOOD }) end -- one back for each
    assert.equal(1, #carry_out(client:call(ARN), { BROKEN }))
    carry_out(client:call(ARN), { GOOD })
    assert.equal(2, #carry_out(client:call(ARN), { BROKEN, BROKEN }))
  end)

  it("returns the tokens of its last retry when that succeeds", function()
    local client = client_for { max_attempts = 100 }
    for _ = 1, 40 do
      assert.equal(2, #carry_out(client:call(ARN), { BROKEN, GOOD }))
    end
    assert.equal(1 + math.floor(500 / 14), #carry_out(client:call(ARN), { BROKEN }))
  end)

  it("has no quota in legacy mode", function()
    assert.equal(100, #carry_out(client_for { retry_mode = "legacy", max_attempts = 100 }:call(ARN), { BROKEN }))
  end)

  it("covers the reasons why no response came", function()
    local call = client_for():call(ARN)
    call:next()
    for _ = 1, 2 do
      assert.equal("sleep", (call:next(nil, { kind = "connection", code = "ConnectionClosedError", message = "m" })))
      call:next()
    end
    local step, err = call:next(nil, { kind = "connection", code = "ConnectionClosedError", message = "m" })
    assert.same({ "failed", 3 }, { step, err.attempts })
  end)
end)

describe("a wrong clock of the client", function()
  local function skewed(code, offset, more)
    return refusal(403, code, { Date = http_date(NOW + offset), Age = more and more.age })
  end

  it("is corrected by the Date of the error response, and the call is sent once more", function()
    for _, code in ipairs { "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture", "InvalidSignatureException",
      "SignatureDoesNotMatch", "AuthFailure" } do
      local client = client_for()
      local requests, delays, step = carry_out(client:call(ARN), { skewed(code, 3600), GOOD })
      assert.same({ 2, "done" }, { #requests, step }, code)
      assert.same({ "0.0000" }, round(delays))
      assert.equal(os.date("!%Y%m%dT%H%M%SZ", NOW + 3600), requests[2].headers["X-Amz-Date"])
      requests = carry_out(client:call(ARN), { GOOD })
      assert.equal(os.date("!%Y%m%dT%H%M%SZ", NOW + 3600), requests[1].headers["X-Amz-Date"], "it stays right")
    end
  end)

  it("is corrected once in a call", function()
    local requests, _, step = carry_out(client_for():call(ARN), { skewed("RequestExpired", -3600),
      skewed("RequestExpired", 7200) })
    assert.same({ 2, "failed" }, { #requests, step })
  end)

  it("is not corrected within four minutes, from a cache, without a Date or for another code", function()
    for _, answer in ipairs { skewed("RequestExpired", 230), skewed("RequestExpired", -230),
      skewed("RequestExpired", 3600, { age = "10" }), refusal(403, "RequestExpired"), skewed("AccessDeniedException", 3600),
      refusal(403, "RequestExpired", { Date = "yesterday" }) } do
      assert.equal(1, #carry_out(client_for():call(ARN), { answer }))
    end
  end)
end)
