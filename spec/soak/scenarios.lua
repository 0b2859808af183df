--- The soaks: what the service, the machines and the clients do, and for how long.

local shell = require "emulator.shell"
local world = require "soak.world"

local scenarios = {}

local function now() return tonumber((shell.run "date +%s.%N")) end

--- Samples the machines and calls a function about once a second, until a time is over.
-- @treturn table the most timers; `growth` of memory from the first to the last third
local function watch(running, seconds, act)
  local began, samples = now(), {}
  local found = { running = 0, pending = 0 }
  repeat
    local elapsed = now() - began
    if act then act(elapsed) end
    local sample = running:sample()
    sample.at = elapsed
    samples[#samples + 1] = sample
    found.running, found.pending = math.max(found.running, sample.running), math.max(found.pending, sample.pending)
    shell.run "sleep 0.7"
  until now() - began >= seconds
  local first, last = 0, 0
  for _, sample in ipairs(samples) do
    if sample.at < seconds / 3 then first = math.max(first, sample.memory) end
    if sample.at >= seconds * 2 / 3 then last = math.max(last, sample.memory) end
  end
  found.growth = math.max(last - first, 0)
  return found
end

local function merge(...)
  local all = {}
  for _, part in ipairs { ... } do
    for name, value in pairs(part) do all[name] = value end
  end
  return all
end

-- Storm ------------------------------------------------------------------------------------------------------------------

--- What happens in one cycle of a minute: the part of the cycle, what, and its argument.
local EVENTS = {
  { 0.10, "set_mode", "hang" }, { 0.22, "set_mode", "healthy" }, { 0.25, "reload", 1 }, { 0.30, "stop_redis" },
  { 0.34, "set_mode", "trickle" }, { 0.44, "set_mode", "healthy" }, { 0.46, "start_redis" }, { 0.50, "kill_worker", 1 },
  { 0.56, "set_mode", "throttle" }, { 0.62, "set_mode", "healthy" }, { 0.66, "reload", 2 }, { 0.70, "pause_redis" },
  { 0.74, "set_mode", "fail" }, { 0.80, "set_mode", "healthy" }, { 0.82, "continue_redis" }, { 0.88, "kill_worker", 2 },
}

local acts = {}
function acts.set_mode(running, mode) running:set_mode(mode) end
function acts.reload(running, at) running.machines[at]:signal "HUP" end
function acts.kill_worker(running, at) running:kill_worker(at) end
function acts.stop_redis(running) running.redis:stop() end
function acts.start_redis(running) running:start_redis() end
function acts.pause_redis(running) running.redis:signal "STOP" end
function acts.continue_redis(running) running.redis:signal "CONT" end

local MAX_TPS, BUNCHED, HOT = 20, 1.25, 20

--- A service in trouble, a Redis that comes and goes, clients that leave, reloads and killed workers.
-- @number seconds
-- @number cycle seconds of one cycle of all troubles
function scenarios.storm(seconds, cycle)
  local running = world.start { client = { connect_timeout = 2, read_timeout = 2, max_attempts = 2 },
    cache = { ttl = 2, stale_ttl = 3600, max_tps = MAX_TPS } }
  local GET = "/get?arn=@"
  for _, site in ipairs(running.machines) do -- so that their answers are cached
    assert(site:run([[
      for at = 1, %d do
        assert(require("soak.machine").client():get_recording_configuration(
          "arn:aws:ivs:us-west-2:123456789012:recording-configuration/hot" .. at))
      end
      return true]], HOT))
  end
  running:counts(true)
  running:load({
    { rate = 100, path = GET, prefix = "hot", arns = HOT, is_cached = true },
    { rate = 4, path = GET, prefix = "cold", arns = 1e6 },
    { rate = 4, path = GET, prefix = "left", arns = 1e6, patience = 0.3, leaves = true },
    { rate = 0.2, path = "/batch?arns=@", prefix = "batch", arns = 1e6, count = 10 },
    { rate = 0.4, path = "/wait?arn=@", prefix = "wait", arns = 1e6 },
  }, seconds)
  local done, count = 0, #EVENTS
  local watched = watch(running, seconds, function(elapsed)
    while true do
      local event = EVENTS[done % count + 1]
      if elapsed < (math.floor(done / count) + event[1]) * cycle or elapsed > seconds - cycle / 10 then return end
      acts[event[2]](running, event[3])
      done = done + 1
    end
  end)
  running:set_mode "healthy"
  running.redis:signal "CONT"
  local notes, counts = running:notes(), running:counts()
  local lines, crashed = running:stop()
  -- While Redis is away, each machine has the pace to itself. A worker that is busy for a moment sends what has become due together.
  return merge(watched, notes, { most_of_one = counts.most_of_one, most_of_one_allowed = MAX_TPS * BUNCHED, most = counts.most,
    most_allowed = 2 * MAX_TPS * BUNCHED, longest_allowed = 60, calls = counts.requests,
    crashed = crashed, logged = #lines, lines = lines })
end

-- Pace -------------------------------------------------------------------------------------------------------------------

local QUOTA, RATE = 3, 120

--- More answers than the quota can refresh in their ttl, on two machines, and a service that throttles above its quota.
-- @number seconds after the warm-up
-- @number arns
function scenarios.pace(seconds, arns)
  local running = world.start { client = { max_attempts = 1 }, cache = { ttl = 5, stale_ttl = 3600 } }
  running.upstream:get("/quota?quota=" .. QUOTA)
  local began = now()
  for _, site in ipairs(running.machines) do -- both ask for all, at the same time
    site:run([[
      ngx.timer.at(0, function()
        local arns = {}
        for at = 1, %d do arns[at] = "arn:aws:ivs:us-west-2:123456789012:recording-configuration/paced" .. at end
        local result, err = require("soak.machine").client():batch_get_recording_configuration { arns = arns, max_tps = false, max_concurrency = 64 }
        ngx.shared.cache:set("warm", tostring(err or #result.errors))
      end)]], arns)
  end
  local warm_up_errors = 0
  for _, site in ipairs(running.machines) do
    local errors
    repeat
      shell.run "sleep 0.5"
      errors = site:run "return ngx.shared.cache:get 'warm'"
    until errors
    warm_up_errors = warm_up_errors + (tonumber(errors) or error(errors, 0))
  end
  local warm_up = now() - began
  local warmed = running:counts(true)
  running:load({ { rate = RATE, path = "/get?arn=@", prefix = "paced", arns = arns, is_cached = true } }, seconds)
  local watched = watch(running, seconds)
  local notes, counts = running:notes(), running:counts()
  local lines, crashed = running:stop()
  return merge(watched, notes, { most = counts.most, most_allowed = QUOTA + 1, throttled = warmed.throttled + counts.throttled,
    calls_for_warm_up = warmed.requests, warm_up_allowed = arns, warm_up = warm_up, warm_up_errors = warm_up_errors, calls = counts.requests,
    -- fresh for 1.2 turns of all (demand.lua), and refreshed when it is next asked for: by a machine every 2 × arns / RATE seconds on average,
    -- and in ten times that but for one in 20,000
    oldest_allowed = math.max(30, 1.2 * arns / QUOTA + 10 * 2 * arns / RATE), crashed = crashed, logged = #lines, lines = lines })
end

return scenarios
