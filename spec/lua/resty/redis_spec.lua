--- resty.ivs.cache.redis: two nginx instances, each of several workers, that share a real redis-server.

local cache_site = require "support.cache_site"
local redis_server = require "support.redis_server"
local shell = require "emulator.shell"

if not cache_site.available then return end -- nginx runs LuaJIT, whatever runs this: once is enough

local sleep = cache_site.sleep

describe("the cache of resty.ivs over Redis", function()
  local service, one, other, redis

  lazy_setup(function()
    service = cache_site.service()
    one = cache_site.start(service, { workers = 2 })
    other = cache_site.start(service, { workers = 2 })
    redis = redis_server.start()
  end)

  lazy_teardown(function()
    redis:stop()
    assert.same({}, one:stop())
    assert.same({}, other:stop())
    assert.same({}, service:stop())
  end)

  --- One asker for each machine.
  local function askers(options, level)
    local given = { redis = { host = "127.0.0.1", port = redis.port, timeout = 5 } }
    for name, value in pairs(level or {}) do given.redis[name] = value end
    for name, value in pairs(options or {}) do given[name] = value end
    return one:asker(given), other:asker(given)
  end

  local function with_own(...) cache_site.with_redis(service, ...) end

  --- What the cache calls a key, learned from its entry in a Redis that has no other.
  local function id_of(server, ask, key)
    ask(key)
    local id = server:cli "--scan --pattern 'ivs:entry:*'":match "^ivs:entry:(%S+)$"
    server:cli "flushall"
    return assert(id)
  end

  describe("makes one call for all machines", function()
    it("for each of ten keys, with 2,000 requests over both", function()
      for number = 0, 9 do service:script("fleet-" .. number, { delay = 0.2 }) end
      local ask = askers { ttl = 20 }
      local answers = service:burst({ one, other }, 2000, ask:path "fleet-%d", 10)
      assert.same({ ["miss 1"] = 10, ["hit 1"] = 1990 }, answers)
      assert.equal(10, service:count "fleet-")
    end)

    it("that lasts longer than the lock's expiry", function()
      service:script("fleet-long", { delay = 8 })
      local ask = askers { lock_ttl = 4 }
      assert.same({ ["miss 1"] = 1, ["hit 1"] = 99 }, (service:burst({ one, other }, 100, ask:path "fleet-long")))
      assert.equal("", redis:cli "--scan --pattern 'ivs:lock:*'")
    end)

    it("when an answer is stale; the other machine serves it, then has the new one", function()
      local ask, ask_other = askers { ttl = 3, stale_ttl = 20 }
      assert.same({ "miss 1", "hit 1" }, { ask "fleet-stale", ask_other "fleet-stale" })
      service:script("fleet-stale", { hold = true })
      sleep(3.05)
      assert.same({ ["stale 1"] = 400 }, (service:burst({ one, other }, 400, ask:path "fleet-stale")))
      service:await("fleet-stale", 2)
      service:release "fleet-stale"
      assert.equal("hit 2", ask:until_it_is("hit 2", "fleet-stale"))
      assert.equal("hit 2", ask_other:until_it_is("hit 2", "fleet-stale"))
      assert.equal(2, service:count "fleet-stale")
    end)
  end)

  describe("shares with another machine", function()
    it("an answer with its age", function()
      local ask, ask_other = askers { ttl = 60, stale_ttl = 60 }
      local _, brief = askers { ttl = 0.5, stale_ttl = 60 }
      assert.equal("miss 1", ask "age")
      sleep(0.3)
      assert.equal("hit 1", ask_other "age") -- takes Redis' entry, of that age, into its dict
      sleep(0.25)
      assert.equal("stale 1", brief "age")
    end)

    it("the age of an answer that Redis or the dict has", function()
      local ask, ask_other = askers { ttl = 20 }
      local _, hasty = askers { ttl = 0.1, stale_ttl = 20 }
      local begun = cache_site.now()
      assert.equal("miss 0", ask("told-age", "/age"))
      service:script("told-age", { status = 500 }) -- no refresh makes it new
      local least = 0
      for _, each in ipairs { { ask_other, "hit" }, { ask_other, "hit" }, { hasty, "stale" } } do -- Redis', then the dict's
        sleep(0.2)
        least = least + 0.2
        local cache, age = each[1]("told-age", "/age"):match "^(%a+) ([%d.]+)$"
        assert.equal(each[2], cache)
        assert.is_true(tonumber(age) >= least and tonumber(age) <= cache_site.now() - begun, age)
      end
    end)

    it("a stale answer with a machine that has none", function()
      local ask, ask_other = askers { ttl = 0.2, stale_ttl = 20 }
      assert.equal("miss 1", ask "old")
      service:script("old", { status = 429 })
      sleep(0.25)
      assert.equal("stale 1", ask_other "old")
    end)

    it("ResourceNotFoundException", function()
      local ask, ask_other = askers { negative_ttl = 20 }
      service:script("fleet-absent", { status = 404 })
      assert.equal("miss ResourceNotFoundException", ask "fleet-absent")
      assert.equal("hit ResourceNotFoundException", ask_other "fleet-absent")
    end)

    it("the removal of an answer after AccessDeniedException", function()
      local ask, ask_other = askers { ttl = 0.2, stale_ttl = 20 }
      assert.equal("miss 1", ask "denied")
      service:script("denied", { status = 403 })
      sleep(0.25)
      assert.equal("miss AccessDeniedException", ask:until_it_is("miss AccessDeniedException", "denied"))
      assert.equal("miss AccessDeniedException", ask_other "denied")
    end)

    it("an answer that stays when one machine's credentials have expired", function()
      local ask, ask_other = askers { ttl = 0.2, stale_ttl = 20 }
      assert.equal("miss 1", ask "expired")
      service:script("expired", { status = 403, code = "ExpiredTokenException" })
      sleep(0.25)
      assert.equal("stale 1", ask "expired")
      service:await("expired", 2)
      sleep(0.05)
      assert.equal("stale 1", ask_other "expired")
    end)

    it("the failure of a refresh: no machine tries again for a while", function()
      local ask, ask_other = askers { ttl = 3, stale_ttl = 20 }
      assert.same({ "miss 1", "hit 1" }, { ask "fleet-pause", ask_other "fleet-pause" })
      service:script("fleet-pause", { status = 429 })
      sleep(3.05)
      local begun = os.time()
      assert.equal("stale 1", ask "fleet-pause")
      service:await("fleet-pause", 2)
      sleep(0.05)
      for _ = 1, 10 do
        assert.equal("stale 1", ask_other "fleet-pause")
        sleep(0.02)
      end
      local most = 3 + os.time() - begun -- a try a second
      assert.is_true(service:count "fleet-pause" <= most, service:count "fleet-pause" .. " calls, at most " .. most)
    end)

    it("the failure of a call, if it waited for that", function()
      service:script("fleet-failure", { status = 500, delay = 2 })
      service:script("fleet-refusal", { status = 403, delay = 2 })
      local ask = askers()
      assert.same({ ["miss InternalServerException"] = 40 }, (service:burst({ one, other }, 40, ask:path "fleet-failure")))
      assert.same({ ["miss AccessDeniedException"] = 40 }, (service:burst({ one, other }, 40, ask:path "fleet-refusal")))
      assert.same({ 1, 1 }, { service:count "fleet-failure", service:count "fleet-refusal" })
    end)

    it("answers that each client judges by its own stale_ttl and negative_ttl", function()
      local ask = askers({ ttl = 0.2, stale_ttl = 20, negative_ttl = 20 })
      local _, strict = askers { ttl = 0.2, stale_ttl = 0, negative_ttl = 0 }
      assert.equal("miss 1", ask "strict")
      service:script("strict-absent", { status = 404 })
      assert.equal("miss ResourceNotFoundException", ask "strict-absent")
      sleep(0.25)
      assert.same({ "miss 2", "miss ResourceNotFoundException" }, { strict "strict", strict "strict-absent" })
      assert.equal(2, service:count "strict-absent")
    end)

    it("but not a failure of the service", function()
      local ask, ask_other = askers()
      service:script("fleet-failing", { status = 500 })
      assert.equal("miss InternalServerException", ask "fleet-failing")
      service:script("fleet-failing", {})
      assert.equal("miss 2", ask_other "fleet-failing")
    end)
  end)

  it("ignores foreign values under its keys", function()
    with_own(nil, function(server, first, second)
      local given = { redis = { unix = server.unix } }
      for number, command in ipairs { "set %s junk", "set %s 00000000300.000r{ PX 100000", "set %s 00000000300.000r{} PX 100000",
        "set %s ''", "setrange %s 16 x", [[set %s '00000000300.000r{"ResponseMetadata":{}}' PX 301000]],
        [[set %s '00000000300.000r{"ResponseMetadata":{},"recordingConfiguration":{"state":{}}}' PX 301000]],
        [[set %s '00000000000.000e{"kind":"service","code":"AccessDeniedException","message":"no"}' PX 1000]],
        [[set %s '00000000000.000e{"kind":"service","code":"ResourceNotFoundException","message":"no","attempts":{}}' PX 1000]],
        "del %s; lpush %s x" } do
        local key = "foreign-" .. number
        assert.equal("miss 1", first:asker(given)(key))
        local name = server:cli "--scan --pattern 'ivs:entry:*'"
        for each in command:gsub("%%s", name):gmatch "[^;]+" do server:cli(each) end
        assert.equal("miss 2", second:asker(given)(key), command)
        assert.equal("string", server:cli("type " .. name))
        assert.is_truthy(server:cli("get " .. name):find('"name":"2"', 1, true))
        server:cli "flushall"
      end
      assert.equal(0, second:asker(given):stats().redis_error)
    end)
  end)

  describe("does not treat as a lock", function()
    it("a key without an expiry, one with a very long expiry, and one of another type", function()
      with_own(nil, function(server, first, second)
        local given = { lock_ttl = 30, redis = { unix = server.unix } }
        for number, command in ipairs { "set ivs:lock:%s another", "set ivs:lock:%s another PX 1000000000000",
          "lpush ivs:lock:%s another" } do
          local key = "lock-" .. number
          local id = id_of(server, first:asker(given), key)
          server:cli(command:format(id))
          local took = second:asker(given):time(key)
          assert.is_true(took < 15, took .. " s: " .. command)
          assert.equal("1", server:cli "dbsize")
          server:cli "flushall"
        end
        assert.equal(0, second:asker(given):stats().redis_error)
      end)
    end)

    it("or as a pause a key with a very long expiry", function()
      with_own(nil, function(server, first)
        local ask = first:asker { ttl = 0.2, stale_ttl = 20, redis = { unix = server.unix } }
        ask "paused"
        local id = server:cli "--scan --pattern 'ivs:entry:*'":match "^ivs:entry:(%S+)$"
        server:cli(("set ivs:pause:%s 1 PX 1000000"):format(id))
        sleep(0.25)
        assert.equal("stale 1", ask "paused")
        local patient = first:asker { ttl = 60, stale_ttl = 60, redis = { unix = server.unix } }
        assert.equal("hit 2", patient:until_it_is("hit 2", "paused"))
      end)
    end)

    it("a key that others renew forever, after a while", function()
      with_own(nil, function(server, first)
        local given = { max_tps = false, redis = { unix = server.unix } }
        local id = id_of(server, first:asker(given), "held")
        local patient = cache_site.start(service, { init = "require('resty.ivs.cache.fetch').longest_wait = 0.5" })
        server:cli(("set ivs:lock:%s another PX 60000"):format(id))
        local took = patient:asker(given):time "held"
        assert.is_true(took > 0.4 and took < 30, took .. " s")
        assert.equal("another", server:cli("get ivs:lock:" .. id))
        assert.equal("0", server:cli("exists ivs:entry:" .. id))
        patient:stop()
      end)
    end)
  end)

  it("does not let a machine that has lost the lock store an answer", function()
    with_own(nil, function(server, first, second)
      local given = { ttl = 20, redis = { unix = server.unix } }
      service:script("lost", { hold = true })
      first:asker(given):in_background "lost"
      service:await("lost", 1)
      server:cli "flushall" -- a Redis that was started anew
      service:script("lost", {})
      assert.equal("miss 2", second:asker(given) "lost")
      service:release "lost"
      assert.equal("hit 1", first:asker(given) "lost")
      local name = server:cli "--scan --pattern 'ivs:entry:*'"
      assert.is_truthy(server:cli("get " .. name):find('"name":"2"', 1, true))
    end)
  end)

  it("does not replace a living leader while Redis hangs", function()
    with_own(nil, function(server, first)
      local ask = first:asker { ttl = 20, lock_ttl = 1, redis = { host = "127.0.0.1", port = server.port, timeout = 4 } }
      service:script("alive", { delay = 3 })
      ask:in_background "alive"
      service:await("alive", 1)
      server:signal "STOP"
      assert.equal("hit 1", ask "alive")
      assert.equal(1, service:count "alive")
      server:signal "CONT"
    end)
  end)

  it("continues when the machine that fetched is gone, after the lock's expiry", function()
    with_own(nil, function(server, first, second)
      local given = { lock_ttl = 0.6, redis = { host = "127.0.0.1", port = server.port } }
      service:script("machine", { hold = true })
      first:asker(given):in_background "machine"
      service:await("machine", 1)
      service:script("machine", {})
      shell.run(("kill -KILL %d %s"):format(first.pid, table.concat(first:workers(), " ")))
      local took = second:asker(given):time "machine"
      assert.is_true(took < 20, took .. " s")
    end)
  end)
end)
