--- How long a call waits before it is sent again (docs/protocol.md, "Retries"), by the documented arithmetic.
--
-- t = random × min(base × 2^(n−1), 20) seconds, base 0.05 or, after throttling, 1; in legacy mode random × 2^(n−1). The
-- server's hint holds within [t, t + 5]. Beside botocore's own delays in retries_botocore_spec.

local by_hand = require "support.by_hand"

local ARN, NOW = by_hand.ARN, by_hand.NOW
local BROKEN, THROTTLED, GOOD = by_hand.BROKEN, by_hand.THROTTLED, by_hand.GOOD
local client_for, carry_out, refusal = by_hand.client, by_hand.carry_out, by_hand.refusal

local TOLERANCE = 1e-9
local DICE = { 0, 0.001, 0.25, 0.5, 0.75, 0.999999 }
local AHEAD = 5 -- seconds that a hint may add

local function assert_near(expected, got, where)
  assert.is_true(math.abs(expected - got) <= TOLERANCE, ("%s: %.9f s, not %.9f s"):format(where, got, expected))
end

local function http_date(seconds) return os.date("!%a, %d %b %Y %H:%M:%S GMT", seconds) end

--- The first delay after this answer, or nil where the call is not sent again.
local function first_delay(answer, options, die)
  local call = client_for(options, { random = die or 0.5 }):call(ARN)
  call:next()
  local step, seconds = call:next(answer)
  return step == "sleep" and seconds or nil
end

--- An answer's headers as they are given, added to it.
local function told(answer, headers)
  local copy = { status = answer.status, body = answer.body, headers = {} }
  for name, value in pairs(answer.headers or {}) do copy.headers[name] = value end
  for name, value in pairs(headers) do copy.headers[name] = value end
  return copy
end

