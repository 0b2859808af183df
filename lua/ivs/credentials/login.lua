--- Keys from `aws login`: the file that it left holds them, and they are renewed here with a proof (DPoP, RFC 9449) by
-- the file's own EC key (docs/protocol.md, "Login").
-- @module ivs.credentials.login

local failure = require "ivs.failure"
local services = require "ivs.services.sign_in"
local token_cache = require "ivs.credentials.token_cache"

local login = { name = "login" }

local CACHE_DIRECTORY = "~/.aws/login/cache"

--- Seconds that have to be left, as in botocore: these keys live for 15 minutes at most.
local MARGIN = 5 * 60

local ADVICE = "run `aws login`"

--- The service's `error`, and botocore's class for it.
local REFUSALS = {
  TOKEN_EXPIRED = { "LoginRefreshRequired", "The login session has expired" },
  USER_CREDENTIALS_CHANGED = { "LoginRefreshRequired", "The user's credentials have changed since the login" },
  INSUFFICIENT_PERMISSIONS = { "LoginInsufficientPermissions",
    "The user has to be allowed signin:CreateOAuth2Token for login credentials to be renewed" },
}

local function fail(code, message, ...)
  return nil, failure.new("credentials", code, message:format(...))
end

local function load_error(message, ...)
  return fail("LoginTokenLoadError", "Error loading login session token: %s; " .. ADVICE, message:format(...))
end

--- The names among `wanted` that are no text in a table.
local function missing_texts(section, wanted, prefix, missing)
  for _, name in ipairs(wanted) do
    if type(section[name]) ~= "string" or section[name] == "" then missing[#missing + 1] = prefix .. name end
  end
  return missing
end

--- The cached login: `document` and `expires_at`.
local function load_token(context, path)
  local document, why = token_cache.read(context, path)
  if not document then return load_error("%s", why) end
  local missing, keys = {}, document.accessToken
  if type(keys) == "table" then
    missing_texts(keys, { "accessKeyId", "secretAccessKey", "sessionToken" }, "accessToken.", missing)
  else
    missing[1], keys = "accessToken", {}
  end
  missing_texts(document, { "refreshToken", "dpopKey", "clientId" }, "", missing)
  local expires_at = token_cache.time(context, keys, "expiresAt")
  if not expires_at and type(document.accessToken) == "table" then missing[#missing + 1] = "accessToken.expiresAt" end
  if missing[1] then return load_error("%s has no usable %s", path, table.concat(missing, ", ")) end
  return { document = document, expires_at = expires_at }
end

--- A proof for one POST: a JSON Web Token, signed by the key whose public half it carries.
-- @return text; or nil when the key is none
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

--- POST /v1/token of Sign-In. Each attempt has a proof of its own: a server may refuse one that it has seen.
local function create_token(context, path, document)
  local profile = context.profile
  local region = context.region or profile.values.region
  local endpoint, err = services.endpoint(context, "signin", region)
  if not endpoint then return nil, err end
  local url = endpoint .. "/v1/token"
  local body = context.json_encode {
    clientId = document.clientId, refreshToken = document.refreshToken, grantType = "refresh_token",
  }
  local keys = document.accessToken
  local secrets = { document.refreshToken, document.dpopKey, keys.secretAccessKey, keys.sessionToken }
  local function build()
    local proof = make_proof(context, document.dpopKey, url)
    if not proof then return load_error("dpopKey in %s is not a private key on the curve P-256", path) end
    secrets[#secrets + 1] = proof
    local headers = { ["content-type"] = "application/json", DPoP = proof }
    return { method = "POST", url = url, headers = headers, body = body }
  end
  return services.call(context, build, secrets)
end

local function refusal(answer)
  local reason = REFUSALS[answer.fields and answer.fields.error]
  if reason then return fail(reason[1], "%s (%s); %s", reason[2], services.describe(answer), ADVICE) end
  return nil, failure.new("credentials", "LoginError",
    ("The login credentials could not be renewed: %s; %s"):format(services.describe(answer), ADVICE),
    { retryable = services.retryable(answer) })
end

--- The keys in the service's answer and when they end. Nil when they are not complete.
local function read_keys(context, fields)
  local found = fields and fields.accessToken
  if type(found) ~= "table" then return nil end
  local keys = {}
  for _, name in ipairs { "accessKeyId", "secretAccessKey", "sessionToken" } do
    keys[name] = token_cache.text(found, name)
    if not keys[name] then return nil end
  end
  local text, seconds = token_cache.expiry(context, fields.expiresIn)
  keys.expiresAt = text
  return text and keys, seconds
end

--- New keys and a new refresh token for those in hand, written back.
local function renew_token(context, path, token)
  local document = token.document
  local answer, err = create_token(context, path, document)
  if not answer then return nil, err end
  if answer.status ~= 200 then return refusal(answer) end
  local keys, expires_at = read_keys(context, answer.fields)
  if not keys then return load_error("%s answered without complete keys and expiresIn", answer.host) end
  keys.accountId = document.accessToken.accountId
  local renewed = {}
  for name, value in pairs(document) do renewed[name] = value end
  renewed.accessToken = keys
  renewed.refreshToken = token_cache.text(answer.fields, "refreshToken") or document.refreshToken
  token_cache.write(context, path, renewed)
  return { document = renewed, expires_at = expires_at }
end

--- The file of a login session.
local function cache_path(context, session)
  local directory = context.env("AWS_LOGIN_CACHE_DIRECTORY") or CACHE_DIRECTORY
  return token_cache.path(context.expand(directory), context.system.sha256(session))
end

--- @tab context with `profile`, `http`, `system`, `time`, `sleep`, `expand`, `env`, `region` and JSON
-- @return keys; or nil and why not; or nil and an error object
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
  local keys = token.document.accessToken
  return {
    access_key_id = keys.accessKeyId,
    secret_access_key = keys.secretAccessKey,
    session_token = keys.sessionToken,
    expiration = token.expires_at,
  }
end

return login
