--- A wrong clock (docs/protocol.md, "Clock skew"): the offset is learned from the Date of an error response, the call is sent
-- once more, and the client keeps the offset. By hand over ivs.core, and over the blocking driver with an emulator whose clock is
-- off.

local by_hand = require "support.by_hand"
local ivs = require "ivs"
local server = require "emulator.server"
local store = require "emulator.store"

local ARN, NOW, GOOD, BROKEN = by_hand.ARN, by_hand.NOW, by_hand.GOOD, by_hand.BROKEN
local client_for, carry_out, refusal = by_hand.client, by_hand.carry_out, by_hand.refusal

local CODES = { "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture", "InvalidSignatureException",
  "SignatureDoesNotMatch", "AuthFailure" }
local OFFSETS = { 300, -300, 3600, -3600, 86400, -86400, 365 * 86400, -365 * 86400 }
local TOLERATED = 4 * 60

local function http_date(seconds) return os.date("!%a, %d %b %Y %H:%M:%S GMT", seconds) end
local function amz_date(seconds) return os.date("!%Y%m%dT%H%M%SZ", seconds) end

--- A refusal by a server whose clock is so far ahead.
local function skewed(code, offset, headers)
  local all = { Date = http_date(NOW + offset) }
  for name, value in pairs(headers or {}) do all[name] = value or nil end
  return refusal(403, code, all)
end

local function date_of(request) return request.headers["X-Amz-Date"] end

