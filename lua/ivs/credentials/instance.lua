--- Credentials of the role of an EC2 instance, from its metadata service (docs/protocol.md, "EC2 instance"): version 2 with a token,
-- or version 1 if the service gives no token and version 1 is not disabled.
-- As in botocore it is not an error if the service is absent, hangs or sends something else, since most machines have none. These
-- requests never go through a proxy.
-- @module ivs.credentials.instance

local failure = require "ivs.failure"
local credential_document = require "ivs.credentials.document"
local printable = require "ivs.printable"
local redaction = require "ivs.redaction"
local url = require "ivs.http.url"

local instance = { name = "instance" }

local ENDPOINTS = { ipv4 = "http://169.254.169.254", ipv6 = "http://[fd00:ec2::254]" }
local TOKEN_PATH = "latest/api/token"
local ROLE_PATH = "latest/meta-data/iam/security-credentials/"
local TOKEN_HEADERS = { ["x-aws-ec2-metadata-token-ttl-seconds"] = "21600" }
local MAX_BYTES = 64 * 1024
local MAX_SHOWN = 100 -- bytes of an invalid value
local REFRESH_SECONDS = 15 * 60 -- credentials are refreshed so long before they expire

--- A setting: the variable AWS_NAME, else the profile's key.
local function setting(context, name)
  local value = context.env("AWS_" .. name:upper())
  if value then return value end
  value = context.profile and context.profile.values[name]
  return type(value) == "string" and value ~= "" and value or nil
end

local function is_true(value)
  return value ~= nil and value:lower() == "true"
end

local function invalid(code, ...)
  return nil, failure.new("config", code, table.concat({ ... }))
end

local function read_number(context, name, pattern)
  local text = setting(context, name)
  if not text then return 1 end
  local number = text:find(pattern) and tonumber(text)
  if number then return number end
  return invalid("InvalidConfigError", "Invalid ", name, " (AWS_", name:upper(), "): '",
    printable.line(text, MAX_SHOWN), "' is not a valid number")
end

--- Returns the base of every URL; or nil and an error object.
local function read_endpoint(context)
  local mode = setting(context, "ec2_metadata_service_endpoint_mode")
  if mode and not ENDPOINTS[mode:lower()] then
    return invalid("InvalidIMDSEndpointModeError", "Invalid EC2 Instance Metadata endpoint mode: ",
      printable.line(mode, MAX_SHOWN), " Valid endpoint modes (case-insensitive): ipv4, ipv6.")
  end
  local custom = setting(context, "ec2_metadata_service_endpoint")
  if custom and not url.parse(custom) then
    return invalid("InvalidIMDSEndpointError", "Invalid endpoint EC2 Instance Metadata endpoint: ",
      context.system.mask_url(custom), " (it has to be an http or https URL)")
  end
  if custom then return custom:find("/$") and custom or custom .. "/" end
  if not mode and is_true(setting(context, "imds_use_ipv6")) then mode = "ipv6" end
  return ENDPOINTS[(mode or "ipv4"):lower()] .. "/"
end

--- Opens the state of a retrieval: its settings and, later, its token. Returns a table; or nil and an error object.
local function open(context)
  local base, err = read_endpoint(context)
  if not base then return nil, err end
  local timeout, attempts
  timeout, err = read_number(context, "metadata_service_timeout", "^%s*%d*%.?%d+%s*$")
  if not timeout then return nil, err end
  attempts, err = read_number(context, "metadata_service_num_attempts", "^%s*[+-]?%d+%s*$")
  if not attempts then return nil, err end
  if timeout <= 0 then return invalid("InvalidConfigError", "metadata_service_timeout has to be more than 0") end
  return { context = context, base = base, parts = url.parse(base), timeout = timeout, attempts = attempts, tokens = {},
    v1_disabled = is_true(setting(context, "ec2_metadata_v1_disabled")) }
end

local function exchange(imds, method, path, headers)
  local target = imds.base .. path
  local response, err = imds.context.http {
    method = method, url = target, headers = headers, connect_timeout = imds.timeout, read_timeout = imds.timeout,
    direct = true, max_bytes = MAX_BYTES,
  }
  if response then return response end
  local fault = redaction.redact_error(err, url.hide_path(tostring(err.message), target, imds.parts), imds.tokens)
  return nil, fault, fault.message
end

--- A problem with the service, for a message.
local function problem_of(imds, ...)
  return imds.parts.origin .. " " .. table.concat({ ... })
