-- Lets a request through only while the recording of IVS_GATED_ARN is ACTIVE. Whatever can't be known is closed.

local recordings = require "recordings"

local arn = os.getenv "IVS_GATED_ARN"
if not arn then return recordings.answer(503, { error = { kind = "config", message = "IVS_GATED_ARN is not set" } }) end

local recording, err, status = recordings.get(arn)
if not recording then return recordings.answer(status, { error = recordings.problem(err) }) end
if recording.state ~= "ACTIVE" then return recordings.answer(503, { state = recording.state }) end
ngx.header["Cache-Control"] = "no-store" -- a copy elsewhere would not ask
