--- The matrix, fourth part: region, endpoint and retries from all their sources. The credentials are in the environment.

local answers = require "support.matrix.answers"

--- A case with credentials in the environment.
local function with_keys(name, env, case)
  case = case or {}
  case.name, case.env = name, answers.variables("env", env)
  return case
end

--- A case whose call must be sent to @URL@/<there>; botocore 1.29 needs an option for it.
local function sent_to(there, name, env, case)
  case = with_keys(name, env, case)
  case.env.AWS_ENDPOINT_URL_IVS = env.AWS_ENDPOINT_URL_IVS or false
  case.oracle = { endpoint_url = "@URL@" .. there, profile = case.options and case.options.profile }
  case.routes = { ["POST " .. there .. "/GetRecordingConfiguration"] = { body = "{}" } }
  return case
end

local PROFILE = "[default]\nendpoint_url = @URL@/profile\n"
local SERVICES = "[default]\nservices = mine\nendpoint_url = @URL@/profile\n"
  .. "[services mine]\nsts =\n  endpoint_url = @URL@/sts\nivs =\n  endpoint_url = @URL@/services\n"

return {
  -- the region
  with_keys("the region of AWS_DEFAULT_REGION", { AWS_DEFAULT_REGION = "eu-central-1" }),
  with_keys("the region of the profile", { AWS_DEFAULT_REGION = false }, { config = "[default]\nregion = ap-south-1\n" }),
  with_keys("the region of the profile in the credentials file", { AWS_DEFAULT_REGION = false },
    { credentials = "[default]\nregion = ap-south-1\n" }),
  with_keys("AWS_DEFAULT_REGION before the profile's region", {}, { config = "[default]\nregion = ap-south-1\n" }),
  with_keys("the option's region before all", {}, { options = { region = "us-east-1" },
    config = "[default]\nregion = ap-south-1\n" }),
  with_keys("an empty AWS_DEFAULT_REGION, passed by", { AWS_DEFAULT_REGION = "" },
    { config = "[default]\nregion = ap-south-1\n", differs = { row = "empty", region = "ap-south-1" } }),
  with_keys("a region that nobody knows", { AWS_DEFAULT_REGION = "mars-north-1" }),
  with_keys("a region that is no host's label", { AWS_DEFAULT_REGION = "us_west@2", AWS_ENDPOINT_URL_IVS = false }),
  with_keys("AWS_REGION", { AWS_REGION = "ap-northeast-1" },
    { differs = { row = "region", region = "ap-northeast-1" } }),
  with_keys("AWS_REGION, with AWS_DEFAULT_REGION silent", { AWS_REGION = "ap-northeast-1", AWS_DEFAULT_REGION = false },
    { differs = { row = "region", region = "ap-northeast-1" } }),
  with_keys("no region anywhere but in the ARN", { AWS_DEFAULT_REGION = false },
    { differs = { row = "region", region = "eu-west-1" } }),

  -- the endpoint
  sent_to("/option", "the option's endpoint before all", { AWS_ENDPOINT_URL_IVS = "@URL@/service",
    AWS_ENDPOINT_URL = "@URL@/all" }, { options = { endpoint_url = "@URL@/option" }, config = SERVICES }),
  sent_to("/service", "the service's variable before the one for all", { AWS_ENDPOINT_URL_IVS = "@URL@/service",
    AWS_ENDPOINT_URL = "@URL@/all" }, { config = SERVICES }),
  sent_to("/all", "the variable for all services before the profile", { AWS_ENDPOINT_URL = "@URL@/all" },
    { config = SERVICES }),
  sent_to("/services", "the services section before the profile's endpoint", {}, { config = SERVICES }),
  with_keys("a services section that is missing", { AWS_ENDPOINT_URL_IVS = false },
    { config = "[default]\nservices = mine\nendpoint_url = @URL@\n", oracle = { endpoint_url = "@URL@" },
      differs = { row = "younger", code = "InvalidConfigError" } }),
  sent_to("/profile", "the profile's endpoint", {}, { config = PROFILE }),
  sent_to("/profile", "empty variables, passed by", { AWS_ENDPOINT_URL_IVS = "", AWS_ENDPOINT_URL = "" },
    { config = PROFILE }),
  sent_to("/option", "only the option's endpoint, since the configured are ignored",
    { AWS_ENDPOINT_URL_IVS = "@URL@/service", AWS_IGNORE_CONFIGURED_ENDPOINT_URLS = "true" },
    { options = { endpoint_url = "@URL@/option" } }),
  with_keys("an endpoint that is no URL", { AWS_ENDPOINT_URL_IVS = "nowhere" },
    { differs = { row = "python", code = "InvalidEndpointError" } }),
  with_keys("FIPS with an endpoint", { AWS_USE_FIPS_ENDPOINT = "true" },
    { differs = { row = "fips", code = "EndpointResolutionError" } }),
  with_keys("dual-stack with an endpoint", { AWS_USE_DUALSTACK_ENDPOINT = "true" },
    { differs = { row = "fips", code = "EndpointResolutionError" } }),

  -- proxies; port 9 is closed
  with_keys("a proxy that is not there", { http_proxy = "http://127.0.0.1:9", AWS_MAX_ATTEMPTS = "1" }),
  with_keys("a proxy in capitals that is not there", { HTTP_PROXY = "127.0.0.1:9", AWS_MAX_ATTEMPTS = "1" }),
  with_keys("an empty proxy before one in capitals", { HTTP_PROXY = "http://127.0.0.1:9", http_proxy = "" }),
  with_keys("a proxy in capitals under a web server", { HTTP_PROXY = "http://127.0.0.1:9", REQUEST_METHOD = "GET" }),
  with_keys("a proxy for https only", { https_proxy = "http://127.0.0.1:9" }),
  with_keys("a proxy for all, which is not read", { all_proxy = "http://127.0.0.1:9", ALL_PROXY = "http://127.0.0.1:9" }),
  with_keys("a host without a proxy", { http_proxy = "http://127.0.0.1:9", no_proxy = "example.com,127.0.0.1" }),
  with_keys("no host with a proxy", { http_proxy = "http://127.0.0.1:9", NO_PROXY = "*" }),

  -- retries
  with_keys("a retry mode that does not exist", { AWS_RETRY_MODE = "eager" }),
  with_keys("a retry mode of the profile that does not exist", {}, { config = "[default]\nretry_mode = eager\n" }),
  with_keys("no attempt at all", { AWS_MAX_ATTEMPTS = "0" }),
  with_keys("fewer attempts than none", { AWS_MAX_ATTEMPTS = "-2" }),
  with_keys("attempts of the profile that are none", {}, { config = "[default]\nmax_attempts = 0\n" }),
  with_keys("attempts that are no number", { AWS_MAX_ATTEMPTS = "three" },
    { differs = { row = "python", code = "InvalidMaxRetryAttemptsError" } }),
  with_keys("a retry mode and attempts", { AWS_RETRY_MODE = "adaptive", AWS_MAX_ATTEMPTS = "4" }),
}
