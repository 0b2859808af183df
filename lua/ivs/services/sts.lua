--- AWS STS: temporary credentials from AssumeRole and AssumeRoleWithWebIdentity (docs/protocol.md, "STS"), and GetCallerIdentity.
-- `context.service_call` signs, sends and retries the form. The XML of the response is parsed here, with limits for its size and
-- depth. Document types are refused, so that there are no entities to expand. No message holds a key or a token.
-- @module ivs.services.sts

local failure = require "ivs.failure"
local printable = require "ivs.printable"
local redaction = require "ivs.redaction"
local endpoints = require "ivs.services.endpoints"
local url = require "ivs.http.url"

local sts = {}

local VERSION = "2011-06-15"
local CONTENT_TYPE = "application/x-www-form-urlencoded; charset=utf-8"
local GLOBAL_ENDPOINT, GLOBAL_REGION = "https://sts.amazonaws.com", "us-east-1"

local MAX_XML_BYTES = 256 * 1024
local MAX_XML_DEPTH = 16
local MAX_IDENTITY_BYTES = 2048 -- the length of an ARN in the STS API Reference

--- STS could not reach the identity provider that signed a token. botocore (_retry.json, retries/special.py) retries this code.
local TRANSIENT_CODE = "IDPCommunicationError"

--- The limits of AWS's description of the service, which boto3 checks before it sends anything.
local MINIMUM_LENGTH = {
  RoleArn = 20, RoleSessionName = 2, ExternalId = 2, SerialNumber = 9, TokenCode = 6, WebIdentityToken = 4,
}
local MINIMUM_DURATION = 900

--- Parameters whose values are secret.
local SECRET = { WebIdentityToken = true, TokenCode = true }

--- The regions for which `sts_regional_endpoints = legacy` means sts.amazonaws.com.
local LEGACY_REGIONS = {}
for region in ([[ap-northeast-1 ap-south-1 ap-southeast-1 ap-southeast-2 ca-central-1 eu-central-1 eu-north-1 eu-west-1
  eu-west-2 eu-west-3 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2]]):gmatch("%S+") do
  LEGACY_REGIONS[region] = true
end

