--- Retries beside botocore's (docs/protocol.md, "Retries"): the same answers, the same number of requests, the same end, the same
-- sleeps.
--
-- Each sequence of answers goes to a call of ivs.core and to a complete botocore client whose HTTP session, clock and die are
-- replaced (oracle/retries.py). Two botocores are asked where both are there: Debian's, and a newer one in PATH with
-- AWS_NEW_RETRIES_2026, whose delays and costs are the ones that we have. Where we differ on purpose, `expected_difference`
-- turns the case into one that botocore has to treat as we treat the original, and nothing else may differ.

local by_hand = require "support.by_hand"
local made_up = require "support.made_up"
local oracle = require "support.oracle"
local retry_cases = require "support.retry_cases"
local shell = require "emulator.shell"

local ARN = by_hand.ARN

local GENERATED = 420
local TOLERANCE = 1e-6 -- seconds
local MODES, HINTS = retry_cases.MODES, retry_cases.HINTS
local FAULTS = { ConnectTimeoutError = "timeout", ReadTimeoutError = "timeout", ConnectionClosedError = "connection",
  EndpointConnectionError = "connection", ProxyConnectionError = "connection", HTTPClientError = "connection",
  SSLError = "tls" }

local coded, bare, fault, good = retry_cases.coded, retry_cases.bare, retry_cases.fault, retry_cases.good

---- where we differ on purpose ----

--- Which answer botocore has to be given in place of this one, and by which rule; or the answer itself.
local function translate(answer, mode)
  local is_legacy = mode == "legacy"
  -- An answer of 2xx without a readable body is an error of ours, retried in every mode (docs/protocol.md, "Responses"); botocore
  -- makes an empty success of it, or raises ResponseParserError at once. A lost connection is retried alike.
  if answer.is_bad then return { fault = "ConnectionClosedError", ticks = answer.ticks }, "ResponseParserError" end
  -- A certificate that failed is never tried again (docs/protocol.md, "TLS"); botocore's SSLError is a ConnectionError. Python's
  -- OSError is one that botocore never tries again.
  if answer.fault == "SSLError" then return { fault = "OSError", ticks = answer.ticks }, "SSLError" end
  -- Connection failures are retried in every mode (docs/protocol.md, "Retries"); botocore's legacy mode lets HTTPClientError
  -- pass.
  if is_legacy and answer.fault == "HTTPClientError" then
    return { fault = "ConnectionClosedError", ticks = answer.ticks }, "HTTPClientError"
  end
  if answer.fault then return answer end
  -- Bare 429 is throttling (docs/protocol.md, "Throttling codes"); botocore knows throttling by its code alone.
  if not is_legacy and answer.status == 429 and not answer.code then return coded(429, "ThrottlingException"), "429" end
  return answer
end

--- Whether Python's int() reads a text, and not as a negative number.
local function is_hint(text)
  if not text then return false end
  local sign, digits = text:match("^%s*([+-]?)(%d[%d_]*)%s*$")
  if not digits or digits:find("__", 1, true) or digits:find("_$") or #digits > 308 then return false end
  return sign ~= "-" or not digits:find("[1-9]")
end

--- Retry-After on 429 and 503 is honoured like x-amz-retry-after where that gives no number (docs/protocol.md, "Server hints").
local function carry_hint(from, to)
  local headers = {}
  for name, value in pairs(to.headers or {}) do headers[name] = value end
  local own, seconds = from.headers["x-amz-retry-after"], from.headers["Retry-After"]
  local may_wait = from.status == 429 or from.status == 503
  if is_hint(own) then
    headers["x-amz-retry-after"] = own
  elseif may_wait and seconds and seconds:find("^%d+$") then
    headers["x-amz-retry-after"] = tostring(tonumber(seconds) * 1000)
  end
  return { status = to.status, headers = headers, body = to.body, ticks = from.ticks }
end

