--- Keys of the role of an EC2 instance, from its metadata service (docs/protocol.md, "EC2 instance"): version 2 with a token,
-- version 1 where there is none and it is not switched off.
-- As in botocore, a service that is not there, hangs or talks nonsense is no error but a source without keys, since
-- most machines have none. Metadata is never asked through a proxy.
-- @module ivs.credentials.instance

local failure = require "ivs.failure"
local key_document = require "ivs.credentials.document"
local metadata_url = require "ivs.http.url"
local redaction = require "ivs.redaction"

local instance = { name = "instance" }

local ENDPOINTS = { ipv4 = "http://169.254.169.254", ipv6 = "http://[fd00:ec2::254]" }
local TOKEN_PATH = "latest/api/token"
local ROLE_PATH = "latest/meta-data/iam/security-credentials/"
local TOKEN_HEADERS = { ["x-aws-ec2-metadata-token-ttl-seconds"] = "21600" }
local MAX_BYTES = 64 * 1024
local REFRESH_SECONDS = 15 * 60 -- before they expire, keys are asked for again

-- A setting: the environment's AWS_NAME, else the profile's name.
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
    redaction.printable(text), "' is not a number that it can be")
end

-- The base of every URL; or nil and an error object.
local function read_endpoint(context)
  local mode = setting(context, "ec2_metadata_service_endpoint_mode")
  if mode and not ENDPOINTS[mode:lower()] then
    return invalid("InvalidIMDSEndpointModeError", "Invalid EC2 Instance Metadata endpoint mode: ",
      redaction.printable(mode), " Valid endpoint modes (case-insensitive): ipv4, ipv6.")
  end
  local custom = setting(context, "ec2_metadata_service_endpoint")
  if custom and not metadata_url.parse(custom) then
    return invalid("InvalidIMDSEndpointError", "Invalid endpoint EC2 Instance Metadata endpoint: ",
      context.system.mask_url(custom), " (it has to be an http or https URL)")
  end
  if custom then return custom:find("/$") and custom or custom .. "/" end
  if not mode and is_true(setting(context, "imds_use_ipv6")) then mode = "ipv6" end
  return ENDPOINTS[(mode or "ipv4"):lower()] .. "/"
end

-- What a retrieval works with: its settings and, later, its token.
local function open(context)
  local base, err = read_endpoint(context)
  if not base then return nil, err end
  local timeout, attempts
  timeout, err = read_number(context, "metadata_service_timeout", "^%s*%d*%.?%d+%s*$")
  if not timeout then return nil, err end
  attempts, err = read_number(context, "metadata_service_num_attempts", "^%s*[+-]?%d+%s*$")
  if not attempts then return nil, err end
  if timeout <= 0 then return invalid("InvalidConfigError", "metadata_service_timeout has to be more than 0") end
  return { context = context, base = base, parts = metadata_url.parse(base), timeout = timeout, attempts = attempts, tokens = {},
    v1_disabled = is_true(setting(context, "ec2_metadata_v1_disabled")) }
end

local function exchange(imds, method, path, headers)
  local url = imds.base .. path
  local response, err = imds.context.http {
    method = method, url = url, headers = headers, connect_timeout = imds.timeout, read_timeout = imds.timeout,
    direct = true, max_bytes = MAX_BYTES,
  }
  if response then return response end
  local fault = redaction.fault(err, metadata_url.message(err, url, imds.parts), imds.tokens)
  return nil, fault, fault.message
end

local function says(imds, ...)
  return imds.parts.origin .. " " .. table.concat({ ... })
end

--- A session's token, into `imds.token`; it stays nil where version 1 has to do.
-- @return true; or nil and why, or an error object
local function fetch_token(imds)
  imds.token = nil
  for _ = 1, imds.attempts do
    local response, err = exchange(imds, "PUT", TOKEN_PATH, TOKEN_HEADERS)
    local status = response and response.status
    if status == 200 then
      if response.body:find("^<") or response.body:find("[^\33-\126]") then
        return nil, says(imds, "answered with something that is no token")
      end
      imds.token = response.body ~= "" and response.body or nil
      imds.tokens[#imds.tokens + 1] = imds.token
      return true
    elseif status == 400 then
      return nil, says(imds, "refused to give a token (status 400)")
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

-- One GET; with another token, once, where this one has expired.
local function get_once(imds, path)
  local response, err, problem = exchange(imds, "GET", path, { ["x-aws-ec2-metadata-token"] = imds.token })
  if response and response.status == 401 and imds.token and not imds.renewed then
    imds.renewed = true
    if fetch_token(imds) and imds.token then return get_once(imds, path) end
  end
  return response, err, problem
end

--- @return what `accept(body)` makes of the answer; or nil and why; or nil and an error object
local function get(imds, path, accept)
  local why = ("no attempt is allowed (AWS_METADATA_SERVICE_NUM_ATTEMPTS is %d)"):format(imds.attempts)
  for _ = 1, imds.attempts do
    local good, wrong = check_version(imds)
    if not good then return nil, wrong end
    local response, err, problem = get_once(imds, path)
    if err and err.kind == "tls" then return nil, err end
    why = problem
    if response and response.status ~= 200 then
      why = says(imds, "answered with status ", response.status)
      if response.status == 404 then why = why .. " (has the instance a role?)" end
    elseif response then
      local result = accept(response.body)
      if result then return result end
      why = says(imds, "answered with something that is neither a role nor its keys")
    end
  end
  return nil, why
end

-- A role's name; the list may have more than one line, of which the first counts.
local function read_role(body)
  return body:match("^%s*([%w+=,.@_-]+)%s*$") or body:match("^%s*([%w+=,.@_-]+)[ \t]*[\r\n]")
end

--- Keys that have expired, or soon will, are what the service has when it cannot get others: they are used, and asked
-- for again in 2 to 10 minutes.
local function prolong(context, keys)
  local jitter = 120 + tonumber(context.system.uuid():sub(1, 8), 16) % 481
  local soon = context.time() + REFRESH_SECONDS + jitter
  if keys.expiration <= soon then keys.expiration = soon end
  return keys
end

--- @tab context with `env`, `profile`, `http`, `time`
-- @return keys; or nil and why not; or nil and an error object
function instance.retrieve(context)
  if is_true(context.env("AWS_EC2_METADATA_DISABLED")) then return nil, "AWS_EC2_METADATA_DISABLED is true" end
  local imds, err = open(context)
  if not imds then return nil, err end
  local good, role, document, keys, why
  good, why = fetch_token(imds)
  if not good then return nil, why end
  role, why = get(imds, ROLE_PATH, read_role)
  if not role then return nil, why end
  document, why = get(imds, ROLE_PATH .. role, function(body) return key_document.decode(context, body) end)
  if not document then return nil, why end
  keys, why = key_document.keys(context, document, key_document.METADATA)
  if not keys then return nil, says(imds, "gave no keys: ", key_document.fault(document, imds.tokens) or why) end
  return prolong(context, keys)
end

return instance
