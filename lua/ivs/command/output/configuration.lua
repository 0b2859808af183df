--- Recording configurations as table rows and as records.
-- @module ivs.command.output.configuration

local output_table = require "ivs.command.output.table"

local configuration = {}

local STATE_STYLE = { ACTIVE = "green", CREATING = "yellow", CREATE_FAILED = "red" }

function configuration.state_style(state)
  return STATE_STYLE[state]
end

local COLUMNS = {
  { key = "name", title = "NAME", useful = 20, least = 9, always = true },
  { key = "state", title = "STATE", useful = 13, always = true, style = configuration.state_style },
  { key = "bucket", title = "BUCKET", useful = 20, drop = 2 },
  { key = "renditions", title = "RENDITIONS", useful = 14, drop = 4 },
  { key = "thumbnails", title = "THUMBNAILS", useful = 18, drop = 5 },
  { key = "arn", title = "ARN", useful = 14, drop = 1, keep = "end" },
  { key = "tags", title = "TAGS", useful = 20, drop = 3 }, -- last, since they can be very long
}

local function joined(list)
  return type(list) == "table" and #list > 0 and table.concat(list, ",") or nil
end

local function renditions(value)
  if not value then return nil end
  local list = joined(value.renditions)
  if value.renditionSelection == "CUSTOM" and list then return list end
  return value.renditionSelection or list
end

local function thumbnails(value)
  if not value then return nil end
  if value.recordingMode ~= "INTERVAL" then return value.recordingMode end
  local parts = { value.targetIntervalSeconds and ("every %d s"):format(value.targetIntervalSeconds) or "INTERVAL" }
  parts[#parts + 1] = value.resolution
  parts[#parts + 1] = joined(value.storage)
  return table.concat(parts, " ")
end

local function tags(value)
  local names = {}
  for name in pairs(value or {}) do names[#names + 1] = name end
  if #names == 0 then return nil end
  table.sort(names)
  for at, name in ipairs(names) do names[at] = name .. "=" .. value[name] end
  return table.concat(names, ", ")
end

local function bucket(value)
  local s3 = value and value.s3
  return s3 and s3.bucketName
end

local function row_of(value)
  return { arn = value.arn, name = value.name ~= "" and value.name or nil, state = value.state, tags = tags(value.tags),
    bucket = bucket(value.destinationConfiguration), renditions = renditions(value.renditionConfiguration),
    thumbnails = thumbnails(value.thumbnailConfiguration) }
end

--- A table of several.
-- @tab list recording configurations, or summaries
-- @tab terminal
-- @treturn table lines; none for an empty list
function configuration.lines(list, terminal)
  if #list == 0 then return {} end
  local rows = {}
  for at, value in ipairs(list) do rows[at] = row_of(value) end
  return output_table.lines(COLUMNS, rows, terminal)
end

--- One in detail.
-- @tab value a recording configuration
-- @tab terminal
-- @treturn table lines
function configuration.record(value, terminal)
  local row, fields = row_of(value), {}
  local function add(title, field, style)
    if field ~= nil then fields[#fields + 1] = { title, tostring(field), style } end
  end
  local window = value.recordingReconnectWindowSeconds
  add("Name", row.name or "-")
  add("State", row.state or "-", configuration.state_style(row.state))
  add("ARN", row.arn)
  add("Bucket", row.bucket)
  add("Renditions", row.renditions)
  add("Thumbnails", row.thumbnails)
  add("Reconnect window", window and ("%d s"):format(window))
  add("Tags", row.tags)
  return output_table.record(fields, terminal)
end

return configuration