describe("the delay before a retry", function()
  --- Ten retries with this answer, in a call of eleven attempts.
  local function assert_formula(mode, answer, formula)
    for _, die in ipairs(DICE) do
      local _, delays = carry_out(client_for({ retry_mode = mode, max_attempts = 11 }, { random = die }):call(ARN), { answer })
      assert.equal(10, #delays)
      for n, seconds in ipairs(delays) do assert_near(formula(die, n), seconds, ("%s, retry %d"):format(mode, n)) end
    end
  end

  it("is random × min(0.05 × 2^(n−1), 20)", function()
    for _, answer in ipairs { BROKEN, refusal(400, "RequestTimeout"), { status = 502, body = "" },
      { status = 200, body = "<html>" } } do
      assert_formula("standard", answer, function(die, n) return die * math.min(0.05 * 2 ^ (n - 1), 20) end)
    end
  end)

  it("is random × min(2^(n−1), 20) after throttling, whatever the status", function()
    for _, answer in ipairs { THROTTLED, refusal(400, "Throttling"), refusal(503, "SlowDown"),
      refusal(500, "RequestLimitExceeded"), { status = 429, body = "" }, { status = 429, body = "<html>" } } do
      assert_formula("standard", answer, function(die, n) return die * math.min(2 ^ (n - 1), 20) end)
    end
  end)

  it("is random × 2^(n−1) in legacy mode, with no ceiling", function()
    for _, answer in ipairs { BROKEN, THROTTLED, refusal(400, "Throttling"), { status = 509, body = "" },
      { status = 200, body = "" } } do
      assert_formula("legacy", answer, function(die, n) return die * 2 ^ (n - 1) end)
    end
  end)

  it("depends on the last response and on the number of attempts", function()
    local answers = { BROKEN, THROTTLED, { status = 200, body = "" }, THROTTLED, GOOD }
    local _, delays = carry_out(client_for({ max_attempts = 5 }, { random = 0.5 }):call(ARN), answers)
    for index, expected in ipairs { 0.5 * 0.05, 0.5 * 2, 0.5 * 0.2, 0.5 * 8 } do
      assert_near(expected, delays[index], "retry " .. index)
    end
  end)

  it("is that of standard mode in adaptive mode, followed by the wait for the rate", function()
    for answer, expected in pairs { [BROKEN] = 0.025, [THROTTLED] = 0.5 } do
      local clock = {}
      local call = client_for({ retry_mode = "adaptive" }, clock):call(ARN)
      clock.random = 0.5
      call:next()
      local step, seconds = call:next(answer)
      assert.equal("sleep", step)
      assert_near(expected, seconds, "adaptive")
    end
  end)

  it("is drawn once for each retry", function()
    local thrown, throws = { 0.1, 0.2, 0.3 }, 0
    local function random()
      throws = throws + 1
      return thrown[throws] or 0
    end
    local client = assert(require "ivs.core".client(
      { region = "us-west-2", credentials = by_hand.KEYS, env = {}, max_attempts = 4 }, { random = random }))
    local call = client:call(ARN)
    throws = 0 -- the invocation id is thrown, too
    local _, delays = carry_out(call, { BROKEN })
    for index, expected in ipairs { 0.1 * 0.05, 0.2 * 0.1, 0.3 * 0.2 } do
      assert_near(expected, delays[index], "retry " .. index)
    end
    local good = client:call(ARN)
    throws = 0
    carry_out(good, { GOOD })
    assert.equal(0, throws)
  end)
end)

describe("the server's hint", function()
  local MODES = { standard = true, adaptive = true }

  it("x-amz-retry-after is in milliseconds, from t to t + 5 s, for everything that is retried", function()
    for mode in pairs(MODES) do
      for _, answer in ipairs { BROKEN, THROTTLED, { status = 503, body = "" }, refusal(400, "RequestTimeout") } do
        local own = first_delay(answer, { retry_mode = mode })
        for _, milliseconds in ipairs { 0, 1, 24, 26, 500, 501, 1000, 4999, 5024, 5026, 5500, 5501, 1e6, 1e15 } do
          local seconds = first_delay(told(answer, { ["x-amz-retry-after"] = ("%d"):format(milliseconds) }),
            { retry_mode = mode })
          assert_near(math.min(math.max(milliseconds / 1000, own), own + AHEAD), seconds, milliseconds .. " ms")
        end
      end
    end
  end)

  it("x-amz-retry-after may have any case", function()
    assert_near(2, first_delay(told(BROKEN, { ["X-Amz-Retry-After"] = "2000" })), "2000 ms")
  end)

  it("Retry-After is in seconds or a date, on 429 and 503", function()
    for mode in pairs(MODES) do
      for _, answer in ipairs { THROTTLED, { status = 429, body = "" }, { status = 503, body = "" }, refusal(503, "SlowDown") } do
        local own = first_delay(answer, { retry_mode = mode })
        for _, seconds in ipairs { 0, 1, 2, 3, 5, 6, 100, 1e9 } do
          local expected = math.min(math.max(seconds, own), own + AHEAD)
          assert_near(expected, first_delay(told(answer, { ["Retry-After"] = ("%d"):format(seconds) }), { retry_mode = mode }),
            seconds .. " s")
          assert_near(expected, first_delay(told(answer, { ["Retry-After"] = http_date(NOW + seconds) }), { retry_mode = mode }),
            "in " .. seconds .. " s")
        end
      end
    end
  end)

  it("Retry-After is ignored on other statuses, x-amz-retry-after is not", function()
    for _, status in ipairs { 500, 502, 504 } do
      local answer = { status = status, body = "" }
      local own = first_delay(answer)
      assert_near(own, first_delay(told(answer, { ["Retry-After"] = "3" })), "status " .. status)
      assert_near(own, first_delay(told(answer, { ["Retry-After"] = http_date(NOW + 3) })), "status " .. status)
      assert_near(3, first_delay(told(answer, { ["Retry-After"] = "1", ["x-amz-retry-after"] = "3000" })), "status " .. status)
    end
    assert_near(first_delay(refusal(400, "Throttling")), first_delay(refusal(400, "Throttling", { ["Retry-After"] = "3" })),
      "throttled at 400")
  end)

  it("x-amz-retry-after overrides Retry-After, unless it is not a number", function()
    local answer = { status = 503, body = "" }
    assert_near(2, first_delay(told(answer, { ["x-amz-retry-after"] = "2000", ["Retry-After"] = "4" })), "both")
    assert_near(4, first_delay(told(answer, { ["x-amz-retry-after"] = "soon", ["Retry-After"] = "4" })), "one of them")
  end)

  it("that is malformed, or in the past, is ignored", function()
    local answer = { status = 503, body = "" }
    local own = first_delay(answer)
    for _, text in ipairs { "", " ", "x", "-1", "-1000", "+1", "1.5", "1e3", "0x10", "1 000", "3s", "1,2", "٣", "nan", "inf" } do
      for _, name in ipairs { "x-amz-retry-after", "Retry-After" } do
        assert_near(own, first_delay(told(answer, { [name] = text })), name .. ": " .. text)
      end
    end
    for _, text in ipairs { http_date(NOW), http_date(NOW - 1), http_date(NOW - 1e6), http_date(NOW + 3):sub(1, -5),
      http_date(NOW + 3):gsub("GMT", "CET"), http_date(NOW + 3):gsub("Nov", "Foo"), "Tue, 99 Nov 2023 22:13:23 GMT",
      "2023-11-14T22:13:23Z", "tomorrow" } do
      assert_near(own, first_delay(told(answer, { ["Retry-After"] = text })), text)
    end
  end)

  it("is ignored in legacy mode", function()
    for _, name in ipairs { "x-amz-retry-after", "Retry-After" } do
      assert_near(0.5, first_delay(refusal(503, "X", { [name] = "3000" }), { retry_mode = "legacy" }), name)
    end
  end)

  it("does not make a response retryable", function()
    for _, name in ipairs { "x-amz-retry-after", "Retry-After" } do
      assert.is_nil(first_delay(refusal(404, "ResourceNotFoundException", { [name] = "1" })))
      assert.is_nil(first_delay(refusal(503, "X", { [name] = "1" }), { max_attempts = 1 }))
    end
  end)

  it("applies to its own response only", function()
    local call = client_for({ max_attempts = 4 }, { random = 0.5 }):call(ARN)
    call:next()
    assert_near(3, (select(2, call:next(refusal(503, "X", { ["x-amz-retry-after"] = "3000" })))), "hinted")
    call:next()
    local lost = { kind = "connection", code = "ConnectionClosedError", message = "m" }
    assert_near(0.5 * 0.1, (select(2, call:next(nil, lost))), "after it, a lost connection")
    call:next()
    assert_near(0.5 * 0.2, (select(2, call:next(BROKEN))), "after it, no hint")
  end)
end)