--- What botocore has to be asked so that it answers as we do, by the rules above.
--
-- One rule is about a whole call: a refusal that a wrong clock explains is answered by a request more (docs/protocol.md, "Clock
-- skew"), which counts as an attempt. So botocore's call without that refusal, with one attempt less, has to end alike. Whether
-- the call comes so far shows only in botocore's answer, and there are two variants then.
-- @treturn table `{ plain = case, corrected = case or nil, skew_at, codes = answer's index → our code }`
local function expected_difference(case)
  local plain, codes = {}, {}
  local difference = { codes = codes }
  for index, answer in ipairs(case.answers) do
    local given, code = translate(answer, case.mode)
    plain[index] = given.fault and given or carry_hint(answer, given)
    codes[index] = code
    if answer.is_skew and not difference.skew_at then difference.skew_at = index end
  end
  local function variant(answers, max_attempts)
    return { mode = case.mode, max_attempts = max_attempts, random = case.random, calls = { answers } }
  end
  difference.plain = variant(plain, case.max_attempts)
  local skew_at = difference.skew_at
  if skew_at then
    local rest = {}
    for index, answer in ipairs(plain) do if index ~= skew_at then rest[#rest + 1] = answer end end
    -- a sequence's last answer is repeated, and the clock corrected once
    if skew_at == #plain then rest[skew_at] = plain[skew_at] end
    -- the request more is sent even where no attempt is left
    difference.corrected = variant(rest, math.max(case.max_attempts - 1, skew_at))
  end
  return difference
end

---- ours ----

local function make_client(case)
  return made_up.client({ retry_mode = case.mode, max_attempts = case.max_attempts }, case.random)
end

local function bring(call, clock, answer)
  clock.pass(answer.ticks or 0)
  if answer.fault then return call:next(nil, { kind = FAULTS[answer.fault], code = answer.fault, message = "m" }) end
  return call:next(answer)
end

--- Makes one call as the oracle does.
local function make_call(client, clock, answers)
  local result, call = { sent = 0, sleeps = {} }, client:call(ARN)
  local step, detail = call:next()
  while step ~= "done" and step ~= "failed" do
    if step == "exchange" then
      result.sent = result.sent + 1
      step, detail = bring(call, clock, answers[math.min(result.sent, #answers)])
    else
      table.insert(result.sleeps, detail)
      step, detail = made_up.sleep(call, clock, detail)
    end
  end
  if step == "done" then
    result.retries = detail.ResponseMetadata.RetryAttempts
  else
    result.err, result.retries = detail, detail.attempts - 1
  end
  return result
end

---- comparison ----

--- The numbers of the sentence that boto3 writes, "reached max retries: N".
local function reached(text) return text and text:match("%(reached max retries: (%d+)%)") end

local function assert_same_end(expected, ours, code, where)
  local err = ours.err
  if expected.code or expected.fault then
    assert.is_truthy(err, where .. ": fails")
    assert.equal(code or expected.code or expected.fault, err.code, where)
  else
    assert.is_nil(err, where .. ": " .. tostring(err))
  end
  if expected.retries then assert.equal(expected.retries, ours.retries, where .. ": RetryAttempts") end
  if expected.code then assert.equal(reached(expected.text), reached(tostring(err)), where) end
  if expected.fault then assert.is_nil(reached(tostring(err)), where) end
  if expected.code and not code then assert.equal(expected.text, tostring(err), where) end
end

local function assert_same_sleeps(expected, ours, where)
  assert.equal(#expected, #ours, where .. ": how often it slept")
  for index, seconds in ipairs(expected) do
    assert.is_true(math.abs(seconds - ours[index]) <= TOLERANCE,
      ("%s: sleep %d is %.6f s, not %.6f s"):format(where, index, ours[index], seconds))
  end
end

--- Botocore's result for the case with the request more, told as if it had been sent by botocore.
local function add_correction(result)
  result.sent = result.sent + 1
  if result.retries then result.retries = result.retries + 1 end
  local retries = reached(result.text)
  if retries then result.text = result.text:gsub("(reached max retries: )%d+", "%1" .. ("%d"):format(retries + 1)) end
  return result
end

--- Each place of a sequence that a call stopped at, after the corrected clock took one out.
local function index_of(sent, answers)
  return math.min(sent, #answers)
end

local function compare(case, difference, plain, corrected, knows_delays)
  local client, clock = make_client(case)
  local ours = make_call(client, clock, case.answers)
  local expected = plain
  local was_corrected = difference.skew_at and plain.sent >= difference.skew_at
  if was_corrected then expected = add_correction(corrected) end
  assert.equal(expected.sent, ours.sent, case.name .. ": requests")
  assert_same_end(expected, ours, difference.codes[index_of(ours.sent, case.answers)], case.name)
  -- a corrected call observes an answer that botocore has not been given
  if knows_delays and not was_corrected then assert_same_sleeps(expected.sleeps, ours.sleeps, case.name) end
  return expected.sent
end

---- the botocores ----

--- A Python in PATH whose botocore knows the new retries, or nil.
local function newer_python()
  local found, status = shell.run("python3 -c 'import sys, botocore.configprovider as c; c.NEW_RETRIES_ENABLED; "
    .. "print(sys.executable)' 2>/dev/null")
  return status == 0 and found:match("^(/[^\n]+)\n$") or nil
end

--- Asks every botocore that is there. Returns a list of { botocore, new_retries, cases }.
local function ask(cases)
  local batches = { { cases = cases } }
  local newer = newer_python()
  if newer then batches[2] = { cases = cases, python = newer, new_retries = true } end
  local results = oracle.run("retries", batches)
  for index, result in ipairs(results) do
    result.new_retries = batches[index].new_retries and result.has_new_retries
    assert(#result.cases == #cases)
  end
  return results
end

--- Compares all cases with all botocores; returns the requests and the calls compared.
local function compare_all(cases)
  local inputs, differences, place = {}, {}, {}
  local function add(input)
    inputs[#inputs + 1] = input
    return #inputs
  end
  for index, case in ipairs(cases) do
    local difference = expected_difference(case)
    differences[index] = difference
    place[index] = { add(difference.plain), difference.corrected and add(difference.corrected) }
  end
  local requests, calls = 0, 0
  for _, asked in ipairs(ask(inputs)) do
    for index, case in ipairs(cases) do
      local plain, corrected = asked.cases[place[index][1]][1], asked.cases[place[index][2] or 0]
      local knows_delays = asked.new_retries or case.mode == "legacy"
      requests = requests + compare(case, differences[index], plain, corrected and corrected[1], knows_delays)
      calls = calls + 1
    end
  end
  return requests, calls
end

describe("a call beside botocore's", function()
  it("sends as many requests with the same result, for every code, status, body and fault in every mode", function()
    compare_all(retry_cases.named())
  end)

  it("sends as many requests with the same result, over random sequences of responses", function()
    local cases = {}
    for seed = 1, GENERATED do cases[seed] = retry_cases.make(seed) end
    local requests, calls = compare_all(cases)
    assert.is_true(calls >= GENERATED and requests > calls * 1.5, "the cases are worth their name")
  end)

  it("waits as the server hints, at most five seconds longer than its own delay", function()
    local cases = {}
    for _, mode in ipairs(MODES) do
      for _, hint in ipairs(HINTS) do
        for _, seconds in ipairs { false, "0", "2", "100", "soon" } do
          local answers = { bare(500), coded(429, "ThrottlingException"), bare(503), bare(429), bare(504) }
          for _, answer in ipairs(answers) do
            answer.headers["x-amz-retry-after"], answer.headers["Retry-After"] = hint or nil, seconds or nil
          end
          cases[#cases + 1] = { name = ("%s with hints %s, %s"):format(mode, tostring(hint), tostring(seconds)), mode = mode,
            max_attempts = 6, random = 0.5, answers = answers }
        end
      end
    end
    compare_all(cases)
  end)
end)

describe("the quota of a client", function()
  --- Failing calls of one client, each of up to max_attempts requests: how many each sent.
  local function spend(case)
    local client, clock = make_client(case)
    local sent = {}
    for index, answers in ipairs(case.calls) do sent[index] = make_call(client, clock, answers).sent end
    return sent
  end

  local function repeated(count, answers)
    local calls = {}
    for index = 1, count do calls[index] = answers end
    return calls
  end

  local CALLS = 60
  local FAILURES = { -- and what a retry costs: ours, and before the new retries
    { "broken", { bare(500) }, 14, 5 },
    { "throttled", { coded(429, "ThrottlingException") }, 5, 5 },
    { "of codes that tell of time", { coded(400, "RequestTimeout") }, 14, 5 },
    { "whose connection is lost", { fault("ConnectionClosedError") }, 14, 5 },
    { "that come too late", { fault("ReadTimeoutError") }, 14, 10 },
  }

  --- What follows from 500 tokens: each retry takes its cost, a call without tokens sends once.
  local function by_arithmetic(cost, max_attempts)
    local sent, tokens = {}, 500
    for index = 1, CALLS do
      sent[index] = 1
      while sent[index] < max_attempts and tokens >= cost do
        sent[index], tokens = sent[index] + 1, tokens - cost
      end
    end
    return sent
  end

  local function total(sent)
    local sum = 0
    for _, count in ipairs(sent) do sum = sum + count end
    return sum
  end

  it("is spent by failing calls at the documented costs", function()
    local cases = {}
    for _, mode in ipairs { "standard", "adaptive" } do
      for _, failure in ipairs(FAILURES) do
        cases[#cases + 1] = { name = failure[1], mode = mode, max_attempts = 4, random = 0, calls = repeated(CALLS, failure[2]),
          cost = failure[3], old_cost = failure[4] }
      end
    end
    local asked = ask(cases)
    for index, case in ipairs(cases) do
      local ours = spend(case)
      assert.same(by_arithmetic(case.cost, 4), ours, case.name)
      assert.equal(CALLS + math.floor(500 / case.cost), total(ours))
      for _, result in ipairs(asked) do
        local theirs = {}
        for call, answer in ipairs(result.cases[index]) do theirs[call] = answer.sent end
        assert.same(by_arithmetic(result.new_retries and case.cost or case.old_cost, 4), theirs, case.name)
      end
    end
  end)

  it("is refilled by successes as botocore's, over random sequences of calls", function()
    local cases = {}
    for seed = 1, 8 do
      local die, calls = made_up.die(seed + 5000), {}
      for index = 1, 100 do
        local answers = {}
        for _ = 1, die:roll(4) do
          local failure = die:pick(FAILURES)
          answers[#answers + 1] = failure[2][1]
        end
        if die:once_in(seed % 4 + 1) then answers[#answers + 1] = good() end
        calls[index] = answers
      end
      cases[seed] = { name = "life " .. seed, mode = "standard", max_attempts = die:roll(4) + 2, random = 0, calls = calls }
    end
    local lives = {}
    for index, case in ipairs(cases) do lives[index] = spend(case) end
    for _, result in ipairs(ask(cases)) do
      if result.new_retries then
        for index, case in ipairs(cases) do
          local theirs = {}
          for call, answer in ipairs(result.cases[index]) do theirs[call] = answer.sent end
          assert.same(theirs, lives[index], case.name)
        end
      end
    end
  end)

  it("does not exist in legacy mode", function()
    local case = { name = "legacy", mode = "legacy", max_attempts = 6, random = 0, calls = repeated(CALLS, { bare(500) }) }
    assert.equal(CALLS * 6, total(spend(case)))
  end)
end)
