--- Maps a failure of a cosocket to the error that the blocking driver returns for the same failure (csrc/curl/error_map.c): botocore's
-- message, then the reason, then what to change in nginx's configuration.
-- @module resty.ivs.http.error_map

local failure = require "ivs.failure"

local fault = {}

local RESOLVER = "nginx uses neither /etc/hosts nor the system's resolver: set `resolver` in its configuration, as in "
  .. "`resolver 127.0.0.53 valid=30s;` or, on EC2, `resolver 169.254.169.253;`"
local TRUST = "set `lua_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;` (without it cosockets trust no authority)"
local DEPTH = "set `lua_ssl_verify_depth 5;` (nginx's own default is 1)"
local NAME = "the certificate is for another name; nginx compares names only, so an https URL needs a name, not an address"

--- OpenSSL's X509_V_ERR_…, which cosockets put before the text.
local TLS_ADVICE = { [2] = TRUST, [18] = TRUST, [19] = TRUST, [20] = TRUST, [21] = TRUST, [22] = DEPTH }

local function made(kind, code, format, ...)
  return failure.new(kind, code, format:format(...), { retryable = kind ~= "tls" })
end

function fault.connect_timeout(url)
  return made("timeout", "ConnectTimeoutError", 'Connect timeout on endpoint URL: "%s"', url)
end

function fault.read_timeout(url)
  return made("timeout", "ReadTimeoutError", 'Read timeout on endpoint URL: "%s"', url)
end

function fault.proxy(url, detail)
  return made("connection", "ProxyConnectionError", 'Failed to connect to the proxy for "%s": %s', url, detail)
end

--- Connecting failed.
-- @string detail of sock:connect
-- @bool proxied the connection was to the proxy
function fault.connect(url, detail, proxied)
  if detail == "timeout" or detail:find("could not be resolved (110:", 1, true) then return fault.connect_timeout(url) end
  if detail:find("no resolver defined", 1, true) or detail:find("could not be resolved", 1, true) then
    detail = detail .. "; " .. RESOLVER
  end
  if proxied then return fault.proxy(url, detail) end
  return made("connection", "EndpointConnectionError", 'Could not connect to the endpoint URL: "%s" (%s)', url, detail)
end

--- The handshake failed.
-- @string detail of sock:sslhandshake
function fault.tls(url, detail)
  local code, text = detail:match("^(%d+): (.*)$")
  -- cosockets put the number of an earlier failure before texts that have none
  if text == "timeout" or text and text:find("handshake failed", 1, true) then code, detail = nil, text end
  if detail == "timeout" then return fault.connect_timeout(url) end
  local advice = TLS_ADVICE[tonumber(code)]
  if detail:find("host mismatch", 1, true) then advice = NAME end
  return made("tls", "SSLError", "SSL validation failed for %s %s%s", url, detail, advice and "; " .. advice or "")
end

function fault.closed(url, detail)
  return made("connection", "ConnectionClosedError",
    'Connection was closed before we received a valid response from endpoint URL: "%s". (%s)', url, detail)
end

function fault.malformed(url, detail)
  return made("response", "HTTPClientError", 'An HTTP Client raised an unhandled exception: the response is malformed: %s ("%s")',
    detail, url)
end

function fault.too_large(url)
  return made("response", "ResponseParserError", 'The response from "%s" is larger than allowed (see max_response_bytes)', url)
end

function fault.undecodable(url, detail)
  return made("response", "HTTPClientError", 'The response from "%s" can\'t be decoded: %s', url, detail)
end

function fault.out_of_memory(url)
  return made("internal", "OutOfMemoryError", 'No memory is left for the exchange with "%s"', url)
end

--- A request or a setting that is not possible.
function fault.config(code, detail)
  return failure.new("config", code, detail)
end

return fault
