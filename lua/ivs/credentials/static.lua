--- Static credentials in a profile's section of one of the two shared files (docs/protocol.md, "Static credentials").
-- @module ivs.credentials.static

local failure = require "ivs.failure"
local files = require "ivs.config.files"

local static = {}

local NAMES = { "aws_access_key_id", "aws_secret_access_key", "aws_security_token", "aws_session_token" }

--- Why there are no credentials, for `err.causes`.
local function absence(context, path)
  local problem = context.files and files.problem(context.files, path)
  if problem then return problem end
  local profile = context.profile
  if not profile then return "no profile is configured" end
  return ('profile "%s" has no aws_access_key_id in %s'):format(profile.name, path or "the file")
end

local function check_types(section, source)
  for _, name in ipairs(NAMES) do
    local value = section[name]
    if value ~= nil and type(value) ~= "string" then
      return failure.new("credentials", "InvalidConfigError",
        ("%s: %s has to be one value on its own line"):format(source, name))
    end
  end
end

local function text_of(section, name)
  local value = section[name]
  return value ~= "" and value or nil
end

local function read_section(context, section, path, source)
  local err = section and check_types(section, source)
  if err then return nil, err end
  local access_key_id = section and text_of(section, "aws_access_key_id")
  if not access_key_id then return nil, absence(context, path) end
  local secret_access_key = text_of(section, "aws_secret_access_key")
  if not secret_access_key then
    return nil, failure.new("credentials", "PartialCredentialsError",
      ("Partial credentials found in %s, missing: aws_secret_access_key"):format(source))
  end
  return {
    access_key_id = access_key_id,
    secret_access_key = secret_access_key,
    session_token = text_of(section, "aws_security_token") or text_of(section, "aws_session_token"),
  }
end

--- Makes the provider for one of the files.
-- @tab spec `name`; `section`, the member of a profile that holds the file's section; `path`, the member of `context.files` with the
-- file's path; `source`, botocore's name for it
-- @return provider: `retrieve(context)` with `profile` and `files` → credentials; or nil and why not; or nil and an error object
function static.provider(spec)
  local provider = { name = spec.name }
  function provider.retrieve(context)
    return read_section(context, context.profile and context.profile[spec.section], context.files[spec.path], spec.source)
  end
  return provider
end

return static
