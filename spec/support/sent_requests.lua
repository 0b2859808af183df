--- Sites for the specs of the rate and concurrency of requests: a `transport` instead of the service, which records each request and
-- its time, over all workers.

local nginx = require "support.nginx"
local shell = require "emulator.shell"

local sent_requests = { available = nginx.available }

--- `client(cache?, more?)` creates a client; `run(made, arns)` requests each ARN in its own light thread; `sent()` returns the recorded
-- requests with their times; `span(list)` is their duration, from before the first request; `delay` is the response time of the
-- service, `most` the maximum number of concurrent requests.
local INIT = [[
ivs, json = require "resty.ivs", require "cjson"

function arn(name, region) return ("arn:aws:ivs:%s:123456789012:recording-configuration/%s"):format(region or "us-west-2", name) end

function names(prefix, count, region)
  local list = {}
  for at = 1, count do list[at] = arn(prefix .. at, region) end
  return list
end

function transport(request)
  ngx.update_time()
  ngx.shared.sent:rpush("list", json.encode { at = ngx.now(), pid = ngx.worker.pid(), url = request.url,
    arn = json.decode(request.body).arn })
  running = (running or 0) + 1
  most = math.max(most or 0, running)
  if delay then ngx.sleep(delay) end
  running = running - 1
  local status = (statuses or {})[1] or 200
  if statuses then table.remove(statuses, 1) end
  return { status = status, headers = {}, body = status == 200 and json.encode { recordingConfiguration = { name = "n" } } or "{}" }
end

function client(cache, more)
  local options = { transport = transport, env = {},
    credentials = { access_key_id = "AKIAIOSFODNN7EXAMPLE", secret_access_key = "s" } }
  for name, value in pairs(more or {}) do options[name] = value end
  options.cache = cache and { dict = "cache" }
  for name, value in pairs(cache or {}) do options.cache[name] = value end
  return ivs.client(options)
end

--- The time before the first request, so that a delayed first request does not shorten the span.
function note_begin()
  ngx.update_time()
  ngx.shared.sent:add("begun", ngx.now())
end

function forget()
  ngx.shared.sent:flush_all()
end

function run(made, arns)
  note_begin()
  local threads, codes = {}, {}
  for at, each in ipairs(arns) do
    threads[at] = ngx.thread.spawn(function()
      local response, err = made:get_recording_configuration(each)
      codes[at] = response and response.ResponseMetadata.Cache or err.code
    end)
  end
  for _, thread in ipairs(threads) do ngx.thread.wait(thread) end
  return codes
end

function sent()
  local list = {}
  for at = 1, ngx.shared.sent:llen "list" do
    local item = ngx.shared.sent:lpop "list"
    list[at] = json.decode(item)
    ngx.shared.sent:rpush("list", item)
  end
  table.sort(list, function(one, other) return one.at < other.at end)
  return list
end

function span(list) return list[#list].at - ngx.shared.sent:get "begun" end
]]

local HTTP = "lua_shared_dict cache 1m; lua_shared_dict sent 1m; lua_shared_dict locks 1m; lua_socket_log_errors off;"


--- nginx's clock has a resolution of milliseconds.
sent_requests.GRAIN = 0.002

--- Waits until the service has received this number of requests.
function sent_requests.await(site, count)
  for _ = 1, 1000 do
    if site:run "return ngx.shared.sent:llen 'list'" >= count then return end
    shell.run "sleep 0.02"
  end
  error("fewer than " .. count .. " requests were sent")
end

--- Runs a test with its own site.
-- @tab options of nginx.start
-- @func test called with the site
function sent_requests.with_site(options, test)
  options.init, options.http = INIT .. (options.init or ""), HTTP
  local site = nginx.start(options)
  local ok, problem = pcall(test, site)
  local errors = site:stop()
  if not ok then error(problem, 0) end
  assert(#errors == 0, table.concat(errors, "\n"))
end

return sent_requests
