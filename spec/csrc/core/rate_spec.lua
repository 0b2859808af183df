--- The adaptive mode's rate (docs/protocol.md, "Adaptive rate"): the same requests are delayed as by botocore's limiter, for
-- the same time.
--
-- Each case is a sequence of events of one client: time passes, calls request to send, responses come, several calls at
-- once. Ours goes through whole calls of ivs.core, so that what counts as an answer, and as a throttling one, is compared, too.

local by_hand = require "support.by_hand"
local core = require "ivs.core"
local made_up = require "support.made_up"
local oracle = require "support.oracle"

local ARN, GOOD, BROKEN, THROTTLED = by_hand.ARN, by_hand.GOOD, by_hand.BROKEN, by_hand.THROTTLED

local CASES, EVENTS, IN_FLIGHT = 220, 60, 4
local TOLERANCE = 1e-6 -- seconds
local TICKS = 1024 -- in a second, as made_up has it

--- What an exchange may bring, and whether it is throttling.
local ANSWERS = {
  throttled = { THROTTLED, by_hand.refusal(400, "Throttling"), by_hand.refusal(503, "SlowDown"),
    { status = 429, body = "" } },
  other = { GOOD, GOOD, GOOD, BROKEN, by_hand.refusal(404, "ResourceNotFoundException"), { status = 200, body = "<html>" },
    { fault = { kind = "connection", code = "ConnectionClosedError", message = "m" } },
    { fault = { kind = "timeout", code = "ReadTimeoutError", message = "m" } },
    { fault = { kind = "tls", code = "SSLError", message = "m" } } },
}

local LENGTHS = { 3, 40, 300, 1100, 5000, 40000 } -- of steps in ticks, at most

