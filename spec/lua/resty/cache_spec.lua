--- resty.ivs.cache in a real nginx of several workers, before a service that counts its calls.

local cache_site = require "support.cache_site"
local cjson = require "cjson"
local shell = require "emulator.shell"

if not cache_site.available then return end -- nginx runs LuaJIT, whatever runs this: once is enough

local sleep = cache_site.sleep

describe("the cache of resty.ivs", function()
  local service, site

  lazy_setup(function()
    service = cache_site.service()
    site = cache_site.start(service, { workers = 4 })
  end)

  lazy_teardown(function()
    assert.same({}, site:stop())
    assert.same({}, service:stop())
  end)

  describe("makes one call", function()
    it("for 1,000 concurrent requests for a key, over four workers", function()
      service:script("crowd", { delay = 0.3 })
      local ask = site:asker { ttl = 20 }
      assert.same({ ["miss 1"] = 1, ["hit 1"] = 999 }, (service:burst({ site }, 1000, ask:path "crowd")))
      assert.equal(1, service:count "crowd")
    end)

    it("for each key, however the requests are mixed", function()
      local ask = site:asker { ttl = 20 }
      local answers = service:burst({ site }, 1000, ask:path "mix-%d", 10)
      assert.same({ ["miss 1"] = 10, ["hit 1"] = 990 }, answers)
      assert.equal(10, service:count "mix-")
    end)

    it("that lasts longer than the lock's expiry", function()
      service:script("long", { delay = 4 })
      local ask = site:asker { lock_ttl = 2 }
      assert.same({ ["miss 1"] = 1, ["hit 1"] = 99 }, (service:burst({ site }, 100, ask:path "long")))
      assert.equal(1, service:count "long")
    end)

    it("whose failure is shared by the requests that waited for it, and by no later one", function()
      service:script("failing", { status = 500, delay = 2 })
      local ask = site:asker {}
      assert.same({ ["miss InternalServerException"] = 400 }, (service:burst({ site }, 400, ask:path "failing")))
      assert.equal(1, service:count "failing")
      service:script("failing", {})
      assert.equal("miss 2", ask "failing")
    end)
  end)

  describe("answers", function()
    it("with the complete response, in tables that belong to the caller", function()
      local ask = site:asker {}
      local first = cjson.decode(ask("whole", "/whole"))
      for _ = 1, 8 do assert.equal("hit 1", ask "whole") end -- which spoils what it got
      local again = cjson.decode(ask("whole", "/whole"))
      assert.same({ "miss", "hit" }, { first.ResponseMetadata.Cache, again.ResponseMetadata.Cache })
      first.ResponseMetadata.Cache, again.ResponseMetadata.Cache = nil, nil
      first.ResponseMetadata.Age, again.ResponseMetadata.Age = nil, nil
      assert.same(first, again)
      assert.same({ 60, "id-1", "application/json" }, { again.recordingConfiguration.recordingReconnectWindowSeconds,
        again.ResponseMetadata.RequestId, again.ResponseMetadata.HTTPHeaders["content-type"] })
    end)

    it("with its age in seconds: 0 when it is new", function()
      local ask, hasty = site:asker { ttl = 20 }, site:asker { ttl = 0.1, stale_ttl = 20 }
      local function age(asker, what)
        local cache, seconds = asker("aged", "/age"):match "^(%a+) ([%d.]+)$"
        assert.equal(what, cache)
        return tonumber(seconds)
      end
      local begun = cache_site.now()
      assert.equal(0, age(ask, "miss"))
      service:script("aged", { status = 500 }) -- no refresh makes it new
      sleep(0.2)
      local fresh = age(ask, "hit")
      assert.is_true(fresh >= 0.2 and fresh <= cache_site.now() - begun, fresh)
      sleep(0.2)
      local stale = age(hasty, "stale")
      assert.is_true(stale >= fresh + 0.2 and stale <= cache_site.now() - begun, stale)
    end)

    it("with age 0 to all requests that waited, in the worker that fetched it and in the others", function()
      service:script("ageless", { delay = 0.3 })
      local answers = service:burst({ site }, 40, site:asker { ttl = 20 }:path("ageless", "/age"))
      local count = 0
      for answer, number in pairs(answers) do
        assert.is_true(answer == "miss 0" and number == 1 or tonumber(answer:match "^hit ([%d.]+)$") >= 0, answer)
        count = count + number
      end
      assert.equal(40, count)
    end)

    it("in the access phase, and in a filter if it is cached", function()
      local ask = site:asker { ttl = 20 }
      assert.equal("miss 1", ask("phases", "/access"))
      local headers = shell.run(("curl -s -i '%s%s'"):format(site.url, ask:path("phases", "/filter")))
      assert.is_truthy(headers:find "X%-Got: hit 1")
    end)

    it("for keys of any length and content", function()
      local ask = site:asker {}
      local key = ("long%20key"):rep(300)
      assert.same({ "miss 1", "hit 1", "miss 1" }, { ask(key), ask(key), ask(key .. "x") })
    end)

    it("when the dict has foreign or truncated entries", function()
      cache_site.with(service, {}, function(own)
        local ask = own:asker {}
        for number, what in ipairs { "'junk'", "text:sub(1, -2)", "text:sub(1, 20)", "42", "text:sub(1, 15) .. 'r[]'",
          "text:sub(1, 15) .. 'e{}'", "text:sub(1, 15) .. 'x{}'", "'            nan' .. text:sub(16)", "''",
          "'00000000001.000r{'", "text:sub(1, 16) .. '{\"ResponseMetadata\":{}}'", "text:gsub('\"ACTIVE\"', '{}')",
          "text:gsub('\"HD\"', '5')", "text:gsub('\"ResponseMetadata\":{', '\"ResponseMetadata\":5,\"x\":{')",
          "text:gsub('\"recordingConfiguration\":{', '\"recordingConfiguration\":null,\"x\":{')",
          "text:gsub('60', '1e999')", "text:sub(1, 16) .. ('{\"a\":'):rep(200) .. 1 .. ('}'):rep(200)",
          [[text:sub(1, 15) .. 'e{"kind":"service","code":"AccessDeniedException","message":"no"}']],
          [[text:sub(1, 15) .. 'e{"kind":"service","code":"ResourceNotFoundException","message":"no","attempts":"z"}']],
          [[text:sub(1, 15) .. 'e{"kind":"service","code":"ResourceNotFoundException","message":"no","causes":[5]}']],
          [[text:sub(1, 15) .. 'f{"kind":"service","code":"ResourceNotFoundException","message":"no"}']] } do
          local key = "spoilt-" .. number
          assert.equal("miss 1", ask(key))
          own:get("/spoil?what=" .. cache_site.encoded(what))
          assert.equal("miss 2", ask(key), what)
          assert.equal("hit 2", ask(key), what)
        end
      end)
    end)
  end)

  describe("caches of failures", function()
    it("ResourceNotFoundException, for negative_ttl", function()
      local ask, brief = site:asker { negative_ttl = 60 }, site:asker { negative_ttl = 0.2 }
      service:script("absent", { status = 404, delay = 1 })
      local answers = service:burst({ site }, 200, ask:path "absent")
      assert.equal(200, (answers["miss ResourceNotFoundException"] or 0) + (answers["hit ResourceNotFoundException"] or 0))
      assert.equal("hit ResourceNotFoundException", ask "absent")
      assert.equal(1, service:count "absent")
      service:script("absent", {})
      sleep(0.25)
      assert.equal("miss 2", brief "absent")
    end)

    it("nothing if negative_ttl is 0", function()
      local ask = site:asker { negative_ttl = 0 }
      service:script("absent-0", { status = 404 })
      assert.equal("miss ResourceNotFoundException", site:asker {} "absent-0")
      assert.equal("miss ResourceNotFoundException", ask "absent-0")
      assert.equal("miss ResourceNotFoundException", ask "absent-0")
    end)

    it("no other errors", function()
      local ask = site:asker {}
      for _, status in ipairs { 400, 403, 429, 500 } do
        service:script("not-" .. status, { status = status })
        assert.is_truthy(ask("not-" .. status):find "^miss %a")
        assert.is_truthy(ask("not-" .. status):find "^miss %a")
        assert.equal(2, service:count("not-" .. status))
      end
    end)
  end)

  describe("continues", function()
    it("when the dict is full of others' entries, evicting them", function()
      cache_site.with(service, { dict = "100k", workers = 2 }, function(own)
        local ask = own:asker {}
        own:get "/fill"
        assert.same({ "miss 1", "hit 1" }, { ask "full", ask "full" })
        own:get "/fill" -- pushes ours out
        assert.equal("miss 2", ask "full")
        service:script("full-2", { delay = 0.2 })
        assert.same({ ["miss 1"] = 1, ["hit 1"] = 199 }, (service:burst({ own }, 200, ask:path "full-2")))
      end)
    end)

    it("after a worker crashed while it held the lock, when that has expired", function()
      cache_site.with(service, { workers = 1 }, function(own)
        local ask = own:asker {}
        service:script("crash", { delay = 30 })
        ask:in_background "crash"
        service:await("crash", 1)
        service:script("crash", {})
        local before = own:workers()[1]
        shell.run("kill -KILL " .. before)
        for _ = 1, 1000 do
          local now = own:workers()[1]
          if now and now ~= before then break end
          sleep(0.01)
        end
        local took = ask:time "crash"
        assert.equal("hit 2", ask "crash")
        assert.is_true(took < 20, took .. " s: the first call's 30 s were waited for")
      end)
    end)

    it("with another call when the client that fetched is closed", function()
      cache_site.with(service, {}, function(own)
        local ask = own:asker {}
        ask:in_background("handed-on", "/cancelled")
        sleep(0.1)
        assert.equal("miss 1", ask "handed-on")
      end)
    end)

    it("after fetch raised an error, which the caller gets", function()
      local ask = site:asker {}
      assert.same({ ["false bang"] = 1 }, (service:burst({ site }, 1, ask:path("raise", "/raise"))))
      assert.equal("miss 1", ask "raise")
    end)

    it("after a reload, with the entries of the dict", function()
      cache_site.with(service, { workers = 2 }, function(own)
        local ask = own:asker {}
        assert.equal("miss 1", ask "reload")
        cache_site.reload(own)
        assert.equal("hit 1", ask "reload")
        assert.same({}, own:errors())
      end)
    end)
  end)

  it("counts the outcome of each get, for all workers", function()
    cache_site.with(service, { workers = 3 }, function(own)
      local ask, brief = own:asker { ttl = 20, negative_ttl = 20 }, own:asker { ttl = 0.1, stale_ttl = 20 }
      service:script("stats", { delay = 2 })
      service:burst({ own }, 100, ask:path "stats")
      for _ = 1, 5 do ask "stats" end
      brief "stats-stale"
      sleep(0.15)
      brief "stats-stale"
      service:script("stats-absent", { status = 404 })
      for _ = 1, 4 do ask "stats-absent" end
      assert.same({ hit = 5, miss = 3, stale = 1, negative = 3, shared = 99, redis_hit = 0, redis_error = 0 }, ask:stats())
    end)
  end)

  it("reports what is wrong with its options", function()
    for given, message in pairs {
      ["5"] = "option 'cache' has to be a table, got number",
      ["{}"] = "option 'cache.dict' is missing",
      ["{dict='cache',tll=5}"] = "unknown option 'cache.tll'; did you mean 'ttl'?",
      ["{dict='nowhere'}"] = "option 'cache.dict': nginx has no lua_shared_dict 'nowhere' "
        .. "(write `lua_shared_dict nowhere 10m;` in http {})",
      ["{dict=5}"] = "option 'cache.dict' has to be the name of a lua_shared_dict or ngx.shared's member, got number",
      ["{dict='cache',ttl='5'}"] = "option 'cache.ttl' has to be a number, got string",
      ["{dict='cache',ttl=0}"] = "option 'cache.ttl' has to be more than 0 and at most 3.16224e+07",
      ["{dict='cache',stale_ttl=-1}"] = "option 'cache.stale_ttl' has to be from 0 to 3.16224e+07",
      ["{dict='cache',negative_ttl=0/0}"] = "option 'cache.negative_ttl' has to be from 0 to 3.16224e+07",
      ["{dict='cache',identity=5}"] = "option 'cache.identity' has to be a string, got number",
      ["{dict='cache',identity=''}"] = "option 'cache.identity' has to be a text that is not empty and has no control characters",
      ["{dict='cache',lock_ttl=0}"] = "option 'cache.lock_ttl' has to be from 0.1 to 3600",
      ["{dict='cache',max_tps=0}"] = "option 'cache.max_tps' has to be more than 0 and at most 1000",
      ["{dict='cache',max_tps=true}"] = "option 'cache.max_tps' has to be a number or false, got boolean",
      ["{dict='cache',lru_size=1.5}"] = "option 'cache.lru_size' has to be an integer",
      ["{dict='cache',lru_size=-1}"] = "option 'cache.lru_size' has to be from 0 to 1e+06",
      ["{dict='cache',locks='nowhere'}"] = "option 'cache.locks': nginx has no lua_shared_dict 'nowhere' "
        .. "(write `lua_shared_dict nowhere 10m;` in http {})",
      ["{dict='cache',redis=true}"] = "option 'cache.redis' has to be a table, got boolean",
      ["{dict='cache',redis={}}"] = "option 'cache.redis' has to have either 'host' or 'unix'",
      ["{dict='cache',redis={host='a',prot=1}}"] = "unknown option 'cache.redis.prot'; did you mean 'port'?",
      ["{dict='cache',redis={host='a',port=0}}"] = "option 'cache.redis.port' has to be from 1 to 65535",
      ["{dict='cache',redis={host='a',username='u'}}"] = "option 'cache.redis.username' needs 'cache.redis.password'",
    } do
      local said = site:get("/misuse?given=" .. cache_site.encoded(given))
      assert.equal("nil " .. message, said)
    end
    local without = "(function() package.preload['resty.redis'] = error package.preload['nginx.redis'] = error "
      .. "return {dict='cache',redis={host='a'}} end)()"
    assert.is_truthy(site:get("/misuse?given=" .. cache_site.encoded(without)):find "apt%-get install lua%-nginx%-redis")
    assert.is_truthy(site:get("/misuse?given=" .. cache_site.encoded("{dict=ngx.shared.cache}")):find "^table")
  end)
end)
