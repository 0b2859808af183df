--- The time and memory of a start: a script's first call (calls.lua, under the Lua that runs this) beside the bare C program that makes
-- one request (once.c); with the argument `system` also the time of a call over a new connection. Both are started in turn by start.c,
-- from the outside. BENCH_START, BENCH_ONCE, BENCH_LUA and what common.lua wants come from run.sh.

local common = require "bench.common"
local ivs = require "ivs"
local measure = require "measure"

local ROUNDS = 31

local body = common.read(assert(os.getenv("BENCH_BODY")))

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

--- The command lines of both starts, ours under the interpreter that runs this script.
local function starts(request, lines)
  local bare = { os.getenv("BENCH_ONCE"), quote(request.url), quote(os.getenv("BENCH_CA")), quote(request.body) }
  for _, line in ipairs(lines) do bare[#bare + 1] = quote(line) end
  return os.getenv("BENCH_LUA") .. " spec/bench/calls.lua 1", table.concat(bare, " ")
end

local function compare_starts(request, lines, goals)
  local ours, bare = starts(request, lines)
  local output = assert(io.popen(("%s %d %s -- %s"):format(os.getenv("BENCH_START"), ROUNDS, ours, bare)))
  local taken = { { wall = {}, memory = {} }, { wall = {}, memory = {} } }
  local count = 0
  for line in output:lines() do
    local wall, memory = line:match("^(%S+) (%d+)$")
    local side = taken[count % 2 + 1]
    side.wall[#side.wall + 1], side.memory[#side.memory + 1] = tonumber(wall) * 1000, tonumber(memory)
    count = count + 1
  end
  output:close()
  assert(count == 2 * ROUNDS, "the starts could not be measured")
  for _, row in ipairs(goals) do
    local a, b = taken[1][row[2]], taken[2][row[2]]
    local work, goal = common.goal(row[1])
    common.print_row {
      work = work, goal = goal, format = row[3], ratio = common.median_ratio(a, b),
      ours = common.median(a), yardstick = common.median(b),
    }
  end
end

--- The server closes the connection after each answer.
local function compare_new_connections(request, lines)
  local client = assert(ivs.client(common.options()))
  local bare = measure.bare(request.url, os.getenv("BENCH_CA"), request.body, lines)
  common.compare {
    ours = function(count)
      for _ = 1, count do assert(client:get_recording_configuration(common.arn)) end
    end,
    yardstick = function(count) bare:run(count) end, count = 5, rounds = 15,
    goals = { common.row("new_connection", "wall") },
  }
  client:close()
end

local request, lines = common.capture_request(body)
if arg[1] == "system" then
  compare_starts(request, lines, {
    { "first_wall", "wall", "%.2f ms" },
  })
  compare_new_connections(request, lines)
else
  compare_starts(request, lines, {
    { "start_wall", "wall", "%.2f ms" },
    { "start_memory", "memory", "%d KiB" },
  })
end
