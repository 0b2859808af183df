--- Credentials: the option, or the chain of sources, asked anew whenever the call machine wants keys.
-- Nothing found is not remembered: the next call asks again.
-- @module ivs.credentials

local environment_provider = require "ivs.providers.environment"
local failure = require "ivs.failure"

local credentials = {}

--- The sources in their order (BEHAVIOUR 8).
local PROVIDERS = { environment_provider }

--- Walks the chain. A source answers with keys; or nil and why it has none, and the next one is asked; or nil and an error
-- object, which ends the chain.
local function walk_chain(context)
  local causes = {}
  for _, provider in ipairs(PROVIDERS) do
    local keys, why = provider.retrieve(context)
    if keys then return keys end
    causes[#causes + 1] = { provider = provider.name, message = failure.is(why) and why.message or why }
    if failure.is(why) then
      why.causes = causes
      return nil, why
    end
  end
  return nil, failure.new("credentials", "NoCredentialsError",
    "Unable to locate credentials. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the option `credentials`.",
    { causes = causes })
end

--- Static keys, checked when the client is made.
local function static(keys)
  for _, name in ipairs { "access_key_id", "secret_access_key" } do
    if keys[name] == nil or keys[name] == "" then
      return nil, failure.new("credentials", "PartialCredentialsError",
        "Partial credentials found in explicit, missing: " .. name)
    end
  end
  local copy = {}
  for _, name in ipairs { "access_key_id", "secret_access_key", "session_token", "expiration" } do
    copy[name] = keys[name]
  end
  return function() return copy end, copy
end

--- The function that a call asks for keys.
-- @tab settings with `credentials`
-- @func getenv
-- @return function() → keys | nil, err, and static keys if that is what it gives; or nil and an error object
function credentials.provider(settings, getenv)
  local given = settings.credentials
  if type(given) == "function" then return given end
  if given then return static(given) end
  local context = { env = getenv }
  return function() return walk_chain(context) end
end

return credentials
