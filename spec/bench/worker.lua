--- Requests a second of one nginx worker, loaded by wrk (locations.lua): calls through resty.ivs against the same bytes over a
-- bare cosocket, and hits of the cache against a location that says the same JSON. BENCH_URL, BENCH_CA and BENCH_ON_SERVER
-- come from run.sh: the worker shares this process's processor, wrk that of the server.

local cjson = require "cjson"
local common = require "bench.common"
local nginx = require "support.nginx"
local shell = require "emulator.shell"

local ROUNDS, SECONDS, CONNECTIONS = 7, 2, 16

local function quote(text) return ("%q"):format(text) end

local function start()
  local options = common.options()
  options.ca_bundle = nil -- nginx has its own directive for that
  options.endpoint_url = options.endpoint_url:gsub("127%.0%.0%.1", "localhost") -- nginx verifies names only
  options.env = cjson.decode "{}"
  local given = cjson.encode { arn = common.arn, options = options, resty_http = os.getenv "BENCH_RESTY_HTTP" }
  local locations = {}
  for _, name in ipairs { "driver", "bare", "resty_http", "hit", "constant", "nothing" } do
    locations["= /" .. name] = { content = ("require('bench.locations').%s()"):format(name) }
  end
  return nginx.start {
    http = ("lua_ssl_trusted_certificate %s; lua_shared_dict recordings 1m;"):format(os.getenv "BENCH_CA"),
    init_worker = ("require('bench.locations').set_up(require('cjson').decode(%s))"):format(quote(given)),
    locations = locations,
  }
end

--- Microseconds of processor time that the worker has used.
local function cpu_of(worker)
  local fields = {}
  for field in common.read(("/proc/%d/stat"):format(worker)):match("%) (.*)"):gmatch "%S+" do fields[#fields + 1] = field end
  return (fields[12] + fields[13]) * 10000
end

local site = start()
local worker = site:workers()[1]

--- Loads a location for a while; microseconds for a request, by the clock and of the worker's processor.
local function load(name, seconds)
  local before = cpu_of(worker)
  local said = shell.run(("%s wrk -t1 -c%d -d%ds %s/%s 2>&1"):format(os.getenv "BENCH_ON_SERVER" or "", CONNECTIONS, seconds,
    site.url, name))
  local count = tonumber(said:match "(%d+) requests in")
  assert(count and not said:find "Non%-2xx", said)
  return { wall = 1e6 / tonumber(said:match "Requests/sec:%s+([%d.]+)"), cpu = (cpu_of(worker) - before) / count }
end

local function compare(key, ours, yardstick)
  local taken = { ours = { wall = {}, cpu = {} }, yardstick = { wall = {}, cpu = {} } }
  load(ours, 1)
  load(yardstick, 1)
  for round = 1, ROUNDS do
    for _, side in ipairs(round % 2 == 0 and { "ours", "yardstick" } or { "yardstick", "ours" }) do
      local one = load(side == "ours" and ours or yardstick, SECONDS)
      taken[side].wall[round], taken[side].cpu[round] = one.wall, one.cpu
    end
  end
  local work, goal = common.goal(key)
  for _, clock in ipairs { "wall", "cpu" } do
    common.print_row {
      work = clock == "wall" and work or "  the same, CPU", goal = clock == "wall" and goal or nil,
      ours = common.median(taken.ours[clock]), yardstick = common.median(taken.yardstick[clock]),
      ratio = common.median_ratio(taken.ours[clock], taken.yardstick[clock]),
    }
  end
end

if arg[1] == "hold" then -- for a profiler
  print(site.url, worker)
  io.stdout:flush()
  shell.run("sleep 600")
else
  compare("worker", "driver", "bare")
  local said = site:get "/resty_http"
  if said == "ok" then
    compare("lua_resty_http", "driver", "resty_http")
  else -- BENCH_RESTY_HTTP names its folder `lib`
    print(((common.goal "lua_resty_http")) .. ": not measured: " .. said:match "[^\n]*")
  end
  compare("hit", "hit", "constant")
end
site:stop()
