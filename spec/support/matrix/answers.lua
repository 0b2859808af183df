--- The parts of the matrix's cases: credentials that are named after their source, and the responses of services.
--
-- Every access key ID begins with AKIA, every secret with S3CR3T, every token with T0K3N. No message, log line or diagnosis may contain
-- any of these words.

local digest = require "openssl.digest"
local json = require "cjson"

local answers = {}

answers.FUTURE = "2099-01-02T03:04:05Z"
answers.PAST = "2020-01-02T03:04:05Z"
answers.ROLE = "arn:aws:iam::123456789012:role/video"

--- The credentials of a name: access key ID, secret access key, token.
function answers.keys(name)
  return "AKIA" .. name:upper(), "S3CR3T-of-sixteen-" .. name, "T0K3N-of-sixteen-" .. name
end

--- The lines of a profile with static credentials.
function answers.static(name, with_token)
  local id, secret, token = answers.keys(name)
  local lines = ("aws_access_key_id = %s\naws_secret_access_key = %s\n"):format(id, secret)
  if with_token then lines = lines .. ("aws_session_token = %s\n"):format(token) end
  return lines
end

--- The environment variables with the credentials of a name.
function answers.variables(name, more)
  local id, secret = answers.keys(name)
  local env = { AWS_ACCESS_KEY_ID = id, AWS_SECRET_ACCESS_KEY = secret }
  for variable, value in pairs(more or {}) do env[variable] = value end
  return env
end

--- A JSON document with credentials; `more` replaces members, false removes one.
-- @string token_member `Token` or `SessionToken`
function answers.document(name, token_member, more)
  local id, secret, token = answers.keys(name)
  local document = { Code = "Success", AccessKeyId = id, SecretAccessKey = secret, [token_member] = token,
    Expiration = answers.FUTURE }
  for member, value in pairs(more or {}) do document[member] = value or nil end
  return json.encode(document)
end

--- credential_process for a profile: prints a document; `more` as in `document`.
function answers.process(name, more)
  local given = { Version = 1, Code = false }
  for member, value in pairs(more or {}) do given[member] = value end
  return "credential_process = printf '%s' '" .. answers.document(name, "SessionToken", given) .. "'\n"
end

--- STS's response with credentials.
function answers.sts(name, action)
  local id, secret, token = answers.keys(name)
  action = action or "AssumeRole"
  return { headers = { ["Content-Type"] = "text/xml" }, body = ([[
<ACTIONResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><ACTIONResult><Credentials>
<AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey><SessionToken>%s</SessionToken>
<Expiration>%s</Expiration></Credentials></ACTIONResult></ACTIONResponse>]])
    :format(id, secret, token, answers.FUTURE):gsub("ACTION", action) }
end

--- STS's error response.
function answers.fault(status, code, message)
  return { status = status, headers = { ["Content-Type"] = "text/xml" }, body = ([[
<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>%s</Code><Message>%s</Message></Error><RequestId>c6104cbe</RequestId></ErrorResponse>]])
    :format(code, message or "no") }
end

--- The SSO portal's response with credentials.
function answers.portal(name)
  local id, secret, token = answers.keys(name)
  return { headers = { ["Content-Type"] = "application/json" }, body = json.encode {
    roleCredentials = { accessKeyId = id, secretAccessKey = secret, sessionToken = token, expiration = 4070919845000 } } }
end

--- An error response of the portal or of OIDC.
function answers.refusal(status, code)
  return { status = status, headers = { ["Content-Type"] = "application/json", ["x-amzn-ErrorType"] = code },
    body = '{"message":"not with T0K3N-of-sixteen-sso-login, you do not"}' }
end

local function hash(algorithm, text)
  return (digest.new(algorithm):final(text):gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

--- The cache file of an SSO session or start URL.
function answers.sso_path(text)
  return ".aws/sso/cache/" .. hash("sha1", text) .. ".json"
end

--- The cache file of a login session, which may be a line of a file.
function answers.login_path(session)
  return ".aws/login/cache/" .. hash("sha256", (session:gsub("\n$", ""))) .. ".json"
end

--- The text of a login's cache file.
function answers.login(name)
  local id, secret, token = answers.keys(name)
  return json.encode { refreshToken = "T0K3N-of-sixteen-refresh", clientId = "client", dpopKey = "S3CR3T-of-sixteen-key", accessToken = {
    accessKeyId = id, secretAccessKey = secret, sessionToken = token, accountId = "123456789012",
    expiresAt = answers.FUTURE } }
end

--- A time from now, as ISO 8601.
function answers.time(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() + seconds)
end

--- The text of an SSO cache file.
function answers.sso_token(expires_at, more)
  local document = { accessToken = "T0K3N-of-sixteen-sso-login", expiresAt = expires_at, startUrl = "https://d-1.awsapps.com/start",
    region = "us-west-2" }
  for member, value in pairs(more or {}) do document[member] = value or nil end
  return json.encode(document)
end

--- The routes of an instance with a role; `more` replaces or adds routes.
function answers.instance(name, more)
  local role = "/latest/meta-data/iam/security-credentials/"
  local routes = {
    ["PUT /latest/api/token"] = { body = "imds-session" },
    ["GET " .. role] = { body = "video-role" },
    ["GET " .. role .. "video-role"] = { body = answers.document(name, "Token") },
  }
  for route, answer in pairs(more or {}) do routes[route] = answer or nil end
  return routes
end

return answers
