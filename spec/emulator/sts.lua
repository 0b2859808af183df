-- STS, the part that roles need: AssumeRole, AssumeRoleWithWebIdentity, GetCallerIdentity.
--
-- Requests are forms, responses are XML (the AWS Query protocol). Every role exists and may be assumed, except those whose name
-- is `denied` or begins with `denied-`. The credentials of a role whose name begins with `lasts-N` expire after N seconds, independent
-- of DurationSeconds. A web identity token is decoded, but its signature is not verified. Runs inside nginx.
-- luacheck: std ngx_lua

local cjson = require "cjson"
local keys = require "emulator.keys"
local signature = require "emulator.signature"
local validation = require "emulator.validation"

local sts = {}

local VERSION = "2011-06-15"
local NAMESPACE = "https://sts.amazonaws.com/doc/" .. VERSION .. "/"
local DEFAULT_DURATION, MINIMUM_DURATION, MAXIMUM_DURATION = 3600, 900, 43200 -- seconds
local SESSION_NAME = [[[\w+=,.@-]*]]

-- The Query protocol's codes for the errors of signature.lua: AWS Security Token Service API Reference, Common Errors.
local CODES = {
  ExpiredTokenException = "ExpiredToken",
  IncompleteSignatureException = "IncompleteSignature",
  InvalidSignatureException = "SignatureDoesNotMatch",
  MissingAuthenticationTokenException = "MissingAuthenticationToken",
  UnrecognizedClientException = "InvalidClientTokenId",
}

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&apos;" }

-- An XML element; its content is text, or a list of serialized elements.
local function element(name, content)
  local text = type(content) == "table" and table.concat(content) or tostring(content):gsub("[&<>\"']", ENTITIES)
  return "<" .. name .. ">" .. text .. "</" .. name .. ">"
end

local function document(status, name, elements)
  return {
    status = status,
    headers = { ["Content-Type"] = "text/xml" },
    body = ('<%s xmlns="%s">%s</%s>'):format(name, NAMESPACE, table.concat(elements), name),
  }
end

local function fault(request, status, code, message)
  return document(status, "ErrorResponse", {
    element("Error", { element("Type", "Sender"), element("Code", code), element("Message", message) }),
    element("RequestId", request.id),
  })
end

local function success(request, action, elements)
  return document(200, action .. "Response", {
    element(action .. "Result", elements), element("ResponseMetadata", { element("RequestId", request.id) }),
  })
end

