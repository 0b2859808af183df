--- The time and memory of a start: a script's first call (calls.lua, under the Lua that runs this) beside the bare C program
-- that makes one request (once.c). Both are started in turn by start.c, from the outside. BENCH_START, BENCH_ONCE, BENCH_LUA
-- and what common.lua wants come from run.sh.

local common = require "bench.common"
local ivs = require "ivs"

local ROUNDS = 31

local body = common.read(assert(os.getenv("BENCH_BODY")))

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

--- The command lines of both starts, ours under the interpreter that runs this script.
local function starts()
  local request
  local client = assert(ivs.client(common.options { transport = function(given)
    request = given
    return { status = 200, headers = {}, body = body }
  end }))
  assert(client:get_recording_configuration(common.arn))
  client:close()
  local bare = { os.getenv("BENCH_ONCE"), quote(request.url), quote(os.getenv("BENCH_CA")), quote(request.body), "Accept:" }
  for name, value in pairs(request.headers) do
    if name:lower() ~= "content-length" then bare[#bare + 1] = quote(name .. ": " .. value) end
  end
  return os.getenv("BENCH_LUA") .. " spec/bench/calls.lua 1", table.concat(bare, " ")
end

local function compare_starts()
  local ours, bare = starts()
  local output = assert(io.popen(("%s %d %s -- %s"):format(os.getenv("BENCH_START"), ROUNDS, ours, bare)))
  local taken = { { wall = {}, memory = {} }, { wall = {}, memory = {} } }
  local lines = 0
  for line in output:lines() do
    local wall, memory = line:match("^(%S+) (%d+)$")
    local side = taken[lines % 2 + 1]
    side.wall[#side.wall + 1], side.memory[#side.memory + 1] = tonumber(wall) * 1000, tonumber(memory)
    lines = lines + 1
  end
  output:close()
  assert(lines == 2 * ROUNDS, "the starts could not be measured")
  for _, row in ipairs {
    { "start to first result, wall : bare C program", "wall", 2, "%.2f ms" },
    { "start to first result, peak memory : bare C program", "memory", 1.3, "%d KiB" },
  } do
    local a, b = taken[1][row[2]], taken[2][row[2]]
    common.print_row {
      work = row[1], goal = row[3], format = row[4], ratio = common.median_ratio(a, b),
      ours = common.median(a), yardstick = common.median(b),
    }
  end
end

compare_starts()
