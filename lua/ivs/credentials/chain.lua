--- Credentials: the option, or the chain of providers, which is asked again whenever the call machine needs credentials.
--
-- A provider is a file of lua/ivs/credentials: `{ name, retrieve(context) }`. It returns credentials; or nil and, as a text, why it
-- has none, and the next provider is asked; or nil and an error object, which ends the chain. It uses nothing but the context made
-- here, so the same file serves libcurl, cosockets and specs. A miss is not remembered: the next call asks again. The machine
-- decides when credentials are refreshed (csrc/core/credentials.h).
-- @module ivs.credentials.chain

local failure = require "ivs.failure"
local files = require "ivs.config.files"
local json = require "ivs.json"
local names = require "ivs.names"
local transport = require "ivs.http.transport"

local chain = {}

--- The members of a table of credentials.
chain.members = { "access_key_id", "secret_access_key", "session_token", "expiration" }

--- The providers in order (docs/protocol.md, "Credential sources"). `profile`: it can have the credentials of a profile that another
-- profile names as its source. Each is loaded when it is first asked, so a script with static credentials loads none.
local PROVIDERS = {
  { name = "environment" },
  { name = "assume_role" },
  { name = "web_identity", profile = true },
  { name = "sso", profile = true },
  { name = "shared_file", profile = true },
  { name = "login", profile = true },
  { name = "process", profile = true },
  { name = "config_file", profile = true },
  { name = "container" },
  { name = "instance" },
}

local function load_provider(name)
  return require("ivs.credentials." .. name)
end

