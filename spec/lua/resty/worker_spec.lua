--- The life of a worker that makes calls: load, waiting, clients that disconnect, reloads, its end.

local http_server = require "support.http_server"
local json = require "cjson"
local nginx = require "support.nginx"
local server = require "emulator.server"
local shell = require "emulator.shell"
local store = require "emulator.store"

if not nginx.available then return end

local CALL = [[
local response, err = client:get_recording_configuration(ngx.var.arg_arn or %q)
if not response then
  ngx.status = 500
  return ngx.print(tostring(err))
end
ngx.print(response.recordingConfiguration.state)
]]

local function read(path)
  local file = io.open(path)
  local text = file and file:read "*a" or ""
  if file then file:close() end
  return text
end

--- Runs wrk; tells its requests, how many failed in whatever way, and the latency in milliseconds below which 99 % stayed.
local function load(url, more)
  local said = shell.run(("wrk -t1 --latency %s %s"):format(more, shell.quote(url)))
  local number, unit = said:match "99%%%s+([%d.]+)(%a+)"
  local failed = tonumber(said:match "Non%-2xx or 3xx responses: (%d+)" or 0)
  for count in (said:match "Socket errors: ([^\n]*)" or ""):gmatch "%d+" do failed = failed + tonumber(count) end
  return tonumber(said:match "(%d+) requests in"), failed, number * ({ us = 0.001, ms = 1, s = 1000, m = 60000 })[unit]
end

local function file_descriptors(pid)
  return tonumber((shell.run(("ls /proc/%d/fd | wc -l"):format(pid))))
end

local function resident_kilobytes(pid)
  return tonumber(read(("/proc/%d/status"):format(pid)):match "VmRSS:%s+(%d+)")
end

local function await(what, seconds)
  for _ = 1, seconds * 50 do
    if what() then return true end
    shell.run "sleep 0.02"
  end
  return false
end

