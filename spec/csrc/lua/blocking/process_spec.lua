--- Programs as credential_process runs them (csrc/lua/blocking/process.c): at a terminal, where the user can be asked, and elsewhere.
-- Each runs in a process of its own, with a terminal of its own.

local interpreter = require "support.interpreter"
local shell = require "emulator.shell"
local stand_in = require "support.stand_in"

--- A script that asks for credentials; prints the end of the access key or the error.
local ASK = [[
  local client = assert(require("ivs").client { region = "us-west-2", env = %s })
  local told, err = client:credentials()
  print(told and told.access_key_id or tostring(err))]]

--- A script with `run`, as the blocking driver offers it to the sources of keys.
local RUN = [[
  local settings, run = require "ivs.config.settings", nil
  local resolve = settings.resolve
  function settings.resolve(...)
    local found = resolve(...)
    found.provider = function(offer) run = offer.run; return nil, "none" end
    return found
  end
  require("ivs").client { env = {} }:credentials()
  local result, problem = run(%s, { timeout = %s, max_bytes = 4096 })
  print(result and result.status or problem, result and result.stdout or "")]]

local PRINT = [[printf '{"Version":1,"AccessKeyId":"AKID%s","SecretAccessKey":"s"}' "$code"]] .. "\n"

--- At a terminal: the words before a command.
local function at_terminal(expected, answer, leash)
  local words = { "python3", shell.quote("spec/support/terminal.py") }
  if leash then
    words[#words + 1] = "--leash"
    words[#words + 1] = shell.quote(leash)
  end
  words[#words + 1] = shell.quote(expected)
  words[#words + 1] = shell.quote(answer)
  return table.concat(words, " ")
end

local NOWHERE = "setsid -w" -- a session without a terminal

--- A directory with a program `tool` and what uses it.
local function with_tool(script, use)
  return stand_in.with_directory(function(directory)
    stand_in.write(directory .. "/tool", "#!/bin/sh\n" .. script)
    return use(directory)
  end)
end

--- Runs ASK with the tool as credential_process.
local function ask(script, before, command, env)
  return with_tool(script, function(directory)
    local path = stand_in.write(directory .. "/config", "[default]\ncredential_process = "
      .. (command or directory .. "/tool") .. "\n", "600")
    local text = ("{ AWS_CONFIG_FILE = %q, AWS_SHARED_CREDENTIALS_FILE = '/dev/null', PATH = %q }")
      :format(path, (env or "/usr/bin:/bin"):gsub("@", directory))
    return interpreter.run(ASK:format(text), {}, before)
  end)
end

describe("a program at a terminal", function()
  it("can ask the user a question", function()
    local output = ask("printf 'code: ' >/dev/tty\nread -r code </dev/tty\n" .. PRINT, at_terminal("code: ", "123456\\n"))
    assert.truthy(output:find("…3456\n", 1, true), output)
    assert.truthy(output:find("exit status 0\n$"), output)
  end)

  it("can read what is typed from standard input", function()
    local output = ask("printf 'code: ' >/dev/tty\nread -r code\n" .. PRINT, at_terminal("code: ", "654321\\n"))
    assert.truthy(output:find("…4321\n", 1, true), output)
  end)

  it("is ended by Ctrl-C together with the script that waits for it", function()
    stand_in.with_directory(function(directory)
      local leash = directory .. "/leash"
      shell.run("mkfifo " .. shell.quote(leash))
      local output = ask(("exec 9>%s\nprintf 'ready' >/dev/tty\nexec sleep 90\n"):format(leash),
        at_terminal("ready", "\\x03", leash))
      assert.is_nil(output:find("did not end", 1, true), output)
      assert.truthy(output:find("let go\n$"), output)
    end)
  end)

  it("is killed at its timeout", function()
    stand_in.with_directory(function(directory)
      local leash = directory .. "/leash"
      shell.run("mkfifo " .. shell.quote(leash))
      local words = ("{ '/bin/sh', '-c', 'exec 9>%s; exec sleep 90' }"):format(leash)
      local output = interpreter.run(RUN:format(words, "0.5"), {}, at_terminal("nothing", "", leash))
      assert.truthy(output:find("it did not end in time", 1, true), output)
      assert.truthy(output:find("let go\n$"), output)
    end)
  end)
end)

describe("a program without a terminal", function()
  it("has an empty standard input and a process group of its own", function()
    local script = [[cat; [ "$(ps -o pgid= -p $$ | tr -d " ")" = $$ ] && echo own]]
    local output = interpreter.run(RUN:format(("{ '/bin/sh', '-c', %q }"):format(script), "30"), {}, "echo typed | " .. NOWHERE)
    assert.equal("0\town\n\n", output)
  end)

  it("is killed at its timeout with all processes that it has started", function()
    stand_in.with_directory(function(directory)
      local leash = directory .. "/leash"
      shell.run("mkfifo " .. shell.quote(leash))
      local words = ("{ '/bin/sh', '-c', 'exec 9>%s; sleep 90 & sleep 90' }"):format(leash)
      -- cat ends when nobody holds the FIFO's other end any more
      local script = ("local reader = io.popen(%q)\n"):format("timeout 45 cat " .. shell.quote(leash) .. "; echo $?")
        .. RUN:format(words, "0.5") .. '\nprint(reader:read("*a"))'
      assert.equal("it did not end in time\t\n0\n\n", (interpreter.run(script, {}, NOWHERE)))
    end)
  end)
end)

describe("a program's name", function()
  it("is searched in the PATH of the option env", function()
    local output = ask("code=FOUND\n" .. PRINT, NOWHERE, "tool", "/nonexistent:@:/usr/bin:/bin")
    assert.equal("…OUND\n", output)
  end)

  it("is then not searched in the PATH of the process", function()
    local output = ask("", NOWHERE, "printf x", "/nonexistent")
    assert.truthy(output:find("not in PATH: No such file or directory", 1, true), output)
  end)

  it("with a slash is a path", function()
    local output = ask("code=SLASH\n" .. PRINT, NOWHERE, nil, "/usr/bin")
    assert.equal("…LASH\n", output)
  end)

  it("of a file that is not executable is skipped, and reported if there is no other", function()
    with_tool("", function(directory)
      shell.run("chmod 600 " .. shell.quote(directory .. "/tool"))
      local output = ask("code=OTHER\n" .. PRINT, NOWHERE, "tool", directory .. ":@:/usr/bin:/bin")
      assert.equal("…THER\n", output)
      output = ask("", NOWHERE, "tool", directory)
      assert.truthy(output:find("not in PATH: Permission denied", 1, true), output)
    end)
  end)
end)
