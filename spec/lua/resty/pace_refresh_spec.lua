--- `cache.max_tps` with more answers than can be refreshed in `cache.ttl`: two nginx, a Redis, and a service that counts.

local redis_server = require "support.redis_server"
local sent_requests = require "support.sent_requests"
local shell = require "emulator.shell"

if not sent_requests.available then return end -- nginx runs LuaJIT, whatever runs this: once is enough

local with_site = sent_requests.with_site

--- Asks for each ARN in turn, again and again, and notes what came; no request waits for another one.
local CLIENT = [[
outcomes = {}
function load_it(_, made, arns, seconds)
  local ends = ngx.now() + seconds
  while ngx.now() < ends do
    for _, each in ipairs(arns) do
      local before = ngx.now()
      local response, err = made:get_recording_configuration(each)
      local outcome = response and response.ResponseMetadata.Cache or "error " .. err.code
      outcomes[outcome] = (outcomes[outcome] or 0) + 1
      if outcome == "hit" then oldest = math.max(oldest or 0, response.ResponseMetadata.Age) end
      waited = math.max(waited or 0, ngx.now() - before)
    end
    ngx.sleep(0.05)
  end
  is_done = true
end]]

local function await(site, condition)
  for _ = 1, 2000 do
    if site:run("return " .. condition) then return end
    shell.run "sleep 0.05"
  end
  error(condition .. " did not come")
end

local function with_two_machines(test)
  local redis = redis_server.start()
  local ok, problem = pcall(with_site, { workers = 1, init = CLIENT }, function(one)
    with_site({ workers = 1, init = CLIENT }, function(other) test(redis, one, other) end)
  end)
  redis:stop()
  if not ok then error(problem, 0) end
end

--- The largest number of requests in a second, whenever that begins.
local function most_in_a_second(times)
  table.sort(times)
  local most, first = 0, 1
  for last = 1, #times do
    while times[last] - times[first] >= 1 do first = first + 1 end
    most = math.max(most, last - first + 1)
  end
  return most
end

