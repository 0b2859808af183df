--- Credentials of the role that a profile assumes, with the credentials of another profile or provider (docs/protocol.md, "Assumed
-- roles").
--
-- A profile may name a source profile with a role of its own, and so on. All these roles are collected first, so that a mistake in a
-- profile is found before anything is sent. Then they are assumed, beginning with the last. Beside what every provider uses, this
-- one uses:
--
-- - `context.providers`: the other providers by name; it asks `environment`, `container` and `instance`.
-- - `context.resolve_profile(name)` → credentials | nil, why | nil, err: asks the providers that read a profile (web identity, SSO,
--   shared file, login, process, config file; not this one) about that profile. In their context `profile` is that profile,
--   `explicit_profile` is true, and `selected_profile` is the profile that was selected at first.
-- - `context.mfa_prompt(text)` → the code: the option `mfa_prompt`, or nil.
--
-- @module ivs.credentials.assume_role

local failure = require "ivs.failure"
local sts = require "ivs.services.sts"

local assume_role = { name = "assume_role" }

--- The values of `credential_source`, case-sensitive, and the providers' names.
local SOURCES = { Environment = "environment", EcsContainer = "container", Ec2InstanceMetadata = "instance" }

local function fail(code, message, ...)
  return nil, failure.new("credentials", code, message:format(...))
end

--- A profile's value. A nested section counts as absent.
local function text(profile, key)
  local value = profile.values[key]
  return type(value) == "string" and value or nil
end

--- Whether the role is for this provider: with a token file it is for the web identity provider, in a chain of roles, too.
local function has_role(profile)
  return text(profile, "role_arn") ~= nil and text(profile, "web_identity_token_file") == nil
end

local function has_static_credentials(profile)
  return text(profile, "aws_access_key_id") ~= nil or text(profile, "aws_secret_access_key") ~= nil
end

--- Finds the profile that a role's source_profile names. Only a profile with static credentials may name itself.
-- @tab visited the names of the profiles before, as a list and as a set
local function find_source(context, profile, visited)
  local name = text(profile, "source_profile")
  local source = context.files.profiles[name]
  if not source then
    return fail("InvalidConfigError", 'The source_profile "%s" of the profile "%s" does not exist.',
      name, profile.name)
  end
  if visited[name] and not (name == profile.name and has_static_credentials(source)) then
    return fail("InfiniteLoopConfigError",
      'The profiles assume roles in a circle: source_profile leads back to "%s", through "%s".',
      name, table.concat(visited, '", "'))
  end
  visited[#visited + 1], visited[name] = name, true
  return source
end

--- Checks that a profile has exactly one of source_profile and credential_source.
local function check_source(profile)
  local by_profile, by_name = text(profile, "source_profile"), text(profile, "credential_source")
  if by_profile and by_name then
    return fail("InvalidConfigError", 'The profile "%s" has both source_profile and credential_source; keep one.',
      profile.name)
  end
  if not by_profile and not by_name then
    return fail("PartialCredentialsError", "Partial credentials found in assume-role, missing: source_profile or"
      .. ' credential_source. The profile "%s" has a role_arn, but nothing to assume it with.', profile.name)
  end
  if by_name and not SOURCES[by_name] then
    return fail("InvalidConfigError",
      'The credential_source "%s" of the profile "%s" is not one of Environment, EcsContainer, Ec2InstanceMetadata.',
      by_name, profile.name)
  end
  return true
end

--- Collects the profiles whose roles are to be assumed, the selected one first.
-- @return the list, and the profile whose credentials assume the last role, or nil if that has a credential_source; or nil and an
-- error object
local function collect_roles(context)
  local roles, profile = {}, context.profile
  local visited = { profile.name, [profile.name] = true }
  while true do
    local ok, err = check_source(profile)
    if not ok then return nil, err end
    roles[#roles + 1] = profile
    if text(profile, "credential_source") then return roles end
    profile, err = find_source(context, profile, visited)
    if not profile then return nil, err end
    if has_static_credentials(profile) or not has_role(profile) then return roles, profile end
  end
end

local function credentials_of_profile(context, name)
  local credentials, why = context.resolve_profile(name)
  if credentials or failure.is(why) then return credentials, why end
  return fail("InvalidConfigError", 'The source profile "%s" has no credentials.%s', name, why and " " .. why or "")
end

local function credentials_of_provider(context, profile)
  local source = text(profile, "credential_source")
  local credentials, why = context.providers[SOURCES[source]].retrieve(context)
  if credentials or failure.is(why) then return credentials, why end
  return fail("CredentialRetrievalError", 'The credential_source %s of the profile "%s" has no credentials: %s.',
    source, profile.name, why or "nothing found")
end

--- Asks the user for the code of an MFA device, once in each retrieval.
local function ask_code(context, profile, serial)
  if not context.mfa_prompt then
    return fail("CredentialRetrievalError", 'The role of the profile "%s" needs a code of the MFA device "%s":'
      .. " give the option `mfa_prompt`, a function that takes the question and returns the code.", profile.name, serial)
  end
  local code = context.mfa_prompt(("Enter MFA code for %s: "):format(serial))
  code = type(code) == "string" and code:match("^%s*(.-)%s*$") or ""
  if code ~= "" then return code end
  return fail("CredentialRetrievalError",
    'The option `mfa_prompt` returned no code for the MFA device "%s" (profile "%s").', serial, profile.name)
end

--- A whole number of seconds in the forms that Python takes; as in boto3 anything else counts as absent.
local function duration(profile)
  local digits = (text(profile, "duration_seconds") or ""):match("^%s*%+?(%-?[%d_]+)%s*$")
  return digits and digits:gsub("_", ""):match("^%-?%d+$")
end

--- Builds the parameters of AssumeRole. May ask for the MFA code.
local function make_parameters(context, profile)
  local session = text(profile, "role_session_name")
  if not session or session == "" then session = ("ivs-session-%.0f"):format(math.floor(context.time())) end
  local parameters = { { "RoleArn", text(profile, "role_arn") }, { "RoleSessionName", session } }
  local function add(name, value)
    if value then parameters[#parameters + 1] = { name, value } end
  end
  add("ExternalId", text(profile, "external_id"))
  add("DurationSeconds", duration(profile))
  local serial = text(profile, "mfa_serial")
  if serial then
    local code, err = ask_code(context, profile, serial)
    if not code then return nil, err end
    add("SerialNumber", serial)
    add("TokenCode", code)
  end
  return parameters
end

local function assume(context, profile, credentials)
  local parameters, err = make_parameters(context, profile)
  if not parameters then return nil, err end
  return sts.assume(context, {
    action = "AssumeRole",
    parameters = parameters,
    credentials = credentials,
    source = ('the profile "%s"'):format(profile.name),
  })
end

--- @tab context
-- @return credentials; or nil and why not; or nil and an error object
function assume_role.retrieve(context)
  local profile = context.profile
  if not profile then return nil, "there is no profile" end
  if not has_role(profile) then
    return nil, ('the profile "%s" has no role_arn that is assumed with other credentials'):format(profile.name)
  end
  local roles, base_or_err = collect_roles(context)
  if not roles then return nil, base_or_err end
  local credentials, err
  if base_or_err then
    credentials, err = credentials_of_profile(context, base_or_err.name)
  else
    credentials, err = credentials_of_provider(context, roles[#roles])
  end
  for index = #roles, 1, -1 do
    if not credentials then return nil, err end
    credentials, err = assume(context, roles[index], credentials)
  end
  return credentials, err
end

return assume_role
