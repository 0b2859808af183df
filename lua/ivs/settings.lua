--- Settings: one table says for each what it is called, where it may stand, its type and its default.
-- Adding a setting is adding a row. Reads no file and no socket by itself.
-- @module ivs.settings

local credentials = require "ivs.credentials"
local environment = require "ivs.environment"
local failure = require "ivs.failure"
local proxies = require "ivs.proxies"
local user_agent = require "ivs.user_agent"

local settings = {}

--- The rows. `name`: the option. `type`: of the option's value. `env`: the variables that are read, in order.
-- `default`: where all is silent. `doc`: for the README.
settings.rows = {
  { name = "region", type = "string", env = { "AWS_REGION", "AWS_DEFAULT_REGION" }, unchecked = true,
    doc = "the region to call; none: the one inside the ARN" },
  { name = "credentials", types = { table = true, ["function"] = true }, type = "table or function",
    doc = "the keys, or a function that gives them; else the chain of sources" },
  { name = "endpoint_url", type = "string", env = { "AWS_ENDPOINT_URL_IVS", "AWS_ENDPOINT_URL" }, unchecked = true,
    doc = "where to send the call in place of the service's own endpoint" },
  { name = "ignore_configured_endpoint_urls", type = "boolean", env = { "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS" },
    default = false, doc = "true: only the option `endpoint_url` counts" },
  { name = "use_fips_endpoint", type = "boolean", env = { "AWS_USE_FIPS_ENDPOINT" }, default = false,
    doc = "the FIPS 140 endpoint" },
  { name = "use_dualstack_endpoint", type = "boolean", env = { "AWS_USE_DUALSTACK_ENDPOINT" }, default = false,
    doc = "the endpoint with IPv4 and IPv6" },
  { name = "retry_mode", type = "string", env = { "AWS_RETRY_MODE" }, default = "standard",
    one_of = { "standard", "adaptive", "legacy" }, code = "InvalidRetryModeError",
    doc = "`standard`, `adaptive` or `legacy`" },
  { name = "max_attempts", type = "integer", env = { "AWS_MAX_ATTEMPTS" }, minimum = 1, maximum = 1000,
    code = "InvalidMaxRetryAttemptsError", doc = "requests in all, the first one counted; 3, in legacy mode 5" },
  { name = "connect_timeout", type = "number", env = { "AWS_CONNECT_TIMEOUT" }, default = 60, above = 0,
    doc = "seconds for name, TCP and TLS together" },
  { name = "read_timeout", type = "number", env = { "AWS_READ_TIMEOUT" }, default = 60, above = 0,
    doc = "seconds of silence from the server" },
  { name = "ca_bundle", type = "string", env = { "AWS_CA_BUNDLE" },
    doc = "a PEM file or directory of authorities; none: the system's" },
  { name = "verify", type = "boolean", default = true, doc = "false: the server's certificate is not checked" },
  { name = "client_cert", type = "string", env = { "AWS_CLIENT_CERT" }, doc = "a PEM certificate to show" },
  { name = "client_key", type = "string", env = { "AWS_CLIENT_KEY" }, doc = "its key, if it stands in another file" },
  { name = "proxy", type = "string", doc = "a proxy's URL; none: `https_proxy` or `http_proxy`" },
  { name = "no_proxy", type = "string", env = { "no_proxy", "NO_PROXY" }, doc = "hosts that are reached directly" },
  { name = "tcp_keepalive", type = "boolean", env = { "AWS_TCP_KEEPALIVE" }, default = false,
    doc = "probes on idle connections" },
  { name = "sdk_ua_app_id", type = "string", env = { "AWS_SDK_UA_APP_ID" }, doc = "your application, in User-Agent" },
  { name = "user_agent_extra", type = "string", doc = "appended to User-Agent" },
  { name = "max_response_bytes", type = "integer", default = 1024 * 1024, minimum = 1, maximum = 1024 * 1024 * 1024,
    doc = "the largest body taken" },
  { name = "logger", type = "function", doc = "`logger(level, message)` sees attempts, retries, refreshes" },
  { name = "env", type = "table", doc = "read in place of the process environment" },
  { name = "transport", type = "function", doc = "used instead of the network, for tests" },
}

