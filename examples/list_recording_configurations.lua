--- Lists every recording configuration of a region, page by page.
--
--     lua examples/list_recording_configurations.lua

local ivs = require "ivs"

local client = assert(ivs.client())

for summary, err in client:recording_configurations { maxResults = 100 } do
  if not summary then
    io.stderr:write(tostring(err), "\n")
    os.exit(1)
  end
  print(summary.arn, summary.state, summary.name or "")
end
