--- A script as a user writes it: so many calls over the default client, whose settings come from the environment. The first
-- result is told by a byte on standard output. Alone it is what run.sh starts; under a profiler it is what to look into.
--
--     lua calls.lua [COUNT] [transport]

local ivs = require "ivs"

local count, transport = tonumber(arg[1] or 1), arg[2] == "transport"
local arn = "arn:aws:ivs:us-west-2:123456789012:recording-configuration/AbCdEf123456"
local call = ivs.get_recording_configuration

if transport then
  local file = assert(io.open(assert(os.getenv("BENCH_BODY")), "rb"))
  local answer = { status = 200, body = file:read("*a"), headers = {
    ["Date"] = "Wed, 05 Aug 2026 12:00:00 GMT", ["Content-Type"] = "application/json", ["Content-Length"] = "584",
    ["Connection"] = "keep-alive", ["x-amzn-RequestId"] = "4f2c9a36-6f0e-4c5b-9d58-1b7a0c3e2d11",
    ["X-Amzn-Trace-Id"] = "Root=1-66b1f0a2-3c5d7e9f1a2b3c4d5e6f7a8b", ["x-amz-apigw-id"] = "cExAmPlEvHcFRPQ=",
    ["access-control-allow-origin"] = "*", ["cache-control"] = "no-store, no-cache",
    ["x-content-type-options"] = "nosniff", ["Via"] = "1.1 0123456789abcdef.cloudfront.net (CloudFront)",
    ["X-Amz-Cf-Id"] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQR==",
  } }
  file:close()
  local client = assert(ivs.client { transport = function() return answer end })
  call = function(params) return client:get_recording_configuration(params) end
end

for index = 1, count do
  local response = assert(call(arn))
  assert(response.recordingConfiguration.state == "ACTIVE")
  if index == 1 then io.write(".") io.flush() end
end
