-- GET /recordings?arn=…&arn=…: what the dashboard shows, in the order asked for. All are asked for at the same time.

-- luacheck: std max+ngx_lua

local recordings = require "recordings"

local function row(arn)
  local recording, detail, status = recordings.get(arn)
  if not recording then return { arn = arn, status = status, error = recordings.problem(detail) } end
  local destination = recording.destinationConfiguration or {}
  local renditions, thumbnails = recording.renditionConfiguration or {}, recording.thumbnailConfiguration or {}
  return {
    arn = arn, name = recording.name, state = recording.state,
    bucket = destination.s3 and destination.s3.bucketName,
    rendition_selection = renditions.renditionSelection,
    renditions = renditions.renditions and table.concat(renditions.renditions, " "),
    thumbnail_mode = thumbnails.recordingMode, thumbnail_resolution = thumbnails.resolution,
    thumbnail_seconds = thumbnails.targetIntervalSeconds,
    cache = detail.Cache, age = detail.Age,
  }
end

local arns = recordings.arns()
if #arns == 0 then
  return recordings.answer(400, { error = { kind = "params", message = "No recordings are named: open /?arn=…, or set IVS_ARNS." } })
end

local threads, rows = {}, {}
for at, arn in ipairs(arns) do threads[at] = ngx.thread.spawn(row, arn) end
for at, thread in ipairs(threads) do
  local good, found = ngx.thread.wait(thread)
  rows[at] = good and found or { arn = arns[at], status = 500, error = { code = "InternalError", message = "see nginx's error log" } }
end
return recordings.answer(200, { recordings = rows, time = ngx.time() })
