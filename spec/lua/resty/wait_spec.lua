--- client:wait_until_active inside nginx (ivs.waiter over ngx.sleep), against the emulator.

local endpoint = require "support.endpoint"
local nginx = require "support.nginx"
local server = require "emulator.server"
local store = require "emulator.store"

if not nginx.available then return end -- nginx runs LuaJIT, whatever runs this: once is enough

describe("wait_until_active inside nginx", function()
  local emulator, site, options

  lazy_setup(function()
    emulator = server.start()
    options = endpoint.options(emulator, { cache = { dict = "cache", max_tps = false } })
    options.ca_bundle = nil
    site = nginx.start { http = ("lua_ssl_trusted_certificate %s; lua_shared_dict cache 1m;"):format(emulator.ca_bundle) }
  end)

  lazy_teardown(function()
    assert.same({}, site:stop())
    emulator:stop()
  end)

  --- What a wait gives, and how many requests it took; other light threads of the worker run meanwhile.
  local function wait(params)
    local before = emulator:requests()
    local found = site:run([[
      local turns, is_over = 0, false
      local other = ngx.thread.spawn(function()
        while not is_over do
          turns = turns + 1
          ngx.sleep(0.01)
        end
      end)
      local response, err = require("resty.ivs").client(%s):wait_until_active(%s)
      is_over = true
      ngx.thread.wait(other)
      return { state = response and response.recordingConfiguration.state, code = err and err.code, kind = err and err.kind,
        message = err and err.message, cause = err and err.cause and err.cause.code,
        last = err and err.response and err.response.recordingConfiguration.state, turns = turns }]], options, params)
    return found, emulator:requests() - before
  end

  it("polls until the state is ACTIVE, without blocking the worker and without the cache", function()
    local found, requests = wait { arn = store.arn "creating-3-nginx", delay = 0.05 }
    assert.same({ "ACTIVE", 4 }, { found.state, requests })
    assert.is_true(found.turns > 1, found.turns)
  end)

  it("accepts the ARN alone", function()
    assert.equal("ACTIVE", wait({ arn = store.configurations.complete.arn }).state)
  end)

  it("fails when the creation has failed", function()
    local found = wait { arn = store.arn "create-failing-1-nginx", delay = 0.01 }
    assert.same({ "WaiterError", "CREATE_FAILED" }, { found.code, found.last })
  end)

  it("fails with the cause that is not retryable, and when it takes too long", function()
    local found = wait { arn = store.arn "access-denied", delay = 0.01 }
    assert.same({ "WaiterError", "AccessDeniedException" }, { found.code, found.cause })
    found = wait { arn = store.configurations.creating.arn, delay = 0.05, timeout = 0.2 }
    assert.same({ "WaiterError", "timeout", "CREATING" }, { found.code, found.kind, found.last })
  end)

  it("raises misuse", function()
    for _, params in ipairs { "{ arn = 'a', timeout = 'x' }", "{ arn = 'a', delay = 0 }", "{ arn = 'a', dealy = 1 }", "5" } do
      local problem = site:run(([[
        local ok, problem = pcall(function() require("resty.ivs").client():wait_until_active(%s) end)
        return ok and "no error" or problem]]):format(params))
      assert.is_truthy(problem:find("^run:1: bad argument #1 to 'wait_until_active' %("), problem)
    end
  end)
end)
