-- GET /recordings?arn=…&arn=…: what the dashboard shows, as JSON, one object a line. The first line has the ARNs in their order and how many
-- were left out; then comes each recording as soon as it is known. All are asked for at the same time.

-- luacheck: std max+ngx_lua

local json = require "cjson.safe"
local recordings = require "recordings"

local unpack = unpack or table.unpack -- luacheck: compat

local function describe(arn)
  local recording, detail, status = recordings.get(arn)
  if not recording then return { arn = arn, status = status, error = recordings.problem(detail) } end
  local destination = recording.destinationConfiguration or {}
  local renditions, thumbnails = recording.renditionConfiguration or {}, recording.thumbnailConfiguration or {}
  return {
    arn = arn, name = recording.name, state = recording.state, tags = recording.tags,
    bucket = destination.s3 and destination.s3.bucketName,
    reconnect_seconds = recording.recordingReconnectWindowSeconds,
    rendition_selection = renditions.renditionSelection,
    renditions = renditions.renditions and table.concat(renditions.renditions, " "),
    thumbnail_mode = thumbnails.recordingMode, thumbnail_resolution = thumbnails.resolution,
    thumbnail_seconds = thumbnails.targetIntervalSeconds,
    cache = detail.Cache, age = detail.Age,
  }
end

--- A light thread's result: its place among the ARNs, and the row.
local function row(at, arn)
  local ok, found = pcall(describe, arn)
  if ok then return at, found end
  ngx.log(ngx.ERR, "the row of ", arn:gsub("%c", "?"), " failed: ", tostring(found))
  return at, { arn = arn, status = 500, error = { code = "InternalError", message = "See nginx's error log." } }
end

local arns, left_out = recordings.arns()
if #arns == 0 then
  return recordings.answer(400, { error = { kind = "params", message = "No recordings are named: open /?arn=…, or set IVS_ARNS." } })
end

ngx.header["Content-Type"] = "application/x-ndjson"
ngx.header["Cache-Control"] = "no-store"

local threads = {}
for at, arn in ipairs(arns) do threads[at] = ngx.thread.spawn(row, at, arn) end
ngx.say(json.encode { arns = arns, left_out = left_out, most = recordings.most })
local waiting = threads
while #waiting > 0 do
  local _, at, found = ngx.thread.wait(unpack(waiting)) -- the first that has ended
  ngx.say(json.encode(found))
  if not ngx.flush(true) then return end -- the client has gone away
  local left = {}
  for _, thread in ipairs(waiting) do
    if thread ~= threads[at] then left[#left + 1] = thread end
  end
  waiting = left
end
