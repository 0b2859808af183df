--- The matrix, third part: SSO, login, containers, instances.

local answers = require "support.matrix.answers"

local static, document, instance = answers.static, answers.document, answers.instance

local START = "https://d-1.awsapps.com/start"
local ROLE = "sso_account_id = 123456789012\nsso_role_name = viewer\n"
local PLACE = "sso_start_url = " .. START .. "\nsso_region = us-west-2\n"
local INLINE = "[default]\n" .. ROLE .. PLACE
local SESSION = "[default]\nsso_session = corp\n" .. ROLE .. "[sso-session corp]\n" .. PLACE
local LOGIN = "arn:aws:iam::123456789012:user/me\n"
local SHARED = "[default]\n" .. static "shared"
local RENEWABLE = { refreshToken = "T0K3N-of-sixteen-refresh", clientId = "client", clientSecret = "S3CR3T-of-sixteen-client",
  registrationExpiresAt = answers.FUTURE }

--- @string place the text whose hash is the cache file's name
local function sso(name, config, place, token, routes, more)
  local case = { name = name, config = config, files = { [answers.sso_path(place)] = token }, routes = routes }
  for key, value in pairs(more or {}) do case[key] = value end
  return case
end

local function portal(answer) return { ["GET /federation/credentials"] = answer or answers.portal "sso" } end

local function renewing(answer, shown)
  local routes = portal(shown)
  routes["POST /token"] = answer
  return routes
end

local RENEWED = { headers = { ["Content-Type"] = "application/json" },
  body = '{"accessToken":"T0K3N-of-sixteen-renewed","expiresIn":28800,"refreshToken":"T0K3N-of-sixteen-next","tokenType":"Bearer"}' }
local GOOD = answers.sso_token(answers.FUTURE)

local function container(name, answer, case)
  case = case or {}
  case.name, case.env = name, case.env or {}
  case.env.AWS_CONTAINER_CREDENTIALS_FULL_URI = case.env.AWS_CONTAINER_CREDENTIALS_FULL_URI or "@URL@/container"
  case.routes = { ["GET /container"] = answer or { body = document("container", "Token") } }
  return case
end

local ROLES = "/latest/meta-data/iam/security-credentials/"

local function on_instance(name, more, case)
  case = case or {}
  case.name, case.routes = name, instance("instance", more)
  return case
end

local function token_status(status)
  return { ["PUT /latest/api/token"] = { status = status } }
end

