-- GET /recording?arn=…: the recording's state; or the error with 400, 403, 404, 429 or 502.

-- luacheck: std max+ngx_lua

local recordings = require "recordings"

local arn = ngx.req.get_uri_args(10).arn
if type(arn) ~= "string" then
  return recordings.answer(400, { error = { kind = "params", message = "name one recording: /recording?arn=…" } })
end

local recording, detail, status = recordings.get(arn)
if not recording then return recordings.answer(status, { arn = arn, error = recordings.problem(detail) }) end
return recordings.answer(200, { arn = recording.arn, name = recording.name, state = recording.state,
  cache = detail.Cache, age = detail.Age })