--- Events for the oracle; an answer also has what ours is told.
local function make_case(seed)
  local die, events, on_way = made_up.die(seed), {}, 0
  local hostility, pace = die:roll(6), die:roll(#LENGTHS)
  while #events < EVENTS do
    local what = die:roll(5)
    if what <= 2 and on_way < IN_FLIGHT then
      on_way = on_way + 1
      events[#events + 1] = { send = 1 }
    elseif what <= 3 and on_way > 0 then
      on_way = on_way - 1
      local throttled = die:once_in(hostility)
      events[#events + 1] = { answer = throttled, brings = die:pick(throttled and ANSWERS.throttled or ANSWERS.other) }
    else
      local longest = LENGTHS[math.max(1, pace - die:roll(3) + 1)]
      events[#events + 1] = { pass = die:roll(longest) }
    end
  end
  return events
end

--- The events without what is ours.
local function asked(events)
  local plain = {}
  for index, event in ipairs(events) do plain[index] = { pass = event.pass, send = event.send, answer = event.answer } end
  return plain
end

--- Takes a new call to its exchange.
-- @return the call, and how long it was held back each time it asked
local function begin_call(client, clock)
  local call, waits = client:call(ARN), {}
  local step, detail = call:next()
  while step == "sleep" do
    waits[#waits + 1] = detail
    step, detail = made_up.sleep(call, clock, detail)
  end
  assert.equal("exchange", step)
  return call, waits
end

local function end_call(call, brings)
  local step
  if brings.fault then step = call:next(nil, brings.fault) else step = call:next(brings) end
  assert.equal(brings == GOOD and "done" or "failed", step)
end

--- The waits of each event that sends, by the event's index.
local function live(events)
  local client, clock = made_up.client { retry_mode = "adaptive", max_attempts = 1 }
  local on_way, waits = {}, {}
  for index, event in ipairs(events) do
    if event.pass then
      clock.pass(event.pass)
    elseif event.send then
      local call
      call, waits[index] = begin_call(client, clock)
      table.insert(on_way, call)
    else
      end_call(table.remove(on_way, 1), event.brings)
    end
  end
  return waits
end

local function assert_same_waits(expected, got, where)
  assert.equal(#expected, #got, where .. ": how often it asked")
  for index, seconds in ipairs(expected) do
    assert.is_true(math.abs(seconds - got[index]) <= TOLERANCE, ("%s: %.9f s, not %.9f s"):format(where, got[index], seconds))
  end
end

describe("the adaptive rate", function()
  it("delays requests as botocore's does, over random sequences of calls", function()
    local cases, inputs, held, enabled = {}, {}, 0, 0
    for seed = 1, CASES do
      cases[seed] = make_case(seed)
      inputs[seed] = asked(cases[seed])
    end
    local expected = oracle.run("rate", inputs)
    for seed, events in ipairs(cases) do
      local waits, was_enabled = live(events), false
      for index, event in ipairs(events) do
        local result = expected[seed][index]
        if event.send then
          assert_same_waits(result, waits[index], ("life %d, event %d"):format(seed, index))
          held = held + #result
          assert.is_true(was_enabled or #waits[index] == 0, "nothing is held back before the first throttling answer")
        elseif event.answer ~= nil and result.enabled and not was_enabled then
          assert.is_true(event.answer)
          was_enabled, enabled = true, enabled + 1
        end
      end
    end
    assert.is_true(held > CASES * 5 and enabled > CASES / 2, "the cases are worth their name")
  end)

  it("does not exist in the other modes", function()
    for _, mode in ipairs { "standard", "legacy" } do
      local client, clock = made_up.client { retry_mode = mode, max_attempts = 1 }
      for _ = 1, 20 do
        local call, waits = begin_call(client, clock)
        assert.same({}, waits)
        end_call(call, THROTTLED)
      end
    end
  end)

  it("delays the retries of a call, too", function()
    local client, clock = made_up.client({ retry_mode = "adaptive", max_attempts = 4 }, 0)
    local requests, delays = by_hand.carry_out(client:call(ARN), { THROTTLED, THROTTLED, THROTTLED, GOOD }, clock)
    assert.equal(4, #requests)
    local seconds = 0
    for _, delay in ipairs(delays) do seconds = seconds + delay end
    assert.is_true(seconds >= 3, "no faster than one in two seconds, the lowest rate, from one or no token: " .. seconds)
  end)

  it("is separate for each client", function()
    local one, clock = made_up.client { retry_mode = "adaptive", max_attempts = 1 }
    end_call(begin_call(one, clock), THROTTLED)
    assert.equal("sleep", (one:call(ARN):next()))
    local other = made_up.client { retry_mode = "adaptive", max_attempts = 1 }
    assert.equal("exchange", (other:call(ARN):next()))
  end)

  it("treats a clock that was set back as one that stands still", function()
    local client, clock = made_up.client { retry_mode = "adaptive", max_attempts = 1 }
    end_call(begin_call(client, clock), THROTTLED)
    clock.pass(-3600 * TICKS)
    local step, seconds = client:call(ARN):next()
    assert.equal("sleep", step)
    assert.is_true(seconds > 0 and seconds <= 2, tostring(seconds))
    for _ = 1, 30 do
      clock.pass(TICKS)
      end_call(begin_call(client, clock), GOOD)
    end
    assert.equal("exchange", (client:call(ARN):next()))
  end)

  it("uses the client's clock from the start", function()
    -- made long before this machine's time: half a second gives half a token, at one a second, whatever year it is
    local clock = { now = 1000000000 }
    local client = assert(core.client({ region = "us-west-2", credentials = by_hand.KEYS, env = {}, retry_mode = "adaptive",
      max_attempts = 1 }, { time = function() return clock.now end, random = function() return 0 end }))
    clock.now = clock.now + 0.5
    local call = client:call(ARN)
    call:next()
    call:next(THROTTLED)
    local step, seconds = client:call(ARN):next()
    assert.equal("sleep", step)
    assert.is_true(math.abs(seconds - 0.5 / (2 * 0.8 * 0.7)) <= TOLERANCE, tostring(seconds)) -- measured × smoothing × β
  end)
end)