local function utc(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", seconds)
end

-- The account and the name of a role, without its path; nil if it is not the ARN of a role.
local function parse_role(arn)
  local account, path = (arn or ""):match("^arn:aws:iam::(%d+):role/([%w+=,.@_/-]+)$")
  if account and #account == 12 then
    return account, path:match("[^/]+$")
  end
end

-- The error in the form of a role, or nil.
local function validate(form)
  local problems = {}
  local name, duration = form.RoleSessionName, form.DurationSeconds
  if not form.RoleArn then
    problems[1] = validation.problem(nil, "roleArn", "not be null")
  end
  if not name then
    problems[#problems + 1] = validation.problem(nil, "roleSessionName", "not be null")
  elseif not ngx.re.find(name, "^" .. SESSION_NAME .. "\\z", "jo") then
    problems[#problems + 1] = validation.problem(name, "roleSessionName",
      "satisfy regular expression pattern: " .. SESSION_NAME)
  elseif #name < 2 or #name > 64 then
    problems[#problems + 1] = validation.problem(name, "roleSessionName", #name < 2
      and "have length greater than or equal to 2" or "have length less than or equal to 64")
  end
  local seconds = tonumber(duration or DEFAULT_DURATION)
  if not seconds or seconds % 1 ~= 0 then
    problems[#problems + 1] = validation.problem(duration, "durationSeconds", "be an integer")
  elseif seconds < MINIMUM_DURATION then
    problems[#problems + 1] = validation.problem(duration, "durationSeconds",
      "have value greater than or equal to " .. MINIMUM_DURATION)
  elseif seconds > MAXIMUM_DURATION then
    problems[#problems + 1] = validation.problem(duration, "durationSeconds",
      "have value less than or equal to " .. MAXIMUM_DURATION)
  end
  return validation.message(problems)
end

-- Begins a session. The elements that the responses of both role actions have in common; or nil and an error.
local function assume(request, form, caller)
  local invalid = validate(form)
  if invalid then
    return nil, fault(request, 400, "ValidationError", invalid)
  end
  local account, name = parse_role(form.RoleArn)
  if not name then
    return nil, fault(request, 400, "ValidationError", form.RoleArn .. " is invalid")
  end
  if name == "denied" or name:find("^denied%-") then
    local message = caller
      and ("User: %s is not authorized to perform: sts:AssumeRole on resource: %s"):format(caller.arn, form.RoleArn)
      or "Not authorized to perform sts:AssumeRoleWithWebIdentity"
    return nil, fault(request, 403, "AccessDenied", message)
  end
  local lifetime = tonumber(name:match("^lasts%-(%d+)") or form.DurationSeconds or DEFAULT_DURATION)
  local key = keys.issue({
    account = account,
    arn = ("arn:aws:sts::%s:assumed-role/%s/%s"):format(account, name, form.RoleSessionName),
    user_id = "AROAEXAMPLEEMULATOR00:" .. form.RoleSessionName,
  }, request.now + lifetime)
  return {
    element("Credentials", {
      element("AccessKeyId", key.access_key_id),
      element("SecretAccessKey", key.secret_access_key),
      element("SessionToken", key.session_token),
      element("Expiration", utc(key.expiration)),
    }),
    element("AssumedRoleUser", { element("AssumedRoleId", key.user_id), element("Arn", key.arn) }),
  }
end

-- The claims of a JSON Web Token (RFC 7519), or nil.
local function read_claims(token)
  local payload = (token or ""):match("^[%w_-]+%.([%w_-]+)%.[%w_-]+$")
  local text = payload and ngx.decode_base64((payload:gsub("-", "+"):gsub("_", "/")) .. ("="):rep(-#payload % 4))
  local ok, claims = pcall(cjson.decode, text or "")
  return ok and type(claims) == "table" and claims.sub and claims.iss and claims.aud and claims or nil
end

local ACTIONS = {}

function ACTIONS.GetCallerIdentity(request, form, caller)
  return success(request, form.Action, {
    element("Arn", caller.arn), element("UserId", caller.user_id), element("Account", caller.account),
  })
end

function ACTIONS.AssumeRole(request, form, caller)
  local elements, refused = assume(request, form, caller)
  return refused or success(request, form.Action, elements)
end

function ACTIONS.AssumeRoleWithWebIdentity(request, form)
  local claims = read_claims(form.WebIdentityToken)
  if not claims then
    return fault(request, 400, "InvalidIdentityToken", "The ID Token provided is not a valid JWT. "
      .. "(You may see this error if you sent an Access Token)")
  elseif claims.exp and claims.exp <= request.now then
    return fault(request, 400, "ExpiredTokenException", "Token expired: current date/time must be before the expiration date/time")
  end
  local elements, refused = assume(request, form)
  if refused then
    return refused
  end
  for _, pair in ipairs { { "SubjectFromWebIdentityToken", "sub" }, { "Provider", "iss" }, { "Audience", "aud" } } do
    elements[#elements + 1] = element(pair[1], claims[pair[2]])
  end
  return success(request, form.Action, elements)
end

-- The members of a form, without empty and repeated ones.
local function read_form(body)
  local form = ngx.decode_args(body, 0)
  for name, value in pairs(form) do
    form[name] = type(value) == "string" and value or nil
  end
  return form
end

--- The response to a request.
-- @tparam table request see service.lua
-- @tparam[opt] string region the only region to be served; every region is unless told
function sts.respond(request, region)
  local form = read_form(request.body)
  local action = form.Action and form.Version == VERSION and ACTIONS[form.Action]
  if not action then
    return fault(request, 400, "InvalidAction",
      ("Could not find operation %s for version %s"):format(form.Action or "null", form.Version or "null"))
  end
  if form.Action == "AssumeRoleWithWebIdentity" then
    return action(request, form)
  end
  local caller, status, code, message = signature.verify(request, {
    find_key = keys.find, now = request.now, region = region, service = "sts",
  })
  if not caller then
    return fault(request, status, CODES[code] or code, message)
  end
  return action(request, form, caller)
end

return sts
