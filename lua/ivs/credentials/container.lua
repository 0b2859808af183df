--- Keys from the endpoint that ECS, EKS Pod Identity and Greengrass offer inside a container (docs/protocol.md, "Container").
-- Only the endpoints of the allowlist are asked over plain http, and nothing is sent to any other. The token's file is
-- read anew each time, as it is rotated.
-- @module ivs.credentials.container

local failure = require "ivs.failure"
local key_document = require "ivs.credentials.document"
local metadata_url = require "ivs.http.url"
local redaction = require "ivs.redaction"

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

--- 127.0.0.0/8 in plain notation, or ::1. Other spellings that a resolver may take for these are not of the list.
local function is_loopback(host)
  if host:find(":", 1, true) then return host:find("^[0:]+1$") ~= nil end
  local parts = { host:match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$") }
  for _, part in ipairs(parts) do
    if tonumber(part) > 255 or part:find("^0%d") then return false end
  end
  return parts[1] == "127"
end

-- The URL to ask and its parts; nil where no variable is set; or nil and an error object.
local function read_target(context)
  local relative, full = context.env(RELATIVE), context.env(FULL)
  if relative then
    local url = "http://" .. ECS_HOST .. relative
    local parts = relative:sub(1, 1) == "/" and metadata_url.parse(url)
    if not parts then return fail(RELATIVE .. " has to be the path of a URL, beginning with /") end
    return url, parts
  elseif not full then
    return nil
  end
  local parts = metadata_url.parse(full)
  if not parts then return fail(FULL .. " has to be an http or https URL without a user in it") end
  if parts.scheme == "http" and not PLAIN_HOSTS[parts.host] and not is_loopback(parts.host) then
    return fail(("Unsupported host '%s' in %s: without https only a loopback address, %s, 169.254.170.23 and "
      .. "[fd00:ec2::23] are asked"):format(parts.host, FULL, ECS_HOST))
  end
  return full, parts
end

--- The Authorization header's value; nil where none is set; or nil and an error object.
local function read_token(context)
  local path = context.env(TOKEN_FILE)
  local token, source = context.env(TOKEN), TOKEN
  if path then
    local problem
    token, problem = context.system.read_file(path, MAX_BYTES)
    source = ("%s (%s)"):format(TOKEN_FILE, redaction.printable(path))
    if not token then return fail(("%s cannot be read: %s"):format(source, tostring(problem))) end
  end
  token = token and token:gsub("\n$", "")
  if path and token == "" then return fail(source .. " is an empty file") end
  if token and token:find("%c") then
    return fail(source .. " is not a legal header value: it holds a control character (CR, LF, …)")
  end
  return token
end

-- A try: keys; or nil, what is wrong, and whether another try may help.
local function ask(context, request, parts)
  local response, err = context.http(request)
  local secrets = { request.headers.Authorization }
  if not response then
    return nil, redaction.hide(metadata_url.message(err, request.url, parts), secrets), err.kind ~= "tls"
  end
  local document = key_document.decode(context, response.body)
  if response.status ~= 200 then
    local problem = ("%s answered with status %d"):format(parts.origin, response.status)
    local said = key_document.fault(document, secrets)
    return nil, said and problem .. ": " .. said or problem, true
  end
  if not document then return nil, parts.origin .. " did not answer with a JSON object", true end
  local keys, problem = key_document.keys(context, document, key_document.METADATA)
  if keys then return keys end
  return nil, ("%s: %s"):format(parts.origin, key_document.fault(document, secrets) or problem), false
end

-- No time that is over: the endpoint hands out nothing newer.
local function check_expiration(context, keys, parts)
  if keys.expiration > context.time() then return keys end
  return fail(parts.origin .. " gave keys that have expired already; check this machine's clock", true)
end

--- @tab context with `env`, `http`, `sleep`
-- @return keys; or nil and why not; or nil and an error object
function container.retrieve(context)
  local url, parts = read_target(context)
  if not url then return nil, parts or ("neither %s nor %s is set"):format(RELATIVE, FULL) end
  local token, wrong = read_token(context)
  if wrong then return nil, wrong end
  local request = {
    method = "GET", url = url, headers = { Accept = "application/json", Authorization = token },
    connect_timeout = TIMEOUT, read_timeout = TIMEOUT, direct = true, max_bytes = MAX_BYTES,
  }
  for attempt = 1, ATTEMPTS do
    local keys, problem, again = ask(context, request, parts)
    if keys then return check_expiration(context, keys, parts) end
    if not again or attempt == ATTEMPTS then return fail(problem, again) end
    context.sleep(PAUSE)
  end
end

return container
