--- credential_process, with real programs.

local process = require "ivs.credentials.process"
local stand_in = require "support.stand_in"
local whole_call = require "support.whole_call"

local GOOD = [[{"Version": 1, "AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "hunter2", "SessionToken": "to/ken=",
  "Expiration": "2030-01-02T03:04:05Z"}]]
local SECRETS = { "hunter2", "AKIDEXAMPLE", "to/ken=" }

local function context_for(command, options)
  options = options or {}
  options.profile = { name = "video", values = { credential_process = command } }
  return stand_in.context(options)
end

--- Retrieves credentials by a script of the shell.
local function retrieve_by(script, options, arguments)
  return stand_in.with_directory(function(directory)
    local path = stand_in.write(directory .. "/tool", "#!/bin/sh\n" .. script)
    local context = context_for(path .. (arguments or ""), options)
    local keys, err = process.retrieve(context)
    return keys, err, context
  end)
end

local function printing(document)
  return "cat <<'END'\n" .. document .. "\nEND\n"
end

local function assert_broken(...) stand_in.assert_failed("custom-process", SECRETS, ...) end

describe("credential_process", function()
  it("is run only if the profile has one", function()
    assert.same({ nil, 'profile "video" has no credential_process' }, { process.retrieve(context_for(nil)) })
    assert.same({ nil, "no profile is configured" }, { process.retrieve(stand_in.context {}) })
  end)

  it("yields the credentials that the program prints", function()
    assert.same({ access_key_id = "AKIDEXAMPLE", secret_access_key = "hunter2", session_token = "to/ken=",
      expiration = 1893553445 }, (retrieve_by(printing(GOOD))))
  end)

  it("yields credentials without a token and without an expiration", function()
    for _, rest in ipairs { "", [[, "SessionToken": null, "Expiration": null]], [[, "SessionToken": ""]] } do
      assert.same({ access_key_id = "A", secret_access_key = "S" },
        (retrieve_by(printing([[{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "S"]] .. rest .. "}"))))
    end
  end)

  it("passes its words to the program, without a shell", function()
    local script = [[printf '{"Version":1,"AccessKeyId":"%s","SecretAccessKey":"%s"}' "$1" "$2$3"]]
    local keys = retrieve_by(script, nil, [[ 'a b' "c;d"\ e $HOME]])
    assert.same({ access_key_id = "a b", secret_access_key = "c;d e$HOME" }, keys)
  end)

  it("limits the time and the output", function()
    local _, _, context = retrieve_by(printing(GOOD))
    assert.equal(60, context.ran[1].timeout)
    assert.equal(64 * 1024, context.ran[1].max_bytes)
  end)

  it("reads the message of a failure from stderr, never from stdout", function()
    local keys, err = retrieve_by("echo hunter2; echo 'no such vault' >&2; exit 3")
    assert_broken(keys, err)
    assert.equal("Error when retrieving credentials from custom-process: no such vault "
      .. '(credential_process of profile "video", exit status 3)', err.message)
  end)

  it("redacts in stderr what the program also printed on stdout", function()
    local _, err = retrieve_by("echo '{\"SecretAccessKey\":\"wJalrXUtnFEMI+K7MDENG\"}'; echo 'debug: wJalrXUtnFEMI+K7MDENG' >&2; exit 3")
    assert.truthy(err.message:find("custom-process: debug: ********************* (", 1, true), err.message)
  end)

  it("fails with the exit status or the signal if stderr is empty", function()
    local keys, err = retrieve_by(printing(GOOD) .. "exit 9")
    assert_broken(keys, err, 'credential_process of profile "video"', "exit status 9")
    keys, err = retrieve_by("kill -TERM $$")
    assert_broken(keys, err, "signal 15")
  end)

  it("shows no control characters of stderr, and 500 bytes at most, cut between characters", function()
    local keys, err = retrieve_by([[printf '\033[31mred\007\nline\r\n' >&2; exit 1]])
    assert_broken(keys, err, ": ?[31mred? line (")
    keys, err = retrieve_by([[printf 'a' >&2; for i in 1 2 3 4 5 6; do printf ']] .. ("\226\130\172"):rep(50)
      .. [[' >&2; done; exit 1]])
    assert_broken(keys, err)
    local said = err.message:match("custom%-process: (a[^(]*) %(")
    assert.equal("a" .. ("\226\130\172"):rep(166) .. "…", said)
  end)

  it("fails if the program does not end", function()
    local keys, err = retrieve_by("sleep 30", { timeout = 0.2 })
    assert_broken(keys, err, "did not end in time")
  end)

  it("fails if the program prints a megabyte", function()
    local keys, err = retrieve_by("head -c 1048576 /dev/zero | tr '\\0' x")
    assert_broken(keys, err, "too much")
  end)

  it("fails if there is no such program", function()
    local keys, err = process.retrieve(context_for("/nonexistent/tool --secret hunter2"))
    assert_broken(keys, err, 'credential_process of profile "video"', "No such file or directory")
  end)

  it("fails if the line is not a command", function()
    for command, part in pairs {
      ["tool 'hunter2"] = "quotation mark",
      ["tool hunter2\\"] = "backslash",
      ["tool hunter2\0"] = "NUL",
      [" "] = "is empty",
      [("x "):rep(300)] = "255 words",
    } do
      local context = context_for(command)
      local keys, err = process.retrieve(context)
      assert_broken(keys, err, 'credential_process of profile "video"', part)
      assert.same({}, context.ran)
    end
    local keys, err = process.retrieve(context_for { nested = "value" })
    assert_broken(keys, err, "a command on its own line")
  end)

  it("fails on output that is not a JSON object", function()
    for _, output in ipairs { "", "hunter2", "AKIDEXAMPLE hunter2", '"hunter2"', "1", "null", "true", GOOD .. "hunter2",
      GOOD:sub(1, -2), "{'AccessKeyId': 'hunter2'}", "<html>hunter2</html>", "\255\254" } do
      local keys, err = retrieve_by(printing(output))
      assert_broken(keys, err, "did not print a JSON object")
    end
  end)

  it("fails on any Version but the number 1", function()
    for version, part in pairs { ['"1"'] = "a string", ["2"] = "another number", ["1.5"] = "another number",
      ["null"] = "null", ["true"] = "a boolean", ["[1]"] = "a table", ['"hunter2"'] = "a string" } do
      local keys, err = retrieve_by(printing((GOOD:gsub('"Version": 1', '"Version": ' .. version))))
      assert_broken(keys, err, "Unsupported version", "supported versions: 1", part)
    end
    local keys, err = retrieve_by(printing((GOOD:gsub('"Version": 1, ', ""))))
    assert_broken(keys, err, "Unsupported version", "missing")
    assert.is_table((retrieve_by(printing((GOOD:gsub('"Version": 1', '"Version": 1.0'))))))
  end)

  it("fails on a missing key, and names it as botocore does", function()
    for _, name in ipairs { "AccessKeyId", "SecretAccessKey" } do
      local keys, err = retrieve_by(printing((GOOD:gsub(name, "Other"))))
      assert_broken(keys, err, ("Missing required key in response: '%s'"):format(name))
    end
    local keys, err = retrieve_by(printing '[{"Version": 1}]')
    assert_broken(keys, err, "Unsupported version")
  end)

  it("fails on members of a wrong type, empty ones, and ones that would break out of a header", function()
    for _, name in ipairs { "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration" } do
      for _, value in ipairs { "5", "true", "{}", '["hunter2"]', '"hunter2\\r\\nX-Evil: 1"', '"hunter2\\u0000"' } do
        local keys, err = retrieve_by(printing((GOOD:gsub('("' .. name .. '": )"[^"]*"', "%1" .. value))))
        assert_broken(keys, err, name)
      end
    end
    for _, value in ipairs { '""', "null" } do
      local keys, err = retrieve_by(printing((GOOD:gsub('(AccessKeyId": )"[^"]*"', "%1" .. value))))
      assert_broken(keys, err, "AccessKeyId is empty")
    end
  end)

  it("fails on an Expiration that is invalid or past", function()
    for _, value in ipairs { "tomorrow", "2030-13-45", "hunter2" } do
      local keys, err = retrieve_by(printing((GOOD:gsub("2030%-01%-02T03:04:05Z", value))))
      assert_broken(keys, err, "Expiration")
    end
    local keys, err = retrieve_by(printing(GOOD), { now = 1893553445 })
    assert_broken(keys, err, "have expired")
  end)

  describe("in a whole call", function()
    local function call(script)
      return stand_in.with_directory(function(directory)
        local path = stand_in.write(directory .. "/tool", "#!/bin/sh\n" .. script)
        return whole_call.make({}, "[default]\ncredential_process = " .. path .. "\n")
      end)
    end

    it("works", function()
      local response, err, told = call(printing(whole_call.document "SessionToken"))
      assert.equal("ACTIVE", response and response.recordingConfiguration.state, tostring(err))
      assert.equal("process", told.provider)
    end)

    it("ends the chain if it fails", function()
      local keys, err = call("echo hunter2; echo 'no such vault' >&2; exit 3")
      assert_broken(keys, err, "no such vault")
      assert.equal("process", err.causes[#err.causes].provider)
      keys, err = call("exec head -c 1048576 /dev/zero")
      assert_broken(keys, err, "too much")
    end)
  end)
end)
