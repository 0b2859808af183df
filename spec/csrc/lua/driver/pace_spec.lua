--- core.private's paces: calls of one pace on a clock that the test sets. Its rules: spec/csrc/core/unit/pace.c.

local by_hand = require "support.by_hand"
local core = require "ivs.core"

local private = core.private

describe("a pace of core.private", function()
  local now, client

  before_each(function()
    now = 1000
    client = assert(core.client({ region = "us-west-2", env = {}, credentials = by_hand.KEYS, max_attempts = 2 },
      { time = function() return now end, random = function() return 0 end }))
  end)

  local function begin(pace)
    local call = private.begin(client, { arn = by_hand.ARN })
    private.set_pace(call, pace)
    return call
  end

  it("lets one request go, and the next one when its interval has passed since that was sent", function()
    local pace = private.new_pace(client, 2)
    local first, second = begin(pace), begin(pace)
    assert.equal("exchange", (private.advance(first)))
    now = 1000.1 -- connecting took so long
    private.note_sent(first)
    local step, delay = private.advance(second)
    assert.equal("sleep", step)
    assert.is_true(delay >= 0.5 - 1e-6 and delay <= 0.5 * 1.05, tostring(delay)) -- with the margin of core/pace.c
    now = 1000.1 + delay + 0.001
    assert.equal("exchange", (private.advance(second)))
  end)

  it("without a limit waits only after the service has throttled", function()
    local pace = private.new_pace(client, false)
    local calls = {}
    for at = 1, 3 do
      calls[at] = begin(pace)
      assert.equal("exchange", (private.advance(calls[at])))
    end
    private.advance(calls[1], { status = 429, headers = { ["x-amzn-errortype"] = "ThrottlingException" }, body = "{}" })
    assert.is_true(private.is_throttled(calls[1]))
    local step, delay = private.advance(begin(pace))
    assert.equal("sleep", step)
    assert.is_true(delay > 0)
  end)

  it("is kept alive by its calls, and forgotten when their memory is used again", function()
    local pace = setmetatable({ private.new_pace(client, 1) }, { __mode = "v" })
    local call = begin(pace[1])
    collectgarbage()
    collectgarbage()
    assert.is_truthy(pace[1])
    assert.equal("exchange", (private.advance(call)))
    assert.equal("done", (private.advance(call, by_hand.GOOD)))
    local again = private.begin(client, { arn = by_hand.ARN }, call)
    private.note_sent(again) -- has no pace
    assert.equal("exchange", (private.advance(again))) -- would have to wait with it
  end)

  it("is not made of anything else", function()
    assert.has_error(function() private.new_pace(client, {}) end)
    assert.has_error(function() private.new_pace({}, 1) end)
    assert.has_error(function() private.set_pace(private.begin(client, { arn = by_hand.ARN }), {}) end)
    assert.has_error(function() private.note_sent {} end)
  end)
end)
