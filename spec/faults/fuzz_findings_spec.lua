--- What the fuzzers found (spec/fuzz), as Lua sees it. What only C sees of it is in unit/core.c.

local by_hand = require "support.by_hand"
local core = require "ivs.core"

local ARN, NOW = by_hand.ARN, by_hand.NOW

local function fail_with(answer, clock, options)
  local _, _, step, err = by_hand.carry_out(by_hand.client(options, clock):call(ARN), { answer }, clock)
  assert.equal("failed", step)
  return err
end

describe("fuzzing found:", function()
  it("a password that holds an '@' shows in no message about endpoint_url", function()
    for _, url in ipairs { "https://user:hun@ter2@example.com", "https://us@er:hunter2@example.com/a b",
      "https://@hunter2@example.com/#@" } do
      local client, err = core.client { region = "us-west-2", env = {}, credentials = by_hand.KEYS, endpoint_url = url }
      assert.is_nil(client)
      assert.equal("InvalidEndpointError", err.code)
      assert.is_nil(err.message:find "ter2", err.message)
    end
  end)

  it("a code with control characters is replaced by the status", function()
    for _, code in ipairs { "\\u0000ThrottlingException", "a\\u0000b", "Not\\nFound", "ns#\\u0008x", "\\u007f" } do
      local err = fail_with { status = 404, body = ('{"__type":"%s","message":"m"}'):format(code) }
      assert.same({ "service", "404", "m", 1 }, { err.kind, err.code, err.message, err.attempts })
    end
  end)

  it("a clock that returns infinity sets no offset", function()
    for _, moment in ipairs { math.huge, -math.huge, 0 / 0 } do
      local clock = { now = moment }
      local client = by_hand.client(nil, clock)
      local call = client:call(ARN)
      call:next()
      assert.equal("failed", (call:next(by_hand.refusal(403, "RequestTimeTooSkewed",
        { date = "Tue, 14 Nov 2023 22:13:20 GMT" }))))
      clock.now = NOW
      local _, request = client:call(ARN):next()
      assert.equal("20231114T221320Z", request.headers["X-Amz-Date"])
    end
  end)
end)