describe("a worker of nginx", function()
  local emulator, site, source

  lazy_setup(function()
    emulator = server.start { log = false }
    source = http_server.start { routes = { ["GET /keys"] = { body = json.encode { AccessKeyId = store.keys.temporary.access_key_id,
      SecretAccessKey = store.keys.temporary.secret_access_key, Token = store.keys.temporary.session_token,
      Expiration = os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() + 300) } } } }
    local init = ([[
      local ivs = require "resty.ivs"
      client = ivs.client { region = %q, endpoint_url = %q, env = {}, credentials = { access_key_id = %q, secret_access_key = %q } }
      expiring = ivs.client { region = %q, endpoint_url = %q, env = { AWS_CONTAINER_CREDENTIALS_FULL_URI = %q } }]])
      :format(emulator.region, emulator.endpoint_url, emulator.access_key_id, emulator.secret_access_key, emulator.region,
        emulator.http_endpoint_url, source.url .. "/keys")
    local call = CALL:format(store.configurations.complete.arn)
    site = nginx.start {
      init = init,
      http = ("lua_ssl_trusted_certificate %s; lua_check_client_abort on;"):format(emulator.ca_bundle),
      locations = { ["/call"] = { content = call }, ["/ping"] = { content = "ngx.print 'pong'" },
        ["/expiring"] = { content = call:gsub("client:", "expiring:") },
        ["/impatient"] = { content = "ngx.on_abort(function() ngx.exit(499) end)\n" .. call } },
    }
  end)

  lazy_teardown(function()
    site:stop()
    source:stop()
    emulator:stop()
  end)

  local function with_arn(path, id) return site.url .. path .. "?arn=" .. store.arn(id) end

  it("serves other requests while fifty calls wait for five seconds", function()
    local waiting = io.popen(("wrk -t1 -c50 -d5s --timeout 20s '%s'"):format(with_arn("/call", "slow-5000")))
    assert.is_true(await(function() return site:run "return client:stats().calls" >= 50 end, 10))
    local requests, failed, p99 = load(site.url .. "/ping", "-c2 -d1s")
    assert.equal(0, failed)
    assert.truthy(requests > 2, requests)
    assert.truthy(p99 < 4500, p99) -- a call that blocked would take 5 s
    waiting:close()
  end)

  it("makes its calls while credentials expire, with one refresh at a time", function()
    source:forget()
    local requests, failed = load(site.url .. "/expiring", "-c16 -d2s")
    assert.equal(0, failed)
    local stats = site:run "return expiring:stats()"
    assert.truthy(requests > 2 and stats.calls >= requests, requests)
    assert.truthy(stats.credential_refreshes > 1 and stats.credential_refreshes < stats.calls, stats.credential_refreshes)
    assert.equal(0, stats.errors)
  end)

  it("frees everything when a client disconnects", function()
    site:get "/call"
    local pid = site:workers()[1]
    await(function() return file_descriptors(pid) < 40 end, 20)
    local before = file_descriptors(pid)
    shell.run(("for i in 1 2 3 4 5; do curl -s --max-time 1 '%s' & done; wait"):format(with_arn("/impatient", "slow-2000")))
    assert.is_true(await(function() return file_descriptors(pid) <= before end, 20), "descriptors are left over")
    assert.equal("ACTIVE", (site:get "/call"))
  end)

  it("may be reloaded under load without a lost request or growth of the master", function()
    local loading = io.popen(("wrk -t1 -c8 -d3s -H 'Connection: close' %s/call"):format(site.url))
    local sizes = {}
    for round = 1, 10 do
      local old = site:workers()[1]
      site:signal "HUP"
      assert.is_true(await(function()
        local pids = site:workers()
        return #pids >= 1 and pids[#pids] ~= old and (#pids == 1 or round < 10)
      end, 60), "the reload did not end")
      shell.run "sleep 0.1"
      sizes[round] = resident_kilobytes(site.pid)
    end
    local said = loading:read "*a"
    loading:close()
    assert.is_nil(said:match "Non%-2xx[^\n]*")
    assert.is_nil(said:match "Socket errors[^\n]*")
    assert.truthy(tonumber(said:match "(%d+) requests in") > 10, said)
    assert.truthy(sizes[10] - sizes[2] < 1024, table.concat(sizes, " "))
  end)

  it("finishes its calls before it exits, without an error", function()
    local own = nginx.start { init = read(site.prefix .. "/init.lua"), http = ("lua_ssl_trusted_certificate %s;"):format(emulator.ca_bundle),
      locations = { ["/call"] = { content = CALL:format(store.configurations.complete.arn) } } }
    own:get "/call" -- leaves a connection in the pool
    local calling = io.popen(("curl -s '%s/call?arn=%s'"):format(own.url, store.arn "slow-3000"))
    assert.is_true(await(function() return own:run "return client:stats().calls" >= 2 end, 20))
    local errors = own:stop(true)
    assert.equal("ACTIVE", calling:read "*a")
    calling:close()
    assert.same({}, errors)
  end)

  describe("with a cache", function()
    local function with_cached(test)
      local init = read(site.prefix .. "/init.lua"):gsub("env = {},", "%0 cache = { dict = 'ivs', ttl = 60 },", 1)
      local own = nginx.start { init = init, locations = { ["/call"] = { content = CALL:format(store.configurations.complete.arn) } },
        http = ("lua_ssl_trusted_certificate %s; lua_check_client_abort on; lua_shared_dict ivs 1m;"):format(emulator.ca_bundle) }
      local good, why = pcall(test, own, function(id) return ("%s/call?arn=%s"):format(own.url, store.arn(id)) end)
      own:stop()
      if not good then error(why, 0) end
    end

    it("finishes a call whose clients have all disconnected, and caches its answer", function()
      with_cached(function(own, url)
        local pids = shell.run(("for i in 1 2 3 4; do curl -s '%s' >/dev/null 2>&1 & echo $!; done"):format(url "slow-2000"))
        await(function() return own:run "return client:stats().attempts" == 1 end, 10)
        shell.run("kill " .. pids:gsub("\n", " "))
        assert.equal("ACTIVE", (shell.run(("curl -s '%s'"):format(url "slow-2000"))))
        local stats = own:run "return client:stats()"
        assert.same({ 1, 0 }, { stats.attempts, stats.cache.miss })
      end)
    end)

    it("finishes its calls before it exits, without an error", function()
      with_cached(function(own, url)
        local calling = io.popen(("curl -s '%s'"):format(url "slow-500"))
        await(function() return own:run "return client:stats().attempts" == 1 end, 10)
        local errors = own:stop(true)
        assert.equal("ACTIVE", calling:read "*a")
        calling:close()
        assert.same({}, errors)
      end)
    end)
  end)

  it("has no libcurl loaded, and logged no Lua error", function()
    assert.is_nil(read(("/proc/%d/maps"):format(site:workers()[1])):find("libcurl", 1, true))
    assert.is_nil(table.concat(site:errors(), "\n"):match "[^\n]*%.lua:%d[^\n]*")
  end)
end)
