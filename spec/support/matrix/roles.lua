--- The matrix, second part: assumed roles and web identities.

local answers = require "support.matrix.answers"

local static, variables, sts, fault = answers.static, answers.variables, answers.sts, answers.fault

local ROLE = "role_arn = " .. answers.ROLE .. "\n"
local DENIED = fault(403, "AccessDenied", "S3CR3T-of-sixteen-base and T0K3N-of-sixteen-base may not")
local BASE = "[base]\n" .. static("base", true)
local WEB = "AssumeRoleWithWebIdentity"

local function role(text) return "[profile video]\n" .. ROLE .. text end

--- A case whose profile is `video`.
local function assumed(name, case)
  case.name, case.env = name, case.env or {}
  case.env.AWS_PROFILE = case.env.AWS_PROFILE or "video"
  case.routes = case.routes or { ["POST /"] = sts "role" }
  return case
end

local function web(name, case)
  case.name = name
  case.files = case.files or { token = "T0K3N-of-sixteen-web" }
  case.routes = case.routes or { ["POST /"] = sts("web", WEB) }
  return case
end

local WEB_ENV = { AWS_WEB_IDENTITY_TOKEN_FILE = "@HOME@/token", AWS_ROLE_ARN = answers.ROLE }

local function web_env(more)
  local env = {}
  for name, value in pairs(WEB_ENV) do env[name] = value end
  for name, value in pairs(more) do env[name] = value end
  return env
end

