--- AWS STS: temporary credentials of AssumeRole and AssumeRoleWithWebIdentity (docs/protocol.md, "STS"), and GetCallerIdentity.
-- The form goes out through `context.service_call`, which signs, sends and retries. The XML that comes back is read
-- here, with a bound on its size and depth and without document types, so that there are no entities to expand.
-- No key and no token is ever in a message.
-- @module ivs.services.sts

local failure = require "ivs.failure"
local redaction = require "ivs.redaction"
local service_endpoints = require "ivs.services.endpoints"

local sts = {}

local VERSION = "2011-06-15"
local CONTENT_TYPE = "application/x-www-form-urlencoded; charset=utf-8"
local GLOBAL_ENDPOINT, GLOBAL_REGION = "https://sts.amazonaws.com", "us-east-1"

local MAX_XML_BYTES = 256 * 1024
local MAX_XML_DEPTH = 16

--- STS could not reach the identity provider that signed a token; botocore (_retry.json, retries/special.py) tries again.
local TRANSIENT_CODE = "IDPCommunicationError"

--- What AWS's description of the service asks for at least, and what boto3 checks before it sends anything.
local MINIMUM_LENGTH = {
  RoleArn = 20, RoleSessionName = 2, ExternalId = 2, SerialNumber = 9, TokenCode = 6, WebIdentityToken = 4,
}
local MINIMUM_DURATION = 900

--- Parameters whose values nobody else may see.
local SECRET = { WebIdentityToken = true, TokenCode = true }

--- The regions whose callers used sts.amazonaws.com before there were regional endpoints: what `legacy` is about.
local LEGACY_REGIONS = {}
for region in ([[ap-northeast-1 ap-south-1 ap-southeast-1 ap-southeast-2 ca-central-1 eu-central-1 eu-north-1 eu-west-1
  eu-west-2 eu-west-3 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2]]):gmatch("%S+") do
  LEGACY_REGIONS[region] = true
end

local function form_encode(text)
  return (text:gsub("[^%w_.~ -]", function(char) return ("%%%02X"):format(char:byte()) end):gsub(" ", "+"))
end

