--- Credentials from the endpoint that ECS, EKS Pod Identity and Greengrass have inside a container (docs/protocol.md, "Container").
-- Requests over plain http go only to the hosts of the allowlist. The token's file is read for each retrieval, since it is rotated.
-- @module ivs.credentials.container

local failure = require "ivs.failure"
local credential_document = require "ivs.credentials.document"
local printable = require "ivs.printable"
local redaction = require "ivs.redaction"
local url = require "ivs.http.url"

local container = { name = "container" }

local TIMEOUT = 2 -- seconds
local ATTEMPTS = 3
local PAUSE = 1 -- seconds
local MAX_BYTES = 64 * 1024

local RELATIVE, FULL = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"
local TOKEN, TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"

local ECS_HOST = "169.254.170.2"
local PLAIN_HOSTS = { [ECS_HOST] = true, ["169.254.170.23"] = true, ["fd00:ec2::23"] = true, localhost = true }

local function fail(message, retryable)
  return nil, failure.new("credentials", "CredentialRetrievalError",
    "Error when retrieving credentials from container-role: " .. message, { retryable = retryable })
end

--- Whether a host is 127.0.0.0/8 in dotted decimal, or ::1. Other spellings that a resolver may accept are not on the allowlist.
local function is_loopback(host)
  if host:find(":", 1, true) then return host:find("^[0:]+1$") ~= nil end
  local parts = { host:match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$") }
  for _, part in ipairs(parts) do
    if tonumber(part) > 255 or part:find("^0%d") then return false end
  end
  return parts[1] == "127"
end

--- Returns the URL to ask and its parts; nil if no variable is set; or nil and an error object.
local function read_target(context)
  local relative, full = context.env(RELATIVE), context.env(FULL)
  if relative then
    local target = "http://" .. ECS_HOST .. relative
    local parts = relative:sub(1, 1) == "/" and url.parse(target)
    if not parts then return fail(RELATIVE .. " has to be the path of a URL, beginning with /") end
    return target, parts
  elseif not full then
    return nil
  end
  local parts = url.parse(full)
  if not parts then return fail(FULL .. " has to be an http or https URL without a user in it") end
  if parts.scheme == "http" and not PLAIN_HOSTS[parts.host] and not is_loopback(parts.host) then
    return fail(("Unsupported host '%s' in %s: without https only a loopback address, %s, 169.254.170.23 and "
      .. "[fd00:ec2::23] are allowed"):format(parts.host, FULL, ECS_HOST))
  end
  return full, parts
end

--- Returns the value of the Authorization header; nil if none is set; or nil and an error object.
local function read_token(context)
  local path = context.env(TOKEN_FILE)
  local token, source = context.env(TOKEN), TOKEN
  if path then
    local problem
    token, problem = context.system.read_file(path, MAX_BYTES)
    source = ("%s (%s)"):format(TOKEN_FILE, printable.line(path))
    if not token then return fail(("%s cannot be read: %s"):format(source, tostring(problem))) end
  end
  token = token and token:gsub("\n$", "")
  if path and token == "" then return fail(source .. " is an empty file") end
  if token and token:find("%c") then
    return fail(source .. " is not a legal header value: it holds a control character (CR, LF, …)")
  end
  return token
end

--- Sends the request once. Returns credentials; or nil, the problem, and whether another attempt may succeed.
local function ask(context, request, parts)
  local response, err = context.http(request)
  local secrets = { request.headers.Authorization }
  if not response then
    return nil, redaction.redact(url.hide_path(tostring(err.message), request.url, parts), secrets), err.kind ~= "tls"
  end
  local document = credential_document.decode(context, response.body)
  if response.status ~= 200 then
    local problem = ("%s answered with status %d"):format(parts.origin, response.status)
    local message = credential_document.failure(document, secrets)
    return nil, message and problem .. ": " .. message or problem, true
  end
  if not document then return nil, parts.origin .. " did not answer with a JSON object", true end
  local credentials, problem = credential_document.credentials(context, document, credential_document.METADATA)
  if credentials then return credentials end
  return nil, ("%s: %s"):format(parts.origin, credential_document.failure(document, secrets) or problem), false
end

--- Rejects expired credentials; retrying at once would return the same document.
local function check_expiration(context, credentials, parts)
  if credentials.expiration > context.time() then return credentials end
  return fail(parts.origin .. " returned credentials that have expired; check this machine's clock", true)
end

--- @tab context with `env`, `http`, `sleep`
-- @return credentials; or nil and why not; or nil and an error object
function container.retrieve(context)
  local target, parts = read_target(context)
  if not target then return nil, parts or ("neither %s nor %s is set"):format(RELATIVE, FULL) end
  local token, err = read_token(context)
  if err then return nil, err end
  local request = {
    method = "GET", url = target, headers = { Accept = "application/json", Authorization = token },
    connect_timeout = TIMEOUT, read_timeout = TIMEOUT, direct = true, max_bytes = MAX_BYTES,
  }
  for attempt = 1, ATTEMPTS do
    local credentials, problem, is_retryable = ask(context, request, parts)
    if credentials then return check_expiration(context, credentials, parts) end
    if not is_retryable or attempt == ATTEMPTS then return fail(problem, is_retryable) end
    context.sleep(PAUSE)
  end
end

return container
