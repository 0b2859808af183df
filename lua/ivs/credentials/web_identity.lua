--- Credentials of a role that is assumed with a token from a file, as in Kubernetes or a CI system (docs/protocol.md, "Web identity").
-- The file is read for each retrieval, since it is rotated. The request is unsigned: the token proves the identity. No message holds
-- the token.
-- @module ivs.credentials.web_identity

local failure = require "ivs.failure"
local printable = require "ivs.printable"
local sts = require "ivs.services.sts"

local web_identity = { name = "web_identity" }

local MAX_TOKEN_BYTES = 64 * 1024 -- STS takes 20,000 characters

--- A setting: the variable, unless the profile was named explicitly; else the profile's key.
local function setting(context, variable, key)
  local value = not context.explicit_profile and context.env(variable)
    or context.profile and context.profile.values[key]
  return type(value) == "string" and value ~= "" and value or nil
end

--- Reads the token, without line ends at its end. Returns nil and an error object if it is empty or has control characters.
local function read_token(context, path)
  local shown = printable.line(path)
  local token, reason = context.system.read_file(path, MAX_TOKEN_BYTES)
  if not token then
    return nil, failure.new("credentials", "CredentialRetrievalError",
      ("The web identity token file %s can't be read: %s."):format(shown, reason))
  end
  token = token:gsub("[\r\n]+$", "")
  if token == "" then
    return nil, failure.new("credentials", "ParamValidationError",
      ("The web identity token file %s is empty."):format(shown))
  end
  if token:find("%c") then
    return nil, failure.new("credentials", "CredentialRetrievalError",
      ("The web identity token file %s has a line end or another control character inside the token."):format(shown))
  end
  return token
end

local function no_role(path)
  return failure.new("credentials", "InvalidConfigError",
    ("There is a web identity token file (%s), but no role to assume with it: set AWS_ROLE_ARN, or write role_arn into"
      .. " the profile."):format(printable.line(path)))
end

--- @tab context
-- @return credentials; or nil and why not; or nil and an error object
function web_identity.retrieve(context)
  local path = setting(context, "AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file")
  if not path then
    return nil, context.explicit_profile and "the profile has no web_identity_token_file"
      or "neither AWS_WEB_IDENTITY_TOKEN_FILE nor the profile's web_identity_token_file is set"
  end
  local role = setting(context, "AWS_ROLE_ARN", "role_arn")
  if not role then return nil, no_role(path) end
  local token, err = read_token(context, path)
  if not token then return nil, err end
  local session = setting(context, "AWS_ROLE_SESSION_NAME", "role_session_name")
    or ("ivs-session-%.0f"):format(math.floor(context.time()))
  return sts.assume(context, {
    action = "AssumeRoleWithWebIdentity",
    parameters = { { "RoleArn", role }, { "RoleSessionName", session }, { "WebIdentityToken", token } },
    source = ("the web identity token file %s and its role"):format(printable.line(path)),
  })
end

return web_identity
