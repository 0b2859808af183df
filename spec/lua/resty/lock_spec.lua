--- resty.ivs.cache.lock: the holder of a key.

local nginx = require "support.nginx"

if not nginx.available then return end

--- What each of these begins with.
local BEGIN = [[
local lock, dict = require "resty.ivs.cache.lock", ngx.shared.locks
local function nothing() end
]]

describe("the lock of a key", function()
  local site

  lazy_setup(function() site = nginx.start { http = "lua_shared_dict locks 100k;" } end)

  lazy_teardown(function() assert.same({}, site:stop()) end)

  it("is released by its holder only, also after it was taken over within the worker", function()
    assert.same({ first = true, second = true, third = false, lost = false, kept = true }, site:run(BEGIN .. [[
      local first = lock.new(dict, "over", 5)
      local found = { first = first:acquire(nothing, true) }
      local second = lock.new(dict, "over", 5, first)
      found.second = second:acquire(nothing, true)
      found.third = lock.new(dict, "over", 5):acquire(nothing, false)
      first:renew()
      first:release()
      found.lost, found.kept = first:is_ours(), second:is_ours()
      return found]]))
  end)

  it("is restored by its holder if a full dict has evicted it, and not if it has expired or was another's", function()
    assert.same({ dropped = false, back = true, taken = false, expired = false }, site:run(BEGIN .. [[
      local held = lock.new(dict, "full", 10)
      held:try()
      dict:delete "full:lock"
      local found = { dropped = held:is_ours() }
      held:renew()
      found.back = held:is_ours()
      dict:set("full:lock", "another's")
      held:renew()
      dict:delete "full:lock"
      held:renew()
      found.taken = held:is_ours()
      held = lock.new(dict, "full", 0.2)
      held:try()
      ngx.sleep(0.3)
      held:renew()
      found.expired = held:is_ours()
      return found]]))
  end)

  it("is not required: without room in the dict its holder continues", function()
    assert.same({ true, true }, site:run [[
      local full = { add = function() return nil, "no memory" end, get = function() end }
      local held = require("resty.ivs.cache.lock").new(full, "x", 1)
      return { held:try(), held:is_ours() }]])
  end)

  it("protects the dict: a holder that has lost it changes nothing", function()
    assert.same({ "miss", "newer" }, site:run [[
      local dict = ngx.shared.locks
      local cache = require("resty.ivs.cache").new { dict = dict, ttl = 60 }
      local function answer(name)
        return { recordingConfiguration = { name = name }, ResponseMetadata = { HTTPStatusCode = 200 } }
      end
      local slow = ngx.thread.spawn(function()
        return select(3, cache:get(cache.id "guarded", function() ngx.sleep(2) return answer "older" end))
      end)
      ngx.sleep(0.05)
      for _, key in ipairs(dict:get_keys(0)) do -- as if the worker had been busy for longer than lock_ttl
        if key:find ":lock$" then dict:set(key, "another's") end
      end
      local shelf = require "resty.ivs.cache.shared_dict"
      shelf.new({ dict = dict, locks = dict, ttl = 60, stale_ttl = 0, negative_ttl = 0 }):keep(shelf.key "guarded",
        require("resty.ivs.cache.entry").of_response(answer "newer"), 0, 60)
      local _, outcome = ngx.thread.wait(slow)
      return { outcome, cache:get(cache.id "guarded", error).recordingConfiguration.name }]])
  end)
end)
