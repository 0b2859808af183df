-- GET /metrics: what the clients of all workers have done, in Prometheus' text format. Each worker publishes its own counters every few
-- seconds (recordings.publish_stats); those of the cache are kept for all workers in the dict.

-- luacheck: std max+ngx_lua

local recordings = require "recordings"

local COUNTERS = {
  { "calls", "Calls made of the client." },
  { "attempts", "HTTP requests sent to Amazon IVS." },
  { "retries", "Requests that were sent again." },
  { "throttles", "Responses that said that the rate is too high." },
  { "errors", "Calls that ended with an error." },
  { "credential_refreshes", "Times that credentials were asked for." },
}

local lines = {}

local function add(...) lines[#lines + 1] = table.concat { ... } end

local function add_metric(name, help)
  add("# HELP ", name, " ", help)
  add("# TYPE ", name, " counter")
end

local workers, cache = recordings.stats()

for _, counter in ipairs(COUNTERS) do
  local name = "ivs_client_" .. counter[1] .. "_total"
  add_metric(name, counter[2])
  for _, worker in ipairs(workers) do
    add(name, '{worker="', worker.id, '"} ', worker.stats[counter[1]])
  end
end

add_metric("ivs_cache_events_total", "Answers by where they came from, and operations of Redis.")
local events = {}
for event in pairs(cache) do events[#events + 1] = event end
table.sort(events)
for _, event in ipairs(events) do
  add("ivs_cache_events_total", '{event="', event, '"} ', cache[event])
end

ngx.header["Content-Type"] = "text/plain; version=0.0.4; charset=utf-8"
ngx.header["Cache-Control"] = "no-store"
ngx.say(table.concat(lines, "\n"))
