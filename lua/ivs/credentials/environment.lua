--- Credentials from AWS_ACCESS_KEY_ID and the variables that go with it (docs/protocol.md, "Static credentials").
-- @module ivs.credentials.environment

local failure = require "ivs.failure"

local environment = { name = "environment" }

--- @tab context with `env(name)`
-- @return credentials; or nil and why not; or nil and an error object
function environment.retrieve(context)
  local getenv = context.env
  local access_key_id = getenv("AWS_ACCESS_KEY_ID")
  if not access_key_id then return nil, "AWS_ACCESS_KEY_ID is not set" end
  local secret_access_key = getenv("AWS_SECRET_ACCESS_KEY")
  if not secret_access_key then
    return nil, failure.new("credentials", "PartialCredentialsError",
      "Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY")
  end
  return {
    access_key_id = access_key_id,
    secret_access_key = secret_access_key,
    session_token = getenv("AWS_SECURITY_TOKEN") or getenv("AWS_SESSION_TOKEN"),
    expiration = getenv("AWS_CREDENTIAL_EXPIRATION"),
  }
end

return environment
