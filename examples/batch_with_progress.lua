--- Fetches many recording configurations at the pace that the service allows, and shows how far it is.
--
--     lua examples/batch_with_progress.lua ARN...

local ivs = require "ivs"

local arns = { (table.unpack or unpack)(arg) } -- luacheck: ignore
local client = assert(ivs.client())
local result, err = client:batch_get_recording_configuration {
  arns = arns,
  max_concurrency = 8,
  on_progress = function(done, total) io.stderr:write(("%d of %d\n"):format(done, total)) end,
}
if not result then -- nothing could be asked: no credentials, for example
  io.stderr:write(tostring(err), "\n")
  os.exit(1)
end

for _, recording in ipairs(result.recordingConfigurations) do print(recording.arn, recording.state) end
for _, failure in ipairs(result.errors) do print(failure.arn, failure.code) end
os.exit(#result.errors == 0 and 0 or 1)
