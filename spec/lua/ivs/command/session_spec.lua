--- The options that every subcommand takes, by their effect on a call. Not for: values that are refused (parser_spec), --profile and
-- --debug (get_spec), --quiet and --no-color (terminal_spec, whoami_spec).

local command = require "support.command"
local hostile_server = require "support.hostile_server"
local ivs = require "ivs"
local json = require "cjson"
local server = require "emulator.server"
local store = require "emulator.store"

local ARN = store.configurations.complete.arn
local CLOCKS = 0.002 -- seconds by which the clock of the pace and the monotonic one may differ
local monotonic = ivs.private.system.monotonic
local BROKEN = { status = 500, body = "{}" }

describe("the option", function()
  local emulator

  setup(function() emulator = server.start() end)
  teardown(function() emulator:stop() end)

  --- Runs `ivs get ARN` with the options, in the emulator's environment; of `changes`, false takes a variable away.
  local function get(arguments, changes, arn)
    local words, env = { "get", arn or ARN, "--output", "json" }, emulator:environment()
    for _, argument in ipairs(arguments) do words[#words + 1] = argument end
    for name, value in pairs(changes or {}) do env[name] = value or nil end
    local result = command.run(words, { env = env })
    local decoded = json.decode(result.out)
    return result.status, decoded.errors[1] and decoded.errors[1].code, result.err
  end

  it("--ca-bundle names the authorities, in place of AWS_CA_BUNDLE", function()
    assert.equal(0, (get({ "--ca-bundle", emulator.ca_bundle }, { AWS_CA_BUNDLE = false })))
    local status, code = get({}, { AWS_CA_BUNDLE = false })
    assert.same({ 3, "SSLError" }, { status, code })
    assert.equal(0, (get({ "--ca-bundle", emulator.ca_bundle }, { AWS_CA_BUNDLE = "/nonexistent.pem" })))
    assert.equal(3, (get({ "--ca-bundle", "/nonexistent.pem" })))
  end)

  it("--no-verify-ssl accepts a certificate of an unknown authority", function()
    assert.equal(0, (get({ "--no-verify-ssl" }, { AWS_CA_BUNDLE = false })))
  end)

  it("--endpoint-url is called in place of the configured one", function()
    local status, code = get({ "--endpoint-url", emulator.endpoint_url .. "/answer/access-denied" })
    assert.same({ 3, "AccessDeniedException" }, { status, code })
    assert.equal(0, (get({ "--endpoint-url", emulator.endpoint_url }, { AWS_ENDPOINT_URL_IVS = "http://127.0.0.1:9" })))
  end)

  it("--region is the one that is signed for, in place of AWS_REGION", function()
    local before = #emulator:request_log()
    get {}
    get { "--region", "eu-west-1" }
    local log, regions = emulator:request_log(), {}
    for at = before + 1, #log do regions[#regions + 1] = log[at]:match "Credential=[^,]-%d%d%d%d%d%d%d%d[\\/]+([%w-]+)[\\/]+ivs" end
    assert.same({ emulator.region, "eu-west-1" }, regions)
  end)

  it("--max-attempts is the number of requests, the first one included", function()
    for attempts = 1, 2 do
      local arn, before = emulator:script("broken-" .. attempts, BROKEN), emulator:requests()
      assert.equal(3, (get({ "--max-attempts", tostring(attempts) }, nil, arn)))
      assert.equal(attempts, emulator:requests() - before)
    end
  end)

  it("--read-timeout ends the wait for a response", function()
    local status, code = get({ "--read-timeout", "0.2", "--max-attempts", "1" }, nil, store.arn "slow-3000")
    assert.same({ 3, "ReadTimeoutError" }, { status, code })
  end)

  it("--connect-timeout ends the wait for a connection", function()
    local wire = hostile_server.start { certificates = true }
    local body = '{"recordingConfiguration":{"state":"ACTIVE"}}'
    wire:play { { "wait", 1.5 }, { "tls", "server" }, { "request" },
      { "send", "HTTP/1.1 200 OK\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body } }
    local words = { "--endpoint-url", wire.tls_url, "--ca-bundle", wire.ca_bundle, "--max-attempts", "1" }
    local patient = get(words)
    words[#words + 1], words[#words + 2] = "--connect-timeout", "0.2"
    local status, code = get(words)
    wire:stop()
    assert.same({ 0, 3, "ConnectTimeoutError" }, { patient, status, code })
  end)

  it("--quiet does not silence errors", function()
    local status, _, complaint = get({ "--quiet" }, nil, store.arn "unknown")
    assert.equal(3, status)
    assert.truthy(complaint:find("ResourceNotFoundException", 1, true), complaint)
  end)

  it("--max-tps is the pace, and 0 lifts it", function()
    local words = { "--max-tps", "2", store.arn "slow-20-1", store.arn "slow-20-2", store.arn "slow-20-3" }
    local sent, begun = emulator:requests(), monotonic()
    assert.equal(0, (get(words)))
    assert.is_true(monotonic() - begun >= 3 / 2 - CLOCKS) -- four requests span three intervals; at the default pace 1 s
    assert.equal(4, emulator:requests() - sent)
    words = { "--max-tps", "0" }
    for at = 1, 99 do words[#words + 1] = store.arn("slow-20-unpaced-" .. at) end
    begun = monotonic()
    assert.equal(0, (get(words)))
    assert.is_true(monotonic() - begun < 99 / 3 / 2) -- half the time that the default pace takes
  end)
end)
