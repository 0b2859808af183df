-- Emulators of one test each: what their options do, and that nothing of them is left.

local botocore = require "emulator.botocore"
local cases = require "emulator.cases"
local server = require "emulator.server"
local shell = require "emulator.shell"
local store = require "emulator.store"

local ARN, BODY = cases.arn, cases.body
local SPEC = (debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$") or ".") .. "/.."

-- This very Lua, so that its own kind runs server.lua; under valgrind the process is not what it was started from.
local function interpreter()
  return os.getenv "IVS_LUA" or (shell.run("readlink /proc/$PPID/exe"):gsub("\n", ""))
end

local function is_running(pid)
  local file = io.open("/proc/" .. pid .. "/stat", "rb")
  local stat = file and file:read("*a")
  if file then
    file:close()
  end
  return stat ~= nil and not stat:find("%) Z ")
end

local function exists(path)
  return select(2, shell.run("test -e " .. shell.quote(path))) == 0
end

-- Waits for something to be seen, ten seconds at most.
local function eventually(condition)
  for _ = 1, 200 do
    if condition() then
      return true
    end
    os.execute("sleep 0.05")
  end
  return false
end

describe("an emulator with options", function()
  it("can require a region, shift its clock, and have more names", function()
    local emulator = server.start { region = "eu-west-1", clock_offset = 600, hostnames = { "ivs.example.com" } }
    local job = botocore.job()
    job:add("in time", { region = "eu-west-1", send = { body = BODY, clock_offset = 600 } })
    job:add("by this clock", { region = "eu-west-1", send = { body = BODY } })
    job:add("other region", { region = "us-west-2", send = { body = BODY, clock_offset = 600 } })
    local results = job:run(emulator)
    local certificate = shell.quote(emulator.prefix .. "/server.pem")
    local names = shell.run("openssl x509 -noout -ext subjectAltName -in " .. certificate)
    emulator:stop()
    assert.equal(200, results["in time"].status)
    assert.truthy(results["by this clock"].body:find("Signature expired", 1, true))
    assert.truthy(results["other region"].body:find("Credential should be scoped to a valid region.", 1, true))
    assert.truthy(names:find("DNS:ivs.example.com", 1, true))
  end)

  it("can keep no record", function()
    local emulator = server.start { log = false }
    local job = botocore.job()
    job:add("call", { arn = ARN })
    local status = job:run(emulator).call.status
    local requests, access_log = emulator:requests(), exists(emulator.prefix .. "/access.log")
    emulator:stop()
    assert.same({ 200, 0, false }, { status, requests, access_log })
  end)

  it("serves without TLS and over IPv4 and IPv6", function()
    local emulator = server.start()
    local job = botocore.job()
    job:add("plain", { arn = ARN, endpoint_url = emulator.http_endpoint_url })
    job:add("IPv4", { arn = ARN, endpoint_url = "https://127.0.0.1:" .. emulator.https_port })
    if shell.run("cat /proc/net/if_inet6"):find(("0"):rep(31) .. "1") then
      job:add("IPv6", { arn = ARN, endpoint_url = "https://[::1]:" .. emulator.https_port })
    end
    local results = job:run(emulator)
    emulator:stop()
    for name, result in pairs(results) do
      assert.same({ recordingConfiguration = store.configurations.complete }, result.response, name)
    end
  end)
end)

describe("starting and stopping", function()
  it("leaves no process and no directory", function()
    local emulator = server.start()
    local pid, prefix = emulator.pid, emulator.prefix
    local ran = is_running(pid) and exists(prefix)
    emulator:stop()
    assert.truthy(ran)
    assert.falsy(is_running(pid))
    assert.falsy(exists(prefix))
    emulator:stop()
  end)

  it("ends by itself when its owner has ended without stopping it", function()
    local script = ("package.path = %q .. package.path; local e = require 'emulator.server'.start(); "
      .. "print(e.pid, e.prefix); io.stdout:flush(); os.exit(1)"):format(SPEC .. "/?.lua;")
    local pid, prefix = shell.run(shell.quote(interpreter()) .. " -e " .. shell.quote(script)):match("(%d+)%s+(%S+)")
    assert.truthy(eventually(function()
      return not is_running(pid) and not exists(prefix)
    end))
  end)

  it("reports why it cannot start, and leaves nothing", function()
    local ok, message = pcall(server.start, { hostnames = { "a,bad:name" } })
    assert.falsy(ok)
    assert.truthy(message:find("the emulator's certificate could not be made: ", 1, true), message)
    assert.falsy(exists(message:match("(%S*ivs%-emulator%.%w+)") or "/nonexistent"))
  end)

  it("runs a command with the environment set, and returns its exit status", function()
    local run = shell.quote(interpreter()) .. " " .. shell.quote(SPEC .. "/emulator/run.lua")
    local command = 'echo "$AWS_ENDPOINT_URL_IVS $AWS_CA_BUNDLE $AWS_REGION $AWS_ACCESS_KEY_ID ${AWS_PROFILE-none} $0"'
      .. "; exit 7"
    local output, status = shell.run("AWS_PROFILE=mine " .. run .. " -- sh -c " .. shell.quote(command) .. ' "it\'s"')
    local url, ca_bundle, rest = output:match("^(%S+) (%S+) (.*)\n$")
    assert.equal(7, status)
    assert.truthy(url:match("^https://localhost:%d+$"))
    assert.equal("us-west-2 AKIAIOSFODNN7EXAMPLE none it's", rest)
    assert.falsy(exists(ca_bundle))
  end)

  it("prints the variables to export and runs until it is stopped", function()
    local run = shell.quote(interpreter()) .. " " .. shell.quote(SPEC .. "/emulator/run.lua")
    local pipe = assert(io.popen("echo $$; exec " .. run, "r"))
    local runner = pipe:read("*l")
    local said = {}
    repeat
      said[#said + 1] = pipe:read("*l")
    until not said[#said] or said[#said]:find("Ctrl-C", 1, true)
    local text = table.concat(said, "\n")
    local prefix = text:match("export AWS_CA_BUNDLE='(.-)/ca%.pem'")
    local ran = exists(prefix)
    os.execute("kill -TERM " .. runner)
    pipe:close()
    assert.truthy(ran)
    assert.truthy(text:find("export AWS_SECRET_ACCESS_KEY='", 1, true))
    assert.equal(text:match("AWS_ENDPOINT_URL_IVS='(.-)'"), text:match("export AWS_ENDPOINT_URL_STS='(.-)'"))
    assert.truthy(text:find(ARN, 1, true))
    assert.truthy(eventually(function()
      return not exists(prefix)
    end))
  end)
end)