--- The body of a call: the action and its parameters, in the order given.
-- @string action
-- @tab parameters a list of `{ name, value }`
-- @treturn string
function sts.form(action, parameters)
  local pairs_of_form = { "Action=" .. action, "Version=" .. VERSION }
  for _, parameter in ipairs(parameters) do
    pairs_of_form[#pairs_of_form + 1] = parameter[1] .. "=" .. form_encode(parameter[2])
  end
  return table.concat(pairs_of_form, "&")
end

--- What boto3 refuses to send is refused: too short a text, too short a time. All of it at once; names, never values.
local function check_parameters(parameters, source)
  local wrong = {}
  for _, parameter in ipairs(parameters) do
    local name, value = parameter[1], parameter[2]
    local least = MINIMUM_LENGTH[name]
    if least and #value < least then
      wrong[#wrong + 1] = ("%s has %d characters, at least %d are needed"):format(name, #value, least)
    elseif name == "DurationSeconds" and tonumber(value) < MINIMUM_DURATION then
      wrong[#wrong + 1] = ("DurationSeconds is %s, at least %d is needed"):format(value, MINIMUM_DURATION)
    end
  end
  if #wrong == 0 then return true end
  return nil, failure.new("credentials", "ParamValidationError",
    ("Parameter validation failed for STS, from %s: %s."):format(source, table.concat(wrong, "; ")))
end

-- The answer ---------------------------------------------------------------------------------------------------------

local function missing_library()
  return failure.new("credentials", "MissingDependencyException",
    "Reading an answer of AWS STS needs the Lua module lxp: install lua-expat (Debian: lua-expat; LuaRocks: luaexpat).")
end

--- Callbacks that note the first text of each path, without the root's name and without name-space prefixes.
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

--- Reads a document.
-- @treturn table path to text, the root's name left out ("AssumeRoleResult/Credentials/AccessKeyId"); or nil and an
--   error object where lxp is missing; or nil and, as a string, what is wrong with the document
local function read_xml(body)
  local loaded, lxp = pcall(require, "lxp")
  if not loaded then return nil, missing_library() end
  if #body > MAX_XML_BYTES then return nil, "it is too large" end
  -- without a NUL it is no UTF-16, so that these bytes are how a document type begins
  if body:find("\0", 1, true) or body:find("<!DOCTYPE", 1, true) then return nil, "it has a document type" end
  local found = {}
  local parser = lxp.new(collector(found))
  local fine, parsed = pcall(function() return parser:parse(body) and parser:parse() end)
  if not fine then return nil, "it is nested too deeply" end
  if not parsed then return nil, "it is not XML" end
  parser:close()
  for path, pieces in pairs(found) do found[path] = table.concat(pieces) end
  return found
end

--- The values of a request's form that nobody else may see, as they are and as they are sent.
local function secret_parameters(request)
  local secrets = {}
  for _, parameter in ipairs(request.parameters) do
    if SECRET[parameter[1]] then
      secrets[#secrets + 1] = parameter[2]
      secrets[#secrets + 1] = form_encode(parameter[2])
    end
  end
  return secrets
end

--- The reader of an error answer's code and message (`ErrorResponse/Error/{Code,Message}`); nil where it has none.
local function error_reader(request)
  local secrets = secret_parameters(request)
  for _, name in ipairs { "secret_access_key", "session_token" } do
    secrets[#secrets + 1] = request.credentials and request.credentials[name]
  end
  return function(status, _, body)
    local found = read_xml(body or "")
    local code = found and found["Error/Code"] or ""
    if code == "" then return nil, nil end
    return redaction.code(code, secrets) or tostring(status), redaction.harmless(found["Error/Message"] or "", secrets)
  end
end

local function bad_answer(action, what)
  return nil, failure.new("response", "ResponseParserError",
    ("The answer of AWS STS to %s can't be read: %s."):format(action, what), { retryable = true })
end

--- The keys inside an answer; all four members have to be there, fit for a header, and the time a time.
local function read_keys(context, action, body)
  local found, wrong = read_xml(body or "")
  if failure.is(wrong) then return nil, wrong end
  if not found then return bad_answer(action, wrong) end
  local keys = {}
  for field, member in pairs {
    access_key_id = "AccessKeyId", secret_access_key = "SecretAccessKey", session_token = "SessionToken",
    expiration = "Expiration",
  } do
    local text = found[action .. "Result/Credentials/" .. member]
    if not text or text == "" or text:find("%c") or (field == "expiration" and not context.system.parse_time(text)) then
      return nil, failure.new("credentials", "CredentialRetrievalError",
        ("The answer of AWS STS to %s has no good %s."):format(action, member), { retryable = true })
    end
    keys[field] = text
  end
  return keys
end

-- The call -----------------------------------------------------------------------------------------------------------

--- The settings' region, or none.
local function configured_region(context)
  local profile = context.selected_profile or context.profile
  local region = context.region or context.env("AWS_REGION") or context.env("AWS_DEFAULT_REGION")
    or profile and profile.values.region
  return region ~= "" and region or nil
end

--- Whether the host of a FIPS or dual-stack endpoint is meant; sts.amazonaws.com has neither.
local function is_variant(context)
  return context.use_fips_endpoint or context.use_dualstack_endpoint
    or service_endpoints.flag(context, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")
    or service_endpoints.flag(context, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")
end

--- As botocore: where no region is configured, STS is sts.amazonaws.com. The region in an ARN is that of IVS alone.
-- botocore calls a host that does not exist where FIPS or dual-stack is asked for without a region.
local function choose_region(context)
  local region = configured_region(context)
  if region then return region end
  if not is_variant(context) then return "aws-global" end
  return nil, failure.new("config", "NoRegionError", "You must specify a region, to reach AWS STS over FIPS or dual-stack for"
    .. " the role's keys: give the option `region`, set AWS_REGION, or write `region` into the profile.")
end

--- Whether sts.amazonaws.com is meant, in place of the region's endpoint.
local function is_global(context, region, mode)
  if region == "aws-global" then return true end
  return mode == "legacy" and LEGACY_REGIONS[region] and not is_variant(context)
end

--- Where the call goes.
-- @return the region to sign for and the endpoint's URL, nil for the region's own; or nil, nil and an error object
local function destination(context)
  local mode = service_endpoints.setting(context, "AWS_STS_REGIONAL_ENDPOINTS", "sts_regional_endpoints") or "regional"
  if mode ~= "legacy" and mode ~= "regional" then
    return nil, nil, failure.new("config", "InvalidSTSRegionalEndpointsConfigError",
      "sts_regional_endpoints (AWS_STS_REGIONAL_ENDPOINTS) has to be `regional` or `legacy`.")
  end
  local region, no_region = choose_region(context)
  if not region then return nil, nil, no_region end
  local url, err = service_endpoints.endpoint_url(context, "sts")
  if err then return nil, nil, err end
  if url then return region == "aws-global" and GLOBAL_REGION or region, url end
  if is_global(context, region, mode) then return GLOBAL_REGION, GLOBAL_ENDPOINT end
  return region
end

--- Makes one call of STS.
-- @return the body of the response; or nil and an error object
local function send(context, request)
  local region, url, err = destination(context)
  if err then return nil, err end
  local response, failed = context.service_call {
    service = "sts",
    operation = request.action,
    region = region,
    endpoint_url = url,
    content_type = CONTENT_TYPE,
    body = sts.form(request.action, request.parameters),
    credentials = request.credentials,
    transient_code = TRANSIENT_CODE,
    secrets = secret_parameters(request),
    read_error = error_reader(request),
  }
  if response then return response.body end
  -- without lxp nobody could read what the service said
  if failed.kind == "service" and not pcall(require, "lxp") then return nil, missing_library() end
  return nil, failed
end

--- Makes one call of STS and reads the keys out of its answer.
-- @tab context
-- @tab request `action` ("AssumeRole" or "AssumeRoleWithWebIdentity"), `parameters` (a list of `{ name, value }`),
--   `credentials` (the keys to sign with; nil: unsigned), `source` (for messages: where the parameters were written)
-- @return keys; or nil and an error object
function sts.assume(context, request)
  local fine, refused = check_parameters(request.parameters, request.source)
  if not fine then return nil, refused end
  local body, err = send(context, request)
  if not body then return nil, err end
  return read_keys(context, request.action, body)
end

--- Whose credentials these are: GetCallerIdentity (AWS Security Token Service API Reference), which needs no permission.
-- @tab context
-- @tab credentials to sign with
-- @treturn table|nil `{ account, arn, user_id }`; or nil and an error object
function sts.get_caller_identity(context, credentials)
  local action = "GetCallerIdentity"
  local body, err = send(context, { action = action, parameters = {}, credentials = credentials })
  if not body then return nil, err end
  local found, problem = read_xml(body)
  if failure.is(problem) then return nil, problem end
  if not found then return bad_answer(action, problem) end
  local identity = {}
  for field, member in pairs { account = "Account", arn = "Arn", user_id = "UserId" } do
    identity[field] = redaction.printable(found[action .. "Result/" .. member] or "")
    if identity[field] == "" then return bad_answer(action, "it has no " .. member) end
  end
  return identity
end

return sts
