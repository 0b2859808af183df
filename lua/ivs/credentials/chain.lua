--- Credentials: the option, or the chain of sources, asked anew whenever the call machine wants keys.
--
-- A source is a file of lua/ivs/credentials: `{ name, retrieve(context) }`, which answers with keys; or nil and (as text) why it
-- has none, and the next one is asked; or nil and an error object, which ends the chain. What a source may use is the
-- context made here and nothing else, so the same file serves libcurl, cosockets and tests. Nothing found is not
-- remembered: the next call asks again. When keys are asked for again is the machine's affair (csrc/core/credentials.h).
-- @module ivs.credentials.chain

local failure = require "ivs.failure"
local files = require "ivs.config.files"
local json = require "ivs.json"
local names = require "ivs.names"
local service = require "ivs.services.call"
local transport = require "ivs.http.transport"

local credentials = {}

--- The members of a table of keys.
credentials.members = { "access_key_id", "secret_access_key", "session_token", "expiration" }

--- The sources in their order (docs/protocol.md, "Credential sources"). `profile`: it can give the keys of a profile that another
-- one names as its source. Loaded when first asked, so that a script with static keys loads none of them.
local CHAIN = {
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

local function provider_named(name)
  return require("ivs.credentials." .. name)
end

--- Asks one source after the other. Returns keys; or nil, an error object that ended the walk or nil, and the causes.
local function walk(context, wanted)
  local causes = {}
  for _, row in ipairs(CHAIN) do
    if wanted(row) then
      local provider = provider_named(row.name)
      local keys, why = provider.retrieve(context)
      if keys then
        keys.provider = keys.provider or provider.name
        return keys
      end
      local broken = failure.is(why)
      causes[#causes + 1] = { provider = provider.name, message = broken and why.message or why }
      if broken then return nil, why, causes end
    end
  end
  return nil, nil, causes
end

--- The keys of another profile, for a role that names it as its source.
local function resolve_profile(context, name)
  local profile = context.files.profiles[name]
  if not profile then return nil, ("the profile %s does not exist"):format(name) end
  -- the selected profile's region and endpoints go on to hold
  local other = setmetatable({ profile = profile, explicit_profile = true,
    selected_profile = context.selected_profile or context.profile }, { __index = context })
  local keys, err = walk(other, function(row) return row.profile end)
  if keys then return keys end
  return nil, err or ("the profile %s has no credentials"):format(name)
end

--- A table that stands for the providers by name.
local function providers()
  return setmetatable({}, { __index = function(_, name) return provider_named(name) end })
end

--- http(request) as the providers know it: the user's transport, or the driver's.
local function make_http(found, offer, read_answer)
  local send = found.transport or offer.http and transport.checked(offer.http, read_answer, found.max_response_bytes)
  if not send then
    return function()
      return nil, failure.new("connection", "EndpointConnectionError", "this loop sends no requests: it offered no `http`")
    end
  end
  return function(request)
    request.headers = request.headers or {}
    request.headers["User-Agent"] = request.headers["User-Agent"] or found.user_agent
    return send(request)
  end
end

--- What the providers are given (see each field where it is used).
-- @tab found the resolved settings
-- @tab source { getenv, files, profile, explicit_profile }
-- @tab platform the C side: { system, service_call, host }
-- @tab offer what the driver carries out: { http, sleep, run }
local function make_context(found, source, platform, offer)
  local context = {
    env = source.getenv, time = platform.host and platform.host.time or platform.system.now,
    http = make_http(found, offer, platform.read_answer), sleep = offer.sleep or function() end,
    profile = source.profile or nil, files = source.files, explicit_profile = source.explicit_profile,
    use_fips_endpoint = found.use_fips_endpoint, use_dualstack_endpoint = found.use_dualstack_endpoint,
    region = found.region, system = platform.system, providers = providers(), mfa_prompt = found.mfa_prompt,
    json_decode = json.decode, json_encode = json.encode, json_null = json.null,
  }
  context.log = found.logger or function() end
  function context.run(argv, options)
    if not offer.run then return nil, "this loop runs no programs" end
    -- neither posix_spawnp nor ngx.pipe looks in the PATH of the environment that the program gets
    local path, why = platform.system.find_program(argv[1], source.getenv("PATH"))
    if not path then return nil, "not in PATH: " .. why end
    argv[1], options.env = path, found.env
    return offer.run(argv, options)
  end
  context.expand = source.expand
  function context.resolve_profile(name) return resolve_profile(context, name) end
  local machine = { service_call = platform.service_call, settings = found, host = platform.host }
  function context.service_call(spec) return service.call(context, machine, spec) end
  return context
end

local NOTHING_FOUND = "Unable to locate credentials. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, configure a profile, "
  .. "or give the option `credentials`; each source below says why it gave none."

--- The files as they are now: keys are written while a client lives, by a rotation or by who was told that there are none.
local function reread(source, logger)
  local loaded, err = files.load(source.getenv, source.system)
  if not loaded then return nil, err end
  files.warn(loaded, source.reread or source.files, logger)
  source.reread = loaded -- for the diagnosis, and so that the logger is told once
  local profile, missing = files.select(loaded, source.getenv, source.explicit_profile and source.profile_name or nil)
  if missing then return nil, missing end
  return setmetatable({ files = loaded, profile = profile or false }, { __index = source })
end

--- The chain as a function of what the driver offers.
local function chain(found, source, platform)
  return function(offer)
    local now, broken = reread(source, found.logger)
    if not now then return nil, broken end
    local context = make_context(found, now, platform, offer or {})
    local keys, err, causes = walk(context, function(row)
      return not (source.explicit_profile and row.name == "environment")
    end)
    if keys then return keys end
    if not err then err = failure.new("credentials", "NoCredentialsError", NOTHING_FOUND) end
    err.causes = causes
    return nil, err
  end
end

--- Static keys, checked when the client is made.
local function static(keys)
  for _, name in ipairs { "access_key_id", "secret_access_key" } do
    if keys[name] == nil or keys[name] == "" then
      return nil, failure.new("credentials", "PartialCredentialsError",
        "Partial credentials found in explicit, missing: " .. name)
    end
  end
  local copy = { provider = "option" }
  for _, name in ipairs(credentials.members) do copy[name] = keys[name] end
  return copy
end

--- An expiration as the diagnosis tells it: seconds since 1970, whichever of its two forms the source gave; else nil.
local function seconds_of(expiration, system)
  if type(expiration) == "string" then return system.parse_time(expiration) end
  return type(expiration) == "number" and expiration or nil
end

--- Misuse: a member of the option that doesn't exist. Returns what is wrong, or nil.
-- @param given the option
function credentials.misuse(given)
  if type(given) ~= "table" then return nil end
  for name in pairs(given) do
    local is_known = false
    for _, member in ipairs(credentials.members) do is_known = is_known or name == member end
    if not is_known then return names.unknown("option", name, credentials.members, nil, "credentials") end
  end
end

local NO_REASON = { kind = "credentials", code = "CredentialRetrievalError", message = "no reason was given" }

--- Remembers what may be told of the keys that were given last, and tells the logger.
local function observed(provider, summary, system, logger)
  local log = logger or function() end
  return function(offer)
    local keys, err = provider(offer)
    if not keys then log("warn", "no credentials: " .. failure.whole(err, NO_REASON).message) end
    if type(keys) == "table" then
      summary.provider = rawget(keys, "provider") or "option"
      summary.expiration = seconds_of(rawget(keys, "expiration"), system)
      local id = rawget(keys, "access_key_id")
      summary.access_key_id = type(id) == "string" and #id > 4 and "…" .. id:sub(-4) or nil
      log("debug", ("credentials from %s, expiring %s"):format(summary.provider, tostring(rawget(keys, "expiration") or "never")))
    end
    return keys, err
  end
end

--- The function that tells whose credentials these are, by asking AWS STS.
-- @tab found the resolved settings
-- @tab source { getenv, files, profile, explicit_profile }
-- @tab platform the C side
-- @return function(offer, credentials) → `{ account, arn, user_id }` | nil, err
function credentials.identity(found, source, platform)
  return function(offer, given)
    return require("ivs.services.sts").get_caller_identity(make_context(found, source, platform, offer), given)
  end
end

--- The function that a call asks for keys.
-- @tab found the resolved settings (`credentials`, `env`, `transport`, …)
-- @tab source { getenv, files, profile, explicit_profile }
-- @tab platform the C side
-- @return function(offer) → keys | nil, err; static keys, if that is what it gives; a table that tells provider, expiration
-- and the end of the access key once keys were given. Or nil and an error object.
function credentials.provider(found, source, platform)
  local given, summary = found.credentials, {}
  if type(given) == "function" then
    return observed(function() return given() end, summary, platform.system, found.logger), nil, summary
  end
  if given then
    local keys, err = static(given)
    if not keys then return nil, err end
    local provider = observed(function() return keys end, summary, platform.system)
    provider()
    return provider, keys, summary
  end
  return observed(chain(found, source, platform), summary, platform.system, found.logger), nil, summary
end

return credentials
