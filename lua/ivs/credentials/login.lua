--- Credentials from `aws login`: its cache file holds them. They are renewed with a proof (DPoP, RFC 9449) that is signed with the EC
-- key in that file (docs/protocol.md, "Login").
-- @module ivs.credentials.login

local failure = require "ivs.failure"
local sign_in = require "ivs.services.sign_in"
local token_cache = require "ivs.credentials.token_cache"

local login = { name = "login" }

local CACHE_DIRECTORY = "~/.aws/login/cache"

--- Credentials are renewed so many seconds before they expire, as in botocore. Their lifetime is at most 15 minutes.
local MARGIN = 5 * 60

local ADVICE = "run `aws login`"

--- The service's `error`, and botocore's class and our message for it.
local REFUSALS = {
  TOKEN_EXPIRED = { "LoginRefreshRequired", "The login session has expired" },
  USER_CREDENTIALS_CHANGED = { "LoginRefreshRequired", "The user's credentials have changed since the login" },
  INSUFFICIENT_PERMISSIONS = { "LoginInsufficientPermissions",
    "The user needs the permission signin:CreateOAuth2Token to renew login credentials" },
}

local function fail(code, message, ...)
  return nil, failure.new("credentials", code, message:format(...))
end

local function load_error(message, ...)
  return fail("LoginTokenLoadError", "Error loading login session token: %s; " .. ADVICE, message:format(...))
end

--- Adds to `missing` the names in `wanted` that have no text in a table.
local function missing_texts(section, wanted, prefix, missing)
  for _, name in ipairs(wanted) do
    if type(section[name]) ~= "string" or section[name] == "" then missing[#missing + 1] = prefix .. name end
  end
  return missing
end

--- Loads the cached login: `document` and `expires_at`.
local function load_token(context, path)
  local document, why = token_cache.read(context, path)
  if not document then return load_error("%s", why) end
  local missing, access_token = {}, document.accessToken
  if type(access_token) == "table" then
    missing_texts(access_token, { "accessKeyId", "secretAccessKey", "sessionToken" }, "accessToken.", missing)
  else
    missing[1], access_token = "accessToken", {}
  end
  missing_texts(document, { "refreshToken", "dpopKey", "clientId" }, "", missing)
  local expires_at = token_cache.time(context, access_token, "expiresAt")
  if not expires_at and type(document.accessToken) == "table" then missing[#missing + 1] = "accessToken.expiresAt" end
  if missing[1] then return load_error("%s has no usable %s", path, table.concat(missing, ", ")) end
  return { document = document, expires_at = expires_at }
end

--- Makes a proof for one POST: a JSON Web Token, signed with the private key whose public key it holds.
-- @return text; or nil if the PEM is not a P-256 private key
local function make_proof(context, pem, url)
  local system = context.system
  local x, y = system.es256_public(pem)
  if not x then return nil end
  local header = context.json_encode {
    typ = "dpop+jwt", alg = "ES256",
    jwk = { kty = "EC", crv = "P-256", x = system.base64url(x), y = system.base64url(y) },
  }
  local claims = context.json_encode {
    htm = "POST", htu = url, iat = math.floor(context.time()), jti = system.uuid(),
  }
  local signed = system.base64url(header) .. "." .. system.base64url(claims)
  local signature = system.es256_sign(pem, signed)
  return signature and signed .. "." .. system.base64url(signature)
end

--- Calls POST /v1/token of Sign-In. Each attempt has a proof of its own, since a server may refuse one that it has seen.
local function create_token(context, path, document)
  local profile = context.profile
  local region = context.region or profile.values.region
  local endpoint, err = sign_in.resolve_endpoint(context, "signin", region)
  if not endpoint then return nil, err end
  local url = endpoint .. "/v1/token"
  local body = context.json_encode {
    clientId = document.clientId, refreshToken = document.refreshToken, grantType = "refresh_token",
  }
  local access_token = document.accessToken
  local secrets = { document.refreshToken, document.dpopKey, access_token.secretAccessKey, access_token.sessionToken }
  local function build()
    local proof = make_proof(context, document.dpopKey, url)
    if not proof then return load_error("dpopKey in %s is not a private key on the curve P-256", path) end
    secrets[#secrets + 1] = proof
    local headers = { ["content-type"] = "application/json", DPoP = proof }
    return { method = "POST", url = url, headers = headers, body = body }
  end
  return sign_in.call(context, build, secrets)
end

--- Maps an error response to an error object.
local function error_of(response)
  local refusal = REFUSALS[response.fields and response.fields.error]
  if refusal then return fail(refusal[1], "%s (%s); %s", refusal[2], sign_in.describe(response), ADVICE) end
  return nil, failure.new("credentials", "LoginError",
    ("The login credentials could not be renewed: %s; %s"):format(sign_in.describe(response), ADVICE),
    { retryable = sign_in.is_retryable(response) })
end

--- Reads the access token in a response.
-- @return the cache file's `accessToken`, and its expiration in seconds; or nil if it is not complete
local function read_access_token(context, fields)
  local found = fields and fields.accessToken
  if type(found) ~= "table" then return nil end
  local access_token = {}
  for _, name in ipairs { "accessKeyId", "secretAccessKey", "sessionToken" } do
    access_token[name] = token_cache.text(found, name)
    if not access_token[name] then return nil end
  end
  local text, seconds = token_cache.expiry(context, fields.expiresIn)
  access_token.expiresAt = text
  return text and access_token, seconds
end

--- Exchanges the refresh token for new credentials and a new refresh token, and writes both to the file.
local function renew_token(context, path, token)
  local document = token.document
  local response, err = create_token(context, path, document)
  if not response then return nil, err end
  if response.status ~= 200 then return error_of(response) end
  local access_token, expires_at = read_access_token(context, response.fields)
  if not access_token then return load_error("%s answered without complete credentials and expiresIn", response.host) end
  access_token.accountId = document.accessToken.accountId
  local renewed = {}
  for name, value in pairs(document) do renewed[name] = value end
  renewed.accessToken = access_token
  renewed.refreshToken = token_cache.text(response.fields, "refreshToken") or document.refreshToken
  token_cache.write(context, path, renewed)
  return { document = renewed, expires_at = expires_at }
end

--- The path of a login session's file.
local function cache_path(context, session)
  local directory = context.env("AWS_LOGIN_CACHE_DIRECTORY") or CACHE_DIRECTORY
  return token_cache.path(context.expand(directory), context.system.sha256(session))
end

--- @tab context with `profile`, `http`, `system`, `time`, `sleep`, `expand`, `env`, `region` and JSON
-- @return credentials; or nil and why not; or nil and an error object
function login.retrieve(context)
  local profile = context.profile
  local session = profile and profile.values.login_session
  if type(session) ~= "string" or session == "" then
    return nil, profile and ("profile \"%s\" has no login_session"):format(profile.name) or "there is no profile"
  end
  local path = cache_path(context, session)
  local function load() return load_token(context, path) end
  local function renew(token) return renew_token(context, path, token) end
  local token, err = token_cache.current(context, load, renew, MARGIN)
  if not token then return nil, err end
  local access_token = token.document.accessToken
  return {
    access_key_id = access_token.accessKeyId,
    secret_access_key = access_token.secretAccessKey,
    session_token = access_token.sessionToken,
    expiration = token.expires_at,
  }
end

return login
