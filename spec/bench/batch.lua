--- A batch against a server that answers after 10 ms, beside a bare C loop over libcurl's multi handle; and the cost of each ARN as
-- there are more of them, beside single calls. BENCH_URL, BENCH_CA and BENCH_BODY come from run.sh.

local common = require "bench.common"
local ivs = require "ivs"
local measure = require "measure"

local COUNT, PLACES = 640, 64
local FEW, MANY = 5000, 50000

local function arns(count)
  local list = {}
  for index = 1, count do list[index] = ("%s%06d"):format(common.arn:sub(1, -7), index) end
  return list
end

local function batch(client, list)
  local result = assert(client:batch_get_recording_configuration { arns = list, max_concurrency = PLACES, max_tps = false })
  assert(#result.recordingConfigurations == #list, tostring(result.errors[1] and result.errors[1].error))
  return result
end

--- What a call sends, for the bare loop.
local function capture_request(url)
  local captured
  local client = assert(ivs.client(common.options { endpoint_url = url, transport = function(request)
    captured = request
    return { status = 200, headers = {}, body = "{}" }
  end }))
  assert(client:get_recording_configuration(common.arn))
  client:close()
  local lines = { "Accept:" }
  for name, value in pairs(captured.headers) do
    if not name:lower():find "^content%-length" and not name:find "^Authorization" then lines[#lines + 1] = name .. ": " .. value end
  end
  return captured, lines
end

local function compare_wire()
  local url = os.getenv "BENCH_URL" .. "/slow"
  local client = assert(ivs.client(common.options { endpoint_url = url }))
  local request, lines = capture_request(url)
  local list = arns(COUNT)
  common.compare {
    ours = function() batch(client, list) end,
    yardstick = function() measure.bare_multi(request.url, os.getenv "BENCH_CA", request.body, lines, COUNT, PLACES) end,
    count = 1, rounds = 21,
    goals = { common.row("batch", "wall", (" (of %d)"):format(COUNT)), { work = "  the same, CPU", clock = "cpu" } },
  }
  client:close()
end

--- CPU microseconds for each of the ARNs.
local function cost(work, list)
  collectgarbage()
  collectgarbage()
  local cpu = measure.cpu()
  work(list)
  return (measure.cpu() - cpu) / #list * 1e6
end

--- No network. Lua's own cost of keeping results grows with their number, so the yardstick keeps as many.
local function compare_growth()
  local answer = { status = 200, headers = {}, body = common.read(assert(os.getenv("BENCH_BODY"))) }
  local client = assert(ivs.client(common.options { transport = function() return answer end }))
  local function run_batch(list) batch(client, list) end
  local function run_single_calls(list)
    local kept = {}
    for index, arn in ipairs(list) do kept[index] = assert(client:get_recording_configuration(arn)).recordingConfiguration end
    return kept
  end
  for _, count in ipairs { FEW, MANY } do
    local list, ours, yardstick = arns(count), {}, {}
    for round = 1, 5 do
      ours[round], yardstick[round] = cost(run_batch, list), cost(run_single_calls, list)
    end
    local work, goal = common.goal("batch_each", (" (of %d)"):format(count))
    common.print_row { work = work, ours = common.median(ours), yardstick = common.median(yardstick),
      ratio = common.median_ratio(ours, yardstick), goal = goal }
  end
  client:close()
end

compare_wire()
compare_growth()
