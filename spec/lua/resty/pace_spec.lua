--- resty.ivs.cache.pace, `cache.max_tps`: how often cached clients send, over workers, machines, accounts and regions.

local redis_server = require "support.redis_server"
local sent_requests = require "support.sent_requests"

if not sent_requests.available then return end -- nginx runs LuaJIT, whatever runs this: once is enough

local with_site, until_sent, GRAIN = sent_requests.with_site, sent_requests.await, sent_requests.GRAIN

describe("cache.max_tps", function()
  it("limits all workers together, evenly", function()
    with_site({ workers = 4, init_worker = [[ngx.timer.at(0, function()
      run(client { max_tps = 10 }, names("worker" .. ngx.worker.id() .. "-", 5))
    end)]] }, function(site)
      until_sent(site, 20)
      local found = site:run [[
        local list, pids, count = sent(), {}, 0
        for _, item in ipairs(list) do
          if not pids[item.pid] then pids[item.pid], count = true, count + 1 end
        end
        return { workers = count, requests = #list, span = span(list) }]]
      assert.same({ 4, 20 }, { found.workers, found.requests })
      -- and a little less, so that the network's jitter brings no service that counts seconds more than 10 in one
      assert.is_true(found.span >= 19 / 10 * 1.015 - GRAIN, found.span)
    end)
  end)

  it("is 3 by default, and false lifts it", function()
    with_site({}, function(site)
      local found = site:run [[
        run(client {}, names("default", 4))
        local limited = span(sent())
        forget()
        ngx.shared.cache:flush_all()
        run(client { max_tps = false }, names("lifted", 200))
        return { limited = limited, requests = #sent(), lifted = span(sent()) }]]
      assert.is_true(found.limited >= 3 / 3 - GRAIN, found.limited)
      assert.equal(200, found.requests)
      assert.is_true(found.lifted < 199 / 3 / 2, found.lifted) -- with the limit it would be twice that
    end)
  end)

  it("is separate for each account and region, for all clients", function()
    with_site({}, function(site)
      local found = site:run [[
        local other = { access_key_id = "AKIAZZZZZZZZZZZZZZZZ", secret_access_key = "s" }
        local threads = {}
        for at, each in ipairs {
          { client { max_tps = 4 }, names("a", 3, "us-west-2") },
          { client { max_tps = 4 }, names("b", 3, "us-east-1") },
          { client({ max_tps = 4 }, { credentials = other }), names("c", 3, "us-west-2") },
          { client({ max_tps = 4 }, { region = "us-west-2", connect_timeout = 3 }), names("d", 3, "us-west-2") },
        } do threads[at] = ngx.thread.spawn(run, each[1], each[2]) end
        for _, thread in ipairs(threads) do ngx.thread.wait(thread) end
        local first, of = {}, { a = {}, b = {}, c = {} }
        for at, item in ipairs(sent()) do
          local group = item.arn:match "/(.)":gsub("d", "a")
          table.insert(of[group], item)
          if at <= 3 then first[at] = group end
        end
        table.sort(first)
        return { first = table.concat(first), a = span(of.a), b = span(of.b), c = span(of.c) }]]
      assert.equal("abc", found.first) -- none of them waits for another
      assert.is_true(found.a >= 5 / 4 - GRAIN, found.a)
      assert.is_true(found.b >= 2 / 4 - GRAIN, found.b)
      assert.is_true(found.c >= 2 / 4 - GRAIN, found.c)
    end)
  end)

  it("counts retries, and no answers from the cache", function()
    with_site({}, function(site)
      assert.same({ requests = 2, is_paced = true, outcomes = "miss hit hit hit" }, site:run([[
        statuses = { 500, 200 }
        local made, outcomes = client({ max_tps = 0.5 }, { max_attempts = 2 }), {}
        for at = 1, 4 do outcomes[at] = run(made, { arn "one" })[1] end
        return { requests = #sent(), is_paced = span(sent()) >= 1 / 0.5 - %s, outcomes = table.concat(outcomes, " ") }]], GRAIN))
    end)
  end)

  it("limits all machines together over Redis, and each by itself while Redis fails", function()
    local redis = redis_server.start()
    local ok, problem = pcall(with_site, {}, function(one)
      with_site({}, function(other)
        local start = [[ngx.timer.at(0, function()
          run(client { max_tps = 10, redis = { host = "127.0.0.1", port = %d, timeout = 10 } }, names("%s", 8))
        end)]]
        one:run(start, redis.port, "one")
        other:run(start, redis.port, "other")
        until_sent(one, 8)
        until_sent(other, 8)
        local first, last = math.huge, 0
        for _, site in ipairs { one, other } do
          local found = site:run "local list = sent() return { last = list[#list].at, span = span(list) }"
          first, last = math.min(first, found.last - found.span), math.max(last, found.last)
        end
        assert.is_true(last - first >= 15 / 10 - GRAIN, last - first)
        redis:stop()
        local alone = one:run([[
          forget()
          local codes = run(client { max_tps = 10, redis = { host = "127.0.0.1", port = %d } }, names("alone", 5))
          return { codes = table.concat(codes, " "), span = span(sent()) }]], redis.port)
        assert.equal("miss miss miss miss miss", alone.codes)
        assert.is_true(alone.span >= 4 / 10 - GRAIN, alone.span)
      end)
    end)
    redis:stop()
    if not ok then error(problem, 0) end
  end)

  it("is kept by a worker that is busy, in which nginx's own time stands still", function()
    with_site({}, function(site)
      local early = site:run [[
        local monotonic, early = require("ivs.core").private.monotonic, nil
        ngx.timer.at(0, function() -- where a call is made at once, not in another timer
          os.execute "sleep 0.4"
          local turn = monotonic() + 0.3
          ngx.shared.cache:set("ivs:pace:581039954779:us-west-2", turn)
          client { max_tps = 10 }:get_recording_configuration(arn "busy")
          early = turn - monotonic()
        end)
        while not early do ngx.sleep(0.01) end
        return early]]
      assert.is_true(early <= 0, early)
    end)
  end)

  it("returns an error in place of a wait of more than a minute", function()
    with_site({}, function(site)
      assert.same({ code = "ThrottlingException", kind = "timeout", retryable = true, requests = 0, is_explained = true,
        later = "miss" }, site:run [[
        local key = "ivs:pace:581039954779:us-west-2"
        local monotonic = require("ivs.core").private.monotonic
        ngx.shared.cache:set(key, monotonic() + 61)
        local made = client { max_tps = 0.1 }
        local response, err = made:get_recording_configuration(arn "late")
        ngx.shared.cache:set(key, monotonic() + 3600) -- farther ahead than any turn that is reserved
        return { code = err.code, kind = err.kind, retryable = err.retryable, requests = #sent(),
          is_explained = err.message:find("raise cache.max_tps", 1, true) ~= nil, later = run(made, { arn "later" })[1] }]])
    end)
  end)

  it("does not block after a client was closed or a worker crashed", function()
    with_site({}, function(site)
      assert.same({ closed = "ClientClosedError", requests = 0, after_crash = "miss" }, site:run [[
        local key = "ivs:pace:581039954779:us-west-2"
        ngx.shared.cache:set(key, require("ivs.core").private.monotonic() + 1)
        local made = client { max_tps = 1 }
        ngx.timer.at(0.3, function() made:close() end)
        local codes = run(made, { arn "closed" })
        local requests = #sent()
        ngx.shared.cache:delete(key)
        ngx.shared.cache:add(key .. ":lock", true, 0.05)
        return { closed = codes[1], requests = requests, after_crash = run(client {}, { arn "crash" })[1] }]])
    end)
  end)
end)

describe("cache.locks", function()
  it("is a dict for everything except answers", function()
    with_site({}, function(site)
      local found = site:run [[
        run(client { locks = "locks", max_tps = false }, { arn "one" })
        local made, has_paused = client({ locks = ngx.shared.locks, max_tps = false, ttl = 1 }, { max_attempts = 1 }), false
        ngx.sleep(1.1)
        statuses = { 500 }
        run(made, { arn "one" }) -- stale; the refresh fails, and the next one has to wait for a second
        for _ = 1, 500 do
          for _, key in ipairs(ngx.shared.locks:get_keys(0)) do has_paused = has_paused or key:find ":pause$" ~= nil end
          if has_paused then break end
          ngx.sleep(0.02)
        end
        run(client { locks = "locks", max_tps = 0.1 }, { arn "two" })
        local kept = { cache = {}, locks = {} }
        for name, list in pairs(kept) do
          for _, key in ipairs(ngx.shared[name]:get_keys(0)) do
            local kind = key:match "^ivs:(%l+):" or key:match ":(%l+)$" or "answer"
            if kind ~= "count" and not list[kind] then list[kind], list[#list + 1] = true, kind end
          end
          table.sort(list)
          kept[name] = table.concat(list, " ")
        end
        return { cache = kept.cache, has_pace = kept.locks:find "pace" ~= nil, has_paused = has_paused }]]
      assert.same({ cache = "answer", has_pace = true, has_paused = true }, found)
    end)
  end)
end)

describe("cache.lru_size", function()
  it("is how many decoded answers a worker keeps, those used last", function()
    with_site({}, function(site)
      local count = [[
        local decoder, made, outcomes = require "ivs.json", client { lru_size = %d, max_tps = false }, {}
        run(made, names("k", 3))
        run(made, names("k", 3))
        local decode, decoded = decoder.decode, 0
        decoder.decode = function(text) decoded = decoded + 1 return decode(text) end
        for _, name in ipairs { "k1", "k2", "k3", "k3", "k2", "k2", "k1" } do
          local response = made:get_recording_configuration(arn(name))
          outcomes[#outcomes + 1] = response.ResponseMetadata.Cache .. response.recordingConfiguration.name
          response.recordingConfiguration.name = "spoilt"
        end
        decoder.decode = decode
        return { decoded = decoded, outcomes = table.concat(outcomes, " ") }]]
      local outcomes = ("hitn "):rep(6) .. "hitn"
      assert.same({ decoded = 0, outcomes = outcomes }, site:run(count, 3))
      assert.same({ decoded = 4, outcomes = outcomes }, site:run(count, 2)) -- k2 and k3 are kept: k1, k2, k3 in turn, at last k1
      assert.same({ decoded = 7, outcomes = outcomes }, site:run(count, 0))
    end)
  end)
end)