local row_of = {}
for _, row in ipairs(settings.rows) do row_of[row.name] = row end

local TYPE_OF = { integer = "number" }

--- Misuse: an option that doesn't exist or is of the wrong type. Returns what is wrong, or nil.
local function misuse(options)
  for name, value in pairs(options) do
    local row = row_of[name]
    if not row then return ("unknown option '%s'"):format(tostring(name)) end
    local good = row.types and row.types[type(value)] or type(value) == (TYPE_OF[row.type] or row.type)
    if not good then
      return ("option '%s' has to be a %s, got %s"):format(name, row.type, type(value))
    end
  end
end

local function invalid(row, value, wanted)
  local shown = tostring(value):gsub("%c", "?"):sub(1, 100)
  return nil, failure.new("config", row.code or "InvalidConfigError",
    ("Invalid value for %s: \"%s\" (%s)"):format(row.name, shown, wanted))
end

local function check_number(row, value)
  if value ~= value or value == math.huge or value == -math.huge then return invalid(row, value, "a finite number") end
  if row.type == "integer" and value % 1 ~= 0 then return invalid(row, value, "a whole number") end
  if row.minimum and (value < row.minimum or value > row.maximum) then
    return invalid(row, value, ("from %d to %d"):format(row.minimum, row.maximum))
  end
  if row.above and value <= row.above then return invalid(row, value, ("more than %g"):format(row.above)) end
  return value
end

local function check_string(row, value)
  if not row.unchecked and value:find("%c") then return invalid(row, value, "without control characters") end
  if row.one_of then
    for _, allowed in ipairs(row.one_of) do if value == allowed then return value end end
    return invalid(row, value, "one of " .. table.concat(row.one_of, ", "))
  end
  return value
end

--- A setting's text, as environment and files hold it, as a value of its type.
local function from_text(row, text)
  if row.type == "boolean" then return text:lower() == "true" end
  if TYPE_OF[row.type] or row.type == "number" then
    -- tonumber alone would take 0x10 and 1e2, which nobody else does
    local number = text:match("^%s*%-?[%d.]+%s*$") and tonumber(text)
    if not number then return invalid(row, text, "a number") end
    return number
  end
  return text
end

local function check(row, value)
  if type(value) == "number" then return check_number(row, value) end
  if type(value) == "string" then return check_string(row, value) end
  return value
end

--- The value of one row: option, environment, default. An empty text is silent.
local function find(row, options, getenv)
  local value = options[row.name]
  if value ~= nil and value ~= "" then return check(row, value) end
  for _, variable in ipairs(row.env or {}) do
    local text = getenv(variable)
    if text then
      local found, err = from_text(row, text)
      if found == nil then return nil, err end
      return check(row, found)
    end
  end
  return row.default
end

local function find_all(options, getenv)
  local found = {}
  for _, row in ipairs(settings.rows) do
    local value, err = find(row, options, getenv)
    if value == nil and err then return nil, err end
    found[row.name] = value
  end
  return found
end

--- What follows from several settings together.
local function complete(found, options, getenv, platform)
  if found.ignore_configured_endpoint_urls then
    found.endpoint_url = options.endpoint_url ~= "" and options.endpoint_url or nil
  end
  local proxy, err = proxies.choose(found, getenv)
  if err then return nil, err end
  found.proxy = proxy
  if getenv("AWS_LAMBDA_FUNCTION_NAME") then found.trace_id = proxies.encode(getenv("_X_AMZN_TRACE_ID")) end
  found.user_agent = user_agent.build(platform, found)
  local provider, static = credentials.provider(found, getenv)
  if not provider then return nil, static end
  found.provider, found.credentials = provider, static
  return found
end

--- Resolves the options of a client.
-- @tab[opt] options as in DESIGN 1.3
-- @tab platform { version, system, release, machine }
-- @return the settings; or nil and an error object; or nil, nil and what the caller did wrong, to be raised
function settings.resolve(options, platform)
  options = options or {}
  local wrong = misuse(options)
  if wrong then return nil, nil, wrong end
  local getenv = environment.reader(options.env)
  local found, err = find_all(options, getenv)
  if not found then return nil, err end
  return complete(found, options, getenv, platform)
end

return settings
