--- The examples that are short scripts, each run against the emulator. Not for: examples/nginx, examples/on_cqueues.lua (examples_spec).

local command = require "support.command"
local interpreter = require "support.interpreter"
local server = require "emulator.server"
local shell = require "emulator.shell"
local stand_in = require "support.stand_in"
local store = require "emulator.store"

local ARN = store.configurations.complete.arn

describe("examples", function()
  local emulator

  setup(function() emulator = server.start() end)
  teardown(function() emulator:stop() end)

  local function environment(changes)
    local env = emulator:environment()
    for name, value in pairs(changes or {}) do env[name] = value end
    return env
  end

  local function run(name, arguments, changes)
    return command.run(arguments, { program = "examples/" .. name .. ".lua", env = environment(changes) })
  end

  local function assert_run(expected_status, result)
    assert.equal(expected_status, result.status, result.out .. result.err)
  end

  it("get_recording_configuration.lua prints every member", function()
    local result = run("get_recording_configuration", { ARN })
    assert_run(0, result)
    assert.truthy(result.out:find("\nstate: ACTIVE\n", 1, true), result.out)
    assert_run(3, run("get_recording_configuration", { store.arn "unknown" }))
  end)

  it("handle_exceptions.lua prints advice for each failure", function()
    assert.equal("ACTIVE\n", run("handle_exceptions", { ARN }).out)
    local cases = {
      { "unknown", "ResourceNotFoundException: there is no such", "fail again" },
      { "access-denied", "AccessDeniedException: the policy", "fail again" },
      { "validation", "ValidationException: the ARN is not", "fail again" },
      { "throttled", "ThrottlingException: too many", "succeed later" },
      { "internal-error", "InternalServerException: the service has", "succeed later" },
    }
    for _, case in ipairs(cases) do
      local result = run("handle_exceptions", { store.arn(case[1]) }, { AWS_MAX_ATTEMPTS = "1" })
      assert_run(1, result)
      assert.truthy(result.out:find(case[2], 1, true) and result.out:find(case[3], 1, true), result.out)
    end
    for changes, kind in pairs {
      [{ AWS_ENDPOINT_URL_IVS = "http://127.0.0.1:9" }] = "could not be reached",
      [{ AWS_CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt" }] = "certificate",
      [{ AWS_ACCESS_KEY_ID = "", AWS_SECRET_ACCESS_KEY = "", AWS_EC2_METADATA_DISABLED = "true" }] = "no credentials",
    } do
      changes.AWS_MAX_ATTEMPTS = "1"
      local result = run("handle_exceptions", { ARN }, changes)
      assert_run(1, result)
      assert.truthy(result.out:find(kind, 1, true), result.out)
    end
  end)

  it("list_recording_configurations.lua lists all", function()
    local result = run("list_recording_configurations", {})
    assert_run(0, result)
    for _, label in ipairs(store.labels) do
      assert.truthy(result.out:find(store.configurations[label].arn, 1, true), result.out)
    end
    result = run("list_recording_configurations", {}, { AWS_ENDPOINT_URL_IVS = emulator.endpoint_url .. "/answer/access-denied" })
    assert_run(1, result)
    assert.truthy(result.err:find("ListRecordingConfigurations", 1, true), result.err)
  end)

  it("batch_with_progress.lua fetches many", function()
    local result = run("batch_with_progress", { ARN, store.arn "unknown", store.configurations.creating.arn })
    assert_run(1, result)
    assert.equal(ARN .. "\tACTIVE\n" .. store.configurations.creating.arn .. "\tCREATING\n" .. store.arn "unknown"
      .. "\tResourceNotFoundException\n", result.out)
    assert.truthy(result.err:find("3 of 3\n", 1, true), result.err)
  end)

  it("wait_until_active.lua waits", function()
    local result = run("wait_until_active", { store.arn "creating-2", "60", "0.1" })
    assert_run(0, result)
    assert.equal("ACTIVE\n", result.out)
    result = run("wait_until_active", { store.configurations.create_failed.arn })
    assert_run(1, result)
    assert.truthy(result.out:find("CREATE_FAILED", 1, true), result.out)
  end)

  it("own_project_spec.lua passes under Busted, without network and credentials", function()
    local result = command.run({ "-o", "plainTerminal", "examples/own_project_spec.lua" },
      { program = "spec/runner.lua", env = { AWS_EC2_METADATA_DISABLED = "true", IVS_LUA = interpreter.path() } })
    assert_run(0, result)
    assert.truthy(result.out:find("2 successes / 0 failures / 0 errors", 1, true), result.out)
  end)

  it("assume_role.lua reads with the role's credentials", function()
    local result = run("assume_role", { "video", ARN })
    assert_run(0, result)
    assert.equal("ACTIVE\twith credentials from assume_role\n", result.out)
    result = run("assume_role", { "denied", ARN })
    assert_run(1, result)
    assert.truthy(result.err:find("not authorized to perform: sts:AssumeRole", 1, true), result.err)
  end)

  it("own_credentials.lua reads them from a file", function()
    stand_in.with_directory(function(directory)
      local keys = store.keys.temporary
      local path = stand_in.write(directory .. "/keys.json", ('{"AccessKeyId":"%s","SecretAccessKey":"%s","SessionToken":"%s"}')
        :format(keys.access_key_id, keys.secret_access_key, keys.session_token), "600")
      assert.equal("ACTIVE\n", run("own_credentials", { path, ARN }).out)
      local result = run("own_credentials", { directory .. "/absent.json", ARN })
      assert_run(1, result)
      assert.truthy(result.err:find("absent.json", 1, true), result.err)
    end)
  end)

  describe("check_drift.sh", function()
    --- Runs it with an expectation and an `ivs` that stands in PATH.
    local function check(expectation, report)
      return stand_in.with_directory(function(directory)
        stand_in.write(directory .. "/ivs", ("#!/bin/sh\nexec %s %s/bin/ivs --max-tps 0 \"$@\"\n")
          :format(shell.quote(interpreter.path()), shell.quote((shell.run "pwd"):sub(1, -2))))
        stand_in.write(directory .. "/expected.json", expectation, "600")
        local words = { ("env PATH=%s:\"$PATH\""):format(shell.quote(directory)), "HOME=/nonexistent",
          "LUA_PATH=" .. shell.quote(package.path), "LUA_CPATH=" .. shell.quote(package.cpath) }
        for name, value in pairs(environment()) do words[#words + 1] = name .. "=" .. shell.quote(value) end
        words[#words + 1] = ("sh examples/check_drift.sh %s/expected.json %s/report.xml 2>&1"):format(directory, directory)
        local said, status = shell.run(table.concat(words, " "))
        return said, status, (shell.run(("cat %s/%s 2>&1"):format(directory, report or "report.xml")))
      end)
    end

    it("succeeds if all is as expected", function()
      local said, status, report = check '{"state": {"$any": ["ACTIVE", "CREATING", "CREATE_FAILED"]}}'
      assert.equal(0, status, said)
      assert.truthy(said:find("TAP version 13\n1.." .. #store.labels .. "\n", 1, true), said)
      assert.truthy(report:find(('tests="%d" failures="0" errors="0"'):format(#store.labels), 1, true), report)
    end)

    it("fails if something differs, in the log and in the report", function()
      local file = assert(io.open("examples/expected.json", "rb"))
      local expectation = file:read "*a"
      file:close()
      local said, status, report = check(expectation)
      assert.equal(1, status, said)
      assert.truthy(said:find("not ok", 1, true), said)
      assert.truthy(report:find("<failure ", 1, true), report)
      assert.truthy(said:find("\nok %d+ %- " .. ARN:gsub("%p", "%%%0") .. "\n"), said)
    end)

    it("distinguishes an invalid expectation from a difference", function()
      assert.equal(2, select(2, check "{"))
    end)
  end)
end)