describe("cache.max_tps, with more answers than it can refresh in cache.ttl", function()
  it("keeps the pace, blocks no request that has an answer, and fails none", function()
    with_two_machines(function(redis, one, other)
      local MADE = [[made = client { ttl = 2, max_tps = 10, redis = { host = "127.0.0.1", port = %d, timeout = 10 } }]]
      for _, site in ipairs { one, other } do site:run(MADE, redis.port) end
      one:run [[ngx.timer.at(0, function() codes = run(made, names("n", 60)) end)]] -- 60 misses: 6 seconds
      await(one, "codes ~= nil")
      assert.equal(("miss "):rep(60), one:run "return table.concat(codes, ' ') .. ' '")
      other:run [[ngx.timer.at(0, function() codes = run(made, names("n", 60)) end)]]
      await(other, "codes ~= nil")
      for _, site in ipairs { one, other } do
        site:run [[ngx.timer.at(0, load_it, made, names("n", 60), 14)]]
      end
      local times = {}
      for _, site in ipairs { one, other } do
        await(site, "is_done")
        local found = site:run [[return { outcomes = outcomes, waited = waited, oldest = oldest, sent = sent() }]]
        assert.is_nil(found.outcomes.miss)
        for outcome in pairs(found.outcomes) do assert.is_nil(outcome:match "^error.*") end
        assert.is_true(found.outcomes.hit > 0)
        assert.is_true(found.waited < 0.5, found.waited) -- 60 requests that waited for a turn each would take 6 seconds
        -- 60 answers at 10 a second take 6 seconds; without a longer time, those older than 2 seconds are not fresh
        assert.is_true(found.oldest > 4, found.oldest)
        for _, item in ipairs(found.sent) do times[#times + 1] = item.at end
      end
      assert.is_true(#times > 100, #times) -- refreshed, too
      assert.is_true(most_in_a_second(times) <= 10, most_in_a_second(times))
    end)
  end)

  it("makes the time for which answers are fresh longer, and only then", function()
    with_site({ init = CLIENT }, function(site)
      local found = site:run [[
        local function ages(count, max_tps)
          ngx.shared.cache:flush_all()
          local made = client { ttl = 0.4, max_tps = max_tps }
          run(made, names("a", count))
          ngx.sleep(1)
          return table.concat(run(made, names("a", count)), " ")
        end
        return { few = ages(2, 100), unlimited = ages(40, false), many = ages(100, 50) }]]
      assert.equal("stale stale", found.few)
      assert.is_nil(found.unlimited:find "hit")
      assert.is_truthy(found.many:find "hit") -- 100 answers at 50 a second: fresh for 2 seconds and more
    end)
  end)

  it("sends a miss before refreshes that wait for their turns", function()
    with_site({ init = CLIENT }, function(site)
      local found = site:run [[
        run(client { max_tps = false }, names("s", 50))
        forget()
        local dict = ngx.shared.cache
        for _, key in ipairs(dict:get_keys(0)) do -- as if the service had answered 100 seconds ago
          local text = dict:get(key)
          if type(text) == "string" then dict:set(key, ("%015.3f"):format(ngx.now() - 100) .. text:sub(16)) end
        end
        local made = client { max_tps = 2 }
        local stale = table.concat(run(made, names("s", 50)), " ")
        ngx.sleep(0.1) -- their refreshes wait for turns
        local before = ngx.now()
        local response = made:get_recording_configuration(arn "cold")
        ngx.update_time()
        return { stale = stale, waited = ngx.now() - before, cold = response.ResponseMetadata.Cache }]]
      assert.equal(("stale "):rep(50), found.stale .. " ")
      assert.equal("miss", found.cold)
      assert.is_true(found.waited < 5, found.waited) -- behind the 50 refreshes it would wait for 25 seconds
    end)
  end)

  it("sends a refresh that a miss has joined like a miss", function()
    with_site({ init = CLIENT }, function(site)
      local found = site:run [[
        run(client { max_tps = false }, names("s", 40))
        local dict = ngx.shared.cache
        for _, key in ipairs(dict:get_keys(0)) do -- as if the service had answered 100 seconds ago
          local text = dict:get(key)
          if type(text) == "string" then dict:set(key, ("%015.3f"):format(ngx.now() - 100) .. text:sub(16)) end
        end
        forget()
        local made = client { max_tps = 1 }
        run(made, names("s", 16)) -- as many refreshes as run at a time; they wait for turns
        ngx.sleep(1.5)
        local refreshed = {}
        for _, item in ipairs(sent()) do refreshed[item.arn] = true end
        local joined = names("s", 16)
        for at = 16, 1, -1 do
          if refreshed[joined[at] ] then table.remove(joined, at) end
        end
        local last = joined[#joined]
        made:cache_delete(last) -- its refresh goes on
        local before = ngx.now()
        local response = made:get_recording_configuration(last)
        ngx.update_time()
        local times = 0
        for _, item in ipairs(sent()) do times = times + (item.arn == last and 1 or 0) end
        return { waited = ngx.now() - before, cached = response.ResponseMetadata.Cache, times = times, left = #joined }]]
      assert.is_true(found.left >= 12, found.left)
      assert.same({ "hit", 1 }, { found.cached, found.times })
      assert.is_true(found.waited < 4.5, found.waited) -- like the refreshes it would wait for 12 seconds, one turn with another
    end)
  end)

  it("is kept by a machine that waits for an answer whose request waits for its turn elsewhere", function()
    with_two_machines(function(redis, one, other)
      for _, site in ipairs { one, other } do
        site:run([[
          require("resty.ivs.cache.fetch").longest_wait = 0.5
          made = client { ttl = 60, max_tps = 2, redis = { host = "127.0.0.1", port = %d, timeout = 10 } }]], redis.port)
        site:run [[ngx.timer.at(0, function() codes = run(made, names("n", 10)) end)]]
      end
      local requests = 0
      for _, site in ipairs { one, other } do
        await(site, "codes ~= nil")
        requests = requests + site:run "return #sent()"
      end
      assert.equal(10, requests)
    end)
  end)
end)
