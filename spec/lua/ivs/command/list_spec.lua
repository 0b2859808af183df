--- `ivs list` against the emulator.

local command = require "support.command"
local hostile_server = require "support.hostile_server"
local json = require "cjson"
local server = require "emulator.server"
local store = require "emulator.store"

describe("ivs list", function()
  local emulator

  setup(function() emulator = server.start() end)
  teardown(function() emulator:stop() end)

  local function list(arguments, changes)
    local words, env = { "list" }, emulator:environment()
    for _, argument in ipairs(arguments) do words[#words + 1] = argument end
    for name, value in pairs(changes or {}) do env[name] = value end
    return command.run(words, { env = env })
  end

  local function answered(id)
    return { AWS_ENDPOINT_URL_IVS = emulator.endpoint_url .. "/answer/" .. id }
  end

  local function lines_of(text)
    local lines = {}
    for line in text:gmatch "[^\n]+" do lines[#lines + 1] = line end
    return lines
  end

  it("prints a table of every page", function()
    local result = list({}, answered "many-250")
    assert.same({ "", 0 }, { result.err, result.status })
    local lines = lines_of(result.out)
    assert.equal(251, #lines)
    assert.truthy(lines[1]:find "^NAME +STATE", lines[1])
  end)

  it("prints ARNs, one a line", function()
    local result = list { "--output", "arns" }
    local known = {}
    for _, arn in ipairs(lines_of(result.out)) do known[arn] = true end
    for _, label in ipairs(store.labels) do assert.is_true(known[store.configurations[label].arn]) end
  end)

  it("prints one JSON object", function()
    local decoded = json.decode(list({ "--output", "json" }).out)
    assert.equal(#store.labels, #decoded.recordingConfigurations)
    assert.is_nil(next(decoded, next(decoded)))
    local arn = store.configurations.minimal.arn
    for _, summary in ipairs(decoded.recordingConfigurations) do
      if summary.arn == arn then assert.same(store.configurations.minimal, summary) end
    end
    local nothing = list({ "--output", "json" }, answered "many-0")
    assert.same({ '{\n  "recordingConfigurations": []\n}\n', 0 }, { nothing.out, nothing.status })
    assert.equal("", list({}, answered "many-0").out)
  end)

  it("prints the pages before a failure", function()
    local result = list({ "--output", "arns" }, answered "endless-1")
    assert.equal(3, result.status)
    assert.is_true(#lines_of(result.out) >= #store.labels)
    assert.truthy(result.err:find("PaginationError", 1, true), result.err)
  end)

  it("does not write to a connection whose descriptor was that of a closed standard output", function()
    local result = command.run({ "list" }, { env = emulator:environment(), behind = ">&-" })
    assert.same({ "ivs: cannot write to standard output: Bad file descriptor\n", 3 }, { result.err, result.status })
  end)

  it("prints no control character that the service sends", function()
    local hostile = "a\27]0;title\7\r\n\127\194\155b"
    local wire = hostile_server.start()
    local summary = { arn = hostile, name = hostile, state = hostile, tags = { [hostile] = hostile },
      destinationConfiguration = { s3 = { bucketName = hostile } } }
    local body = json.encode { recordingConfigurations = { summary, summary } }
    local answer = "HTTP/1.1 200 OK\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
    for _, form in ipairs { "table", "json", "arns" } do
      wire:play { { "request" }, { "send", answer } }
      local result = list({ "--output", form }, { AWS_ENDPOINT_URL_IVS = wire.url })
      assert.same({ "", 0 }, { result.err, result.status })
      assert.is_nil(result.out:match "[%z\1-\9\11-\31\127]" or result.out:match "\194[\128-\159]", form .. result.out)
      assert.truthy(result.out:find("title", 1, true), result.out)
    end
    wire:stop()
  end)

  it("reports the service's error, and a missing region", function()
    local result = list({ "--output", "json" }, answered "access-denied")
    assert.same({ "", 3 }, { result.out, result.status })
    assert.truthy(result.err:find("^ivs: An error occurred %(AccessDeniedException%) when calling the ListRecordingConfigurations"),
      result.err)
    result = list({}, { AWS_REGION = "", AWS_DEFAULT_REGION = "" })
    assert.equal(3, result.status)
    assert.truthy(result.err:find("NoRegionError", 1, true), result.err)
  end)
end)
