--- What a caller inside nginx gets of every answer in support/scenarios.lua: over HTTPS from the emulator, through cosockets.

local endpoint = require "support.endpoint"
local nginx = require "support.nginx"
local runner = require "support.scenario_runner"
local scenarios = require "support.scenarios"
local server = require "emulator.server"

if not nginx.available then return end

local RUN = [[
  local arns, options = %s, %s
  local runner, scenarios = require "support.scenario_runner", require "support.scenarios"
  local client = require("resty.ivs").client(options)
  local found = {}
  for _, scenario in ipairs(scenarios.list) do
    local response, err = client:get_recording_configuration { arn = arns[scenario.name] }
    found[scenario.name] = runner.differences(scenario, response, err) or "as expected"
  end
  return found
]]

describe("inside nginx, over HTTPS:", function()
  local emulator, site, found

  lazy_setup(function()
    emulator = server.start()
    site = nginx.start { http = ("lua_ssl_trusted_certificate %s;"):format(emulator.ca_bundle) }
    local arns = {}
    for _, scenario in ipairs(scenarios.list) do arns[scenario.name] = runner.arn(emulator, scenario) end
    local options = endpoint.options(emulator, { max_attempts = 1 })
    options.ca_bundle = nil -- nginx has lua_ssl_trusted_certificate
    found = site:run(RUN, arns, options)
  end)

  lazy_teardown(function()
    site:stop()
    emulator:stop()
  end)

  for _, scenario in ipairs(scenarios.list) do
    it(scenario.name, function() assert.equal("as expected", found[scenario.name]) end)
  end
end)
