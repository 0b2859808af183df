--- Batches and lists inside nginx, as support/many_scenarios.lua has them: without a cache, and with one.

local endpoint = require "support.endpoint"
local nginx = require "support.nginx"
local scenarios = require "support.many_scenarios"
local server = require "emulator.server"

if not nginx.available then return end -- nginx runs LuaJIT, whatever runs this: once is enough

local RUN = [[
  local base, at = %s, %d
  local scenarios = require "support.many_scenarios"
  if base.cache then
    ngx.shared.cache:flush_all()
    base.cache = { dict = "cache", max_tps = false }
  end
  return scenarios.list[at].run(scenarios.maker(require "resty.ivs", base))]]

for title, cache in pairs { ["without a cache"] = false, ["with a cache"] = true } do
  describe("inside nginx, " .. title .. ":", function()
    local emulator, site, options

    lazy_setup(function()
      emulator = server.start()
      options = endpoint.options(emulator, { cache = cache or nil })
      options.ca_bundle = nil -- nginx has lua_ssl_trusted_certificate
      site = nginx.start { http = ("lua_ssl_trusted_certificate %s; lua_shared_dict cache 1m;"):format(emulator.ca_bundle) }
    end)

    lazy_teardown(function()
      assert.same({}, site:stop())
      emulator:stop()
    end)

    for at, scenario in ipairs(scenarios.list) do
      it(scenario.name, function() assert.same(scenario.expected, site:run(RUN, options, at)) end)
    end
  end)
end
