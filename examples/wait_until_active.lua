--- Waits until a recording configuration that was just created is ACTIVE.
--
--     lua examples/wait_until_active.lua ARN [TIMEOUT [DELAY]]     (seconds)

local ivs = require "ivs"

local client = assert(ivs.client())
local response, err = client:wait_until_active {
  arn = assert(arg[1], "usage: wait_until_active.lua ARN [TIMEOUT [DELAY]]"),
  timeout = tonumber(arg[2]) or 300,
  delay = tonumber(arg[3]) or 2,
}
if response then
  print(response.recordingConfiguration.state)
else
  print(err.message)
  if err.cause then print("because of: " .. tostring(err.cause)) end
  os.exit(1)
end