--- Asks one provider after the other.
-- @tab context
-- @func is_wanted (row of PROVIDERS) → whether to ask this provider
-- @return credentials; or nil, an error object if a provider ended the chain, and the list of causes
local function ask_providers(context, is_wanted)
  local causes = {}
  for _, row in ipairs(PROVIDERS) do
    if is_wanted(row) then
      local provider = load_provider(row.name)
      local credentials, reason = provider.retrieve(context)
      if credentials then
        credentials.provider = credentials.provider or provider.name
        return credentials
      end
      local is_error = failure.is(reason)
      causes[#causes + 1] = { provider = provider.name, message = is_error and reason.message or reason }
      if is_error then return nil, reason, causes end
    end
  end
  return nil, nil, causes
end

--- Resolves the credentials of another profile, for a role that names it as its source.
local function resolve_profile(context, name)
  local profile = context.files.profiles[name]
  if not profile then return nil, ("the profile %s does not exist"):format(name) end
  -- region and endpoints stay those of the selected profile
  local other = setmetatable({ profile = profile, explicit_profile = true,
    selected_profile = context.selected_profile or context.profile }, { __index = context })
  local credentials, err = ask_providers(other, function(row) return row.profile end)
  if credentials then return credentials end
  return nil, err or ("the profile %s has no credentials"):format(name)
end

--- A table of the providers by name.
local function providers_by_name()
  return setmetatable({}, { __index = function(_, name) return load_provider(name) end })
end

--- Makes http(request) for the providers, over the option `transport` or the driver's `http`.
local function make_http(found, io, read_response)
  local send = found.transport or io.http and transport.checked(io.http, read_response, found.max_response_bytes)
  if not send then
    return function()
      return nil, failure.new("connection", "EndpointConnectionError", "this loop sends no requests: it gave the provider no `http`")
    end
  end
  return function(request)
    request.headers = request.headers or {}
    request.headers["User-Agent"] = request.headers["User-Agent"] or found.user_agent
    return send(request)
  end
end

--- Makes the context of the providers.
-- @tab found the resolved settings
-- @tab config { getenv, system, files, profile, explicit_profile, expand }
-- @tab native the C side: { system, service_call, read_response, clock }
-- @tab io what the driver does for the providers: { http, sleep, run }
local function make_context(found, config, native, io)
  local context = {
    env = config.getenv, time = native.clock and native.clock.time or native.system.now,
    http = make_http(found, io, native.read_response), sleep = io.sleep or function() end,
    profile = config.profile or nil, files = config.files, explicit_profile = config.explicit_profile,
    use_fips_endpoint = found.use_fips_endpoint, use_dualstack_endpoint = found.use_dualstack_endpoint,
    region = found.region, system = native.system, providers = providers_by_name(), mfa_prompt = found.mfa_prompt,
    json_decode = json.decode, json_encode = json.encode, json_null = json.null,
  }
  context.log = found.logger or function() end
  function context.run(argv, options)
    if not io.run then return nil, "this loop runs no programs: it gave the provider no `run`" end
    -- neither posix_spawnp nor ngx.pipe searches the PATH of the environment that the program gets
    local path, reason = native.system.find_program(argv[1], config.getenv("PATH"))
    if not path then return nil, "not in PATH: " .. reason end
    argv[1], options.env = path, found.env
    return io.run(argv, options)
  end
  context.expand = config.expand
  function context.resolve_profile(name) return resolve_profile(context, name) end
  local machine = { service_call = native.service_call, settings = found, clock = native.clock }
  function context.service_call(spec) return require("ivs.services.call").call(context, machine, spec) end
  return context
end

local NOTHING_FOUND = "Unable to locate credentials. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, configure a profile, "
  .. "or give the option `credentials`. Each provider below tells why it has none."

--- Reads the shared files again: a rotation, or a user after an error, may write credentials while the client lives.
local function reread(config, logger)
  local loaded, err = files.load(config.getenv, config.system)
  if not loaded then return nil, err end
  files.warn(loaded, config.reread or config.files, logger)
  config.reread = loaded -- for the description, and so that each problem is logged once
  local profile, missing = files.select(loaded, config.getenv, config.explicit_profile and config.profile_name or nil)
  if missing then return nil, missing end
  return setmetatable({ files = loaded, profile = profile or false }, { __index = config })
end

--- Makes the function that asks the chain.
local function make_chain(found, config, native)
  return function(io)
    local current, config_err = reread(config, found.logger)
    if not current then return nil, config_err end
    local context = make_context(found, current, native, io or {})
    local credentials, err, causes = ask_providers(context, function(row)
      return not (config.explicit_profile and row.name == "environment")
    end)
    if credentials then return credentials end
    if not err then err = failure.new("credentials", "NoCredentialsError", NOTHING_FOUND) end
    err.causes = causes
    return nil, err
  end
end

--- Checks and copies static credentials, when the client is made.
local function copy_static(given)
  for _, name in ipairs { "access_key_id", "secret_access_key" } do
    if given[name] == nil or given[name] == "" then
      return nil, failure.new("credentials", "PartialCredentialsError",
        "Partial credentials found in explicit, missing: " .. name)
    end
  end
  local copy = { provider = "option" }
  for _, name in ipairs(chain.members) do copy[name] = given[name] end
  return copy
end

--- An expiration, ISO 8601 text or a number, in seconds since 1970; nil if it is neither.
local function expiration_seconds(expiration, system)
  if type(expiration) == "string" then return system.parse_time(expiration) end
  return type(expiration) == "number" and expiration or nil
end

--- Finds an unknown member of the option `credentials`. Returns the problem, or nil.
-- @param given the option
function chain.misuse(given)
  if type(given) ~= "table" then return nil end
  for name in pairs(given) do
    local is_known = false
    for _, member in ipairs(chain.members) do is_known = is_known or name == member end
    if not is_known then return names.unknown("option", name, chain.members, nil, "credentials") end
  end
end

local NO_REASON = { kind = "credentials", code = "CredentialRetrievalError", message = "no reason was given" }

--- Wraps a provider: notes in `summary` what may be shown of the last credentials, and logs.
local function observed(provider, summary, system, logger)
  local log = logger or function() end
  return function(io)
    local credentials, err = provider(io)
    if not credentials then log("warn", "no credentials: " .. failure.whole(err, NO_REASON).message) end
    if type(credentials) == "table" then
      summary.provider = rawget(credentials, "provider") or "option"
      summary.expiration = expiration_seconds(rawget(credentials, "expiration"), system)
      local id = rawget(credentials, "access_key_id")
      summary.access_key_id = type(id) == "string" and #id > 4 and "…" .. id:sub(-4) or nil
      log("debug", ("credentials from %s, expiring %s"):format(summary.provider, tostring(rawget(credentials, "expiration") or "never")))
    end
    return credentials, err
  end
end

--- Makes the function that asks AWS STS whose credentials these are.
-- @tab found the resolved settings
-- @tab config as for `provider`
-- @tab native the C side
-- @return function(io, credentials) → `{ account, arn, user_id }` | nil, err
function chain.identity(found, config, native)
  return function(io, credentials)
    return require("ivs.services.sts").get_caller_identity(make_context(found, config, native, io), credentials)
  end
end

--- Makes the function that a call asks for credentials.
-- @tab found the resolved settings (`credentials`, `env`, `transport`, …)
-- @tab config { getenv, system, files, profile, profile_name, explicit_profile, expand }
-- @tab native the C side
-- @return function(io) → credentials | nil, err; the static credentials, if there are any; a table that has, once credentials were
-- returned, their provider, expiration and the end of the access key id. Or nil and an error object.
function chain.provider(found, config, native)
  local given, summary = found.credentials, {}
  if type(given) == "function" then
    return observed(function() return given() end, summary, native.system, found.logger), nil, summary
  end
  if given then
    local credentials, err = copy_static(given)
    if not credentials then return nil, err end
    local provider = observed(function() return credentials end, summary, native.system)
    provider()
    return provider, credentials, summary
  end
  return observed(make_chain(found, config, native), summary, native.system, found.logger), nil, summary
end

return chain
