--- resty.ivs.cache with an answer that is no longer fresh: who refreshes it, how often, and what replaces it.

local cache_site = require "support.cache_site"

if not cache_site.available then return end -- nginx runs LuaJIT, whatever runs this: once is enough

local sleep = cache_site.sleep

describe("the cache of resty.ivs with a stale answer", function()
  -- Each reader judges by its own ttl: to `brief` an answer is stale soon, to `patient` it stays fresh.
  local service, site, brief, patient

  --- Reads with `brief`, which has a stale answer refreshed, until `patient` gets the new one.
  local function await(expected, key)
    local got
    for _ = 1, 1000 do
      brief(key)
      got = patient(key)
      if got == expected then break end
      sleep(0.01)
    end
    assert.equal(expected, got)
  end

  lazy_setup(function()
    service = cache_site.service()
    site = cache_site.start(service, { workers = 4 })
    brief, patient = site:asker { ttl = 0.1, stale_ttl = 60 }, site:asker { ttl = 60, stale_ttl = 60 }
  end)

  lazy_teardown(function()
    assert.same({}, site:stop())
    assert.same({}, service:stop())
  end)

  it("serves it at once while one refresh runs, over all workers", function()
    assert.equal("miss 1", brief "stale")
    service:script("stale", { hold = true })
    sleep(0.15)
    assert.same({ ["stale 1"] = 500 }, (service:burst({ site }, 500, brief:path "stale")))
    service:await("stale", 2)
    service:release "stale"
    assert.equal("hit 2", patient:until_it_is("hit 2", "stale"))
    assert.equal(2, service:count "stale")
  end)

  it("keeps serving it while the service throttles, fails, or cannot be reached, with few refreshes", function()
    for _, status in ipairs { 429, 500 } do
      local key = "bad-" .. status
      assert.equal("miss 1", brief(key))
      service:script(key, { status = status })
      sleep(0.15)
      local begun = cache_site.now()
      assert.equal("stale 1", brief(key))
      sleep(0.05)
      assert.same({ ["stale 1"] = 300 }, (service:burst({ site }, 300, brief:path(key))))
      local most = 3 + (cache_site.now() - begun) / 0.1 -- at least `ttl` between two tries
      assert.is_true(service:count(key) <= most, service:count(key) .. " calls, at most " .. most)
      service:script(key, {})
      await("hit " .. service:count(key) + 1, key)
    end
    local other = cache_site.service()
    local own = cache_site.start(other)
    local ask = own:asker { ttl = 0.1 }
    assert.equal("miss 1", ask "gone")
    other:stop()
    sleep(0.15)
    for _ = 1, 3 do assert.equal("stale 1", ask "gone") end
    assert.equal("miss EndpointConnectionError", ask "gone-too")
    own:stop()
  end)

  it("lets an answer about the resource replace it", function()
    local ask = site:asker { ttl = 0.1, negative_ttl = 20 }
    for status, last in pairs { [404] = "hit ResourceNotFoundException", [403] = "miss AccessDeniedException" } do
      local key = "replaced-" .. status
      assert.equal("miss 1", ask(key))
      service:script(key, { status = status })
      sleep(0.15)
      assert.equal("stale 1", ask(key))
      assert.equal(last, ask:until_it_is(last, key))
    end
  end)

  it("keeps serving it after failures of credentials or proxies, which say nothing about the resource", function()
    local ask = site:asker { ttl = 0.1, stale_ttl = 20 }
    for code, status in pairs { ExpiredTokenException = 403, InvalidSignatureException = 403, RequestExpired = 400,
      ["403"] = 403, ["407"] = 407, ["302"] = 302, UnknownOperationException = 404 } do
      local key = "fault-" .. code
      assert.equal("miss 1", ask(key))
      service:script(key, { status = status, code = code })
      sleep(0.15)
      assert.equal("stale 1", ask(key))
      service:await(key, 2)
      assert.equal("stale 1", ask(key), code)
    end
  end)

  it("serves it in init_by_lua, where there are no timers", function()
    local options = '{"dict":"cache","ttl":0.1,"stale_ttl":60}'
    cache_site.with(service, { init = ("require('support.cache_pages').get_early(%q, 'early')"):format(options) }, function(own)
      local ask = own:asker { ttl = 20, stale_ttl = 60 }
      assert.equal("none InvalidConfigError", (own:get "/told"))
      assert.equal("miss 1", own:asker { ttl = 0.1, stale_ttl = 60 } "early")
      sleep(0.15)
      cache_site.reload(own)
      assert.equal("stale 1", (own:get "/told"))
      assert.equal("hit 2", ask:until_it_is("hit 2", "early"))
    end)
  end)

  it("refreshes it for the next request if a client was closed meanwhile", function()
    assert.equal("miss 1", brief "closing")
    sleep(0.15)
    assert.equal("stale 1", brief("closing", "/cancelled"))
    assert.equal("stale 1", brief "closing")
    await("hit 2", "closing")
  end)

  it("waits between two refreshes, however short its ttl is, and not forever", function()
    local ask = site:asker { ttl = 0.0004, stale_ttl = 20 }
    assert.equal("miss 1", ask "tiny")
    service:script("tiny", { status = 500 })
    sleep(0.05)
    assert.equal("stale 1", ask "tiny")
    sleep(0.05)
    service:script("tiny", {})
    assert.equal("stale 4", ask:until_it_is("stale 4", "tiny"))
  end)

  it("does not serve it longer than stale_ttl", function()
    local ask = site:asker { ttl = 0.1, stale_ttl = 0.1 }
    assert.equal("miss 1", ask "old")
    service:script("old", { status = 500 })
    sleep(0.25)
    assert.equal("miss InternalServerException", ask "old")
  end)

  it("serves it by the stale_ttl of the client that asks, whichever client cached it", function()
    local strict = site:asker { ttl = 3, stale_ttl = 0 } -- time for `patient` to ask
    assert.equal("miss 1", brief "whose")
    sleep(3.05)
    assert.equal("miss 2", strict "whose")
    assert.is_nil((patient "whose"):find " 1$") -- the second, or where that has expired meanwhile, a third
  end)

  it("serves it at once when nginx has no timer left, or drops timers", function()
    cache_site.with(service, { http = "lua_max_pending_timers 1;" }, function(own) -- the guard's
      local ask = own:asker { ttl = 0.1, stale_ttl = 60 }
      assert.equal("miss 1", ask "timerless")
      service:script("timerless", { hold = true })
      sleep(0.15)
      assert.same({ ["stale 1"] = 20 }, (service:burst({ own }, 20, ask:path "timerless")))
      assert.equal(1, service:count "timerless")
    end)
    cache_site.with(service, { http = "lua_max_running_timers 1;" }, function(own)
      local ask = own:asker { ttl = 0.1, stale_ttl = 60 }
      assert.equal("miss 1", ask "dropped")
      own:get "/occupy_timers"
      sleep(0.15)
      assert.same({ ["stale 1"] = 20 }, (service:burst({ own }, 20, ask:path "dropped")))
      assert.equal(1, service:count "dropped")
    end)
  end)

  it("refreshes few of them at a time, so that a service that hangs leaves timers to other code", function()
    cache_site.with(service, {}, function(own)
      local ask = own:asker { ttl = 1, stale_ttl = 60 }
      for number = 0, 299 do service:script("hanging-" .. number, {}) end
      assert.same({ ["miss 1"] = 300 }, (service:burst({ own }, 300, ask:path "hanging-%d", 300)))
      for number = 0, 299 do service:script("hanging-" .. number, { hold = true }) end
      sleep(1.1)
      for _ = 1, 3 do
        assert.same({ ["stale 1"] = 300 }, (service:burst({ own }, 300, ask:path "hanging-%d", 300)))
      end
      local calls = service:count "hanging-" - 300
      assert.is_true(calls >= 1 and calls <= 16, calls .. " refreshes at a time")
      assert.same({}, own:errors()) -- nginx logs each timer that it drops
    end)
  end)
end)