return {
  -- the source of the role's first credentials
  assumed("a role with the keys of source_profile", { config = role "source_profile = base\n", credentials = BASE }),
  assumed("a role of the credentials file", { credentials = BASE .. "[video]\n" .. ROLE .. "source_profile = base\n" }),
  assumed("a role before static keys of the same profile, which is its own source", {
    config = role "source_profile = video\n", credentials = "[video]\n" .. static "own" }),
  assumed("a role before static keys of the same profile, with another's", {
    config = role("source_profile = base\n" .. static "own"), credentials = BASE }),
  assumed("a role with the environment's keys, by the option profile", { env = variables "env",
    options = { profile = "video" }, config = role "credential_source = Environment\n" }),
  assumed("a role with the container's keys", {
    env = { AWS_CONTAINER_CREDENTIALS_FULL_URI = "@URL@/container", AWS_CONTAINER_AUTHORIZATION_TOKEN = "T0K3N-of-sixteen-auth" },
    config = role "credential_source = EcsContainer\n",
    routes = { ["POST /"] = sts "role", ["GET /container"] = { body = answers.document("container", "Token") } } }),
  assumed("a role with the instance's keys", { config = role "credential_source = Ec2InstanceMetadata\n",
    routes = answers.instance("instance", { ["POST /"] = sts "role" }) }),
  assumed("a role with keys that a program prints", { config = role "source_profile = base\n"
    .. "[profile base]\n" .. answers.process "process" }),
  assumed("a role with keys of a web identity", { config = role "source_profile = base\n" .. "[profile base]\n" .. ROLE
    .. "web_identity_token_file = @HOME@/token\n", files = { token = "T0K3N-of-sixteen-web" },
    routes = { ["POST /"] = { sts("web", WEB), sts "role" } } }),
  assumed("a role with keys of SSO", { config = role "source_profile = base\n" .. "[profile base]\n"
    .. "sso_start_url = https://d-1.awsapps.com/start\nsso_region = us-west-2\nsso_account_id = 123456789012\n"
    .. "sso_role_name = viewer\n",
    files = { [answers.sso_path "https://d-1.awsapps.com/start"] = answers.sso_token(answers.FUTURE) },
    routes = { ["POST /"] = sts "role", ["GET /federation/credentials"] = answers.portal "sso" } }),
  assumed("a role with keys of SSO with a session", { config = role "source_profile = base\n" .. "[profile base]\n"
    .. "sso_session = corp\nsso_account_id = 123456789012\nsso_role_name = viewer\n"
    .. "[sso-session corp]\nsso_start_url = https://d-1.awsapps.com/start\nsso_region = us-west-2\n",
    files = { [answers.sso_path "corp"] = answers.sso_token(answers.FUTURE) },
    routes = { ["POST /"] = sts "role", ["GET /federation/credentials"] = answers.portal "sso" },
    differs = { row = "younger", access_key_id = "AKIAROLE" } }),
  assumed("the environment's keys before a role", { env = variables "env", config = role "source_profile = base\n",
    credentials = BASE }),
  assumed("a role, by the option profile, before the environment's keys", { env = variables "env",
    options = { profile = "video" }, config = role "source_profile = base\n", credentials = BASE }),
  assumed("a role before a web identity of the environment", { env = web_env {}, files = { token = "T0K3N-of-sixteen-web" },
    config = role "source_profile = base\n", credentials = BASE }),

  -- chains and cycles
  assumed("a role with the keys of a role", { credentials = BASE,
    config = role "source_profile = middle\n" .. "[profile middle]\n" .. ROLE .. "source_profile = base\n",
    routes = { ["POST /"] = { sts "middle", sts "role" } } }),
  assumed("a role with the static keys of a profile that has a role, too", { credentials = BASE,
    config = role "source_profile = middle\n" .. "[profile middle]\n" .. ROLE .. "source_profile = base\n"
      .. static "middle" }),
  assumed("a circle of two", { config = role "source_profile = other\n" .. "[profile other]\n" .. ROLE
    .. "source_profile = video\n" }),
  assumed("a profile that is its own source without keys", { config = role "source_profile = video\n" }),
  assumed("a source_profile that is missing", { config = role "source_profile = nobody\n" }),
  assumed("a source_profile without keys", { config = role "source_profile = base\n" .. "[profile base]\nregion = x\n" }),
  assumed("a source_profile with half a pair", { config = role "source_profile = base\n",
    credentials = "[base]\naws_access_key_id = AKIABASE\n" }),

  -- invalid profiles
  assumed("a role with two sources", { config = role "source_profile = base\ncredential_source = Environment\n",
    credentials = BASE }),
  assumed("a role without a source", { config = role "" }),
  assumed("an empty role", { config = "[profile video]\nrole_arn =\nsource_profile = base\n", credentials = BASE }),
  assumed("an empty source_profile", { config = role "source_profile =\n", credentials = BASE }),
  assumed("a role without a source beside static keys", { config = role(static "own") }),
  assumed("a credential_source that is unknown", { config = role "credential_source = Vault\n" }),
  assumed("a credential_source in the wrong case", { config = role "credential_source = environment\n",
    env = variables "env", options = { profile = "video" } }),
  assumed("a credential_source that has nothing", { config = role "credential_source = Environment\n" }),
  assumed("a credential_source with half a pair", { config = role "credential_source = Environment\n",
    env = { AWS_ACCESS_KEY_ID = "AKIAENV" }, options = { profile = "video" } }),
  assumed("a role for too short a time", { config = role "source_profile = base\nduration_seconds = 60\n",
    credentials = BASE }),
  assumed("a role for a time that is no number", { config = role "source_profile = base\nduration_seconds = long\n",
    credentials = BASE }),
  assumed("a role with a code of an MFA device", { options = { mfa_code = "123456" }, credentials = BASE,
    config = role "source_profile = base\nmfa_serial = arn:aws:iam::123456789012:mfa/me\n" }),

  -- responses of STS
  assumed("STS denies the role", { config = role "source_profile = base\n", credentials = BASE,
    routes = { ["POST /"] = DENIED } }),
  assumed("STS denies the first role of a chain", { credentials = BASE,
    config = role "source_profile = middle\n" .. "[profile middle]\n" .. ROLE .. "source_profile = base\n",
    routes = { ["POST /"] = { DENIED, sts "role" } } }),
  assumed("STS fails once", { config = role "source_profile = base\n", credentials = BASE,
    routes = { ["POST /"] = { fault(503, "ServiceUnavailable"), sts "role" } } }),
  assumed("STS throttles in legacy mode with a code that only other modes know", { config = role "source_profile = base\n",
    credentials = BASE, env = { AWS_RETRY_MODE = "legacy" },
    routes = { ["POST /"] = { fault(400, "RequestThrottled"), sts "role" } } }),
  assumed("no region but the call's: STS is asked all the same", { config = role "source_profile = base\n",
    credentials = BASE, env = { AWS_DEFAULT_REGION = false }, options = { region = "eu-west-1" } }),
  assumed("STS fails each time", { config = role "source_profile = base\n", credentials = BASE,
    env = { AWS_MAX_ATTEMPTS = "2" }, routes = { ["POST /"] = fault(500, "InternalFailure") } }),
  assumed("STS answers with HTML", { config = role "source_profile = base\n", credentials = BASE,
    env = { AWS_MAX_ATTEMPTS = "1" }, routes = { ["POST /"] = { body = "<html><p>Log in</html>" } } }),
  assumed("a choice of STS's endpoint that does not exist", { config = role "source_profile = base\n", credentials = BASE,
    env = { AWS_STS_REGIONAL_ENDPOINTS = "nearest" } }),
  assumed("STS cannot be reached", { config = role "source_profile = base\n", credentials = BASE,
    env = { AWS_MAX_ATTEMPTS = "1", AWS_ENDPOINT_URL_STS = "http://127.0.0.1:9" } }),

  -- web identity
  web("a web identity of the environment", { env = WEB_ENV }),
  web("a web identity of a profile", { config = "[default]\n" .. ROLE .. "web_identity_token_file = @HOME@/token\n" }),
  web("a web identity, half of it in the environment", { env = { AWS_WEB_IDENTITY_TOKEN_FILE = "@HOME@/token" },
    config = "[default]\n" .. ROLE .. "source_profile = default\n" .. static "own",
    routes = { ["POST /"] = sts "role" } }),
  web("a web identity before static keys", { env = WEB_ENV, credentials = "[default]\n" .. static "shared" }),
  web("the environment's keys before a web identity", { env = web_env(variables "env") }),
  web("the option profile takes a web identity of the environment out", { env = WEB_ENV, options = { profile = "default" },
    credentials = "[default]\n" .. static "shared" }),
  web("a web identity without a role", { env = { AWS_WEB_IDENTITY_TOKEN_FILE = "@HOME@/token" },
    credentials = "[default]\n" .. static "shared" }),
  web("a web identity's file that is missing", { env = web_env { AWS_WEB_IDENTITY_TOKEN_FILE = "@HOME@/nothing" },
    credentials = "[default]\n" .. static "shared",
    differs = { row = "python", code = "CredentialRetrievalError" } }),
  web("an empty AWS_WEB_IDENTITY_TOKEN_FILE", { env = web_env { AWS_WEB_IDENTITY_TOKEN_FILE = "" },
    credentials = "[default]\n" .. static "shared" }),
  web("a web identity's file that is empty", { env = WEB_ENV, files = { token = "" } }),
  web("STS refuses a web identity", { env = WEB_ENV,
    routes = { ["POST /"] = fault(400, "InvalidIdentityToken", "T0K3N-of-sixteen-web is no token") } }),
  web("STS cannot reach the identity provider at first", { env = WEB_ENV,
    routes = { ["POST /"] = { fault(400, "IDPCommunicationError"), sts("web", WEB) } } }),
  web("STS cannot reach the identity provider at first, in legacy mode", { env = web_env { AWS_RETRY_MODE = "legacy" },
    routes = { ["POST /"] = { fault(400, "IDPCommunicationError"), sts("web", WEB) } } }),
  web("STS cannot reach the identity provider at all", { env = web_env { AWS_MAX_ATTEMPTS = "2" },
    routes = { ["POST /"] = fault(400, "IDPCommunicationError") } }),
  web("STS finds a web identity expired", { env = WEB_ENV,
    routes = { ["POST /"] = fault(400, "ExpiredTokenException", "T0K3N-of-sixteen-web has expired") } }),
}
