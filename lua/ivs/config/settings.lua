--- Settings: one table has a row for each with its name, its places, its type and its default. To add a setting, add a row.
-- @module ivs.config.settings

local chain = require "ivs.credentials.chain"
local environment = require "ivs.config.environment"
local failure = require "ivs.failure"
local files = require "ivs.config.files"
local logging = require "ivs.logging"
local names = require "ivs.names"
local printable = require "ivs.printable"
local proxy = require "ivs.http.proxy"
local transport = require "ivs.http.transport"
local url = require "ivs.http.url"
local user_agent = require "ivs.http.user_agent"

local settings = {}

--- The rows. `name`: the option, and the key in the profile if `profile` is true. `type`: of the option's value. `env`: the
-- variables that are read, in order. `service`: the key may stand in a `[services X]` section. `default`: the value if nothing is
-- set. `unchecked`: checked elsewhere (by the endpoint rules in C, by ivs.http.proxy). `doc`: the README's text; a spec compares them.
settings.rows = {
  { name = "region", profile = true, type = "string", env = { "AWS_REGION", "AWS_DEFAULT_REGION" }, unchecked = true,
    doc = "the region to call; by default the one in the ARN" },
  { name = "profile", type = "string", env = files.PROFILE_VARIABLES, doc = "the profile of the shared files" },
  { name = "credentials", types = { table = true, ["function"] = true }, type = "table or function",
    doc = "the credentials, or a function that returns them; else the chain of providers" },
  { name = "endpoint_url", profile = true, service = true, type = "string", env = { "AWS_ENDPOINT_URL_IVS", "AWS_ENDPOINT_URL" }, unchecked = true,
    doc = "the URL to call in place of the service's own endpoint" },
  { name = "ignore_configured_endpoint_urls", profile = true, type = "boolean", env = { "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS" },
    default = false, doc = "true: only the option `endpoint_url` counts" },
  { name = "use_fips_endpoint", profile = true, type = "boolean", env = { "AWS_USE_FIPS_ENDPOINT" }, default = false,
    doc = "the FIPS 140 endpoint" },
  { name = "use_dualstack_endpoint", profile = true, type = "boolean", env = { "AWS_USE_DUALSTACK_ENDPOINT" }, default = false,
    doc = "the endpoint with IPv4 and IPv6" },
  { name = "retry_mode", profile = true, type = "string", env = { "AWS_RETRY_MODE" }, default = "standard",
    one_of = { "standard", "adaptive", "legacy" }, code = "InvalidRetryModeError",
    doc = "`standard`, `adaptive` or `legacy`" },
  { name = "max_attempts", profile = true, type = "integer", env = { "AWS_MAX_ATTEMPTS" }, minimum = 1, maximum = 1000,
    code = "InvalidMaxRetryAttemptsError", doc = "requests in total, including the first; 3, in legacy mode 5" },
  { name = "connect_timeout", profile = true, type = "number", env = { "AWS_CONNECT_TIMEOUT" }, default = 60, above = 0,
    doc = "seconds for name, TCP and TLS together" },
  { name = "read_timeout", profile = true, type = "number", env = { "AWS_READ_TIMEOUT" }, default = 60, above = 0,
    doc = "seconds from the request to the last byte of the response" },
  { name = "ca_bundle", profile = true, type = "string", env = { "AWS_CA_BUNDLE" },
    doc = "a PEM file or directory of authorities; by default the system's" },
  { name = "verify", type = "boolean", default = true, doc = "false: the server's certificate is not verified" },
  { name = "client_cert", profile = true, type = "string", env = { "AWS_CLIENT_CERT" }, doc = "a PEM client certificate" },
  { name = "client_key", profile = true, type = "string", env = { "AWS_CLIENT_KEY" }, doc = "its private key, if that is in another file" },
  { name = "proxy", type = "string", unchecked = true, doc = "a proxy's URL; by default `https_proxy` or `http_proxy`" },
  { name = "no_proxy", type = "string", env = { "no_proxy", "NO_PROXY" }, doc = "hosts that are reached without the proxy" },
  { name = "tcp_keepalive", profile = true, type = "boolean", env = { "AWS_TCP_KEEPALIVE" }, default = false,
    doc = "probes on idle connections" },
  { name = "sdk_ua_app_id", profile = true, type = "string", env = { "AWS_SDK_UA_APP_ID" }, doc = "the name of your application, for User-Agent" },
  { name = "user_agent_extra", type = "string", doc = "appended to User-Agent" },
  { name = "max_response_bytes", type = "integer", default = 1024 * 1024, minimum = 1, maximum = 1024 * 1024 * 1024,
    doc = "the largest response body that is accepted" },
  { name = "logger", type = "function", doc = "`logger(level, message)` sees attempts, retries, refreshes" },
  { name = "mfa_prompt", type = "function", doc = "`mfa_prompt(text)` returns the code for a role with `mfa_serial`" },
  { name = "env", type = "table", doc = "read in place of the process environment" },
  { name = "transport", type = "function", doc = "used instead of the network, for tests" },
}

