--- Credentials from IAM Identity Center: the SSO portal exchanges the token of `aws sso login`, which is renewed as long as possible,
-- for the credentials of a role (docs/protocol.md, "IAM Identity Center").
-- @module ivs.credentials.sso

local failure = require "ivs.failure"
local sign_in = require "ivs.services.sign_in"
local token_cache = require "ivs.credentials.token_cache"
local url = require "ivs.http.url"

local sso = { name = "sso" }

local CACHE_DIRECTORY = "~/.aws/sso/cache"

--- A token is renewed so many seconds before it expires.
local MARGIN = 15 * 60

local function fail(code, message, ...)
  return nil, failure.new("credentials", code, message:format(...))
end

--- The text of a key; nil if it is empty or a nested section.
local function text_of(section, key)
  local value = section[key]
  if type(value) == "string" and value ~= "" then return value end
end

--- Checks that a key that stands in the profile and in its session has the same value in both.
local function check_agreement(values, session)
  for key, value in pairs(session) do
    if values[key] ~= nil and values[key] ~= value then
      return fail("InvalidConfigError", "%s is %s in the profile and %s in its sso-session: they must be equal",
        key, tostring(values[key]), tostring(value))
    end
  end
  return true
end

--- Reads the profile's settings: `role_name`, `account_id`, `start_url`, `region`, and `session` (its name) in session mode.
-- @return table; or nil and why not; or nil and an error object
local function read_profile(context)
  local profile = context.profile
  if not profile then return nil, "there is no profile" end
  local values = profile.values
  if not text_of(values, "sso_role_name") and not text_of(values, "sso_account_id") then
    return nil, ("profile \"%s\" has neither sso_account_id nor sso_role_name"):format(profile.name)
  end
  local name = text_of(values, "sso_session")
  local session = values
  if name then
    session = context.files.sso_sessions[name]
    if not session then
      return fail("InvalidConfigError",
        "The profile \"%s\" names an sso-session that does not exist: %s has no section [sso-session %s]",
        profile.name, tostring(context.files.config_path), name)
    end
    local agreed, err = check_agreement(values, session)
    if not agreed then return nil, err end
  end
  local found, missing = { session = name, profile = profile.name }, {}
  for _, row in ipairs {
    { "role_name", "sso_role_name", values }, { "account_id", "sso_account_id", values },
    { "start_url", "sso_start_url", session }, { "region", "sso_region", session },
  } do
    found[row[1]] = text_of(row[3], row[2]) or text_of(session, row[2])
    if not found[row[1]] then missing[#missing + 1] = row[2] end
  end
  if missing[1] then
    return fail("InvalidConfigError",
      "The profile \"%s\" is configured to use SSO but is missing required configuration: %s",
      profile.name, table.concat(missing, ", "))
  end
  return found
end

--- The command for a new login.
local function advice(config)
  if config.session then return ("run `aws sso login --sso-session %s`"):format(config.session) end
  return ("run `aws sso login --profile %s`"):format(config.profile)
end

--- Loads the cached token: `document`, `access_token`, `expires_at`.
local function load_token(context, config)
  local document, why = token_cache.read(context, config.path)
  if not document then
    return fail("SSOTokenLoadError", "Error loading SSO Token: %s; %s", why, advice(config))
  end
  local token = {
    document = document,
    access_token = token_cache.text(document, "accessToken"),
    expires_at = token_cache.time(context, document, "expiresAt"),
  }
  if token.access_token and token.expires_at then return token end
  return fail("SSOTokenLoadError", "Error loading SSO Token: %s has no usable %s; %s", config.path,
    token.access_token and "expiresAt" or "accessToken", advice(config))
end

--- Checks that the document has what a renewal needs. Returns true; or nil and why not.
local function check_renewable(context, config, document)
  for _, name in ipairs { "refreshToken", "clientId", "clientSecret" } do
    if not token_cache.text(document, name) then return nil, ("there is no %s in %s"):format(name, config.path) end
  end
  local registered_until = token_cache.time(context, document, "registrationExpiresAt")
  if not registered_until then return nil, "there is no registrationExpiresAt in " .. config.path end
  if registered_until <= context.time() then return nil, "the client's registration has expired, too" end
  return true
end

--- Calls POST /token of SSO OIDC. Returns the members of a success and the host; or nil and an error object.
local function create_token(context, config, document)
  local endpoint, err = sign_in.resolve_endpoint(context, "sso_oidc", config.region)
  if not endpoint then return nil, err end
  local request = {
    method = "POST",
    url = endpoint .. "/token",
    headers = { ["content-type"] = "application/json" },
    body = context.json_encode {
      grantType = "refresh_token",
      clientId = document.clientId,
      clientSecret = document.clientSecret,
      refreshToken = document.refreshToken,
    },
  }
  local function build() return request end
  local secrets = { document.refreshToken, document.clientSecret, document.accessToken }
  local response, call_err = sign_in.call(context, build, secrets)
  if not response then return nil, call_err end
  if response.status == 200 then return response.fields or {}, response.host end
  return nil, failure.new("credentials", "TokenRetrievalError", sign_in.describe(response),
    { retryable = sign_in.is_retryable(response) })
end

--- Renews a token and writes it to the file. Returns the new token; or nil and why not, a text or an error object.
local function renew_token(context, config, token)
  local document = token.document
  local ok, why = check_renewable(context, config, document)
  if not ok then return nil, why end
  local fields, host = create_token(context, config, document)
  if not fields then return nil, host end
  local access_token = token_cache.text(fields, "accessToken")
  local expires_text, expires_at = token_cache.expiry(context, fields.expiresIn)
  if not access_token or not expires_at then return nil, host .. " answered without an accessToken and expiresIn" end
  token_cache.write(context, config.path, {
    startUrl = config.start_url,
    region = config.region,
    accessToken = access_token,
    expiresAt = expires_text,
    clientId = document.clientId,
    clientSecret = document.clientSecret,
    registrationExpiresAt = document.registrationExpiresAt,
    -- without a new one the old one stays valid (RFC 6749, section 6)
    refreshToken = token_cache.text(fields, "refreshToken") or document.refreshToken,
  })
  return { access_token = access_token, expires_at = expires_at }
end

local function unauthorized(config, detail)
  return fail("UnauthorizedSSOTokenError",
    "The SSO session of profile \"%s\" has expired or is invalid (%s); %s",
    config.profile, detail, advice(config))
end

--- Returns the current access token. Only the token of a session can be renewed.
local function current_token(context, config)
  local function load() return load_token(context, config) end
  if not config.session then
    local token, err = load()
    if not token then return nil, err end
    if token.expires_at > context.time() then return token.access_token end
    return unauthorized(config, "expiresAt in " .. config.path)
  end
  local function renew(token) return renew_token(context, config, token) end
  local token, why, expired = token_cache.current(context, load, renew, MARGIN)
  if token then return token.access_token end
  if not expired then return nil, why end
  local reason = failure.is(why) and why or { message = why }
  return nil, failure.new("credentials", "TokenRetrievalError",
    ("Error when retrieving token from sso: the token in %s has expired and could not be renewed: %s; %s")
      :format(config.path, reason.message, advice(config)), { retryable = reason.retryable })
end

--- Reads a role's credentials in the portal's response. Returns nil if they are not complete.
local function read_credentials(response)
  local found = response.fields and response.fields.roleCredentials
  if type(found) ~= "table" then return nil end
  local expiration = found.expiration -- in milliseconds
  if type(expiration) ~= "number" or not (expiration > 0 and expiration < 2 ^ 53) then return nil end
  local credentials = {
    access_key_id = token_cache.text(found, "accessKeyId"),
    secret_access_key = token_cache.text(found, "secretAccessKey"),
    session_token = token_cache.text(found, "sessionToken"),
    expiration = math.floor(expiration / 1000),
  }
  return credentials.access_key_id and credentials.secret_access_key and credentials.session_token and credentials or nil
end

--- Maps a GetRoleCredentials error response to an error object.
local function error_of(config, response)
  if response.status == 401 or response.code == "UnauthorizedException" then
    return unauthorized(config, sign_in.describe(response))
  end
  local advice_on_role = ""
  if response.status == 403 or response.status == 404 then
    advice_on_role = ("; check that you may use the role %s in the account %s"):format(config.role_name, config.account_id)
  end
  -- the portal's own code, as in botocore; kind and operation_name distinguish it from an error of IVS
  return nil, failure.new("credentials", response.code:find("%a") and response.code or "CredentialRetrievalError",
    ("Error when retrieving credentials from sso: %s%s"):format(sign_in.describe(response), advice_on_role),
    { retryable = sign_in.is_retryable(response), operation_name = "GetRoleCredentials" })
end

--- Calls GetRoleCredentials (GET /federation/credentials) of the portal.
local function get_role_credentials(context, config, access_token)
  local endpoint, err = sign_in.resolve_endpoint(context, "sso", config.region)
  if not endpoint then return nil, err end
  local target = ("%s/federation/credentials?role_name=%s&account_id=%s")
    :format(endpoint, url.encode(config.role_name), url.encode(config.account_id))
  local function build()
    return { method = "GET", url = target, headers = { ["x-amz-sso_bearer_token"] = access_token } }
  end
  local response, call_err = sign_in.call(context, build, { access_token })
  if not response then return nil, call_err end
  if response.status ~= 200 then return error_of(config, response) end
  local credentials = read_credentials(response)
  if credentials then return credentials end
  return fail("CredentialRetrievalError",
    "Error when retrieving credentials from sso: %s answered without complete credentials", response.host)
end

--- @tab context with `profile`, `files`, `http`, `system`, `time`, `sleep`, `expand` and JSON
-- @return credentials; or nil and why not; or nil and an error object
function sso.retrieve(context)
  local config, why = read_profile(context)
  if not config then return nil, why end
  local hash = context.system.sha1(config.session or config.start_url)
  config.path = token_cache.path(context.expand(CACHE_DIRECTORY), hash)
  local access_token, err = current_token(context, config)
  if not access_token then return nil, err end
  return get_role_credentials(context, config, access_token)
end

return sso
