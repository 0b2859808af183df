--- `ivs wait` against the emulator.

local command = require "support.command"
local json = require "cjson"
local server = require "emulator.server"
local store = require "emulator.store"

local COMPLETE, FAILED = store.configurations.complete.arn, store.configurations.create_failed.arn

describe("ivs wait", function()
  local emulator

  setup(function() emulator = server.start() end)
  teardown(function() emulator:stop() end)

  local function wait(arguments, stdin)
    local words = { "wait", "--max-tps", "0", "--delay", "0.1" }
    for _, argument in ipairs(arguments) do words[#words + 1] = argument end
    return command.run(words, { env = emulator:environment(), stdin = stdin })
  end

  it("returns when all are ACTIVE", function()
    local arn = store.arn "creating-3-wait"
    local result = wait { arn, COMPLETE, arn }
    assert.same({ "", 0 }, { result.err, result.status })
    assert.equal("ACTIVE  " .. COMPLETE .. "\nACTIVE  " .. arn .. "\n", result.out)
  end)

  it("continues until every ARN is settled, and ends with 1 for CREATE_FAILED", function()
    local late = store.arn "create-failing-2-wait"
    local result = wait { FAILED, late, COMPLETE }
    assert.equal(1, result.status)
    assert.equal("ACTIVE  " .. COMPLETE .. "\n", result.out)
    for _, arn in ipairs { FAILED, late } do assert.truthy(result.err:find("ivs: " .. arn .. ": ", 1, true), result.err) end
    assert.truthy(result.err:find("bucket", 1, true), result.err)
  end)

  it("ends with 3 for a failed call, which takes precedence over 1", function()
    local result = wait { FAILED, store.arn "unknown", COMPLETE }
    assert.equal(3, result.status)
    assert.truthy(result.err:find("unknown not found", 1, true), result.err)
    assert.equal("ACTIVE  " .. COMPLETE .. "\n", result.out)
  end)

  it("prints no control character that the service sends", function()
    local hostile = "a\27]0;title\7\r\n\127\194\155b"
    local failing = emulator:script("failing", { status = 404, headers = { ["x-amzn-ErrorType"] = "ResourceNotFoundException" },
      body = json.encode { message = hostile } })
    local result = wait { failing }
    assert.equal(3, result.status)
    assert.is_nil(result.err:match "[%z\1-\9\11-\31\127]" or result.err:match "\194[\128-\159]", result.err)
    assert.truthy(result.err:find("title", 1, true), result.err)
  end)

  it("polls again after a temporary failure", function()
    local active = { status = 200, body = '{"recordingConfiguration":{"state":"ACTIVE"}}' }
    local arn = emulator:script("passing", { { status = 500, body = "{}" }, active })
    local result = wait { arn, "--max-attempts", "1" }
    assert.same({ "ACTIVE  " .. arn .. "\n", 0 }, { result.out, result.status }, result.err)
  end)

  it("ends with 3 at its timeout", function()
    local result = wait { store.configurations.creating.arn, COMPLETE, "--timeout", "0.3" }
    assert.equal(3, result.status)
    assert.equal("ACTIVE  " .. COMPLETE .. "\n", result.out)
    assert.truthy(result.err:find("not ACTIVE within 0.3 seconds; its state is still CREATING", 1, true), result.err)
  end)

  it("ends a round that would take far longer than its timeout", function()
    local arns = {}
    for index = 1, 40 do arns[index] = store.arn("slow-400-" .. index) end
    arns[#arns + 1], arns[#arns + 2], arns[#arns + 3], arns[#arns + 4] = "--timeout", "1", "--max-concurrency", "1"
    local result = wait(arns)
    assert.equal(3, result.status)
    local settled = select(2, result.out:gsub("ACTIVE  ", ""))
    assert.is_true(settled >= 1 and settled <= 20, settled) -- 16 s of work
    assert.truthy(result.err:find("its state is not known", 1, true), result.err)
  end)

  it("reads ARNs from standard input, and ends at once if there are none", function()
    assert.equal("ACTIVE  " .. COMPLETE .. "\n", wait({ "-" }, COMPLETE .. "\n").out)
    local result = wait({ "-" }, "\n")
    assert.same({ "", "", 0 }, { result.out, result.err, result.status })
    assert.equal(2, wait({}).status)
  end)
end)
