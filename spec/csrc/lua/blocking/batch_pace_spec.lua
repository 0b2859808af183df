--- The pace of a batch: how far apart its requests are, for each region, and what becomes of calls that the service throttles.
--
-- What is sent is seen by a transport function. A request may be seen late on a busy machine, and the next one in time: so the times
-- are compared with the beginning, after which the n-th request comes (n - 1) / max_tps at the earliest (gaps: unit/pace.c).

local emulator_server = require "emulator.server"
local endpoint = require "support.endpoint"
local ivs = require "ivs"
local store = require "emulator.store"

local monotonic = ivs.private.system.monotonic
local KEYS = { access_key_id = "AKIAIOSFODNN7EXAMPLE", secret_access_key = "secret" }
local GOOD = { status = 200, body = '{"recordingConfiguration":{"state":"ACTIVE"}}' }
local THROTTLED = { status = 429, headers = { ["x-amzn-errortype"] = "ThrottlingException" }, body = "{}" }
local BROKEN = { status = 500, body = "{}" }
local CLOCKS = 0.002 -- seconds by which the clock of the pace and the monotonic one may differ

--- A client whose requests are on record: { at, host, arn }.
local function recorded(answer, options)
  local sent = {}
  local given = { env = {}, credentials = KEYS, max_attempts = 1, transport = function(request)
    sent[#sent + 1] = { at = monotonic(), host = request.headers.Host, arn = request.body:match '"arn": "([^"]*)"' }
    return answer(#sent, sent[#sent].arn)
  end }
  for name, value in pairs(options or {}) do given[name] = value end
  return assert(ivs.client(given)), sent
end

local function arns(count, region)
  local list = {}
  for index = 1, count do list[index] = store.arn(("%s-%d"):format(region or "x", index), nil, region) end
  return list
end

local function assert_evenly(sent, begun, tps, host)
  local count = 0
  for _, request in ipairs(sent) do
    if not host or request.host == host then
      local earliest = count / tps - CLOCKS
      assert.is_true(request.at - begun >= earliest, ("request %d after %.4f s"):format(count + 1, request.at - begun))
      count = count + 1
    end
  end
end

describe("the pace of a batch", function()
  it("spreads requests evenly, retries among them", function()
    local client, sent = recorded(function(number) return number % 4 == 0 and BROKEN or GOOD end, { max_attempts = 3 })
    local begun = monotonic()
    local result = assert(client:batch_get_recording_configuration { arns = arns(16), max_tps = 25 })
    assert.equal(16, #result.recordingConfigurations)
    assert.is_true(#sent > 16)
    assert_evenly(sent, begun, 25)
  end)

  it("is 3 a second by default", function()
    local client, sent = recorded(function() return GOOD end)
    local begun = monotonic()
    assert(client:batch_get_recording_configuration { arns = arns(4) })
    assert.equal(4, #sent)
    assert_evenly(sent, begun, 3) -- the service's documented quota
  end)

  it("is separate for each region, and a region that waits does not delay another", function()
    local list = arns(6, "us-west-2")
    for _, region in ipairs { "eu-west-1", "ap-south-1" } do
      for _, arn in ipairs(arns(6, region)) do list[#list + 1] = arn end
    end
    local client, sent = recorded(function() return GOOD end)
    local begun = monotonic()
    assert(client:batch_get_recording_configuration { arns = list, max_tps = 10, max_concurrency = 2 })
    assert.equal(18, #sent)
    local first, last = {}, {}
    for index, request in ipairs(sent) do
      first[request.host] = first[request.host] or index
      last[request.host] = index
    end
    for host in pairs(first) do
      assert_evenly(sent, begun, 10, host)
      for other in pairs(first) do assert.is_true(first[host] < last[other], "they take turns") end
    end
  end)

  it("is a single one if the client has a region", function()
    local list = arns(3, "us-west-2")
    for _, arn in ipairs(arns(3, "eu-west-1")) do list[#list + 1] = arn end
    local client, sent = recorded(function() return GOOD end, { region = "us-west-2" })
    local begun = monotonic()
    assert(client:batch_get_recording_configuration { arns = list, max_tps = 20 })
    assert.equal(6, #sent)
    assert_evenly(sent, begun, 20)
  end)

  it("slows down for all calls of the region when one is throttled, and for no other region", function()
    local client, sent = recorded(function(number) return number == 1 and THROTTLED or GOOD end)
    local list = arns(3, "us-west-2")
    for _, arn in ipairs(arns(3, "eu-west-1")) do list[#list + 1] = arn end
    local result = assert(client:batch_get_recording_configuration { arns = list, max_tps = false, max_concurrency = 1 })
    assert.equal(6, #result.recordingConfigurations) -- the throttled call comes again
    local throttled_at, others = sent[1].at, 0
    for index = 2, #sent do
      if sent[index].host == sent[1].host then
        -- half a token is there at most: botocore's slowest rate is one request in two seconds
        assert.is_true(sent[index].at - throttled_at >= 0.5, ("%.3f s"):format(sent[index].at - throttled_at))
        throttled_at = -math.huge
        assert.equal(3, others)
      else
        others = others + 1
      end
    end
  end)

  it("ends with the service's error if every request is throttled", function()
    local client, sent = recorded(function() return THROTTLED end)
    local result = assert(client:batch_get_recording_configuration { arns = arns(2), max_tps = false })
    assert.same({ 0, 2 }, { #result.recordingConfigurations, #result.errors })
    local attempts = 0
    for _, entry in ipairs(result.errors) do
      assert.equal("ThrottlingException", entry.code)
      attempts = attempts + entry.error.attempts
    end
    assert.equal(#sent, attempts)
    assert.is_true(attempts <= 4, attempts .. " requests")
  end)
end)

describe("a batch against a service that throttles", function()
  local emulator
  lazy_setup(function() emulator = emulator_server.start() end)
  lazy_teardown(function() emulator:stop() end)

  local function throttled_client(tps, options)
    return assert(ivs.client(endpoint.options(emulator, { endpoint_url = emulator.endpoint_url .. "/answer/throttle-" .. tps .. "-tps",
      max_attempts = options and options.max_attempts })))
  end

  it("gets no throttling response at the service's own pace", function()
    local client, first = throttled_client(10), emulator:requests()
    local begun = monotonic()
    local result = assert(client:batch_get_recording_configuration { arns = arns(40), max_tps = 10 })
    assert.is_true(monotonic() - begun >= 39 / 10)
    client:close()
    assert.same({ 40, 40 }, { #result.recordingConfigurations, emulator:requests() - first })
  end)

  it("fetches all without a limit, by backing off and queuing throttled calls again", function()
    -- one attempt for each call, so that nothing but the queue brings a throttled one back
    local client, first = throttled_client(8, { max_attempts = 1 }), emulator:requests()
    local told = {}
    local result = assert(client:batch_get_recording_configuration { arns = arns(30), max_tps = false,
      on_result = function(arn) told[#told + 1] = arn end })
    client:close()
    assert.same({ 30, 0, 30 }, { #result.recordingConfigurations, #result.errors, #told })
    assert.is_true(emulator:requests() - first > 30, "some were throttled")
  end)
end)
