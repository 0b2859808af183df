--- What remains in memory after a million calls. Not timed, so run.sh lets the Luas do it side by side.

local common = require "bench.common"
local ivs = require "ivs"
local measure = require "measure"

local TRANSPORT_CALLS, WIRE_CALLS = 1000000, 20000
local ALLOWED_KIB = 128 -- what the C library's heap may shift within: an eighth of a byte a call

local body = common.read(assert(os.getenv("BENCH_BODY")))

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
  print(("%-61s %+6d KiB on %5d KiB  %14s  %s"):format(("%s: %s"):format(arg[1] or "", what), grown, before,
    ("<= %d KiB"):format(ALLOWED_KIB), grown <= ALLOWED_KIB and "ok" or "over"))
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

watch_transport()
watch_wire()
