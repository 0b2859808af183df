--- resty.ivs.cache.redis over a real Redis Cluster of three masters, which two nginx instances share.

local cache_site = require "support.cache_site"
local redis_cluster = require "support.redis_cluster"
local redis_server = require "support.redis_server"
local resolver = require "support.resolver"
local shell = require "emulator.shell"

if not cache_site.available then return end -- nginx runs LuaJIT, whatever runs this: once is enough

local KEYS = 60

describe("the cache of resty.ivs over a Redis Cluster", function()
  local service, cluster, one, other

  lazy_setup(function()
    service = cache_site.service()
    cluster = redis_cluster.start()
    one, other = cache_site.start(service), cache_site.start(service)
  end)

  lazy_teardown(function()
    cluster:stop()
    assert.same({}, one:stop())
    assert.same({}, other:stop())
    assert.same({}, service:stop())
  end)

  --- One asker for each machine; each has been told of another node of the cluster.
  local function askers(prefix, options)
    local function given(number)
      local out = { ttl = 20, redis = { host = "127.0.0.1", port = cluster.nodes[number].port, timeout = 5, prefix = prefix } }
      for name, value in pairs(options or {}) do out[name] = value end
      return out
    end
    return one:asker(given(1)), other:asker(given(2))
  end

  --- The entry's key in Redis that only this prefix has.
  local function entry_of(prefix)
    for _, node in ipairs(cluster.nodes) do
      local name = node:cli(("--scan --pattern '%sentry:*'"):format(prefix))
      if name ~= "" then return name end
    end
  end

  it("shares answers, on whichever node they are", function()
    local ask, ask_other = askers "shared:"
    for number = 1, KEYS do assert.equal("miss 1", ask("shared-" .. number)) end
    for number = 1, KEYS do assert.equal("hit 1", ask_other("shared-" .. number)) end
    assert.equal(KEYS, service:count "shared-")
    assert.same({ 0, 0 }, { ask:stats().redis_error, ask_other:stats().redis_error })
    local sum = 0
    for _, size in ipairs(cluster:sizes()) do
      assert.is_true(size > 0)
      sum = sum + size
    end
    assert.equal(KEYS, sum)
  end)

  it("makes one call for both machines, and shares its failure", function()
    local ask = askers "flight:"
    for number = 0, 9 do service:script("flight-" .. number, { delay = 0.5 }) end
    assert.same({ ["miss 1"] = 10, ["hit 1"] = 390 }, (service:burst({ one, other }, 400, ask:path "flight-%d", 10)))
    assert.equal(10, service:count "flight-")
    service:script("failing", { status = 500, delay = 0.5 })
    assert.same({ ["miss InternalServerException"] = 40 }, (service:burst({ one, other }, 40, ask:path "failing")))
    assert.equal(1, service:count "failing")
  end)

  it("asks the right node at once when it knows it", function()
    local ask = askers("known:", { ttl = 0.05, stale_ttl = 0 })
    for number = 1, 20 do ask("known-" .. number) end
    local before = cluster:redirections()
    shell.run "sleep 0.1"
    for number = 1, 20 do assert.equal("miss 2", ask("known-" .. number)) end
    assert.equal(before, cluster:redirections())
  end)

  it("skips a slot that is being moved, and follows it to its new node", function()
    local ask, ask_other = askers "moved:"
    assert.same({ "miss 1", "hit 1" }, { ask "moved", ask_other "moved" })
    local before = ask_other:stats().redis_error
    local name = entry_of "moved:"
    local finish = cluster:move(name)
    cluster:owner(name):cli(("del '%s'"):format(name)) -- what it does not have it refers to the other for: ASK
    local third = cache_site.start(service)
    local ask_third = third:asker { ttl = 20, redis = { host = "127.0.0.1", port = cluster.nodes[3].port, timeout = 5, prefix = "moved:" } }
    local answer, errors, log = ask_third "moved", ask_third:stats().redis_error, third:log()
    third:stop()
    assert.same({ "miss 2", 1 }, { answer, errors })
    assert.is_truthy(log:find("a script failed: ASK (a cluster is moving the key to another node)", 1, true), log)

    local to = finish()
    other:get "/spoil?what='junk'" -- so that it has nothing; its worker knows the node that had the slot before
    assert.equal("miss 3", ask_other "moved")
    assert.equal("string", to:cli(("type '%s'"):format(name)))
    assert.equal(before, ask_other:stats().redis_error)
  end)

  it("serves the keys of a node that is down from the dict alone, and the others as before", function()
    local own = redis_cluster.start "--cluster-require-full-coverage no"
    local sites = { cache_site.start(service), cache_site.start(service) }
    local good, why = pcall(function()
      local function asker(number, port)
        return sites[number]:asker { ttl = 20, redis = { host = "127.0.0.1", port = port, timeout = 0.5 } }
      end
      local ask, ask_other = asker(1, own.nodes[1].port), asker(2, own.nodes[1].port)
      for number = 1, KEYS do assert.equal("miss 1", ask("away-" .. number)) end
      local lost = own:sizes()[3]
      own.nodes[3]:signal "KILL"
      local hits = 0
      for number = 1, KEYS do
        local answer = ask_other("away-" .. number)
        assert.is_true(answer == "hit 1" or answer == "miss 2", answer)
        if answer == "hit 1" then hits = hits + 1 end
      end
      assert.equal(KEYS - lost, hits)
      assert.is_true(ask_other:stats().redis_error >= 1)
    end)
    for _, site in ipairs(sites) do site:stop() end
    own:stop()
    assert(good, why)
  end)

  it("verifies its nodes, which name each other by address, by the name that was configured", function()
    local own, names = redis_cluster.start("", true), resolver.start()
    local http = ("resolver %s ipv6=off; lua_ssl_trusted_certificate %s;"):format(names.address, own.certificate)
    local sites = { cache_site.start(service, { http = http }), cache_site.start(service, { http = http }) }
    local good, why = pcall(function()
      local function ask(number, key)
        local asker = sites[number]:asker { ttl = 20,
          redis = { host = "good.test", port = own.nodes[number].tls_port, ssl = true, timeout = 5 } }
        return asker(key), asker:stats().redis_error
      end
      for number = 1, 20 do assert.same({ "miss 1", 0 }, { ask(1, "named-" .. number) }) end
      for number = 1, 20 do assert.same({ "hit 1", 0 }, { ask(2, "named-" .. number) }) end
      for _, size in ipairs(own:sizes()) do assert.is_true(size > 0) end
    end)
    local log = sites[1]:log() .. sites[2]:log()
    for _, site in ipairs(sites) do site:stop() end
    names:stop()
    own:stop()
    assert(good, tostring(why) .. (log:match "[^\n]*%[warn%][^\n]*" or ""))
  end)

  it("knows a key's slot as Redis does", function()
    local names = { "123456789", "{user1000}.following", "foo{}{bar}", "foo{{bar}}zap", "foo{bar}{zap}", "", "{", "}{", "a{b", "{}", "ü" }
    local found = one:run([[
      local slots = {}
      for at, name in ipairs(%s) do slots[at] = require("resty.ivs.cache.redis_nodes").slot(name) end
      return slots]], names)
    for at, name in ipairs(names) do
      assert.equal(tonumber(cluster.nodes[1]:cli("cluster keyslot " .. shell.quote(name))), found[at], name)
    end
  end)

  it("handles redirections to nowhere, to itself, and in circles", function()
    for number, reply in ipairs { "MOVED", "MOVED 1 nowhere", "MOVED 1 127.0.0.1:0", "MOVED 1 127.0.0.1:99999", "MOVED 1 :1",
      "MOVED 1 127.0.0.1:1", "MOVED 1 ::1:1", "MOVED 1 redis.invalid:6379" } do
      local fake = redis_server.fake(("b'-%s\\r\\n'"):format(reply))
      local ask = one:asker { ttl = 20, redis = { host = "127.0.0.1", port = fake.port, timeout = 5 } }
      local before = ask:stats().redis_error
      assert.equal("miss 1", ask("misled-" .. number), reply)
      assert.is_true(ask:stats().redis_error > before, reply)
      fake:stop()
    end
    local last = redis_server.fake "b'-MOVED 1 127.0.0.1:1\\r\\n'"
    local first = redis_server.fake(("b'-MOVED 1 127.0.0.1:%d\\r\\n'"):format(last.port))
    assert.equal("miss 1", one:asker { ttl = 20, redis = { host = "127.0.0.1", port = first.port, timeout = 5 } } "misled-on")
    first:stop()
    last:stop()
    assert.is_truthy(one:log():find("two nodes of the cluster each name another for one key", 1, true))
  end)

  it("accepts a prefix with a complete hash tag or none", function()
    local words = "option 'cache.redis.prefix' may have a '{' only where it begins a hash tag, as in '{ivs}:'"
    for prefix, expected in pairs { ["{"] = words, ["a{b:"] = words, ["{}"] = words, ["{a}:"] = "table", ["}"] = "table" } do
      local said = one:get("/misuse?given=" .. cache_site.encoded(("{dict='cache',redis={host='a',prefix='%s'}}"):format(prefix)))
      assert.equal(expected, said:match "^nil (.*)$" or said:match "^%a+", prefix)
    end
    local ask, ask_other = askers "{tagged}:"
    assert.same({ "miss 1", "hit 1" }, { ask "tagged", ask_other "tagged" })
  end)
end)
