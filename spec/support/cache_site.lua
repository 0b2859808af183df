--- Sites with a cache, and the service behind them, for the specs of resty.ivs.cache (cache_pages.lua runs inside).
--
--     local service = cache_site.service()            …  service:script("key", { status = 429 })   service:count "key"
--     local site = cache_site.start(service, { workers = 4 })
--     service:script("key", { hold = true })   …  service:await("key", 1)   service:release "key"
--     local ask = site:asker { ttl = 0.2 }            …  ask "key"  →  "miss 1": the outcome, and the response's version or code
--     service:burst({ site }, 1000, ask:path "key")

local cjson = require "cjson"
local nginx = require "support.nginx"
local redis_server = require "support.redis_server"
local shell = require "emulator.shell"

local cache_site = { available = nginx.available }

local function page(name)
  return { content = ("require('support.cache_pages').%s()"):format(name) }
end

--- A text, encoded as a URL argument.
local function encoded(text)
  return (text:gsub("[^%w%-_.]", function(byte) return ("%%%02X"):format(byte:byte()) end))
end

cache_site.encoded = encoded

function cache_site.sleep(seconds) shell.run("sleep " .. seconds) end

--- Seconds since 1970, with their fraction.
function cache_site.now() return tonumber((shell.run "date +%s.%N")) end

--- Waits until a condition is true, at most 20 seconds.
local function wait_until(what, condition)
  for _ = 1, 2000 do
    if condition() then return end
    cache_site.sleep(0.01)
  end
  error(what .. " did not come", 3)
end

local Service = { __name = "ivs.spec.cache_service" }
Service.__index = Service

--- Starts the service.
function cache_site.service()
  local site = nginx.start { locations = { ["/call"] = page "call", ["/script"] = page "script", ["/count"] = page "count",
    ["/burst"] = page "burst", ["/release"] = page "release" }, http = "lua_socket_log_errors off;" }
  return setmetatable({ site = site, port = site.port }, Service)
end

--- Sets the response for a key.
function Service:script(key, answer)
  local _, status = self.site:get(("/script?key=%s&status=%d&delay=%s%s%s"):format(key, answer.status or 200, answer.delay or "",
    answer.code and "&code=" .. answer.code or "", answer.hold and "&hold=1" or ""))
  assert(status == 200)
end

--- Sends the held responses for a key.
function Service:release(key) self.site:get("/release?key=" .. key) end

--- Waits until the service has received this number of calls for a key.
function Service:await(key, number)
  wait_until("call " .. number .. " of " .. key, function() return self:count(key) >= number end)
end

--- The number of calls for the keys with this prefix.
function Service:count(key)
  return tonumber((self.site:get("/count?key=" .. key)))
end

--- Sends simultaneous requests, distributed over the sites.
-- @treturn table answer to number
-- @treturn number the seconds of the slowest one
function Service:burst(sites, number, path, keys)
  local ports = {}
  for index, site in ipairs(sites) do ports[index] = site.port end
  local body, status = self.site:get(("/burst?ports=%s&n=%d&keys=%d&path=%s"):format(table.concat(ports, "-"), number,
    keys or 1, encoded(path)))
  assert(status == 200, body)
  local result = cjson.decode(body)
  return result.answers, result.slowest
end

function Service:stop()
  return self.site:stop()
end

local Asker = { __name = "ivs.spec.cache_asker" }
Asker.__index = Asker

function Asker:path(key, location)
  return ("%s?key=%s&o=%s"):format(location or "/get", key, self.options)
end

--- The site's response for a key.
function Asker:__call(key, location)
  return (self.site:get(self:path(key, location)))
end

--- Sends requests and does not wait.
-- @int[opt] clients their number; 1
-- @treturn string their process ids
function Asker:in_background(key, location, clients)
  return (shell.run(("for i in $(seq %d); do curl -s -m 60 '%s%s' >/dev/null 2>&1 & echo $!; done")
    :format(clients or 1, self.site.url, self:path(key, location))):gsub("\n", " "))
end

--- The seconds that the site takes for a key.
function Asker:time(key, location)
  local said = shell.run(("curl -s -m 30 -o /dev/null -w '%%{time_total}' '%s%s'")
    :format(self.site.url, self:path(key, location)))
  return tonumber(said)
end

--- Repeats the request until it has the expected response.
function Asker:until_it_is(answer, key)
  local got
  for _ = 1, 1000 do
    got = self(key)
    if got == answer then return answer end
    shell.run "sleep 0.02"
  end
  return got
end

function Asker:stats()
  return cjson.decode((self.site:get("/stats?o=" .. self.options)))
end

--- Reloads a site's configuration and waits until its first worker has been replaced.
function cache_site.reload(site)
  local before = site:workers()[1]
  site:signal "HUP"
  wait_until("the end of worker " .. before, function()
    return not shell.run("pgrep -P " .. site.pid):find(before, 1, true)
  end)
end

local PAGES = { "get", "whole", "age", "stats", "get_and_kill", "raise", "spoil", "fill", "misuse", "occupy_timers", "cancelled",
  "told", "flights" }

--- Starts a site.
-- @tab service
-- @tparam[opt] table options `workers` (1), `dict` ("1m"), `http` (directives), `init` (Lua)
function cache_site.start(service, options)
  options = options or {}
  local locations = {}
  for _, name in ipairs(PAGES) do locations["/" .. name] = page(name) end
  locations["/abort"] = page "get"
  locations["/abort"].more = "lua_check_client_abort on;"
  locations["/access"] = { access = "require('support.cache_pages').get()" }
  locations["/filter"] = { content = "ngx.print('ok')", header_filter = "require('support.cache_pages').get_into_header()" }
  local site = nginx.start { workers = options.workers, locations = locations,
    init = ("require('support.cache_pages').service_port = %d\n"):format(service.port) .. (options.init or ""),
    http = ("lua_shared_dict cache %s; lua_socket_log_errors off; %s"):format(options.dict or "1m", options.http or "") }
  --- A function that requests keys with these options of the cache.
  function site.asker(self, given)
    local members = { dict = "cache" }
    for name, value in pairs(given or {}) do members[name] = value end
    return setmetatable({ site = self, options = encoded(cjson.encode(members)) }, Asker)
  end
  return site
end

--- Runs a test with its own site, for tests that would affect others. The site is stopped in any case.
-- @func test called with the site
function cache_site.with(service, options, test)
  local site = cache_site.start(service, options)
  local good, why = pcall(test, site)
  site:stop()
  if not good then error(why, 0) end
end

--- Runs a test with its own Redis and two sites. All are stopped in any case.
-- @string arguments of redis-server; nil for none
-- @func test called with the Redis and the sites
-- @string[opt] http directives of the sites
function cache_site.with_redis(service, arguments, test, http)
  local server = redis_server.start(arguments)
  local sites = { cache_site.start(service, { http = http }), cache_site.start(service, { http = http }) }
  local good, why = pcall(test, server, sites[1], sites[2])
  for _, site in ipairs(sites) do site:stop() end
  server:stop()
  if not good then error(why, 0) end
end

return cache_site
