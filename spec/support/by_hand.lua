--- Carries out a call step by step over ivs.core, with the test's clock and random numbers.

local core = require "ivs.core"

local by_hand = {
  ARN = "arn:aws:ivs:us-west-2:123456789012:recording-configuration/AbCdEf123456",
  NOW = 1700000000, -- Tue, 14 Nov 2023 22:13:20 GMT
  KEYS = { access_key_id = "AKIDEXAMPLE", secret_access_key = "secret" },
  GOOD = { status = 200, body = '{"recordingConfiguration":{"state":"ACTIVE"}}' },
}

--- A service error response.
function by_hand.refusal(status, code, headers)
  local all = { ["x-amzn-ErrorType"] = code }
  for name, value in pairs(headers or {}) do all[name] = value end
  return { status = status, headers = all, body = '{"message":"m"}' }
end

by_hand.BROKEN = by_hand.refusal(500, "InternalServerException")
by_hand.THROTTLED = by_hand.refusal(429, "ThrottlingException")

--- A client and its clock: `clock.now`, `clock.random`. An option given as false is absent.
function by_hand.client(options, clock)
  local given = { region = "us-west-2", credentials = by_hand.KEYS, env = {} }
  for name, value in pairs(options or {}) do given[name] = value or nil end
  clock = clock or {}
  clock.now, clock.random = clock.now or by_hand.NOW, clock.random or 1
  return assert(core.client(given, {
    time = function() return clock.now end,
    random = function() return clock.random end,
  })), clock
end

--- Passes the next answer to every exchange, the last one repeatedly. The clock advances while the call sleeps.
-- @return the requests, the delays, the last step and its detail
function by_hand.carry_out(call, answers, clock)
  local requests, delays = {}, {}
  local step, detail = call:next()
  while step ~= "done" and step ~= "failed" do
    if step == "exchange" then
      requests[#requests + 1] = detail
      step, detail = call:next(answers[math.min(#requests, #answers)])
    elseif step == "sleep" then
      delays[#delays + 1] = detail
      if clock then clock.now = clock.now + detail end
      step, detail = call:next()
    else
      step, detail = call:next(detail())
    end
  end
  return requests, delays, step, detail
end

return by_hand
