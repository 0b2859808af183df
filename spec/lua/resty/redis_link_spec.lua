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

  it("has at most pool_size connections, however many requests there are", function()
    with_own("--maxclients 5", function(server, first) -- one for redis-cli, one that is being closed
      local ask = first:asker { ttl = 20, redis = { host = "127.0.0.1", port = server.port, pool_size = 3, timeout = 20 } }
      assert.same({ ["miss 1"] = 100 }, (service:burst({ first }, 100, ask:path "many-%d", 100)))
      assert.equal(0, ask:stats().redis_error)
      assert.equal("100", server:cli "dbsize")
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
    assert.same({ false, true, true }, site:run [[
      local link = require("resty.ivs.cache.redis").new({ host = "127.0.0.1", port = 1, prefix = "clock" }).connection
      local now, found = ngx.now, {}
      link:run("", {}, {})
      found[1] = link:is_usable()
      ngx.now = function() return now() - 3600 end
      found[2] = link:is_usable()
      ngx.now = function() return now() + 1.5 end
      found[3] = link:is_usable()
      ngx.now = now
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
