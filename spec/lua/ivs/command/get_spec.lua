--- `ivs get` as a person or a script runs it, against the emulator.

local command = require "support.command"
local interpreter = require "support.interpreter"
local json = require "cjson"
local server = require "emulator.server"
local shell = require "emulator.shell"
local store = require "emulator.store"

local COMPLETE, CREATING = store.configurations.complete, store.configurations.creating
local UNKNOWN = store.arn "unknown"

--- Control characters other than the line feed, as UTF-8 or as single bytes of C1.
local function raw_controls(text)
  return text:match "[%z\1-\9\11-\31\127]" or text:match "\194[\128-\159]"
end

--- Runs a program whose standard output is a pipe that nobody reads.
local INTO_CLOSED_PIPE = [[
import os, signal, sys
reader, writer = os.pipe()
os.close(reader)
os.dup2(writer, 1)
signal.signal(signal.SIGPIPE, signal.%s)
os.execvp(sys.argv[1], sys.argv[1:])]]

describe("ivs get", function()
  local emulator, env

  setup(function()
    emulator = server.start()
    env = emulator:environment()
  end)
  teardown(function() emulator:stop() end)

  local function get(arguments, options)
    options = options or {}
    local words = { "get", "--max-tps", "0" }
    for _, argument in ipairs(arguments) do words[#words + 1] = argument end
    return command.run(words, { env = options.env or env, stdin = options.stdin, before = options.before, behind = options.behind })
  end

  it("prints one in detail", function()
    local result = get { COMPLETE.arn }
    assert.same({ "", 0 }, { result.err, result.status })
    for _, value in ipairs { COMPLETE.arn, COMPLETE.name, "ACTIVE", COMPLETE.destinationConfiguration.s3.bucketName, "300 s",
      "FULL_HD,HD,SD,LOWEST_RESOLUTION", "every 60 s", "cost:center=4711" } do
      assert.truthy(result.out:find(value, 1, true), result.out)
    end
  end)

  it("prints several as a table, and reports failures on standard error", function()
    local result = get { CREATING.arn, UNKNOWN, COMPLETE.arn, COMPLETE.arn }
    assert.equal(3, result.status)
    local lines = {}
    for line in result.out:gmatch "[^\n]+" do lines[#lines + 1] = line end
    assert.equal(3, #lines, result.out)
    assert.truthy(lines[1]:find "^NAME +STATE +BUCKET", result.out)
    assert.truthy(lines[2]:find(CREATING.arn, 1, true) and lines[3]:find(COMPLETE.arn, 1, true), result.out)
    assert.truthy(result.err:find("ivs: " .. UNKNOWN .. ": An error occurred (ResourceNotFoundException)", 1, true), result.err)
    assert.is_nil(result.err:find("traceback", 1, true))
  end)

  it("prints JSON with an empty list as [] and an empty map as {}", function()
    local result = get { CREATING.arn, "--output", "json" }
    assert.truthy(result.out:find('"errors": []', 1, true), result.out)
    assert.truthy(result.out:find('"renditions": []', 1, true), result.out)
    assert.truthy(result.out:find('"tags": {}', 1, true), result.out)
    assert.same(CREATING, json.decode(result.out).recordingConfigurations[1])
    local none = get({ "-", "--output", "json" }, { stdin = "" })
    assert.same({ '{\n  "errors": [],\n  "recordingConfigurations": []\n}\n', 0 }, { none.out, none.status })
  end)

  it("prints errors beside the results", function()
    local result = get { UNKNOWN, COMPLETE.arn, "--output", "json" }
    assert.equal(3, result.status)
    local decoded = json.decode(result.out)
    assert.same(COMPLETE, decoded.recordingConfigurations[1])
    local failure = decoded.errors[1]
    assert.same({ UNKNOWN, "ResourceNotFoundException", "service", 404 },
      { failure.arn, failure.code, failure.error.kind, failure.error.status })
    assert.is_nil(failure.error.headers)
  end)

  it("prints a Lua chunk that returns the same", function()
    local result = get { COMPLETE.arn, UNKNOWN, "--output", "lua" }
    local returned = assert((loadstring or load)(result.out))()
    assert.same({ COMPLETE }, returned.recordingConfigurations)
    assert.equal("ResourceNotFoundException", returned.errors[1].code)
  end)

  it("accepts --all, without ARNs", function()
    local result = get { "--all", "--output", "json" }
    assert.equal(0, result.status, result.err)
    assert.equal(#store.labels, #json.decode(result.out).recordingConfigurations)
    assert.equal(2, get({ "--all", COMPLETE.arn }).status)
  end)

  it("reads 10,000 lines of standard input: blank ones, comments, CRLF and a byte order mark", function()
    local lines = { "\239\187\191" .. COMPLETE.arn }
    for index = 1, 3333 do
      lines[#lines + 1] = ""
      lines[#lines + 1] = "# comment " .. index
      lines[#lines + 1] = "  " .. (index % 2 == 0 and COMPLETE or CREATING).arn .. " "
    end
    local result = get({ "-", "--output", "json" }, { stdin = table.concat(lines, "\r\n") })
    assert.equal(0, result.status, result.err)
    local found = json.decode(result.out).recordingConfigurations
    assert.same({ COMPLETE.arn, CREATING.arn }, { found[1].arn, found[2].arn })
    assert.equal(2, #found)
    assert.equal(2, get({ "-", COMPLETE.arn }).status)
  end)

  it("tells that standard input cannot be read", function()
    for words, reason in pairs { ["<&-"] = "Bad file descriptor", ["</"] = "Is a directory" } do
      local result = get({ "-", "--output", "json" }, { behind = words })
      assert.same({ "ivs: cannot read standard input: " .. reason .. "\n", 3 }, { result.err, result.status })
    end
  end)

  it("prints no control character that the service sends", function()
    local hostile = "a\27]0;title\7\r\n\127\194\155" .. "b"
    local arn = emulator:script("hostile", { status = 200, body = json.encode { recordingConfiguration = {
      arn = COMPLETE.arn, name = hostile, state = hostile, tags = { [hostile] = hostile } } } })
    local failing = emulator:script("failing", { status = 404, headers = { ["x-amzn-ErrorType"] = "ResourceNotFoundException" },
      body = json.encode { message = hostile } })
    for _, form in ipairs { "table", "json", "lua" } do
      for _, arns in ipairs { { arn }, { arn, failing } } do
        local result = get { "--output", form, arns[1], arns[2] }
        assert.is_nil(raw_controls(result.out), form .. result.out)
        assert.is_nil(raw_controls(result.err), result.err)
        assert.truthy(result.out:find "title", result.out)
      end
    end
    local chunk = get { arn, "--output", "lua" }
    assert.equal(hostile, assert((loadstring or load)(chunk.out))().recordingConfigurations[1].name)
    assert.equal(hostile, json.decode(get({ arn, "--output", "json" }).out).recordingConfigurations[1].name)
  end)

  it("ends without a message if the reader has closed the pipe", function()
    for _, disposition in ipairs { "SIG_DFL", "SIG_IGN" } do -- a parent may have SIGPIPE ignored
      for _, arguments in ipairs { { "--all", "--output", "json" }, { COMPLETE.arn } } do
        local result = get(arguments, { before = "python3 -c " .. shell.quote(INTO_CLOSED_PIPE:format(disposition)) })
        assert.same({ "", "", 128 + 13 }, { result.out, result.err, result.status })
      end
    end
  end)

  it("reports a full disk", function()
    local result = get({ COMPLETE.arn }, { behind = ">/dev/full" })
    assert.same({ "ivs: cannot write to standard output: No space left on device\n", 3 }, { result.err, result.status })
  end)

  it("reports an ARN of another service, of another region, or that begins with a dash", function()
    local result = get { "arn:aws:s3:::bucket", "--", "-x" }
    assert.equal(3, result.status)
    assert.truthy(result.err:find("ivs: arn:aws:s3:::bucket: ", 1, true), result.err)
    assert.truthy(result.err:find("ivs: -x: ", 1, true), result.err)
  end)

  it("prints what it fetched when credentials expire meanwhile", function()
    local expired = { status = 403, headers = { ["x-amzn-ErrorType"] = "ExpiredTokenException" }, body = '{"message":"expired"}' }
    local late = emulator:script("late", expired)
    local result = get { COMPLETE.arn, late, "--output", "json" }
    assert.equal(3, result.status)
    local decoded = json.decode(result.out)
    assert.equal(COMPLETE.arn, decoded.recordingConfigurations[1].arn)
    assert.equal("ExpiredTokenException", decoded.errors[1].code)
  end)

  it("ends with 3 without credentials, and for a profile that does not exist", function()
    local none = {}
    for name, value in pairs(env) do none[name] = value end
    none.AWS_ACCESS_KEY_ID, none.AWS_SECRET_ACCESS_KEY, none.AWS_EC2_METADATA_DISABLED = "", "", "true"
    local result = get({ COMPLETE.arn }, { env = none })
    assert.equal(3, result.status)
    assert.truthy(result.err:find("NoCredentialsError", 1, true), result.err)
    result = get { COMPLETE.arn, "--profile", "nobody" }
    assert.equal(3, result.status)
    assert.truthy(result.err:find("nobody", 1, true), result.err)
  end)

  it("logs to standard error with --debug, and no secret", function()
    local result = get { COMPLETE.arn, "--debug", "--output", "json" }
    assert.equal(0, result.status)
    assert.same(COMPLETE, json.decode(result.out).recordingConfigurations[1])
    assert.truthy(result.err:find("ivs: debug: ", 1, true), result.err)
    assert.is_nil(result.err:find(emulator.secret_access_key, 1, true))
  end)

  it("names a missing module", function()
    local script = ([[package.preload.argparse = function() error("module 'argparse' not found", 0) end
      arg = {} dofile "bin/ivs"]])
    local said, status = interpreter.run(script)
    assert.equal(3, status)
    assert.truthy(said:find("^ivs: .*argparse"), said)
    assert.is_nil(said:find("traceback", 1, true), said)
  end)
end)
