--- Batches and lists in a script, as support/many_scenarios.lua has them.

local endpoint = require "support.endpoint"
local ivs = require "ivs"
local scenarios = require "support.many_scenarios"
local server = require "emulator.server"

describe("in a script:", function()
  local emulator, make

  lazy_setup(function()
    emulator = server.start()
    make = scenarios.maker(ivs, endpoint.options(emulator))
  end)

  lazy_teardown(function() emulator:stop() end)

  for _, scenario in ipairs(scenarios.list) do
    it(scenario.name, function() assert.same(scenario.expected, scenario.run(make)) end)
  end
end)
