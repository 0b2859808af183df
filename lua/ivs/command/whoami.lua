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

--- Seconds since 1970 as a date.
local function shown(name, value)
  if name == "expiration" and type(value) == "number" then return os.date("!%Y-%m-%dT%H:%M:%SZ", math.floor(value)) end
  return tostring(value)
end

local function lines_of(about, terminal)
  local fields = {}
  for _, row in ipairs(TITLES) do
    local value = about[row[1]]
    if value ~= nil then fields[#fields + 1] = { row[2], shown(row[1], value) } end
  end
  local names = {}
  for name in pairs(about.origins or {}) do names[#names + 1] = name end
  table.sort(names)
  local lines = output_table.record(fields, terminal)
  if #names == 0 then return lines end
  local rows = {}
  for at, name in ipairs(names) do rows[at] = { setting = name, origin = about.origins[name] } end
  lines[#lines + 1] = ""
  for _, line in ipairs(output_table.lines({ { key = "setting", title = "SETTING", least = 10, always = true },
    { key = "origin", title = "FROM", least = 10, always = true } }, rows, terminal)) do lines[#lines + 1] = line end
  return lines
end

function whoami.run(context, arguments)
  local client = context.client()
  local about, err = client:credentials()
  if not about then status.stop(status.FAILED, context.describe(err)) end
  local identity, problem = context.identity(client)
  if identity then about.account, about.arn = identity.account, identity.arn end
  if arguments.output == "json" then
    context.write(output_json.text(about, output_json.identity))
  else
    context.print(lines_of(about, context.terminal))
  end
  if not identity then context.warn("account and ARN are not known, STS did not answer: " .. context.describe(problem)) end
  return status.OK
end

return whoami