end

--- Fetches a session's token into `imds.token`, which stays nil if version 1 has to be used.
-- @return true; or nil and why not; or nil and an error object
local function fetch_token(imds)
  imds.token = nil
  for _ = 1, imds.attempts do
    local response, err = exchange(imds, "PUT", TOKEN_PATH, TOKEN_HEADERS)
    local status = response and response.status
    if status == 200 then
      if response.body:find("^<") or response.body:find("[^\33-\126]") then
        return nil, problem_of(imds, "answered with something other than a token")
      end
      imds.token = response.body ~= "" and response.body or nil
      imds.tokens[#imds.tokens + 1] = imds.token
      return true
    elseif status == 400 then
      return nil, problem_of(imds, "refused to give a token (status 400)")
    elseif status == 403 or status == 404 or status == 405 then
      return true
    elseif err and err.kind == "tls" then
      return nil, err
    elseif err and err.code == "ReadTimeoutError" then -- a container behind a hop limit of 1
      return true
    end
  end
  return true
end

local function check_version(imds)
  if imds.token or not imds.v1_disabled then return true end
  return nil, failure.new("credentials", "MetadataRetrievalError",
    "Error retrieving metadata: Unable to retrieve token for use in IMDSv2 call and IMDSv1 has been disabled "
    .. "(AWS_EC2_METADATA_V1_DISABLED or ec2_metadata_v1_disabled)", { retryable = true })
end

--- Sends a GET, and once more with a new token if the token has expired.
local function get_once(imds, path)
  local response, err, problem = exchange(imds, "GET", path, { ["x-aws-ec2-metadata-token"] = imds.token })
  if response and response.status == 401 and imds.token and not imds.renewed then
    imds.renewed = true
    if fetch_token(imds) and imds.token then return get_once(imds, path) end
  end
  return response, err, problem
end

--- Sends a GET with as many attempts as are configured.
-- @func parse (body) → result, or nil if the body is something else
-- @return the result; or nil and why not; or nil and an error object
local function get(imds, path, parse)
  local why = ("no attempt is allowed (AWS_METADATA_SERVICE_NUM_ATTEMPTS is %d)"):format(imds.attempts)
  for _ = 1, imds.attempts do
    local ok, version_err = check_version(imds)
    if not ok then return nil, version_err end
    local response, err, problem = get_once(imds, path)
    if err and err.kind == "tls" then return nil, err end
    why = problem
    if response and response.status ~= 200 then
      why = problem_of(imds, "answered with status ", response.status)
      if response.status == 404 then why = why .. " (does the instance have a role?)" end
    elseif response then
      local result = parse(response.body)
      if result then return result end
      why = problem_of(imds, "answered with something other than a role or its credentials")
    end
  end
  return nil, why
end

--- The role's name in the list of roles: the first line.
local function read_role(body)
  return body:match("^%s*([%w+=,.@_-]+)%s*$") or body:match("^%s*([%w+=,.@_-]+)[ \t]*[\r\n]")
end

--- Prolongs credentials that have expired or soon will, as botocore does: during an outage the service has no others, and they may
-- still be accepted. The next refresh is in 2 to 10 minutes.
local function prolong(context, credentials)
  local jitter = 120 + tonumber(context.system.uuid():sub(1, 8), 16) % 481
  local soon = context.time() + REFRESH_SECONDS + jitter
  if credentials.expiration <= soon then credentials.expiration = soon end
  return credentials
end

--- @tab context with `env`, `profile`, `http`, `time`
-- @return credentials; or nil and why not; or nil and an error object
function instance.retrieve(context)
  if is_true(context.env("AWS_EC2_METADATA_DISABLED")) then return nil, "AWS_EC2_METADATA_DISABLED is true" end
  local imds, err = open(context)
  if not imds then return nil, err end
  local ok, role, document, credentials, why
  ok, why = fetch_token(imds)
  if not ok then return nil, why end
  role, why = get(imds, ROLE_PATH, read_role)
  if not role then return nil, why end
  document, why = get(imds, ROLE_PATH .. role, function(body) return credential_document.decode(context, body) end)
  if not document then return nil, why end
  credentials, why = credential_document.credentials(context, document, credential_document.METADATA)
  if not credentials then
    return nil, problem_of(imds, "returned no credentials: ", credential_document.failure(document, imds.tokens) or why)
  end
  return prolong(context, credentials)
end

return instance
