--- resty.ivs.redis: two nginx instances, each of several workers, that share a real redis-server.

local cache_site = require "support.cache_site"
local redis_server = require "support.redis_server"
local shell = require "emulator.shell"

if not cache_site.available then return end -- nginx runs LuaJIT, whatever runs this: once is enough

local function sleep(seconds) shell.run("sleep " .. seconds) end

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
    local given = { redis = { host = "127.0.0.1", port = redis.port } }
    for name, value in pairs(level or {}) do given.redis[name] = value end
    for name, value in pairs(options or {}) do given[name] = value end
    return one:asker(given), other:asker(given)
  end

  --- With a Redis and machines that nobody else uses.
  local function with_own(arguments, test, http)
    local server = redis_server.start(arguments)
    local sites = { cache_site.start(service, { http = http }), cache_site.start(service, { http = http }) }
    local good, why = pcall(test, server, sites[1], sites[2])
    for _, site in ipairs(sites) do site:stop() end
    server:stop()
    if not good then error(why, 0) end
  end

  describe("makes one call for all machines", function()
    it("of 2,000 requests over both for ten keys: ten", function()
      for number = 0, 9 do service:script("fleet-" .. number, { delay = 0.2 }) end
      local ask = askers { ttl = 20 }
      local answers = service:burst({ one, other }, 2000, ask:path "fleet-%d", 10)
      assert.same({ ["miss 1"] = 10, ["hit 1"] = 1990 }, answers)
      assert.equal(10, service:count "fleet-")
    end)

    it("that lasts longer than the lock's expiry", function()
      service:script("fleet-long", { delay = 1 })
      local ask = askers { lock_ttl = 0.2 }
      assert.same({ ["miss 1"] = 1, ["hit 1"] = 99 }, (service:burst({ one, other }, 100, ask:path "fleet-long")))
      assert.equal("", redis:cli "--scan --pattern 'ivs:lock:*'")
    end)

    it("when an answer is stale: the one that refreshes; the other serves it, then has the new one", function()
      local ask, ask_other = askers { ttl = 0.4, stale_ttl = 20 }
      assert.same({ "miss 1", "hit 1" }, { ask "fleet-stale", ask_other "fleet-stale" })
      service:script("fleet-stale", { delay = 0.6 })
      sleep(0.45)
      assert.same({ ["stale 1"] = 400 }, (service:burst({ one, other }, 400, ask:path "fleet-stale")))
      assert.equal("hit 2", ask:until_it_is("hit 2", "fleet-stale"))
      assert.equal("hit 2", ask_other:until_it_is("hit 2", "fleet-stale"))
      assert.equal(2, service:count "fleet-stale")
    end)
  end)

  describe("knows on one machine what another was told", function()
    it("and how old it is", function()
      local ask, ask_other = askers { ttl = 0.6, stale_ttl = 20 }
      assert.equal("miss 1", ask "age")
      sleep(0.3)
      assert.equal("hit 1", ask_other "age")
      sleep(0.35)
      assert.equal("stale 1", ask_other "age")
    end)

    it("when it is stale on a machine that has nothing", function()
      local ask, ask_other = askers { ttl = 0.2, stale_ttl = 20 }
      assert.equal("miss 1", ask "old")
      service:script("old", { status = 429 })
      sleep(0.25)
      assert.equal("stale 1", ask_other "old")
    end)

    it("when there is no such resource", function()
      local ask, ask_other = askers { negative_ttl = 20 }
      service:script("fleet-absent", { status = 404 })
      assert.equal("miss ResourceNotFoundException", ask "fleet-absent")
      assert.equal("hit ResourceNotFoundException", ask_other "fleet-absent")
    end)

    it("when an answer is no longer given", function()
      local ask, ask_other = askers { ttl = 0.2, stale_ttl = 20 }
      assert.equal("miss 1", ask "denied")
      service:script("denied", { status = 403 })
      sleep(0.25)
      assert.equal("miss AccessDeniedException", ask:until_it_is("miss AccessDeniedException", "denied"))
      assert.equal("miss AccessDeniedException", ask_other "denied")
    end)

    it("but no failure of the service", function()
      local ask, ask_other = askers()
      service:script("fleet-failing", { status = 500 })
      assert.equal("miss InternalServerException", ask "fleet-failing")
      service:script("fleet-failing", {})
      assert.equal("miss 2", ask_other "fleet-failing")
    end)
  end)

  it("ignores what others have written under its keys", function()
    with_own(nil, function(server, first, second)
      local given = { redis = { unix = server.unix } }
      for number, command in ipairs { "set %s junk", "set %s 00000000300.000r{ PX 100000", "set %s 00000000300.000r{} PX 100000",
        "set %s ''", "setrange %s 16 x" } do
        local key = "foreign-" .. number
        assert.equal("miss 1", first:asker(given)(key))
        server:cli(command:format(server:cli "--scan --pattern 'ivs:entry:*'"))
        assert.equal("miss 2", second:asker(given)(key), command)
        server:cli "flushall"
      end
    end)
  end)

  describe("serves from the dict alone, within a bounded time,", function()
    local function bounded(ask, what)
      local slow = 0
      for number = 1, 6 do
        local key = ("%s-%d"):format(what, number)
        local took = ask:time(key)
        assert.is_true(took < 0.4, what .. " took " .. took)
        if took > 0.09 then slow = slow + 1 end -- waited for Redis
        assert.equal("hit 1", ask(key))
      end
      assert.is_true(slow <= 2, slow .. " of 6 waited for Redis")
    end

    it("when Redis hangs; and with it again when it goes on", function()
      with_own(nil, function(server, first, second)
        local given = { ttl = 20, redis = { host = "127.0.0.1", port = server.port } }
        local ask, ask_other = first:asker(given), second:asker(given)
        assert.same({ "miss 1", "hit 1" }, { ask "hang", ask_other "hang" })
        server:signal "STOP"
        bounded(ask, "hang-a")
        local answers, slowest = service:burst({ first }, 300, ask:path "hang-b-%d", 10)
        assert.same({ ["miss 1"] = 10, ["hit 1"] = 290 }, answers)
        assert.is_true(slowest < 0.8, "the slowest took " .. slowest)
        assert.is_true(ask:stats().redis_error >= 1)
        server:signal "CONT"
        sleep(1.1)
        assert.same({ "miss 1", "hit 1" }, { ask "hang-c", ask_other "hang-c" })
      end)
    end)

    it("when Redis dies", function()
      with_own(nil, function(server, first)
        local ask = first:asker { ttl = 20, redis = { host = "127.0.0.1", port = server.port } }
        assert.equal("miss 1", ask "die")
        server:signal "KILL"
        bounded(ask, "die")
        assert.is_true(ask:stats().redis_error >= 1)
      end)
    end)

    it("when Redis hangs while another machine fetches", function()
      with_own(nil, function(server, first, second)
        local given = { ttl = 20, redis = { host = "127.0.0.1", port = server.port } }
        service:script("hang-on", { delay = 0.6 })
        shell.run(("curl -s '%s%s' >/dev/null 2>&1 &"):format(first.url, first:asker(given):path "hang-on"))
        for _ = 1, 100 do
          if service:count "hang-on" == 1 then break end
          sleep(0.01)
        end
        server:signal "STOP"
        service:script("hang-on", {})
        assert.equal("miss 2", second:asker(given) "hang-on")
      end)
    end)
  end)

  it("replaces connections that Redis has closed, which is no failure", function()
    with_own(nil, function(server, first)
      local ask = first:asker { ttl = 20, redis = { host = "127.0.0.1", port = server.port } }
      service:burst({ first }, 20, ask:path "pooled-%d", 10)
      server:cli "client kill type normal"
      assert.equal("miss 1", ask "pooled-x")
      assert.equal(0, ask:stats().redis_error)
      assert.equal("11", server:cli "dbsize")
    end)
  end)

  it("goes on when the machine that fetched is gone, after the lock's expiry", function()
    with_own(nil, function(server, first, second)
      local given = { lock_ttl = 0.6, redis = { host = "127.0.0.1", port = server.port } }
      service:script("machine", { delay = 30 })
      shell.run(("curl -s '%s%s' >/dev/null 2>&1 &"):format(first.url, first:asker(given):path "machine"))
      for _ = 1, 100 do
        if service:count "machine" == 1 then break end
        sleep(0.01)
      end
      service:script("machine", {})
      shell.run(("kill -KILL %d %s"):format(first.pid, table.concat(first:workers(), " ")))
      local took = second:asker(given):time "machine"
      assert.is_true(took < 1, took .. " s")
    end)
  end)

  describe("reaches Redis", function()
    it("over a unix socket, as a user with a password, in a database, under a prefix", function()
      with_own("--user video on '>pass-word' '~*' '&*' +@all --requirepass other", function(server, first, second)
        local given = { redis = { unix = server.unix, username = "video", password = "pass-word", database = 3,
          prefix = "x:" } }
        assert.same({ "miss 1", "hit 1" }, { first:asker(given) "unix", second:asker(given) "unix" })
        assert.is_truthy(server:cli("-a other -n 3 --no-auth-warning keys '*'"):find "^x:entry:ivs:[%w+/=]+$")
      end)
    end)

    it("over TLS, whose certificate is verified", function()
      local directory = redis_server.directory()
      shell.run("cd " .. shell.quote(directory) .. [[ && openssl req -x509 -days 2 -nodes -subj /CN=127.0.0.1 \
        -newkey ec -pkeyopt ec_paramgen_curve:P-256 -addext subjectAltName=DNS:127.0.0.1,IP:127.0.0.1 \
        -keyout key.pem -out cert.pem 2>&1; chmod 644 *]])
      local port = redis_server.free_port()
      local server = redis_server.start(("--tls-port %d --tls-auth-clients no --tls-cert-file @DIR@/cert.pem "):format(port)
        .. "--tls-key-file @DIR@/key.pem --tls-ca-cert-file @DIR@/cert.pem", directory)
      local trusting = cache_site.start(service, { http = ("lua_ssl_trusted_certificate %s/cert.pem;"):format(directory) })
      local wary = cache_site.start(service)
      local given = { ttl = 20, redis = { host = "127.0.0.1", port = port, ssl = true } }
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
        local log = file:read("a"):gsub(', request: "[^"]*"', "") -- where this spec itself wrote the options
        file:close()
        assert.is_truthy(log:find("the password was refused", 1, true), log)
        assert.is_nil(log:find("s3cret", 1, true))
      end)
    end)
  end)
end)
