--- `ivs check` against the emulator: its forms, its exit statuses. Not for: what differs (spec/lua/ivs/check).

local command = require "support.command"
local json = require "cjson"
local lxp = require "lxp"
local server = require "emulator.server"
local stand_in = require "support.stand_in"
local store = require "emulator.store"

local COMPLETE, MINIMAL = store.configurations.complete, store.configurations.minimal
local UNKNOWN = store.arn "unknown"

describe("ivs check", function()
  local emulator

  setup(function() emulator = server.start() end)
  teardown(function() emulator:stop() end)

  --- Runs it with an expectation in a file.
  local function check(expectation, arguments, stdin)
    return stand_in.with_directory(function(directory)
      local path = stand_in.write(directory .. "/expected.json", expectation, "600")
      local words = { "check", "--max-tps", "0", "--expect", path }
      for _, argument in ipairs(arguments) do words[#words + 1] = argument end
      return command.run(words, { env = emulator:environment(), stdin = stdin })
    end)
  end

  local NAMED = '{"name": "live-sessions_archive"}'

  it("passes, with 0", function()
    local result = check('{"state": "ACTIVE"}', { COMPLETE.arn, MINIMAL.arn })
    assert.same({ "", 0 }, { result.err, result.status })
    assert.equal("passed  " .. COMPLETE.arn .. "\npassed  " .. MINIMAL.arn .. "\n2 passed, 0 failed\n", result.out)
  end)

  it("fails with 1, and prints each difference", function()
    local result = check(NAMED, { COMPLETE.arn, MINIMAL.arn })
    assert.same({ "", 1 }, { result.err, result.status })
    assert.truthy(result.out:find("failed  " .. MINIMAL.arn .. '\n        name: expected "live-sessions_archive", but it is absent\n', 1,
      true), result.out)
  end)

  it("ends with 3 if a call failed, even if a check failed, too", function()
    local result = check(NAMED, { UNKNOWN, MINIMAL.arn })
    assert.equal(3, result.status)
    assert.truthy(result.out:find("0 passed, 1 failed, 1 error\n", 1, true), result.out)
    assert.truthy(result.out:find("ResourceNotFoundException", 1, true), result.out)
  end)

  it("reports JSON", function()
    local result = check(NAMED, { UNKNOWN, MINIMAL.arn, COMPLETE.arn, "--output", "json" })
    local report = json.decode(result.out)
    assert.same({ 1, 1, 1 }, { report.passed, report.failed, report.errors })
    assert.same({ { UNKNOWN, "error" }, { MINIMAL.arn, "failed" }, { COMPLETE.arn, "passed" } }, {
      { report.results[1].arn, report.results[1].status }, { report.results[2].arn, report.results[2].status },
      { report.results[3].arn, report.results[3].status } })
    assert.equal("ResourceNotFoundException", report.results[1].error.code)
    assert.equal("name", report.results[2].differences[1].path)
    assert.truthy(result.err:find(UNKNOWN, 1, true), result.err)
  end)

  it("reports TAP and JUnit", function()
    local arguments = { UNKNOWN, MINIMAL.arn, COMPLETE.arn, "--output", "tap" }
    local tap = check(NAMED, arguments).out
    assert.truthy(tap:find("^TAP version 13\n1%.%.3\nnot ok 1 %- "), tap)
    assert.truthy(tap:find("\nok 3 - " .. COMPLETE.arn .. "\n", 1, true), tap)
    arguments[5] = "junit"
    local counts = {}
    local parser = lxp.new { StartElement = function(_, name) counts[name] = (counts[name] or 0) + 1 end }
    assert(parser:parse(check(NAMED, arguments).out))
    assert(parser:parse())
    assert.same({ testsuite = 1, testcase = 3, failure = 1, error = 1 }, counts)
  end)

  it("accepts the output of `ivs get --output json`, and the ARNs in it", function()
    local env = emulator:environment()
    local snapshot = command.run({ "get", "--max-tps", "0", "--all", "--output", "json" }, { env = env }).out
    local result = check(snapshot, {})
    assert.same({ "", 0 }, { result.err, result.status })
    assert.truthy(result.out:find(#store.labels .. " passed, 0 failed\n$"), result.out)
    result = check((snapshot:gsub('"every"', '"x"'):gsub('"HD"', '"SD"', 1)), {})
    assert.equal(1, result.status)
    local missing = check(snapshot, { store.arn "creating-0" })
    assert.equal(3, missing.status)
    assert.truthy(missing.out:find("the snapshot has no recording configuration", 1, true), missing.out)
  end)

  it("compares every recording configuration of the region with --all", function()
    local result = check("{}", { "--all", "--output", "json" })
    assert.same({ "", 0 }, { result.err, result.status })
    local known = {}
    for _, found in ipairs(json.decode(result.out).results) do known[found.arn] = found.status end
    for _, label in ipairs(store.labels) do assert.equal("passed", known[store.configurations[label].arn]) end
  end)

  it("prints no control character that the service sends", function()
    local hostile = "a\27]0;title\7\r\n\127\194\155b"
    local arn = emulator:script("hostile", { status = 200, body = json.encode { recordingConfiguration = {
      arn = COMPLETE.arn, name = hostile, state = hostile, tags = { [hostile] = hostile } } } })
    local failing = emulator:script("failing", { status = 404, headers = { ["x-amzn-ErrorType"] = "ResourceNotFoundException" },
      body = json.encode { message = hostile } })
    for _, form in ipairs { "table", "tap", "junit", "json" } do
      local result = check('{"name": "x", "tags": {"$exactly": {}}}', { arn, failing, "--output", form })
      assert.equal(3, result.status)
      for _, text in ipairs { result.out, result.err } do
        assert.is_nil(text:match "[%z\1-\9\11-\31\127]" or text:match "\194[\128-\159]", form .. text)
      end
      assert.truthy(result.out:find("title", 1, true), result.out)
    end
  end)

  it("is wrong usage without ARNs and without a snapshot, or with ARNs and --all", function()
    for _, arguments in ipairs { {}, { "--all", COMPLETE.arn }, { "-", COMPLETE.arn } } do
      local result = check('{"state": "ACTIVE"}', arguments)
      assert.same({ "", 2 }, { result.out, result.status }, result.err)
    end
    assert.equal(2, command.run({ "check", COMPLETE.arn }, { env = emulator:environment() }).status)
  end)

  it("succeeds with nothing on empty standard input", function()
    local result = check('{"state": "ACTIVE"}', { "-", "--output", "json" }, "\n# nothing\n")
    assert.equal(0, result.status, result.err)
    assert.same({ passed = 0, failed = 0, errors = 0, results = {} }, json.decode(result.out))
  end)

  it("reports with 2 what is wrong with an expectation", function()
    local cases = {
      ["[1]"] = "JSON object", ["{"] = "malformed JSON", ['{"nmae": "x"}'] = "name", ['{"name": {"$matchs": "x"}}'] = "$matches",
      ['{"name": {"$matches": "[a"}}'] = "pattern", [""] = "JSON object",
    }
    for expectation, expected in pairs(cases) do
      local result = check(expectation, { COMPLETE.arn })
      assert.same({ "", 2 }, { result.out, result.status }, expectation)
      assert.truthy(result.err:find(expected, 1, true), result.err)
    end
    local result = command.run({ "check", COMPLETE.arn, "--expect", "/nonexistent/want.json" }, { env = emulator:environment() })
    assert.equal(2, result.status)
    assert.truthy(result.err:find("/nonexistent/want.json", 1, true), result.err)
  end)
end)
