--- Keys of a role that the profile assumes, with the keys of another profile or of another source (docs/protocol.md, "Assumed
-- roles").
--
-- The roles from the selected profile down to the one with keys of its own are collected first, so that a mistake in a
-- profile is found before anything is sent; then they are assumed, the innermost first. What it needs beyond the
-- interface of all providers:
--
-- - `context.providers`: the other providers by name; `environment`, `container` and `instance` are asked here.
-- - `context.resolve_profile(name)` → keys | nil, why | nil, err: walks the sources that belong to a profile (web
--   identity, SSO, shared file, login, process, config file; not this one) for the profile of that name, with a context
--   whose `profile` is that one, `explicit_profile` true, and `selected_profile` the profile selected at first.
-- - `context.mfa_prompt(text)` → the code: the option `mfa_prompt`, or nil.
--
-- @module ivs.credentials.assume_role

local failure = require "ivs.failure"
local sts = require "ivs.services.sts"

local assume_role = { name = "assume_role" }

--- `credential_source` to the provider's name. The words are exact.
local SOURCES = { Environment = "environment", EcsContainer = "container", Ec2InstanceMetadata = "instance" }

local function invalid(code, ...)
  return nil, failure.new("credentials", code, (...):format(select(2, ...)))
end

--- A profile's key. A nested section is no text and counts as absent.
local function text(profile, key)
  local value = profile.values[key]
  return type(value) == "string" and value or nil
end

--- With a token file the role belongs to the web identity provider, in a chain of roles too.
local function has_role(profile)
  return text(profile, "role_arn") ~= nil and text(profile, "web_identity_token_file") == nil
end

local function has_static_keys(profile)
  return text(profile, "aws_access_key_id") ~= nil or text(profile, "aws_secret_access_key") ~= nil
end

--- The profile that a role's source_profile names, checked against those that were visited (a list and a set).
-- A profile may name itself where it has static keys.
local function find_source(context, profile, visited)
  local name = text(profile, "source_profile")
  local source = context.files.profiles[name]
  if not source then
    return invalid("InvalidConfigError", 'The source_profile "%s" of the profile "%s" does not exist.',
      name, profile.name)
  end
  if visited[name] and not (name == profile.name and has_static_keys(source)) then
    return invalid("InfiniteLoopConfigError",
      'The profiles assume roles in a circle: source_profile leads back to "%s", by way of "%s".',
      name, table.concat(visited, '", "'))
  end
  visited[#visited + 1], visited[name] = name, true
  return source
end

--- Checks that a profile tells exactly one source.
local function check_source(profile)
  local by_profile, by_name = text(profile, "source_profile"), text(profile, "credential_source")
  if by_profile and by_name then
    return invalid("InvalidConfigError", 'The profile "%s" has both source_profile and credential_source; keep one.',
      profile.name)
  end
  if not by_profile and not by_name then
    return invalid("PartialCredentialsError", "Partial credentials found in assume-role, missing: source_profile or"
      .. ' credential_source. The profile "%s" has a role_arn, but nothing to assume it with.', profile.name)
  end
  if by_name and not SOURCES[by_name] then
    return invalid("InvalidConfigError",
      'The credential_source "%s" of the profile "%s" is not one of Environment, EcsContainer, Ec2InstanceMetadata.',
      by_name, profile.name)
  end
  return true
end

--- The profiles whose roles are to be assumed, the selected one first, and the profile whose own keys begin it: nil
-- where that is the last one's credential_source.
-- @return list, profile | nil; or nil and an error object
local function collect_roles(context)
  local roles, profile = {}, context.profile
  local visited = { profile.name, [profile.name] = true }
  while true do
    local fine, err = check_source(profile)
    if not fine then return nil, err end
    roles[#roles + 1] = profile
    if text(profile, "credential_source") then return roles end
    profile, err = find_source(context, profile, visited)
    if not profile then return nil, err end
    if has_static_keys(profile) or not has_role(profile) then return roles, profile end
  end
end

local function keys_of_profile(context, name)
  local keys, why = context.resolve_profile(name)
  if keys or failure.is(why) then return keys, why end
  return invalid("InvalidConfigError", 'The source profile "%s" has no credentials.%s', name, why and " " .. why or "")
end

local function keys_of_source(context, profile)
  local source = text(profile, "credential_source")
  local keys, why = context.providers[SOURCES[source]].retrieve(context)
  if keys or failure.is(why) then return keys, why end
  return invalid("CredentialRetrievalError", 'The credential_source %s of the profile "%s" has no credentials: %s.',
    source, profile.name, why or "nothing found")
end

--- The code of the person's MFA device, asked for once in each retrieval.
local function ask_code(context, profile, serial)
  if not context.mfa_prompt then
    return invalid("CredentialRetrievalError", 'The role of the profile "%s" needs a code of the MFA device "%s":'
      .. " give the option `mfa_prompt`, a function that gets the question and returns the code.", profile.name, serial)
  end
  local code = context.mfa_prompt(("Enter MFA code for %s: "):format(serial))
  code = type(code) == "string" and code:match("^%s*(.-)%s*$") or ""
  if code ~= "" then return code end
  return invalid("CredentialRetrievalError",
    'The option `mfa_prompt` gave no code for the MFA device "%s" (profile "%s").', serial, profile.name)
end

--- A whole number of seconds as Python reads one; anything else counts as absent, as with boto3.
local function duration(profile)
  local digits = (text(profile, "duration_seconds") or ""):match("^%s*%+?(%-?[%d_]+)%s*$")
  return digits and digits:gsub("_", ""):match("^%-?%d+$")
end

--- The parameters of AssumeRole, the MFA code among them.
local function parameters_of(context, profile)
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

local function assume(context, profile, keys)
  local parameters, err = parameters_of(context, profile)
  if not parameters then return nil, err end
  return sts.assume(context, {
    action = "AssumeRole",
    parameters = parameters,
    credentials = keys,
    source = ('the profile "%s"'):format(profile.name),
  })
end

--- @tab context
-- @return keys; or nil and why not; or nil and an error object
function assume_role.retrieve(context)
  local profile = context.profile
  if not profile then return nil, "there is no profile" end
  if not has_role(profile) then
    return nil, ('the profile "%s" has no role_arn to assume with other keys'):format(profile.name)
  end
  local roles, base_or_err = collect_roles(context)
  if not roles then return nil, base_or_err end
  local keys, err
  if base_or_err then
    keys, err = keys_of_profile(context, base_or_err.name)
  else
    keys, err = keys_of_source(context, roles[#roles])
  end
  for index = #roles, 1, -1 do
    if not keys then return nil, err end
    keys, err = assume(context, roles[index], keys)
  end
  return keys, err
end

return assume_role
