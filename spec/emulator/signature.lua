-- Verifies AWS Signature Version 4 as a server does, for every request to the emulator.
--
-- An independent implementation of the specification over luaossl, without code of csrc, so that it does not repeat errors of
-- csrc. Pure: the credentials and the time are arguments. Errors have the status, code and message of AWS front ends. Supports the
-- Authorization header only, not presigned URLs.

local digest = require "openssl.digest"
local hmac = require "openssl.hmac"

local signature = {}

local ALGORITHM = "AWS4-HMAC-SHA256"
local TERMINATOR = "aws4_request"
local TOLERANCE = 5 * 60 -- seconds that a request's date may be off
local INVALID_TOKEN = "The security token included in the request is invalid."

local function hex(bytes)
  return (bytes:gsub(".", function(char)
    return ("%02x"):format(char:byte())
  end))
end

local function sha256(text)
  return hex(digest.new("sha256"):final(text))
end

local function hmac_sha256(key, text)
  return hmac.new(key, "sha256"):final(text)
end

local function timestamp(seconds)
  return os.date("!%Y%m%dT%H%M%SZ", seconds)
end

local function fault(code, message, ...)
  return nil, 403, code, message:format(...)
end

local function canonical_path(path)
  local segments = {}
  for segment in path:gmatch("[^/]+") do
    if segment == ".." then
      table.remove(segments)
    elseif segment ~= "." then
      segments[#segments + 1] = segment
    end
  end
  local normal = "/" .. table.concat(segments, "/")
  if #segments > 0 and path:sub(-1) == "/" then
    normal = normal .. "/"
  end
  return (normal:gsub("[^%w/._~-]", function(char)
    return ("%%%02X"):format(char:byte())
  end))
end

local function canonical_query(query)
  local parameters = {}
  for part in (query or ""):gmatch("[^&]+") do
    local name, value = part:match("^([^=]*)=?(.*)$")
    parameters[#parameters + 1] = { name, value }
  end
  table.sort(parameters, function(a, b)
    if a[1] ~= b[1] then
      return a[1] < b[1]
    end
    return a[2] < b[2]
  end)
  for index, pair in ipairs(parameters) do
    parameters[index] = pair[1] .. "=" .. pair[2]
  end
  return table.concat(parameters, "&")
end

-- The canonical value of a header: repeated ones joined, white space trimmed and collapsed.
local function canonical_value(value)
  local values = {}
  for index, text in ipairs(type(value) == "table" and value or { value }) do
    values[index] = text:gsub("%s+", " "):match("^ ?(.-) ?$")
  end
  return table.concat(values, ",")
end

--- The canonical request.
-- @tparam table request `{ method, path, query?, headers, body }`: path and query as they were sent, headers by
--   lowercase name
-- @tparam table signed the sorted names of the signed headers
function signature.canonical_request(request, signed)
  local lines = { request.method, canonical_path(request.path), canonical_query(request.query) }
  for _, name in ipairs(signed) do
    lines[#lines + 1] = name .. ":" .. canonical_value(request.headers[name] or "")
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = table.concat(signed, ";")
  lines[#lines + 1] = sha256(request.body or "")
  return table.concat(lines, "\n")
end

-- Parses the Authorization header; an error if a part is missing.
local function parse_authorization(headers)
  local text = headers.authorization
  if type(text) ~= "string" or text == "" then
    return fault("MissingAuthenticationTokenException", "Missing Authentication Token")
  end
  local algorithm, rest = text:match("^(%S+)%s+(.*)$")
  if algorithm ~= ALGORITHM then
    return fault("IncompleteSignatureException", "Unsupported AWS 'algorithm': '%s'.", algorithm or text)
  end
  local parts, missing = {}, {}
  for name, value in rest:gmatch("(%a+)=([^,%s]+)") do
    parts[name] = value
  end
  for _, name in ipairs { "Credential", "Signature", "SignedHeaders" } do
    if not parts[name] then
      missing[#missing + 1] = ("Authorization header requires '%s' parameter."):format(name)
    end
  end
  if not headers["x-amz-date"] then
    missing[#missing + 1] = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
  end
  if #missing > 0 then
    return fault("IncompleteSignatureException", "%s", table.concat(missing, " "))
  end
  local scope = {}
  scope.key, scope.date, scope.region, scope.service, scope.terminator =
    parts.Credential:match("^([^/]+)/([^/]*)/([^/]*)/([^/]*)/([^/]*)$")
  if not scope.key then
    return fault("IncompleteSignatureException",
      "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '%s'",
      parts.Credential)
  end
  local signed = {}
  for name in parts.SignedHeaders:lower():gmatch("[^;]+") do
    signed[#signed + 1] = name
  end
  table.sort(signed)
  return { scope = scope, signed = signed, signature = parts.Signature }
end

local function check_token(key, token)
  if not key or token ~= key.session_token then
    return fault("UnrecognizedClientException", INVALID_TOKEN)
  end
  if key.expired then
    return fault("ExpiredTokenException", "The security token included in the request is expired")
  end
  return true
end

local function check_signed_headers(signed, headers)
  local names = { "content-type", "host", "x-amz-date" }
  if headers["x-amz-security-token"] then
    names[4] = "x-amz-security-token"
  end
  local present = {}
  for _, name in ipairs(signed) do
    present[name] = true
  end
  for _, name in ipairs(names) do
    if not present[name] then
      return fault("InvalidSignatureException", "'%s' must be a 'SignedHeader' in the AWS Authorization.", name)
    end
  end
  return true
end

local function check_scope(scope, date, expected)
  if scope.terminator ~= TERMINATOR then
    return fault("InvalidSignatureException",
      "Credential should be scoped with a valid terminator: '%s', not '%s'.", TERMINATOR, scope.terminator)
  end
  if scope.region == "" or (expected.region and scope.region ~= expected.region) then
    return fault("InvalidSignatureException", "Credential should be scoped to a valid region.")
  end
  if scope.service ~= expected.service then
    return fault("InvalidSignatureException", "Credential should be scoped to correct service: '%s'.", expected.service)
  end
  if scope.date ~= date:sub(1, 8) then
    return fault("InvalidSignatureException",
      "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
        .. "'%s' != '%s', from '%s'.",
      scope.date, date:sub(1, 8), date)
  end
  return true
end

-- Timestamps in this format can be compared as text.
local function check_date(date, now)
  if not date:match("^%d%d%d%d%d%d%d%dT%d%d%d%d%d%dZ$") then
    return fault("IncompleteSignatureException",
      "Date must be in ISO-8601 'basic format'. Got '%s'. See http://en.wikipedia.org/wiki/ISO_8601", date)
  end
  local earliest, latest = timestamp(now - TOLERANCE), timestamp(now + TOLERANCE)
  if date < earliest then
    return fault("InvalidSignatureException",
      "Signature expired: %s is now earlier than %s (%s - 5 min.)", date, earliest, timestamp(now))
  end
  if date > latest then
    return fault("InvalidSignatureException",
      "Signature not yet current: %s is still later than %s (%s + 5 min.)", date, latest, timestamp(now))
  end
  return true
end

local function check_signature(request, parsed, date, key)
  local scope = parsed.scope
  local canonical = signature.canonical_request(request, parsed.signed)
  local scope_text = table.concat({ scope.date, scope.region, scope.service, scope.terminator }, "/")
  local string_to_sign = table.concat({ ALGORITHM, date, scope_text, sha256(canonical) }, "\n")
  local signing_key = "AWS4" .. key.secret_access_key
  for part in scope_text:gmatch("[^/]+") do
    signing_key = hmac_sha256(signing_key, part)
  end
  if hex(hmac_sha256(signing_key, string_to_sign)) ~= parsed.signature then
    return fault("InvalidSignatureException",
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        .. "Key and signing method. Consult the service documentation for details.\n\n"
        .. "The Canonical String for this request should have been\n'%s'\n\n"
        .. "The String-to-Sign should have been\n'%s'\n", canonical, string_to_sign)
  end
  return true
end

--- Verifies a request's signature.
-- @tparam table request as `canonical_request` takes it
-- @tparam table expected `find_key`, a function of an access key's id and of the time that returns the key
--   `{ secret_access_key, session_token?, expired? }` or nil; `now`, seconds since 1970; `service`, the signing name; and
--   `region`, the only region to be served, else every region is
-- @return the key, and the credential scope; or nil, status, code, message
function signature.verify(request, expected)
  local headers = request.headers
  local parsed, status, code, message = parse_authorization(headers)
  if not parsed then
    return nil, status, code, message
  end
  local date, key = canonical_value(headers["x-amz-date"]), expected.find_key(parsed.scope.key, expected.now)
  local checks = {
    function() return check_token(key, headers["x-amz-security-token"]) end,
    function() return check_signed_headers(parsed.signed, headers) end,
    function() return check_scope(parsed.scope, date, expected) end,
    function() return check_date(date, expected.now) end,
    function() return check_signature(request, parsed, date, key) end,
  }
  for _, check in ipairs(checks) do
    local ok
    ok, status, code, message = check()
    if not ok then
      return nil, status, code, message
    end
  end
  return key, parsed.scope
end

return signature
