--- The fetch of a missing answer (resty.ivs.cache.fetch): it runs in a timer and belongs to no request; and what happens if nginx
-- has no timer left.

local cache_site = require "support.cache_site"
local shell = require "emulator.shell"

if not cache_site.available then return end -- nginx runs LuaJIT, whatever runs this: once is enough

local sleep = cache_site.sleep

describe("the cache of resty.ivs fetches a missing answer", function()
  local service, site

  --- Clients that ask, and go away when the service has been called for them.
  local function ask_and_leave(ask, key, clients)
    local pids = ask:in_background(key, "/abort", clients)
    service:await(key, 1)
    shell.run("kill " .. pids)
  end

  lazy_setup(function()
    service = cache_site.service()
    site = cache_site.start(service, { workers = 4 })
  end)

  lazy_teardown(function()
    assert.same({}, site:stop())
    assert.same({}, service:stop())
  end)

  it("to the end, even if every client that asked for it has disconnected", function()
    local ask = site:asker { ttl = 20 }
    service:script("deserted", { delay = 1.5 })
    ask_and_leave(ask, "deserted", 8)
    assert.equal("hit 1", ask "deserted")
    assert.equal(1, service:count "deserted")
  end)

  it("and caches it when no request waits any more", function()
    cache_site.with(service, {}, function(own)
      local ask = own:asker { ttl = 20 }
      service:script("unwatched", { delay = 1 })
      ask_and_leave(ask, "unwatched", 1)
      for _ = 1, 500 do
        if own:get "/flights" == "0" then break end
        sleep(0.01)
      end
      assert.equal("hit 1", ask "unwatched")
      assert.same({ hit = 1, miss = 0 }, { hit = ask:stats().hit, miss = ask:stats().miss })
      assert.equal(1, service:count "unwatched")
    end)
  end)

  it("in its requests when nginx has no timer left, or drops timers", function()
    cache_site.with(service, { http = "lua_max_pending_timers 1;" }, function(own) -- the guard's
      assert.same({ ["miss 1"] = 10, ["hit 1"] = 190 },
        (service:burst({ own }, 200, own:asker { ttl = 20 }:path "timerless-%d", 10)))
    end)
    cache_site.with(service, { http = "lua_max_running_timers 1;" }, function(own)
      local ask = own:asker { ttl = 20 }
      own:get "/occupy_timers"
      service:script("dropped", { delay = 0.3 })
      assert.same({ ["miss 1"] = 1, ["hit 1"] = 99 }, (service:burst({ own }, 100, ask:path "dropped")))
      assert.is_true(ask:time "not-begun" < 25) -- the timers are occupied for 30 s
    end)
    assert.same({ 10, 1 }, { service:count "timerless-", service:count "dropped" })
  end)

  it("and leaves timers for other code, however many keys are missing", function()
    cache_site.with(service, {}, function(own)
      for number = 0, 399 do service:script("many-" .. number, { delay = 1 }) end
      local answers = service:burst({ own }, 400, own:asker { ttl = 20 }:path "many-%d", 400)
      assert.same({ ["miss 1"] = 400 }, answers)
      assert.same({}, own:errors()) -- nginx logs each timer that it drops
    end)
  end)

  it("and keeps nothing in memory of aborted requests when nginx has no timer left", function()
    cache_site.with(service, { http = "lua_max_pending_timers 1;",
      init = "require('resty.ivs.cache.fetch').sweep_interval = 0.1" }, function(own)
      local ask, pids = own:asker {}, {}
      for number = 1, 30 do
        service:script("left-" .. number, { hold = true })
        pids[number] = ask:in_background("left-" .. number, "/abort")
      end
      service:await("left-", 30)
      shell.run("kill " .. table.concat(pids))
      assert.equal("30", (own:get "/flights"))
      local left
      for number = 1, 40 do
        ask("other-" .. number)
        left = own:get "/flights"
        if left == "0" then break end
        sleep(0.1)
      end
      assert.equal("0", left)
    end)
  end)

  it("again after the light thread that fetched was killed", function()
    cache_site.with(service, { http = "lua_max_pending_timers 1;" }, function(own)
      local ask = own:asker { lock_ttl = 0.6 }
      service:script("kill", { delay = 30 })
      local took = ask:time("kill", "/get_and_kill")
      assert.is_true(took < 25, took .. " s") -- the call would take 30 s
      service:script("kill", {})
      assert.same({ ["miss 2"] = 1, ["hit 2"] = 99 }, (service:burst({ own }, 100, ask:path "kill")))
    end)
  end)

  it("again after its request was aborted, although every client that waits leaves sooner than a second", function()
    cache_site.with(service, { http = "lua_max_pending_timers 1;" }, function(own) -- the guard's: requests fetch
      local ask = own:asker { ttl = 20 }
      service:script("impatient", { delay = 30 })
      ask_and_leave(ask, "impatient", 1)
      service:script("impatient", {})
      local answers = shell.run(("for i in $(seq 120); do curl -s -m 0.9 '%s%s' 2>/dev/null & sleep 0.05; done; wait")
        :format(own.url, ask:path("impatient", "/abort")))
      assert.truthy(answers:find("miss 2", 1, true), answers)
      assert.equal(2, service:count "impatient")
    end)
  end)
end)
