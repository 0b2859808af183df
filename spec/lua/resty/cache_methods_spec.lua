--- client:cache_peek, cache_delete and cache_purge of resty.ivs, over a dict and over a real redis-server.

local redis_server = require "support.redis_server"
local sent_requests = require "support.sent_requests"
local shell = require "emulator.shell"

if not sent_requests.available then return end -- nginx runs LuaJIT, whatever runs this: once is enough

local with_site = sent_requests.with_site

describe("client:cache_peek", function()
  it("returns a cached answer, fresh or stale, and sends nothing", function()
    with_site({}, function(site)
      assert.same({ before = "nil nil", fresh = "hit n", stale = "stale n", requests = 1 }, site:run [[
        local made = client { ttl = 0.3, max_tps = false }
        local function peek()
          local response, err = made:cache_peek(arn "one")
          return response and response.ResponseMetadata.Cache .. " " .. response.recordingConfiguration.name
            or tostring(response) .. " " .. tostring(err)
        end
        local found = { before = peek() }
        made:get_recording_configuration(arn "one")
        found.fresh = peek()
        made:cache_peek(arn "one").recordingConfiguration.name = "spoilt"
        ngx.sleep(0.4)
        found.stale, found.requests = peek(), #sent()
        return found]])
    end)
  end)

  it("returns a cached error, and works in every phase", function()
    with_site({ locations = { ["/"] = { content = "ngx.print 'ok'", header_filter = [[
      local response, err = shared:cache_peek(arn "absent")
      ngx.header["X-Peek"] = tostring(response) .. " " .. err.code ]] } } }, function(site)
      site:run [[
        shared = client({ max_tps = false }, { transport = function()
          return { status = 404, headers = { ["x-amzn-errortype"] = "ResourceNotFoundException" }, body = '{"message":"no"}' }
        end })
        shared:get_recording_configuration(arn "absent")]]
      assert.is_truthy(shell.run(("curl -s -o /dev/null -D - %s/"):format(site.url)):find("X-Peek: nil ResourceNotFoundException", 1, true))
    end)
  end)
end)

describe("client:cache_delete and client:cache_purge", function()
  it("remove one answer, and all, and no other keys of the dict", function()
    with_site({}, function(site)
      assert.same({ deleted = true, purged = true, outcomes = "miss miss hit miss hit miss miss", other = "kept",
        counted = true }, site:run [[
        local made, outcomes = client { max_tps = false }, {}
        local function get(name) outcomes[#outcomes + 1] = made:get_recording_configuration(arn(name)).ResponseMetadata.Cache end
        ngx.shared.cache:set("other", "kept")
        get "one" get "two" get "one"
        local found = { deleted = made:cache_delete(arn "one") }
        get "one" get "two"
        found.purged = made:cache_purge()
        get "one" get "two"
        found.outcomes, found.other = table.concat(outcomes, " "), ngx.shared.cache:get "other"
        found.counted = made:stats().cache.miss == 5
        return found]])
    end)
  end)

  it("remove answers from Redis, too, except those of another prefix", function()
    local redis = redis_server.start()
    local ok, problem = pcall(with_site, {}, function(site)
      local found = site:run([[
        local function make(prefix)
          return client { max_tps = false, redis = { host = "127.0.0.1", port = %d, prefix = prefix, timeout = 10 } }
        end
        local made, other, outcomes = make "one*:", make "one-other:", {}
        local function get(from, name)
          outcomes[#outcomes + 1] = from:get_recording_configuration(arn(name)).ResponseMetadata.Cache
          ngx.sleep(0.05) -- Redis is told after the answer
        end
        get(made, "a")
        ngx.shared.cache:flush_all()
        get(made, "a") -- from Redis
        local deleted = made:cache_delete(arn "a")
        get(made, "a")
        ngx.shared.cache:flush_all()
        get(other, "b")
        local purged = made:cache_purge()
        get(made, "a")
        get(other, "b")
        return { deleted = deleted, purged = purged, outcomes = table.concat(outcomes, " ") }]], redis.port)
      assert.same({ deleted = true, purged = true, outcomes = "miss hit miss miss miss hit" }, found)
      redis:stop()
      assert.same({ "EndpointConnectionError", "EndpointConnectionError", "miss" }, site:run([[
        local made = client { max_tps = false, redis = { host = "127.0.0.1", port = %d } }
        local _, err = made:cache_delete(arn "a")
        local _, problem = made:cache_purge()
        return { err.code, problem.code, made:get_recording_configuration(arn "a").ResponseMetadata.Cache }]], redis.port))
    end)
    redis:stop()
    if not ok then error(problem, 0) end
  end)

  it("report what is wrong", function()
    with_site({}, function(site)
      local found = site:run [[
        local codes = {}
        for _, method in ipairs { "cache_peek", "cache_delete", "cache_purge" } do
          local _, err = client()[method](client(), arn "a")
          codes[#codes + 1] = err.code
        end
        local ok, problem = pcall(function() client {}:cache_delete {} end)
        return { codes = table.concat(codes, " "), misuse = problem }]]
      assert.equal("InvalidConfigError InvalidConfigError InvalidConfigError", found.codes)
      assert.equal("run:6: bad argument #1 to 'cache_delete' (an ARN expected, got table)", found.misuse)
    end)
  end)
end)

describe("a lua_shared_dict that is too small", function()
  it("is warned of once a minute, by its name, with what to do", function()
    with_site({}, function(site)
      site:run [[
        local made = client { max_tps = false }
        ngx.shared.cache:set("big", ("x"):rep(400000))
        for round = 1, 40 do run(made, names("full" .. round .. "-", 100)) end]]
      local _, warnings = site:log():gsub("ivs: lua_shared_dict cache is full: an answer has evicted others[^\n]*Make it larger", "")
      assert.equal(1, warnings)
    end)
  end)
end)