local row_of, row_names = {}, {}
for at, row in ipairs(settings.rows) do row_of[row.name], row_names[at] = row, row.name end

--- The options for boto3's names: the arguments of Session and client, and the members of Config.
local ADVICE = {
  region_name = "region", profile_name = "profile", endpoint = "endpoint_url", proxies = "proxy",
  timeout = "connect_timeout and read_timeout", retries = "retry_mode and max_attempts",
  max_tries = "max_attempts", total_max_attempts = "max_attempts",
}
for _, name in ipairs(chain.members) do
  ADVICE[name] = ("credentials = { %s = … }"):format(name)
  ADVICE["aws_" .. name] = ADVICE[name]
end

local TYPE_OF = { integer = "number" }
local MAX_SHOWN = 100 -- bytes of an invalid value

--- Finds an option that does not exist or has the wrong type. Returns the problem, or nil.
local function misuse(options, known)
  for name, value in pairs(options) do
    local row = row_of[name]
    if not row then return names.unknown("option", name, known or row_names, ADVICE) end
    local is_valid = row.types and row.types[type(value)] or type(value) == (TYPE_OF[row.type] or row.type)
    if not is_valid then
      return ("option '%s' has to be %s %s, got %s"):format(name, row.type == "integer" and "an" or "a", row.type, type(value))
    end
  end
end

--- Checks that an environment has strings only: a number in it would be read in some places and ignored in others.
local function misuse_of_environment(variables)
  for name, value in pairs(variables or {}) do
    if type(name) ~= "string" or type(value) ~= "string" then
      return ("option 'env' has to hold strings; '%s' is a %s"):format(tostring(name), type(value))
    end
  end
end

local function invalid(row, value, wanted)
  return nil, failure.new("config", row.code or "InvalidConfigError",
    ("Invalid value for %s: \"%s\" (%s)"):format(row.name, printable.line(value, MAX_SHOWN), wanted))
end

local function check_number(row, value)
  if value ~= value or value == math.huge or value == -math.huge then return invalid(row, value, "a finite number") end
  if row.type == "integer" and value % 1 ~= 0 then return invalid(row, value, "an integer") end
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

--- Parses a decimal number in the same way in every locale. Unlike tonumber it refuses 0x10 and 1e2, as other SDKs do.
local function decimal(text)
  local sign, whole, fraction = text:match("^%s*(%-?)(%d+)%.?(%d*)%s*$")
  if not whole or #whole + #fraction > 15 then return nil end
  local number = tonumber(whole)
  if fraction ~= "" then number = number + tonumber(fraction) / 10 ^ #fraction end
  return sign == "-" and -number or number
end

--- Converts a setting's text from the environment or a file to its type.
local function from_text(row, text)
  if row.type == "boolean" then return text:lower() == "true" end
  if TYPE_OF[row.type] or row.type == "number" then
    local number = decimal(text)
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

--- Finds a setting in its places, in order: option, environment, profile, default.
-- @return value, origin; or nil, nil if it is set nowhere; or nil, nil, error object
local function find(row, options, places)
  local value = options[row.name]
  if value ~= nil and value ~= "" then
    local checked, err = check(row, value)
    return checked, "option", err
  end
  for _, place in ipairs(places) do
    local text, origin, problem = place(row)
    if problem then return nil, nil, problem end
    if text then
      local found, err = from_text(row, text)
      if found ~= nil then found, err = check(row, found) end
      return found, origin, err
    end
  end
  return row.default, row.default ~= nil and "default" or nil
end

local function from_environment(getenv)
  return function(row)
    for _, variable in ipairs(row.env or {}) do
      local text = getenv(variable)
      if text then return text, variable end
    end
  end
end

--- Looks in the section `[services X]` that the profile names, then in the profile itself.
local function from_profile(profile, loaded)
  return function(row)
    if not row.profile then return nil end
    local text
    if row.service then
      local section, err = files.services_section(loaded, profile.values)
      if not section then return nil, nil, err end
      text = type(section.ivs) == "table" and section.ivs[row.name]
      if text and text ~= "" then return text, "services " .. profile.values.services end
    end
    text = profile.values[row.name]
    if type(text) == "string" and text ~= "" then return text, "profile " .. profile.name end
  end