return {
  -- SSO
  sso("SSO, all of it in the profile", INLINE, START, GOOD, portal()),
  sso("SSO with a session", SESSION, "corp", GOOD, portal()),
  sso("SSO before the credentials file", INLINE, START, GOOD, portal(), { credentials = SHARED }),
  sso("the environment's keys before SSO", INLINE, START, GOOD, portal(), { env = answers.variables "env" }),
  sso("SSO with a session whose token ends soon and is renewed", SESSION, "corp",
    answers.sso_token(answers.time(300), RENEWABLE), renewing(RENEWED)),
  sso("SSO with a session whose token has expired and is renewed", SESSION, "corp",
    answers.sso_token(answers.PAST, RENEWABLE), renewing(RENEWED)),
  sso("SSO with a session whose token ends soon and is not renewed", SESSION, "corp",
    answers.sso_token(answers.time(300), RENEWABLE), renewing(answers.refusal(400, "InvalidGrantException"))),
  sso("SSO with a session whose token has expired and is not renewed", SESSION, "corp",
    answers.sso_token(answers.PAST, RENEWABLE), renewing(answers.refusal(400, "InvalidGrantException")),
    { credentials = SHARED }),
  sso("SSO with a session whose token has expired and cannot be renewed", SESSION, "corp",
    answers.sso_token(answers.PAST), portal()),
  sso("SSO whose token has expired", INLINE, START, answers.sso_token(answers.PAST),
    portal(answers.refusal(401, "UnauthorizedException"))),
  sso("SSO before a login", INLINE, "elsewhere", GOOD, portal(), { credentials = SHARED }),
  sso("SSO whose cache is half written", INLINE, START, GOOD:sub(1, 40), portal(),
    { differs = { row = "python", code = "SSOTokenLoadError" } }),
  sso("SSO whose cache has no token", INLINE, START, answers.sso_token(answers.FUTURE, { accessToken = false }), portal()),
  sso("SSO without an account", "[default]\nsso_role_name = viewer\n" .. PLACE, START, GOOD, portal(),
    { credentials = SHARED }),
  sso("SSO without a region", "[default]\n" .. ROLE .. "sso_start_url = " .. START .. "\n", START, GOOD, portal()),
  sso("SSO with neither account nor role, passed by", "[default]\n" .. PLACE, START, GOOD, portal(),
    { credentials = SHARED }),
  sso("SSO with a session that is missing", "[default]\nsso_session = nobody\n" .. ROLE, "nobody", GOOD, portal()),
  sso("SSO with a session that contradicts the profile",
    SESSION:gsub("^%[default%]\n", "[default]\nsso_region = eu-west-1\n"), "corp", GOOD, portal()),
  sso("SSO's portal knows the token no more", INLINE, START, GOOD, portal(answers.refusal(401, "UnauthorizedException"))),
  sso("SSO's portal forbids the role", INLINE, START, GOOD, portal(answers.refusal(403, "ForbiddenException"))),
  sso("SSO's portal knows no such role", INLINE, START, GOOD, portal(answers.refusal(404, "ResourceNotFoundException"))),
  sso("SSO's portal fails once", INLINE, START, GOOD, portal { { status = 500 }, answers.portal "sso" }),

  -- login
  { name = "a login before a program", config = "[default]\nlogin_session = " .. LOGIN .. answers.process "process",
    files = { [answers.login_path(LOGIN)] = answers.login "login" },
    differs = { row = "younger", access_key_id = "AKIALOGIN", session_token = "T0K3N-of-sixteen-login" } },
  { name = "the credentials file's keys before a login", credentials = SHARED,
    config = "[default]\nlogin_session = " .. LOGIN, files = { [answers.login_path(LOGIN)] = answers.login "login" } },
  { name = "a login that was never made", config = "[default]\nlogin_session = " .. LOGIN .. answers.process "process",
    differs = { row = "younger", code = "LoginTokenLoadError" } },

  -- containers
  container "a container's keys",
  container("an empty variable for a container", nil, { env = { AWS_CONTAINER_CREDENTIALS_FULL_URI = "" },
    differs = { row = "empty", code = "NoCredentialsError" } }),
  container("a container's keys, for a token", nil, { env = { AWS_CONTAINER_AUTHORIZATION_TOKEN = "T0K3N-of-sixteen-auth" } }),
  container("a container's keys, for a token in a file", nil, { files = { token = "T0K3N-of-sixteen-file" },
    env = { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE = "@HOME@/token", AWS_CONTAINER_AUTHORIZATION_TOKEN = "T0K3N-of-sixteen-auth" },
    differs = { row = "younger",
      access_key_id = "AKIACONTAINER", shown = { "GET /container: T0K3N-of-sixteen-file" } } }),
  container("a container's token file that is missing", nil, {
    env = { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE = "@HOME@/token" },
    differs = { row = "younger",
      code = "CredentialRetrievalError" } }),
  container("a line end in a container's token", nil, { env = { AWS_CONTAINER_AUTHORIZATION_TOKEN = "T0K3N\r\nHost: x" },
    differs = { row = "younger", code = "CredentialRetrievalError" } }),
  container("the environment's keys before a container's", nil, { env = answers.variables "env" }),
  container("the credentials file's keys before a container's", nil, { credentials = SHARED }),
  container("the config file's keys before a container's", nil, { config = "[default]\n" .. static "config" }),
  container("a container's URI with a host that is not allowed", nil, {
    env = { AWS_CONTAINER_CREDENTIALS_FULL_URI = "http://192.0.2.1/container" },
    differs = { row = "python", code = "CredentialRetrievalError" } }),
  container("a container that fails once", { { status = 500 }, { body = document("container", "Token") } }),
  container("a container that refuses", { status = 403, body = '{"code":"Denied","message":"not with T0K3N-of-sixteen-auth"}' },
    { env = { AWS_CONTAINER_AUTHORIZATION_TOKEN = "T0K3N-of-sixteen-auth" } }),
  container("a container that answers with HTML", { body = "<html>S3CR3T</html>" }),
  container("a container that gives half a pair", { body = document("container", "Token", { SecretAccessKey = false }) },
    { differs = { row = "python", code = "CredentialRetrievalError" } }),
  container("a container's keys that have expired", { body = document("container", "Token",
    { Expiration = answers.PAST }) },
    { differs = { row = "python", code = "CredentialRetrievalError" } }),

  -- instances
  on_instance "an instance's keys",
  on_instance("a container's keys before an instance's", { ["GET /container"] = { body = document("container", "Token") } },
    { env = { AWS_CONTAINER_CREDENTIALS_FULL_URI = "@URL@/container" } }),
  on_instance("an instance's keys from an endpoint that ends in a slash", nil,
    { env = { AWS_EC2_METADATA_SERVICE_ENDPOINT = "@URL@/" } }),
  on_instance("an instance's keys from an endpoint that the profile names", nil,
    { env = { AWS_EC2_METADATA_SERVICE_ENDPOINT = false },
      config = "[default]\nec2_metadata_service_endpoint = @URL@\n" }),
  on_instance("version 1, since a token is forbidden", token_status(403)),
  on_instance("version 1, since there are no tokens", token_status(404)),
  on_instance("version 1, since there is no PUT", token_status(405)),
  on_instance("version 1, since tokens fail", token_status(500)),
  on_instance("no keys, since the request for a token was bad", token_status(400)),
  on_instance("version 1 switched off", token_status(404), { env = { AWS_EC2_METADATA_V1_DISABLED = "true" },
    differs = { row = "younger", code = "MetadataRetrievalError" } }),
  on_instance("metadata switched off", nil, { env = { AWS_EC2_METADATA_DISABLED = "TRUE" } }),
  on_instance("metadata not switched off by another word", nil, { env = { AWS_EC2_METADATA_DISABLED = "yes" } }),
  on_instance("an instance without a role", { ["GET " .. ROLES] = { status = 404, body = "<html>404</html>" } }),
  on_instance("an instance whose list of roles is empty", { ["GET " .. ROLES] = { body = "" } }),
  on_instance("an instance that answers with HTML", { ["GET " .. ROLES .. "video-role"] = { body = "<html>Log in</html>" } }),
  on_instance("an instance that may not assume its role", { ["GET " .. ROLES .. "video-role"] = {
    body = '{"Code":"AssumeRoleUnauthorizedAccess","Message":"EC2 cannot assume the role"}' } }),
  on_instance("an instance that gives half a pair", { ["GET " .. ROLES .. "video-role"] = {
    body = document("instance", "Token", { SecretAccessKey = false }) } }),
  on_instance("an instance's keys that have expired, used all the same", { ["GET " .. ROLES .. "video-role"] = {
    body = document("instance", "Token", { Expiration = answers.PAST }) } }),
  on_instance("an instance that fails once, where two attempts are allowed", {
    ["GET " .. ROLES] = { { status = 500 }, { body = "video-role" } } },
    { env = { AWS_METADATA_SERVICE_NUM_ATTEMPTS = "2" } }),
  on_instance("an instance that fails once, where one attempt is allowed", {
    ["GET " .. ROLES] = { { status = 500 }, { body = "video-role" } } }),
  on_instance("an endpoint mode of metadata that does not exist", nil,
    { env = { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE = "IPv5" } }),
  on_instance("an endpoint of metadata that is no URL", nil, { env = { AWS_EC2_METADATA_SERVICE_ENDPOINT = "nowhere" } }),
  on_instance("a timeout of metadata that is no number", nil, { env = { AWS_METADATA_SERVICE_TIMEOUT = "soon" },
    differs = { row = "python", code = "InvalidConfigError" } }),
  on_instance("an endpoint mode of metadata that does not exist, though the environment has keys", nil,
    { env = answers.variables("env", { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE = "IPv5" }),
      differs = { row = "late", access_key_id = "AKIAENV" } }),
  on_instance("metadata, though there is a proxy", nil,
    { env = { http_proxy = "http://127.0.0.1:9", no_proxy = "localhost", AWS_ENDPOINT_URL_IVS = "@LOCALHOST@" },
      differs = { row = "proxy", access_key_id = "AKIAINSTANCE" } }),
}
