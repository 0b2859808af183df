--- resty.ivs.cache.redis_connection: how nginx reaches a Redis, and works without one that is down, slow, or not a Redis.

local cache_site = require "support.cache_site"
local redis_server = require "support.redis_server"
local shell = require "emulator.shell"

if not cache_site.available then return end -- nginx runs LuaJIT, whatever runs this: once is enough

local sleep = cache_site.sleep

describe("the cache of resty.ivs, connected to Redis,", function()
  local service

  lazy_setup(function() service = cache_site.service() end)

  lazy_teardown(function() assert.same({}, service:stop()) end)

  local function with_own(...) cache_site.with_redis(service, ...) end

  describe("serves from the dict alone, within a bounded time,", function()
    local TIMEOUT = 1 -- of an operation

    local function bounded(ask, what)
      local slow = 0
      for number = 1, 6 do
        local key = ("%s-%d"):format(what, number)
        local took = ask:time(key)
        assert.is_true(took < 10 * TIMEOUT, what .. " took " .. took)
        if took > 0.9 * TIMEOUT then slow = slow + 1 end -- waited for Redis, which is not asked for a second after that
        assert.equal("hit 1", ask(key))
      end
      assert.is_true(slow <= 4, slow .. " of 6 waited for Redis")
    end

    it("when Redis hangs, and uses it again when it continues", function()
      with_own(nil, function(server, first, second)
        local given = { ttl = 20, redis = { host = "127.0.0.1", port = server.port, timeout = TIMEOUT } }
        local ask, ask_other = first:asker(given), second:asker(given)
        assert.same({ "miss 1", "hit 1" }, { ask "hang", ask_other "hang" })
        server:signal "STOP"
        bounded(ask, "hang-a")
        local answers, slowest = service:burst({ first }, 300, ask:path "hang-b-%d", 10)
        assert.same({ ["miss 1"] = 10, ["hit 1"] = 290 }, answers)
        assert.is_true(slowest < 15, "the slowest took " .. slowest)
        assert.is_true(ask:stats().redis_error >= 1)
        server:signal "CONT"
        sleep(1.1)
        assert.same({ "miss 1", "hit 1" }, { ask "hang-c", ask_other "hang-c" })
      end)
    end)

    it("when Redis dies", function()
      with_own(nil, function(server, first)
        local ask = first:asker { ttl = 20, redis = { host = "127.0.0.1", port = server.port, timeout = TIMEOUT } }
        assert.equal("miss 1", ask "die")
        server:signal "KILL"
        bounded(ask, "die")
        assert.is_true(ask:stats().redis_error >= 1)
      end)
    end)

    --- Before what is no Redis.
    local function bounded_with_fake(what, ...)
      local fake = redis_server.fake(...)
      local site = cache_site.start(service)
      local ask = site:asker { ttl = 20, redis = { host = "127.0.0.1", port = fake.port, timeout = TIMEOUT } }
      local good, why = pcall(bounded, ask, what)
      local errors = ask:stats().redis_error
      site:stop()
      fake:stop()
      assert(good, why)
      assert.is_true(errors >= 1)
    end

    it("when Redis trickles its reply", function()
      bounded_with_fake("drip", "b'$200\\r\\n' + b'x' * 200", 1, 0.05)
    end)

    it("when its reply is nested too deeply, or invalid", function()
      for number, reply in ipairs { "b'*1\\r\\n' * 100000", "b'$x\\r\\n'", "b':5\\r\\n'", "b'HTTP/1.1 400 No\\r\\n\\r\\n'" } do
        bounded_with_fake("nonsense-" .. number, reply)
      end
    end)

    it("when no name server answers", function()
      with_own(nil, function(_, first)
        bounded(first:asker { ttl = 20, redis = { host = "redis.test", timeout = TIMEOUT } }, "nameless")
      end, "resolver 127.0.0.1:9;")
    end)

    it("when Redis hangs while another machine fetches", function()
      with_own(nil, function(server, first, second)
        local given = { ttl = 20, redis = { host = "127.0.0.1", port = server.port } }
        service:script("hang-on", { hold = true })
        first:asker(given):in_background "hang-on"
        service:await("hang-on", 1)
        server:signal "STOP"
        service:script("hang-on", {})
        assert.equal("miss 2", second:asker(given) "hang-on")
      end)
    end)
  end)

  it("lets no operation wait for another one's connection, whatever pool_size is", function()
    local slow = redis_server.fake("b':5\\r\\n'", 1, 0.3)
    cache_site.with(service, nil, function(site)
      assert.same({ 5, 5, 5, 5, 5, 5, 5, 5 }, site:run([[
        local link = require("resty.ivs.cache.redis").new({ host = "127.0.0.1", port = %d, timeout = 4, pool_size = 1 }).connection
        local threads, found = {}, {}
        for number = 1, 8 do threads[number] = ngx.thread.spawn(function() return link:run("return 5", {}, {}) end) end
        for number = 1, 8 do
          local _, reply, why = ngx.thread.wait(threads[number])
          found[number] = reply or why
        end
        return found]], slow.port))
    end)
    slow:stop()
  end)

  it("keeps pool_size idle connections", function()
    with_own(nil, function(server, first)
      local ask = first:asker { ttl = 20, redis = { host = "127.0.0.1", port = server.port, pool_size = 3 } }
      assert.same({ ["miss 1"] = 100 }, (service:burst({ first }, 100, ask:path "many-%d", 100)))
      assert.equal(0, ask:stats().redis_error)
      assert.equal("100", server:cli "dbsize")
      local function connections() return tonumber(server:cli("info clients"):match "connected_clients:(%d+)") - 1 end
      for _ = 1, 1000 do
        if connections() <= 3 then break end
        sleep(0.01)
      end
      assert.equal(3, connections())
    end)
  end)

  describe("takes its own worker's work for no silence of Redis,", function()
    --- Keeps a worker busy, in slices of 150 to 300 ms with nothing between them but what nginx has to do.
    local BURN = [[
      local monotonic = require("ivs.core").private.monotonic
      ngx.timer.at(0, function()
        for slice = 0, 1000 do
          local till = monotonic() + 0.15 + 0.05 * (slice % 4)
          while monotonic() < till do end
          ngx.sleep(0.001)
          if ngx.shared.cache:get "cool" then return end
        end
      end)]]

    it("so that two busy machines make one call of the service for each key", function()
      with_own(nil, function(server, first, second)
        local given = { ttl = 60, redis = { host = "127.0.0.1", port = server.port } }
        local ask, ask_other = first:asker(given), second:asker(given)
        assert.same({ "miss 1", "hit 1" }, { ask "busy-warm", ask_other "busy-warm" })
        for _, site in ipairs { first, second } do site:run(BURN) end
        -- few, since nginx accepts one connection between two slices
        local answers = service:burst({ first, second }, 48, ask:path "busy-cold-%d", 24)
        for _, site in ipairs { first, second } do site:run "ngx.shared.cache:set('cool', true)" end
        assert.same({ ["miss 1"] = 24, ["hit 1"] = 24 }, answers)
        assert.equal(24, service:count "busy-cold-")
        assert.same({ 0, 0 }, { ask:stats().redis_error, ask_other:stats().redis_error })
      end)
    end)

    it("but reads the reply that came while the worker was blocked for several timeouts", function()
      with_own(nil, function(server, first)
        assert.same({ 5, 5 }, first:run([[
          local monotonic = require("ivs.core").private.monotonic
          local link = require("resty.ivs.cache.redis").new({ host = "127.0.0.1", port = %d, timeout = 0.2 }).connection
          local found = {}
          for number = 1, 2 do -- over a new connection, and over a pooled one
            local thread = ngx.thread.spawn(function() return link:run("return 5", {}, {}) end)
            local till = monotonic() + 0.7
            while monotonic() < till do end
            local _, reply, why = ngx.thread.wait(thread)
            found[number] = reply or why
          end
          return found]], server.port))
      end)
    end)
  end)

  describe("leaves Redis alone", function()
    local RUN = [[
      local link = require("resty.ivs.cache.redis").new({ host = "127.0.0.1", port = %d, timeout = 0.1 }).connection
      local function run()
        local reply, why = link:run("return 5", {}, {})
        return reply or why
      end
    ]]

    it("after three silences in a row, however many operations meet one of them", function()
      with_own(nil, function(server, first)
        server:signal "STOP"
        assert.same({ true, true, false }, first:run(RUN .. [[
          local found = {}
          for silence = 1, 3 do
            local threads = {}
            for number = 1, 20 do threads[number] = ngx.thread.spawn(run) end
            for number = 1, 20 do ngx.thread.wait(threads[number]) end
            found[silence] = link:is_usable()
          end
          return found]], server.port))
      end)
    end)

    it("not after two, with a reply between them and the next", function()
      with_own(nil, function(server, first)
        for _ = 1, 2 do
          server:signal "STOP"
          assert.same({ "timeout", "timeout", true }, first:run(RUN .. "return { run(), run(), link:is_usable() }", server.port))
          server:signal "CONT"
          assert.equal(5, first:run(RUN .. "return run()", server.port))
        end
      end)
    end)

    it("at once if the connection is refused", function()
      cache_site.with(service, nil, function(site)
        assert.same({ "connection refused", false }, site:run(RUN .. "return { run(), link:is_usable() }", 1))
      end)
    end)
  end)

  it("prefers resty.redis, OpenResty's name of the library, to Debian's", function()
    local server = redis_server.start()
    local site = cache_site.start(service, { init =
      "package.preload['resty.redis'] = function() ngx.shared.cache:set('taken', true) return require 'nginx.redis' end" })
    local ask = site:asker { ttl = 20, redis = { host = "127.0.0.1", port = server.port } }
    assert.equal("miss 1", ask "named")
    assert.is_true(site:run "return ngx.shared.cache:get 'taken'")
    assert.equal("1", server:cli "dbsize")
    site:stop()
    server:stop()
  end)

  it("uses Redis again a second after a failure, even if the clock is set", function()
    local site = cache_site.start(service)
    assert.same({ false, false, false, true }, site:run [[
      local link = require("resty.ivs.cache.redis").new({ host = "127.0.0.1", port = 1, prefix = "clock" }).connection
      local now, found = ngx.now, {}
      link:run("", {}, {})
      found[1] = link:is_usable()
      ngx.now = function() return now() - 3600 end
      found[2] = link:is_usable()
      ngx.now = function() return now() + 3600 end
      found[3] = link:is_usable()
      ngx.now = now
      ngx.sleep(1.1)
      found[4] = link:is_usable()
      return found]])
    site:stop()
  end)

  it("replaces connections that Redis has closed without a failure", function()
    with_own(nil, function(server, first)
      local ask = first:asker { ttl = 20, redis = { host = "127.0.0.1", port = server.port } }
      service:burst({ first }, 20, ask:path "pooled-%d", 10)
      server:cli "client kill type normal"
      assert.equal("miss 1", ask "pooled-x")
      assert.equal(0, ask:stats().redis_error)
      assert.equal("11", server:cli "dbsize")
    end)
  end)

  describe("reaches Redis", function()
    it("over a unix socket, as a user with a password, in a database, under a prefix", function()
      with_own("--user video on '>pass-word' '~*' '&*' +@all --requirepass other", function(server, first, second)
        local given = { redis = { unix = server.unix, username = "video", password = "pass-word", database = 3,
          prefix = "x:" } }
        assert.same({ "miss 1", "hit 1" }, { first:asker(given) "unix", second:asker(given) "unix" })
        assert.is_truthy(server:cli("-a other -n 3 --no-auth-warning keys '*'"):find "^x:entry:{ivs:[%w+/=]+}$")
      end)
    end)

    it("over TLS, whose certificate is verified", function()
      local directory = redis_server.directory()
      shell.run("cd " .. shell.quote(directory) .. [[ && openssl req -x509 -days 2 -nodes -subj /CN=127.0.0.1 \
        -newkey ec -pkeyopt ec_paramgen_curve:P-256 -addext subjectAltName=DNS:127.0.0.1,IP:127.0.0.1 \
        -keyout key.pem -out cert.pem 2>&1; chmod 644 *]])
      local server = redis_server.start("--tls-port @PORT@ --tls-auth-clients no --tls-cert-file @DIR@/cert.pem "
        .. "--tls-key-file @DIR@/key.pem --tls-ca-cert-file @DIR@/cert.pem", directory)
      local trusting = cache_site.start(service, { http = ("lua_ssl_trusted_certificate %s/cert.pem;"):format(directory) })
      local wary = cache_site.start(service)
      local given = { ttl = 20, redis = { host = "127.0.0.1", port = server.second_port, ssl = true } }
      assert.equal("miss 1", trusting:asker(given) "tls")
      assert.equal("1", server:cli "dbsize")
      assert.equal("miss 2", wary:asker(given) "tls")
      assert.equal(1, wary:asker(given):stats().redis_error)
      given.redis.ssl_verify = false
      assert.equal("miss 1", wary:asker(given) "tls-2")
      assert.equal("2", server:cli "dbsize")
      trusting:stop()
      wary:stop()
      server:stop()
    end)

    it("never with the password in a message", function()
      with_own("--requirepass right --rename-command AUTH hidden", function(server, first)
        assert.equal("miss 1", first:asker { redis = { unix = server.unix, password = "s3cret-pass" } } "secret")
        local file = assert(io.open(first.prefix .. "/error.log"))
        local log = file:read("*a"):gsub(', request: "[^"]*"', "") -- where this spec itself wrote the options
        file:close()
        assert.is_truthy(log:find("the password was refused", 1, true), log)
        assert.is_nil(log:find("s3cret", 1, true))
      end)
    end)
  end)
end)