--- The body of a call: the action and its parameters, in the order given.
-- @string action
-- @tab parameters a list of `{ name, value }`
-- @treturn string
function sts.form(action, parameters)
  local fields = { "Action=" .. action, "Version=" .. VERSION }
  for _, parameter in ipairs(parameters) do fields[#fields + 1] = parameter[1] .. "=" .. url.encode_form(parameter[2]) end
  return table.concat(fields, "&")
end

--- Checks what boto3 checks before it sends anything. The error lists all problems by the parameters' names, without their values.
local function check_parameters(parameters, source)
  local problems = {}
  for _, parameter in ipairs(parameters) do
    local name, value = parameter[1], parameter[2]
    local least = MINIMUM_LENGTH[name]
    if least and #value < least then
      problems[#problems + 1] = ("%s has %d characters, at least %d are needed"):format(name, #value, least)
    elseif name == "DurationSeconds" and tonumber(value) < MINIMUM_DURATION then
      problems[#problems + 1] = ("DurationSeconds is %s, at least %d is needed"):format(value, MINIMUM_DURATION)
    end
  end
  if #problems == 0 then return true end
  return nil, failure.new("credentials", "ParamValidationError",
    ("Parameter validation failed for STS, from %s: %s."):format(source, table.concat(problems, "; ")))
end

-- The response -------------------------------------------------------------------------------------------------------

local function missing_library()
  return failure.new("credentials", "MissingDependencyException",
    "The responses of AWS STS cannot be read without the Lua module lxp: install it (Debian: lua-expat; LuaRocks: luaexpat).")
end

--- Callbacks that collect the first text of each path, without the root's name and without namespace prefixes.
local function collector(found)
  local path, text = {}, nil
  return {
    StartElement = function(_, name)
      path[#path + 1] = name:match("[^:]*$")
      if #path > MAX_XML_DEPTH then error("too deep", 0) end -- lxp raises it again from `parse`
      local key = table.concat(path, "/", 2)
      text = not found[key] and {} or nil
      found[key] = found[key] or text
    end,
    EndElement = function()
      path[#path], text = nil, nil
    end,
    CharacterData = function(_, piece)
      if text then text[#text + 1] = piece end
    end,
  }
end

--- Parses a document.
-- @return a table from path to text, without the root's name ("AssumeRoleResult/Credentials/AccessKeyId"); or nil and an error
-- object if lxp is missing; or nil and, as a string, the problem with the document
local function parse_xml(body)
  local loaded, lxp = pcall(require, "lxp")
  if not loaded then return nil, missing_library() end
  if #body > MAX_XML_BYTES then return nil, "it is too large" end
  -- a text without NULs is not UTF-16, so every document type in it begins with these bytes
  if body:find("\0", 1, true) or body:find("<!DOCTYPE", 1, true) then return nil, "it has a document type" end
  local found = {}
  local parser = lxp.new(collector(found))
  local ok, parsed = pcall(function() return parser:parse(body) and parser:parse() end)
  if not ok then return nil, "it is nested too deeply" end
  if not parsed then return nil, "it is not XML" end
  parser:close()
  for path, pieces in pairs(found) do found[path] = table.concat(pieces) end
  return found
end

--- The secret values of a request's form, as they are and as they are sent.
local function secret_parameters(request)
  local secrets = {}
  for _, parameter in ipairs(request.parameters) do
    if SECRET[parameter[1]] then
      secrets[#secrets + 1] = parameter[2]
      secrets[#secrets + 1] = url.encode_form(parameter[2])
    end
  end
  return secrets
end

--- Makes the function that reads code and message of an error response (`ErrorResponse/Error/{Code,Message}`); nil if it has none.
local function error_reader(request)
  local secrets = secret_parameters(request)
  for _, name in ipairs { "secret_access_key", "session_token" } do
    secrets[#secrets + 1] = request.credentials and request.credentials[name]
  end
  return function(status, _, body)
    local found = parse_xml(body or "")
    local code = found and found["Error/Code"] or ""
    if code == "" then return nil, nil end
    return redaction.redact_code(code, secrets) or tostring(status), redaction.redact_line(found["Error/Message"] or "", secrets)
  end
end

local function malformed(action, problem)
  return nil, failure.new("response", "ResponseParserError",
    ("Unable to parse the response of AWS STS to %s: %s."):format(action, problem), { retryable = true })
end

--- Reads the credentials in a response. All four members are required; texts must be fit for a header, the expiration a timestamp.
local function read_credentials(context, action, body)
  local found, problem = parse_xml(body or "")
  if failure.is(problem) then return nil, problem end
  if not found then return malformed(action, problem) end
  local credentials = {}
  for field, member in pairs {
    access_key_id = "AccessKeyId", secret_access_key = "SecretAccessKey", session_token = "SessionToken",
    expiration = "Expiration",
  } do
    local text = found[action .. "Result/Credentials/" .. member]
    if not text or text == "" or text:find("%c") or (field == "expiration" and not context.system.parse_time(text)) then
      return nil, failure.new("credentials", "CredentialRetrievalError",
        ("The response of AWS STS to %s has no valid %s."):format(action, member), { retryable = true })
    end
    credentials[field] = text
  end
  return credentials
end

-- The call -----------------------------------------------------------------------------------------------------------

--- The configured region, or nil.
local function configured_region(context)
  local profile = context.selected_profile or context.profile
  local region = context.region or context.env("AWS_REGION") or context.env("AWS_DEFAULT_REGION")
    or profile and profile.values.region
  return region ~= "" and region or nil
end

--- Whether a FIPS or dual-stack endpoint is configured; sts.amazonaws.com is neither.
local function is_variant(context)
  return context.use_fips_endpoint or context.use_dualstack_endpoint
    or endpoints.flag(context, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")
    or endpoints.flag(context, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")
end

--- The region to call. Without a configured one it is sts.amazonaws.com, as in botocore; the region in an ARN is for IVS alone.
-- Without a region there is no FIPS or dual-stack endpoint (botocore calls a host that does not exist).
local function choose_region(context)
  local region = configured_region(context)
  if region then return region end
  if not is_variant(context) then return "aws-global" end
  return nil, failure.new("config", "NoRegionError", "You must specify a region, to reach AWS STS over FIPS or dual-stack for"
    .. " the role's credentials: give the option `region`, set AWS_REGION, or write `region` into the profile.")
end

--- Whether sts.amazonaws.com is called in place of the region's endpoint.
local function is_global(context, region, mode)
  if region == "aws-global" then return true end
  return mode == "legacy" and LEGACY_REGIONS[region] and not is_variant(context)
end

--- Resolves the endpoint of the call.
-- @return the region to sign for, and the endpoint's URL or nil for the region's own; or nil, nil and an error object
local function resolve_endpoint(context)
  local mode = endpoints.setting(context, "AWS_STS_REGIONAL_ENDPOINTS", "sts_regional_endpoints") or "regional"
  if mode ~= "legacy" and mode ~= "regional" then
    return nil, nil, failure.new("config", "InvalidSTSRegionalEndpointsConfigError",
      "sts_regional_endpoints (AWS_STS_REGIONAL_ENDPOINTS) has to be `regional` or `legacy`.")
  end
  local region, no_region = choose_region(context)
  if not region then return nil, nil, no_region end
  local endpoint_url, err = endpoints.endpoint_url(context, "sts")
  if err then return nil, nil, err end
  if endpoint_url then return region == "aws-global" and GLOBAL_REGION or region, endpoint_url end
  if is_global(context, region, mode) then return GLOBAL_REGION, GLOBAL_ENDPOINT end
  return region
end

--- Makes one call of STS.
-- @return the body of the response; or nil and an error object
local function send(context, request)
  local region, endpoint_url, err = resolve_endpoint(context)
  if err then return nil, err end
  local response, failed = context.service_call {
    service = "sts",
    operation = request.action,
    region = region,
    endpoint_url = endpoint_url,
    content_type = CONTENT_TYPE,
    body = sts.form(request.action, request.parameters),
    credentials = request.credentials,
    transient_code = TRANSIENT_CODE,
    secrets = secret_parameters(request),
    read_error = error_reader(request),
  }
  if response then return response.body end
  -- without lxp the error's code and message were not read
  if failed.kind == "service" and not pcall(require, "lxp") then return nil, missing_library() end
  return nil, failed
end

--- Calls AssumeRole or AssumeRoleWithWebIdentity.
-- @tab context
-- @tab request `action` ("AssumeRole" or "AssumeRoleWithWebIdentity"), `parameters` (a list of `{ name, value }`),
-- `credentials` (to sign with; nil: unsigned), `source` (for messages: where the parameters are configured)
-- @return credentials; or nil and an error object
function sts.assume(context, request)
  local ok, problem = check_parameters(request.parameters, request.source)
  if not ok then return nil, problem end
  local body, err = send(context, request)
  if not body then return nil, err end
  return read_credentials(context, request.action, body)
end

--- Calls GetCallerIdentity to learn whose credentials these are (AWS Security Token Service API Reference), which needs no permission.
-- @tab context
-- @tab credentials to sign with
-- @treturn table|nil `{ account, arn, user_id }`; or nil and an error object
function sts.get_caller_identity(context, credentials)
  local action = "GetCallerIdentity"
  local body, err = send(context, { action = action, parameters = {}, credentials = credentials })
  if not body then return nil, err end
  local found, problem = parse_xml(body)
  if failure.is(problem) then return nil, problem end
  if not found then return malformed(action, problem) end
  local identity = {}
  for field, member in pairs { account = "Account", arn = "Arn", user_id = "UserId" } do
    identity[field] = printable.line(found[action .. "Result/" .. member] or "", MAX_IDENTITY_BYTES)
    if identity[field] == "" then return malformed(action, "it has no " .. member) end
  end
  return identity
end

return sts
