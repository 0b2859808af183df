--- `ivs whoami`: which credentials are used, whose they are, which region, and where each setting comes from. Never a secret.
-- @module ivs.command.whoami

local output_json = require "ivs.command.output.json"
local output_table = require "ivs.command.output.table"
local status = require "ivs.command.status"

local whoami = {}

local TITLES = {
  { "account", "Account" }, { "arn", "ARN" }, { "provider", "Credentials from" }, { "access_key_id", "Access key" },
  { "expiration", "Expires" }, { "profile", "Profile" }, { "region", "Region" }, { "endpoint_url", "Endpoint" },
  { "config_file", "Config file" }, { "credentials_file", "Credentials file" },
}

local ORIGIN_COLUMNS = {
  { key = "setting", title = "SETTING", useful = 10, always = true }, { key = "origin", title = "FROM", useful = 10, always = true },
}

local COMMAND_OPTIONS = { "mfa_prompt", "user_agent_extra" } -- this command always sets them; they are not settings of the user

--- Seconds since 1970 as a date.
local function shown(name, value)
  if name == "expiration" and type(value) == "number" then return os.date("!%Y-%m-%dT%H:%M:%SZ", math.floor(value)) end
  return tostring(value)
end

local function origin_rows(origins)
  local rows = {}
  for name, origin in pairs(origins) do rows[#rows + 1] = { setting = name, origin = origin } end
  table.sort(rows, function(a, b) return a.setting < b.setting end)
  return rows
end

local function lines_of(about, terminal)
  local fields = {}
  for _, row in ipairs(TITLES) do
    local value = about[row[1]]
    if value == nil and row[1] == "account" then value = "not known" end
    if value ~= nil then fields[#fields + 1] = { row[2], shown(row[1], value) } end
  end
  local lines, rows = output_table.record(fields, terminal), origin_rows(about.origins)
  if #rows == 0 then return lines end
  lines[#lines + 1] = ""
  for _, line in ipairs(output_table.lines(ORIGIN_COLUMNS, rows, terminal)) do lines[#lines + 1] = line end
  return lines
end

function whoami.run(context, arguments)
  local about, identity, problem = context.identify()
  if not about then status.stop(status.FAILED, identity) end
  for _, name in ipairs(COMMAND_OPTIONS) do about.origins[name] = nil end
  if identity then
    about.account, about.arn = identity.account, identity.arn
  else
    about.identity_error = { code = problem.code, message = problem.message }
  end
  if arguments.output == "json" then
    context.write(output_json.text(about, output_json.identity))
  else
    context.print(lines_of(about, context.terminal))
  end
  for _, message in ipairs(about.unreadable_files or {}) do context.warn(message) end
  if problem then context.warn("account and ARN are not known: " .. tostring(problem)) end
  return status.OK
end

return whoami