end

--- Opens what the settings and the credential providers read from: the environment and the shared files.
-- @return { getenv, system, files, profile, profile_name, explicit_profile, places, expand }; or nil and an error object
local function open_config(options, native)
  local getenv = environment.reader(options.env)
  local system = native.system
  -- the option `env` is the whole environment: without HOME in it there is no home
  if options.env then system = setmetatable({ home_directory = false }, { __index = system }) end
  local loaded, err = files.load(getenv, system)
  if not loaded then return nil, err end
  local wanted = options.profile ~= "" and options.profile or nil
  local profile, problem, name = files.select(loaded, getenv, wanted)
  if problem then return nil, problem end
  local config = { getenv = getenv, system = system, files = loaded, profile = profile, profile_name = name,
    explicit_profile = wanted ~= nil, places = { from_environment(getenv) } }
  function config.expand(path) return files.expand(path, getenv, system.home_directory) end
  if profile then config.places[2] = from_profile(profile, loaded) end
  return config
end

local function find_all(options, config)
  local found, origins = {}, {}
  local is_ignored = find(row_of.ignore_configured_endpoint_urls, options, config.places)
  for _, row in ipairs(settings.rows) do
    local value, origin, err = find(row, options, row.service and is_ignored and {} or config.places)
    if err then return nil, err end
    found[row.name], origins[row.name] = value, value ~= nil and origin or nil
  end
  return found, origins
end

--- AWS Lambda's trace id as the header X-Amzn-Trace-Id, encoded as botocore does.
local function trace_id(getenv)
  local id = getenv("AWS_LAMBDA_FUNCTION_NAME") and getenv("_X_AMZN_TRACE_ID")
  return id and url.encode(id, "=;:+&%[%]{}\"',") or nil
end

--- Derives what depends on several settings. Returns an error object, or nil.
local function complete(found, config, native)
  local err
  found.proxy, err = proxy.choose(found, config.getenv, config.system.mask_url)
  if err then return err end
  if found.ca_bundle then found.ca_bundle = config.expand(found.ca_bundle) end
  found.trace_id = trace_id(config.getenv)
  found.user_agent = user_agent.build(native, found)
  found.given_transport = found.transport -- for the blocking call, which protects itself
  found.transport = found.transport and transport.protected(found.transport, native.read_response, found.max_response_bytes)
end

--- Makes the function behind client:credentials(), whose result holds no secret.
local function make_description(found, origins, config, summary)
  return function()
    local places = {}
    for name, origin in pairs(origins) do places[name] = origin end
    local problems
    for index, entry in ipairs((config.reread or config.files).unreadable) do
      problems = problems or {}
      problems[index] = entry.message
    end
    return {
      provider = summary.provider, access_key_id = summary.access_key_id, expiration = summary.expiration,
      region = found.region, endpoint_url = found.endpoint_url, profile = config.profile_name,
      config_file = config.files.config_path, credentials_file = config.files.credentials_path, origins = places,
      unreadable_files = problems,
    }
  end
end

--- Makes the function that returns what client:credentials() returns, and whose credentials they are. The providers are asked only
-- once: a code of an MFA device is valid once.
local function make_identify(found, identity)
  return function(io)
    local credentials, err = found.provider(io)
    if not credentials then return nil, err end
    return found.describe(), identity(io, credentials)
  end
end

--- Checks the options without reading anything, for drivers that resolve them later.
-- @tab options
-- @tab[opt] known the names of all options, if the driver has more than the rows
-- @return the misuse, to be raised; or nil
function settings.check(options, known)
  return misuse(options, known) or chain.misuse(options.credentials) or misuse_of_environment(options.env)
end

--- Resolves the options of a client.
-- @tab[opt] options see `settings.rows`
-- @tab native the C side: { version, system, … } (csrc/lua/client.c, push_native)
-- @return the settings; or nil and an error object; or nil, nil and the misuse, to be raised
function settings.resolve(options, native)
  options = options or {}
  local misused = settings.check(options)
  if misused then return nil, nil, misused end
  local config, err = open_config(options, native)
  if not config then return nil, err end
  local found, origins = find_all(options, config)
  if not found then return nil, origins end
  found.logger = logging.protected(found.logger)
  files.warn(config.files, nil, found.logger)
  err = complete(found, config, native)
  if err then return nil, err end
  local provider, static, summary = chain.provider(found, config, native)
  if not provider then return nil, static end
  found.provider, found.credentials = provider, static
  found.describe = make_description(found, origins, config, summary)
  found.identify = make_identify(found, chain.identity(found, config, native))
  return found
end

return settings
