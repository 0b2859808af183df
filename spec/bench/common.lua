--- What the measuring scripts share: the comparison of two pieces of work, the table's lines, the client's settings.
--
-- A comparison runs both sides in turn, in blocks that are short beside whatever else the machine does, the first one
-- changing from round to round, and takes the median of the rounds' ratios: a load that comes and goes meets both sides
-- alike. Absolute times are printed to give an idea; only ratios are judged.

local goals = require "bench.goals"
local measure = require "measure"

local common = {}

common.arn = "arn:aws:ivs:us-west-2:123456789012:recording-configuration/AbCdEf123456"
common.keys = { access_key_id = "AKIAIOSFODNN7EXAMPLE", secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" }

local FORMAT = "%-84s %10s %10s %7s %8s  %s"

--- A file's content.
function common.read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

--- The bundle with the server's certificate; nil: the authorities that libcurl has by default (BENCH_CA is empty).
function common.ca_bundle()
  local path = assert(os.getenv("BENCH_CA"))
  return path ~= "" and path or nil
end

--- What a call sends, seen through `transport`: the request, and its header lines for the bare loop.
-- @string body the service's answer
function common.capture_request(body)
  local captured
  local client = assert(require("ivs").client(common.options { transport = function(request)
    captured = request
    return { status = 200, headers = {}, body = body }
  end }))
  assert(client:get_recording_configuration(common.arn))
  client:close()
  local lines = { "Accept:" } -- libcurl's own, which we don't send
  for name, value in pairs(captured.headers) do
    if name:lower() ~= "content-length" then lines[#lines + 1] = name .. ": " .. value end
  end
  return captured, lines
end

--- The options of a client that calls the benchmark's server; `more` is added to them.
function common.options(more)
  local options = {
    region = "us-west-2", credentials = common.keys, env = { AWS_CONFIG_FILE = "/dev/null" },
    endpoint_url = assert(os.getenv("BENCH_URL")), ca_bundle = common.ca_bundle(),
  }
  for name, value in pairs(more or {}) do options[name] = value end
  return options
end

function common.median(numbers)
  local sorted = {}
  for index, number in ipairs(numbers) do sorted[index] = number end
  table.sort(sorted)
  local middle = (#sorted + 1) / 2
  return (sorted[math.floor(middle)] + sorted[math.ceil(middle)]) / 2
end

function common.print_heading(text)
  print(FORMAT:format(text, "ours", "yardstick", "ratio", "goal", ""))
end

--- Prints a line of the table.
-- @tab row { work, ours, yardstick, ratio, goal }; without a goal the line is there for comparison only. `format`: of ours
-- and yardstick, else microseconds
function common.print_row(row)
  local format = row.format or "%.2f us"
  local verdict = ""
  if row.goal then verdict = row.ratio <= row.goal and "ok" or "over" end
  print(FORMAT:format(row.work, format:format(row.ours), row.yardstick and format:format(row.yardstick) or "-",
    row.ratio and ("%.2f"):format(row.ratio) or "-", row.goal and ("<= %.2f"):format(row.goal) or "-", verdict))
  io.stdout:flush()
end

--- A row's `work` and `goal` (goals.lua).
-- @string key
-- @string[opt] detail added to the name of the work
function common.goal(key, detail)
  local row = goals[key]
  return ("%s%s : %s"):format(row[1], detail or "", row[2]), row[3]
end

--- The same as a row for `compare`.
function common.row(key, clock, detail)
  local work, goal = common.goal(key, detail)
  return { work = work, goal = goal, clock = clock }
end

--- The ratios of ours to the yardstick, pair by pair, and their median.
function common.median_ratio(ours, yardstick)
  local ratios = {}
  for index = 1, #ours do ratios[index] = ours[index] / yardstick[index] end
  return common.median(ratios)
end

--- One block of work: its microseconds, by clock.
local function time_block(work, count)
  collectgarbage()
  local wall, cpu = measure.now(), measure.cpu()
  work(count)
  cpu, wall = measure.cpu() - cpu, measure.now() - wall
  return { wall = wall / count * 1e6, cpu = cpu / count * 1e6 }
end

--- Compares two pieces of work and prints a line for each goal.
-- @tab how { ours, yardstick: function(count); count: in a block; rounds?; goals: a list of { work, clock, goal? } }
function common.compare(how)
  local rounds = how.rounds or 21
  local taken = { ours = {}, yardstick = {} }
  how.ours(math.ceil(how.count / 10)) -- connections, caches, traces
  how.yardstick(math.ceil(how.count / 10))
  for round = 1, rounds do
    local first, second = "ours", "yardstick"
    if round % 2 == 0 then first, second = second, first end
    taken[first][round] = time_block(how[first], how.count)
    taken[second][round] = time_block(how[second], how.count)
  end
  for _, row in ipairs(how.goals) do
    local ours, yardstick = {}, {}
    for round = 1, rounds do
      ours[round], yardstick[round] = taken.ours[round][row.clock], taken.yardstick[round][row.clock]
    end
    common.print_row {
      work = row.work, goal = row.goal, ratio = common.median_ratio(ours, yardstick),
      ours = common.median(ours), yardstick = common.median(yardstick),
    }
  end
end

return common
