--- The static keys of a profile's section, in whichever of the two files (docs/protocol.md, "Static keys").
-- @module ivs.credentials.static

local failure = require "ivs.failure"
local files = require "ivs.config.files"

local profile_keys = {}

local NAMES = { "aws_access_key_id", "aws_secret_access_key", "aws_security_token", "aws_session_token" }

-- Why there is none, for `err.causes`.
local function absence(context, path)
  local where = path or "the file"
  local problem = context.files and files.problem(context.files, path)
  if problem then return problem end
  local profile = context.profile
  if not profile then return "no profile is set up" end
  return ('profile "%s" has no aws_access_key_id in %s'):format(profile.name, where)
end

local function check_types(section, provider)
  for _, name in ipairs(NAMES) do
    local value = section[name]
    if value ~= nil and type(value) ~= "string" then
      return failure.new("credentials", "InvalidConfigError",
        ("%s: %s has to be one value on its own line"):format(provider, name))
    end
  end
end

local function filled(section, name)
  local value = section[name]
  return value ~= "" and value or nil
end

--- Keys from one file's section.
-- @tab context
-- @tab[opt] section of the profile in that file
-- @string[opt] path of the file, for messages
-- @string provider botocore's name for the source
-- @return keys; or nil and why not; or nil and an error object
function profile_keys.read(context, section, path, provider)
  local wrong = section and check_types(section, provider)
  if wrong then return nil, wrong end
  local access_key_id = section and filled(section, "aws_access_key_id")
  if not access_key_id then return nil, absence(context, path) end
  local secret_access_key = filled(section, "aws_secret_access_key")
  if not secret_access_key then
    return nil, failure.new("credentials", "PartialCredentialsError",
      ("Partial credentials found in %s, missing: aws_secret_access_key"):format(provider))
  end
  return {
    access_key_id = access_key_id,
    secret_access_key = secret_access_key,
    session_token = filled(section, "aws_security_token") or filled(section, "aws_session_token"),
  }
end

return profile_keys
