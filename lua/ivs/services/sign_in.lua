--- The services that exchange a login for keys (the SSO portal, SSO OIDC, Sign-In): where they are, and one unsigned
-- call of them, sent up to three times (docs/protocol.md, "Identity services").
-- Not for: STS and IVS, which go through the call machine. These services are not at `POST /` and take no signature.
-- @module ivs.services.sign_in

local failure = require "ivs.failure"
local redaction = require "ivs.redaction"
local metadata_url = require "ivs.http.url"
local service_endpoints = require "ivs.services.endpoints"

local identity_services = {}

local MAX_ATTEMPTS = 3
local MAX_BODY = 256 * 1024

--- Delay before the second attempt, doubled for the third; times a random number from 0 to 1.
local BASE_DELAY, BASE_DELAY_THROTTLED = 0.05, 1

local TRANSIENT = { [429] = true, [500] = true, [502] = true, [503] = true, [504] = true }

--- The domains of Sign-In by partition, from its endpoint rules; in other partitions, and for FIPS and dual-stack, it uses the
-- partition's own.
local SIGN_IN_DOMAINS = { aws = "aws.amazon.com", ["aws-cn"] = "amazonaws.cn", ["aws-us-gov"] = "amazonaws-us-gov.com" }

--- What a host's name begins with.
local PREFIXES = { sso = "portal.sso", sso_oidc = "oidc", signin = "signin" }

--- A service's host, from its endpoint rules.
local function host(context, service, region)
  local partition, suffix, dualstack_suffix = context.system.partition(region)
  local fips = service_endpoints.flag(context, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")
  local dualstack = service_endpoints.flag(context, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")
  if service == "signin" and SIGN_IN_DOMAINS[partition] and not fips and not dualstack then
    return ("%s.signin.%s"):format(region, SIGN_IN_DOMAINS[partition])
  end
  -- in GovCloud the usual hosts of SSO are the FIPS ones
  local usual = not fips or (service ~= "signin" and not dualstack and region:find("^us%-gov%-"))
  return ("%s%s.%s.%s"):format(PREFIXES[service], usual and "" or "-fips", region, dualstack and dualstack_suffix or suffix)
end

--- A configured URL, if it is one that a request can be sent to.
local function check_url(context, url, service)
  if metadata_url.parse(url) and not url:find("[?#]") then return (url:gsub("/+$", "")) end
  return nil, failure.new("config", "InvalidEndpointError",
    ("\"%s\", configured as the endpoint of %s, is not a http or https URL without user, query and fragment")
      :format(context.system.mask_url(url), service))
end

--- Where a service is: a configured endpoint, or the region's.
-- @tab context
-- @string service `sso`, `sso_oidc` or `signin`
-- @string[opt] region
-- @return a URL without a slash at its end; or nil and an error object
function identity_services.endpoint(context, service, region)
  local url, err = service_endpoints.endpoint_url(context, service)
  if url then return check_url(context, url, service) end
  if err then return nil, err end
  if not region then
    return nil, failure.new("config", "NoRegionError",
      "You must specify a region: set AWS_REGION, or `region` in the profile, to call " .. service)
  end
  if #region > 63 or not region:find("^%w[%w%-]*$") then
    local shown = region:sub(1, 63):gsub("%c", "?")
    return nil, failure.new("config", "InvalidRegionError",
      ("\"%s\" cannot be the region of the service %s"):format(shown, service))
  end
  return "https://" .. host(context, service, region)
end

--- Percent-encodes a value of a query.
function identity_services.encode(text)
  return (text:gsub("[^%w%-._~]", function(byte) return ("%%%02X"):format(byte:byte()) end))
end

--- A host's name, for messages.
local function host_of(url)
  return url:match("^%a+://([^/?#]*)") or url
end

local function first_text(...)
  for index = 1, select("#", ...) do
    local value = select(index, ...)
    if type(value) == "string" and value ~= "" then return value end
  end
end

--- The answer as a provider reads it: `status`, `fields` (the JSON object, or nil), of an error `code` and `message`.
local function read_answer(context, response, secrets)
  local fields = context.json_decode(response.body or "")
  if type(fields) ~= "table" then fields = nil end
  local said = fields or {}
  local code = first_text((response.headers or {})["x-amzn-errortype"], said.code, said.Code, said.__type, said.error)
  return {
    status = response.status,
    fields = fields,
    code = code and redaction.code(code, secrets) or tostring(response.status),
    message = redaction.harmless(first_text(said.message, said.Message, said.error_description) or "", secrets),
  }
end

--- Names the server in an error of the transport; its kind and code stay, as they do in boto3.
local function explain(err, request, secrets)
  return redaction.fault(err, ("%s, for credentials: %s"):format(host_of(request.url), tostring(err.message)), secrets)
end

local function may_pass(answer, err)
  if not answer then return err.kind == "connection" or err.kind == "timeout" end
  -- a success without JSON is a page of something between here and there
  return TRANSIENT[answer.status] or answer.status == 200 and not answer.fields
end

--- From 0 to 1, without touching the host's math.random.
local function random(context)
  return (tonumber(context.system.uuid():sub(1, 8), 16) or 0) / 0xffffffff
end

local function pause(context, attempt, answer)
  local base = answer and answer.status == 429 and BASE_DELAY_THROTTLED or BASE_DELAY
  context.sleep(random(context) * base * 2 ^ (attempt - 1))
end

--- Makes a call. An HTTP error that stays is an answer, too.
-- @tab context
-- @func build () → request for `context.http`, made anew for each attempt; or nil and an error object
-- @tab secrets texts that no message may hold; `build` may add to it
-- @return `{ status, fields, code, message, host }`; or nil and an error object
function identity_services.call(context, build, secrets)
  local answer, err
  for attempt = 1, MAX_ATTEMPTS do
    local request, why = build()
    if not request then return nil, why end
    request.max_bytes = MAX_BODY
    local response, fault = context.http(request)
    answer = response and read_answer(context, response, secrets)
    err = not response and explain(fault, request, secrets) or nil
    if answer then answer.host = host_of(request.url) end
    if attempt == MAX_ATTEMPTS or not may_pass(answer, err) then break end
    pause(context, attempt, answer)
  end
  return answer, err
end

--- What an answer says, for a message: `HOST answered 403 (ForbiddenException): No access`.
function identity_services.describe(answer)
  local text = ("%s answered %d"):format(answer.host, answer.status)
  if answer.code ~= tostring(answer.status) then text = ("%s (%s)"):format(text, answer.code) end
  if answer.message ~= "" then text = text .. ": " .. answer.message end
  return text
end

--- Whether the same request may succeed later.
function identity_services.retryable(answer)
  return TRANSIENT[answer.status] or false
end

return identity_services
