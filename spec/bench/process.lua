--- What only a whole process shows: the time and memory of its start, and what remains after a million calls.
-- BENCH_START and BENCH_ONCE are the programs start.c and once.c; the rest is as for ratios.lua.

local common = require "bench.common"
local ivs = require "ivs"
local measure = require "measure"

local ROUNDS = 31
local TRANSPORT_CALLS, WIRE_CALLS = 1000000, 20000
local ALLOWED_KIB = 128 -- what the C library's heap may shift within: an eighth of a byte a call

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

--- Calls so often after a tenth as many to warm up, and prints by how much the process has grown since.
local function watch_growth(what, count, call)
  local function settled()
    collectgarbage()
    collectgarbage()
    return measure.resident()
  end
  for index = 1, math.floor(count / 10) do call(index) end
  local before = settled()
  for index = 1, count do call(index) end
  local grown = settled() - before
  print(("%-58s %+7d KiB on %d KiB %16s  %s"):format(what, grown, before, ("<= %d KiB"):format(ALLOWED_KIB),
    grown <= ALLOWED_KIB and "ok" or "over"))
end

--- One call in ten is refused, so that error objects are made, too.
local function watch_transport()
  local good = { status = 200, headers = { ["x-amzn-RequestId"] = "1", ["Content-Type"] = "application/json" }, body = body }
  local bad = { status = 404, headers = { ["x-amzn-ErrorType"] = "ResourceNotFoundException" },
    body = '{"exceptionMessage":"there is none"}' }
  local answer
  local client = assert(ivs.client(common.options { transport = function() return answer end }))
  watch_growth(("memory after %d calls over transport"):format(TRANSPORT_CALLS), TRANSPORT_CALLS, function(index)
    answer = index % 10 == 0 and bad or good
    local response, err = client:get_recording_configuration(common.arn)
    if not response and (answer == good or err.code ~= "ResourceNotFoundException") then error(err) end
  end)
  client:close()
end

local function watch_wire()
  local client = assert(ivs.client(common.options()))
  watch_growth(("memory after %d calls over the wire"):format(WIRE_CALLS), WIRE_CALLS, function()
    assert(client:get_recording_configuration(common.arn))
  end)
  client:close()
end

compare_starts()
watch_transport()
watch_wire()
