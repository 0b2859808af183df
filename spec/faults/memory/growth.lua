--- What remains in memory after many calls over `transport` and many clients made and dropped.
-- Prints a line for each: what, how many, by how many KiB the process has grown since it was warm.
--
--     CALLS=1000000 CLIENTS=10000 lua spec/faults/memory/growth.lua

local core = require "ivs.core"
local ivs = require "ivs"

local CALLS = tonumber(os.getenv "CALLS") or 200000
local CLIENTS = tonumber(os.getenv "CLIENTS") or 10000

local ARN = "arn:aws:ivs:us-west-2:123456789012:recording-configuration/AbCdEf123456"
local KEYS = { access_key_id = "AKIDEXAMPLE", secret_access_key = "secret", session_token = "token" }
local GOOD = { status = 200, headers = { ["x-amzn-RequestId"] = "id-1" },
  body = '{"recordingConfiguration":{"state":"ACTIVE","tags":{"a":"b"},"renditionConfiguration":{"renditions":["HD"]}}}' }
local MISSING = { status = 404, headers = { ["x-amzn-ErrorType"] = "ResourceNotFoundException" }, body = '{"message":"m"}' }
local THROTTLED = { status = 429, headers = { ["x-amzn-ErrorType"] = "ThrottlingException" }, body = '{"message":"m"}' }

--- KiB of the process that are in memory.
local function resident()
  collectgarbage()
  collectgarbage()
  local file = assert(io.open "/proc/self/statm")
  local pages = file:read("*a"):match("^%d+ (%d+)")
  file:close()
  return tonumber(pages) * 4
end

local function watch(what, count, act)
  for index = 1, math.ceil(count / 2) do act(index) end
  local before = resident()
  for index = 1, count do act(index) end
  print(("%s %d %d"):format(what, count, resident() - before))
end

local answer
local client = assert(ivs.client { region = "us-west-2", credentials = KEYS, env = {},
  transport = function() return answer end })

watch("calls", CALLS, function(index)
  answer = index % 10 == 0 and MISSING or GOOD
  local response, err = client:get_recording_configuration(ARN)
  if (response == nil) ~= (answer == MISSING) then error(err) end
end)

-- Half of them are closed, half are left to the collector; one in four is left in the middle of a call.
watch("clients", CLIENTS, function(index)
  local one = assert(core.client({ region = "us-west-2", credentials = KEYS, env = {} }))
  local call = one:call(ARN)
  assert(call:next() == "exchange")
  assert(call:next(index % 4 == 0 and THROTTLED or GOOD) == (index % 4 == 0 and "sleep" or "done"))
  if index % 2 == 0 then one:close() end
end)
