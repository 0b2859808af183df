--- How the cost of a call grows: with the size of the body, tags, clients, ARNs of a batch, ARNs in nginx's cache. No network: a transport
-- answers, so what is measured is ours. Prints one table for each, with the cost of one unit; a cost that stays the same is linear growth.
-- (docs/performance.md has the results.)

local cjson = require "cjson"
local ivs = require "ivs"
local nginx = require "support.nginx"

local monotonic = ivs.private.system.monotonic

local ARN = "arn:aws:ivs:us-west-2:123456789012:recording-configuration/"
local KEYS = { access_key_id = "AKIAIOSFODNN7EXAMPLE", secret_access_key = "benchmark" }

local function options(body)
  return { region = "us-west-2", env = {}, credentials = KEYS, max_response_bytes = 2 * 1024 * 1024,
    transport = function() return { status = 200, headers = {}, body = body } end }
end

local function body_with(members)
  local configuration = { arn = ARN .. "bench", state = "ACTIVE" }
  for name, value in pairs(members or {}) do configuration[name] = value end
  return cjson.encode { recordingConfiguration = configuration }
end

--- Microseconds of one run of a function: the best of several series.
local function measure(run, seconds)
  local best = math.huge
  for _ = 1, 5 do
    local count, began = 0, monotonic()
    repeat
      run()
      count = count + 1
    until monotonic() - began >= (seconds or 0.1)
    best = math.min(best, (monotonic() - began) / count)
  end
  return best * 1e6
end

local function memory()
  collectgarbage()
  collectgarbage()
  return collectgarbage "count"
end

local function print_row(...)
  local cells = { ... }
  for at, cell in ipairs(cells) do cells[at] = ("%14s"):format(cell) end
  print(table.concat(cells, " "))
end

local function body_sizes()
  print "\nbody size (a member that is dropped)"
  print_row("bytes", "us a call", "ns a byte", "cjson alone")
  for _, size in ipairs { 1024, 16384, 262144, 1048576 } do
    local body = body_with { padding = ("x"):rep(size - #body_with { padding = "" }) }
    local client = assert(ivs.client(options(body)))
    local ours, cjsons = measure(function() client:get_recording_configuration(ARN .. "a") end), measure(function() cjson.decode(body) end)
    print_row(#body, ("%.1f"):format(ours), ("%.2f"):format(ours * 1000 / #body), ("%.1f us"):format(cjsons))
    client:close()
  end
end

local function tags()
  print "\ntags"
  print_row("tags", "us a call", "us a tag")
  for _, count in ipairs { 0, 50, 500, 5000 } do
    local all = {}
    for at = 1, count do all["key-" .. at] = "value-" .. at end
    local client = assert(ivs.client(options(body_with { tags = count > 0 and all or nil })))
    local ours = measure(function() client:get_recording_configuration(ARN .. "a") end)
    print_row(count, ("%.1f"):format(ours), count > 0 and ("%.3f"):format(ours / count) or "-")
    client:close()
  end
end

local function clients()
  print "\nclients, each with one call"
  print_row("clients", "us a client", "KiB of Lua each")
  for _, count in ipairs { 100, 1000, 10000 } do
    local kept, before, began = {}, memory(), monotonic()
    for at = 1, count do
      kept[at] = assert(ivs.client(options(body_with())))
      assert(kept[at]:get_recording_configuration(ARN .. "a"))
    end
    local took = monotonic() - began
    print_row(count, ("%.1f"):format(took / count * 1e6), ("%.2f"):format((memory() - before) / count))
    for _, client in ipairs(kept) do client:close() end
  end
end

local function batches()
  print "\nARNs of a batch, max_tps = false"
  print_row("ARNs", "us an ARN", "KiB of Lua each")
  local client = assert(ivs.client(options(body_with())))
  for _, count in ipairs { 100, 1000, 10000, 50000 } do
    local arns = {}
    for at = 1, count do arns[at] = ARN .. at end
    local before, began = memory(), monotonic()
    local result = assert(client:batch_get_recording_configuration { arns = arns, max_tps = false })
    local took = monotonic() - began
    assert(#result.recordingConfigurations == count)
    print_row(count, ("%.1f"):format(took / count * 1e6), ("%.2f"):format((memory() - before) / count))
  end
end

--- Fills the cache; the client stays in the worker.
local FILL = [[
local count, lru_size = %d, %d
local body = %q
client = client or require("resty.ivs").client { region = "us-west-2", env = {}, credentials = { access_key_id = "AKIAIOSFODNN7EXAMPLE",
  secret_access_key = "benchmark" }, transport = function() return { status = 200, headers = {}, body = body } end,
  cache = { dict = "cached", ttl = 86400, max_tps = false, lru_size = lru_size } }
arns = arns or {}
for at = #arns + 1, math.min(count, #arns + 20000) do
  arns[at] = %q .. at
  assert(client:get_recording_configuration(arns[at]))
end
return #arns
]]

local HITS = [[
local count = #arns
for at = 1, count do assert(client:get_recording_configuration(arns[at])) end
collectgarbage()
local kib = collectgarbage "count"
local hits, at = 200000, 0
ngx.update_time()
local began = ngx.now()
for _ = 1, hits do
  at = at % count + 1
  assert(client:get_recording_configuration(arns[at]).ResponseMetadata.Cache == "hit")
end
ngx.update_time()
return { us = (ngx.now() - began) / hits * 1e6, mib = kib / 1024 }
]]

local function cached()
  if not nginx.available then return print "\nthe cache in nginx: not built for LuaJIT" end
  print "\nARNs in the cache of an nginx worker, asked for in turn"
  print_row("ARNs", "lru_size", "us a hit", "MiB of Lua")
  for _, case in ipairs { { 500, 1000 }, { 5000, 1000 }, { 5000, 5000 }, { 100000, 1000 }, { 100000, 100000 } } do
    local site = nginx.start { http = "lua_shared_dict cached 300m; lua_max_running_timers 1000;" }
    repeat
      local filled = site:run(FILL, case[1], case[2], body_with { tags = { team = "video" } }, ARN)
    until filled == case[1]
    local found = site:run(HITS)
    site:stop()
    print_row(case[1], case[2], ("%.2f"):format(found.us), ("%.1f"):format(found.mib))
  end
end

if not arg[1] then body_sizes() tags() clients() batches() end
cached()
