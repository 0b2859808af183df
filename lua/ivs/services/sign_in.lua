--- The services that exchange a login for credentials (the SSO portal, SSO OIDC, Sign-In): their endpoints, and one unsigned call of
-- them with up to three attempts (docs/protocol.md, "Identity services").
-- Not for: STS and IVS, which go through the call machine. These services are not at `POST /` and take no signature.
-- @module ivs.services.sign_in

local endpoints = require "ivs.services.endpoints"
local failure = require "ivs.failure"
local printable = require "ivs.printable"
local redaction = require "ivs.redaction"
local url = require "ivs.http.url"

local sign_in = {}

local MAX_ATTEMPTS = 3
local MAX_BODY = 256 * 1024
local MAX_LABEL = 63 -- of a host name (RFC 1035, 2.3.4)

--- Seconds before the second attempt, doubled for the third; times a random number from 0 to 1.
local BASE_DELAY, BASE_DELAY_THROTTLED = 0.05, 1

local TRANSIENT = { [429] = true, [500] = true, [502] = true, [503] = true, [504] = true }

--- The domains of Sign-In by partition, from its endpoint rules; in other partitions, and for FIPS and dual-stack, it uses the
-- partition's own.
local SIGN_IN_DOMAINS = { aws = "aws.amazon.com", ["aws-cn"] = "amazonaws.cn", ["aws-us-gov"] = "amazonaws-us-gov.com" }

--- The first label of each service's host.
local PREFIXES = { sso = "portal.sso", sso_oidc = "oidc", signin = "signin" }

--- A service's host, by its endpoint rules.
local function resolve_host(context, service, region)
  local partition, suffix, dualstack_suffix = context.system.partition(region)
  local fips = endpoints.flag(context, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")
  local dualstack = endpoints.flag(context, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")
  if service == "signin" and SIGN_IN_DOMAINS[partition] and not fips and not dualstack then
    return ("%s.signin.%s"):format(region, SIGN_IN_DOMAINS[partition])
  end
  -- in GovCloud the standard hosts of SSO are the FIPS hosts
  local is_standard = not fips or (service ~= "signin" and not dualstack and region:find("^us%-gov%-"))
  return ("%s%s.%s.%s"):format(PREFIXES[service], is_standard and "" or "-fips", region, dualstack and dualstack_suffix or suffix)
end

--- Checks a configured URL. Returns it without a slash at its end; or nil and an error object.
local function check_url(context, text, service)
  if url.parse(text) and not text:find("[?#]") then return (text:gsub("/+$", "")) end
  return nil, failure.new("config", "InvalidEndpointError",
    ("\"%s\", configured as the endpoint of %s, is not an http or https URL without user, query and fragment")
      :format(context.system.mask_url(text), service))
end

--- A service's endpoint: the configured one, else the region's.
-- @tab context
-- @string service `sso`, `sso_oidc` or `signin`
-- @string[opt] region
-- @return a URL without a slash at its end; or nil and an error object
function sign_in.resolve_endpoint(context, service, region)
  local configured, err = endpoints.endpoint_url(context, service)
  if configured then return check_url(context, configured, service) end
  if err then return nil, err end
  if not region then
    return nil, failure.new("config", "NoRegionError",
      "You must specify a region: set AWS_REGION, or `region` in the profile, to call " .. service)
  end
  if #region > MAX_LABEL or not region:find("^%w[%w%-]*$") then
    return nil, failure.new("config", "InvalidRegionError",
      ("\"%s\" cannot be the region of the service %s"):format(printable.line(region, MAX_LABEL), service))
  end
  return "https://" .. resolve_host(context, service, region)
end

local function first_text(...)
  for index = 1, select("#", ...) do
    local value = select(index, ...)
    if type(value) == "string" and value ~= "" then return value end
  end
end

--- Reads a response for the providers: `status`, `fields` (the JSON object, or nil), and an error's `code` and `message`.
local function read_response(context, response, secrets)
  local fields = context.json_decode(response.body or "")
  if type(fields) ~= "table" then fields = nil end
  local members = fields or {}
  local code = first_text((response.headers or {})["x-amzn-errortype"], members.code, members.Code, members.__type, members.error)
  return {
    status = response.status,
    fields = fields,
    code = code and redaction.redact_code(code, secrets) or tostring(response.status),
    message = redaction.redact_line(first_text(members.message, members.Message, members.error_description) or "", secrets),
  }
end

--- Adds the server's name to an error of the transport. Its kind and code stay, as in boto3.
local function explain(err, request, secrets)
  return redaction.redact_error(err, ("%s, for credentials: %s"):format(url.authority(request.url), tostring(err.message)), secrets)
end

local function is_attempt_retryable(response, err)
  if not response then return err.kind == "connection" or err.kind == "timeout" end
  -- a success without JSON is the page of a proxy or a captive portal
  return TRANSIENT[response.status] or response.status == 200 and not response.fields
end

--- A random number from 0 to 1 that leaves the host's math.random alone.
local function random(context)
  return (tonumber(context.system.uuid():sub(1, 8), 16) or 0) / 0xffffffff
end

local function back_off(context, attempt, response)
  local base = response and response.status == 429 and BASE_DELAY_THROTTLED or BASE_DELAY
  context.sleep(random(context) * base * 2 ^ (attempt - 1))
end

--- Makes a call. After the last attempt an HTTP error is returned as a response, too.
-- @tab context
-- @func build () → request for `context.http`, called for each attempt; or nil and an error object
-- @tab secrets texts that no message may hold; `build` may add to it
-- @return `{ status, fields, code, message, host }`; or nil and an error object
function sign_in.call(context, build, secrets)
  local response, err
  for attempt = 1, MAX_ATTEMPTS do
    local request, build_error = build()
    if not request then return nil, build_error end
    request.max_bytes = MAX_BODY
    local raw, transport_error = context.http(request)
    response = raw and read_response(context, raw, secrets)
    err = not raw and explain(transport_error, request, secrets) or nil
    if response then response.host = url.authority(request.url) end
    if attempt == MAX_ATTEMPTS or not is_attempt_retryable(response, err) then break end
    back_off(context, attempt, response)
  end
  return response, err
end

--- Describes a response for a message: `HOST answered 403 (ForbiddenException): No access`.
function sign_in.describe(response)
  local text = ("%s answered %d"):format(response.host, response.status)
  if response.code ~= tostring(response.status) then text = ("%s (%s)"):format(text, response.code) end
  if response.message ~= "" then text = text .. ": " .. response.message end
  return text
end

--- Whether the same request may succeed later.
function sign_in.is_retryable(response)
  return TRANSIENT[response.status] or false
end

return sign_in