describe("a wrong clock", function()
  it("is corrected for each code, in both directions, and stays corrected for the client's next calls", function()
    for _, code in ipairs(CODES) do
      for _, offset in ipairs(OFFSETS) do
        local client, clock = client_for()
        local requests, delays, step, response = carry_out(client:call(ARN), { skewed(code, offset), GOOD })
        assert.same({ 2, "done", 1 }, { #requests, step, response.ResponseMetadata.RetryAttempts })
        assert.same({ 0 }, delays)
        assert.same({ amz_date(NOW), amz_date(NOW + offset) }, { date_of(requests[1]), date_of(requests[2]) })
        clock.now = NOW + 50
        requests = carry_out(client:call(ARN), { GOOD })
        assert.same({ 1, amz_date(NOW + 50 + offset) }, { #requests, date_of(requests[1]) })
        assert.truthy(requests[1].headers.Authorization:find("/" .. amz_date(NOW + 50 + offset):sub(1, 8) .. "/", 1, true))
      end
    end
  end)

  it("is corrected in every mode, also if no attempt is left", function()
    for _, mode in ipairs { "standard", "adaptive", "legacy" } do
      for attempts = 1, 3 do
        local client, clock = client_for { retry_mode = mode, max_attempts = attempts }
        local requests, _, step = carry_out(client:call(ARN), { skewed("RequestExpired", 3600), GOOD }, clock)
        assert.same({ 2, "done" }, { #requests, step }, mode)
      end
    end
  end)

  it("costs no tokens of the quota", function()
    local client = client_for { max_attempts = 100 }
    carry_out(client:call(ARN), { BROKEN }) -- 500 - 35 × 14 = 10
    carry_out(client:call(ARN), { by_hand.THROTTLED }) -- 0
    assert.equal(1, #carry_out(client:call(ARN), { BROKEN }))
    local requests, _, step = carry_out(client:call(ARN), { skewed("RequestExpired", 3600), GOOD })
    assert.same({ 2, "done" }, { #requests, step })
  end)

  it("is corrected once in a call, which then ends with the error", function()
    for _, second in ipairs { 7200, -7200, 3600 } do
      local requests, _, step, err = carry_out(client_for():call(ARN),
        { skewed("RequestExpired", 3600), skewed("RequestInTheFuture", second) })
      assert.same({ 2, "failed", "RequestInTheFuture", 2 }, { #requests, step, err.code, err.attempts })
    end
  end)

  it("may be corrected again by the next call", function()
    local client = client_for()
    carry_out(client:call(ARN), { skewed("RequestExpired", 3600), GOOD })
    local requests = carry_out(client:call(ARN), { skewed("RequestExpired", -3600), GOOD })
    assert.same({ amz_date(NOW + 3600), amz_date(NOW - 3600) }, { date_of(requests[1]), date_of(requests[2]) })
    requests = carry_out(client:call(ARN), { skewed("RequestExpired", 0), GOOD })
    assert.same({ amz_date(NOW - 3600), amz_date(NOW) }, { date_of(requests[1]), date_of(requests[2]) })
  end)

  it("differs by more than four minutes", function()
    for offset, sent in pairs { [TOLERATED] = 1, [-TOLERATED] = 1, [TOLERATED - 1] = 1, [0] = 1, [TOLERATED + 1] = 2,
      [-TOLERATED - 1] = 2 } do
      assert.equal(sent, #carry_out(client_for():call(ARN), { skewed("RequestExpired", offset), GOOD }), tostring(offset))
    end
  end)

  it("is measured from the known offset", function()
    local client = client_for()
    carry_out(client:call(ARN), { skewed("RequestExpired", 3600), GOOD })
    assert.equal(1, #carry_out(client:call(ARN), { skewed("RequestExpired", 3600 + 100) }), "it is right already")
    assert.equal(2, #carry_out(client:call(ARN), { skewed("RequestExpired", 3600 + 300), GOOD }))
  end)

  it("is not corrected by a cached response, or one without a valid Date", function()
    for _, answer in ipairs { skewed("RequestExpired", 3600, { Age = "0" }), skewed("RequestExpired", 3600, { aGE = "7" }),
      skewed("RequestExpired", 3600, { Age = "" }), refusal(403, "RequestExpired"), refusal(403, "RequestExpired", { Date = "" }),
      refusal(403, "RequestExpired", { Date = "2023-11-14T23:13:20Z" }),
      refusal(403, "RequestExpired", { Date = "Tue, 14 Nov 2023 99:13:20 GMT" }) } do
      local client = client_for()
      assert.equal(1, #carry_out(client:call(ARN), { answer }))
      assert.equal(amz_date(NOW), date_of(carry_out(client:call(ARN), { GOOD })[1]))
    end
  end)

  it("is not corrected by other errors", function()
    for _, answer in ipairs { skewed("AccessDeniedException", 3600), skewed("ExpiredTokenException", 3600),
      skewed("UnrecognizedClientException", 3600), skewed("requestexpired", 3600),
      { status = 200, headers = { Date = http_date(NOW + 3600) }, body = GOOD.body },
      { status = 403, headers = { Date = http_date(NOW + 3600) }, body = "" } } do
      local client = client_for()
      assert.equal(1, #carry_out(client:call(ARN), { answer }))
      assert.equal(amz_date(NOW), date_of(carry_out(client:call(ARN), { GOOD })[1]))
    end
  end)

  it("is corrected between retries, which go on unchanged", function()
    local requests, _, step = carry_out(client_for { max_attempts = 4 }:call(ARN),
      { BROKEN, skewed("RequestExpired", 3600), BROKEN, GOOD })
    assert.same({ 4, "done" }, { #requests, step })
    assert.same({ amz_date(NOW), amz_date(NOW), amz_date(NOW + 3600), amz_date(NOW + 3600) },
      { date_of(requests[1]), date_of(requests[2]), date_of(requests[3]), date_of(requests[4]) })
  end)

  it("is corrected for each of several concurrent calls", function()
    local client, calls = client_for(), {}
    for index = 1, 3 do
      calls[index] = client:call(ARN)
      assert.equal("exchange", (calls[index]:next()))
    end
    for _, call in ipairs(calls) do -- the first of them learns; the others were signed before
      assert.equal("sleep", (call:next(skewed("RequestExpired", 3600))))
      local _, request = call:next()
      assert.equal(amz_date(NOW + 3600), date_of(request))
      assert.equal("done", (call:next(GOOD)))
    end
  end)

  it("of one client does not affect another", function()
    local one, other = client_for(), client_for()
    carry_out(one:call(ARN), { skewed("RequestExpired", 3600), GOOD })
    assert.equal(amz_date(NOW), date_of(carry_out(other:call(ARN), { GOOD })[1]))
  end)
end)

describe("a server whose clock is", function()
  local CONFIGURATION = store.configurations.complete.arn

  --- The X-Amz-Date of each request that came, in order.
  local function dates(emulator)
    local found = {}
    for _, line in ipairs(emulator:request_log()) do found[#found + 1] = line:match('"x%-amz%-date":"(%d+T%d+Z)"') end
    return found
  end

  --- Makes calls with one client; returns the responses' RetryAttempts and the requests' dates.
  local function call_twice(offset)
    local emulator = server.start { clock_offset = offset }
    local client = assert(ivs.client { region = emulator.region, endpoint_url = emulator.http_endpoint_url, env = {},
      credentials = { access_key_id = emulator.access_key_id, secret_access_key = emulator.secret_access_key } })
    local retries, before = {}, os.time()
    for index = 1, 2 do
      local response, err = client:get_recording_configuration(CONFIGURATION)
      retries[index] = response and response.ResponseMetadata.RetryAttempts or tostring(err)
    end
    local after, seen = os.time(), dates(emulator)
    client:close()
    emulator:stop()
    return retries, seen, before, after
  end

  --- The learned offset is right to the second that Date has, and the first answer's way.
  local function assert_between(earliest, latest, date)
    assert.is_true(amz_date(earliest) <= date and date <= amz_date(latest), date)
  end

  for name, offset in pairs { ["six minutes ahead"] = 360, ["six minutes behind"] = -360, ["a day ahead"] = 86400,
    ["a day behind"] = -86400 } do
    it(name .. " is called once more, without a delay", function()
      local retries, seen, before, after = call_twice(offset)
      assert.same({ 1, 0 }, retries)
      assert.equal(3, #seen)
      assert_between(before - 1, after + 1, seen[1])
      assert_between(before + offset - 2, after + offset + 2, seen[2])
      assert_between(before + offset - 2, after + offset + 2, seen[3])
    end)
  end

  for name, offset in pairs { ["three minutes ahead"] = 180, ["three minutes behind"] = -180 } do
    it(name .. " accepts the request as it is", function()
      local retries, seen, before, after = call_twice(offset)
      assert.same({ 0, 0 }, retries)
      assert.equal(2, #seen)
      assert_between(before - 1, after + 1, seen[2])
    end)
  end
end)
