--- Prints the states of several recording configurations, fetched at the same time: ivs.core on another loop, here
-- cqueues. Debian: lua-cqueues lua-luaossl.
--
--     lua5.4 examples/on_cqueues.lua ARN ARN …
--
-- The loop provides sockets with TLS (`exchange` below) and a sleep. Each request opens its own connection; proxies
-- and client certificates are left out.

local core = require "ivs.core"
local cqueues = require "cqueues"
local cqueues_errno = require "cqueues.errno"
local socket = require "cqueues.socket"
local ssl = require "openssl.ssl"
local ssl_context = require "openssl.ssl.context"
local verify_param = require "openssl.x509.verify_param"
local x509_store = require "openssl.x509.store"

local PIECE = 16384

local client = assert(core.client())
local settings = client:connection_settings()

-- TLS ----------------------------------------------------------------------------------------------------------------

local function new_context()
  local context = ssl_context.new("TLS", false)
  context:setVerify(settings.verify and ssl_context.VERIFY_PEER or ssl_context.VERIFY_NONE)
  local store = x509_store.new()
  if settings.ca_bundle then store:add(settings.ca_bundle) else store:addDefaults() end
  context:setStore(store)
  return context
end

local context = new_context()

--- One connection's TLS: the server's name sent, and its certificate compared with it.
local function new_tls(host)
  local tls = ssl.new(context)
  local is_address = host:find("^%d+%.%d+%.%d+%.%d+$") or host:find(":", 1, true)
  local param = verify_param.new()
  if is_address then
    param:setIP(host)
  else
    tls:setHostName(host)
    param:setHost(host)
  end
  if settings.verify then
    local inherited = tls:getParam()
    inherited:inherit(param)
    tls:setParam(inherited)
  end
  return tls
end

-- One request --------------------------------------------------------------------------------------------------------

local function failure(kind, code, ...)
  return nil, { kind = kind, code = code, message = table.concat({ ... }) }
end

local function reason(code)
  return type(code) == "number" and cqueues_errno.strerror(code) or tostring(code or "the connection was closed")
end

local function connect(sock, target, host, request)
  local deadline = cqueues.monotime() + (request.connect_timeout or settings.connect_timeout)
  local good, code = sock:connect(deadline - cqueues.monotime())
  if not good then
    if code == cqueues_errno.ETIMEDOUT then return failure("timeout", "ConnectTimeoutError", request.url, ": no connection in time") end
    return failure("connection", "EndpointConnectionError", request.url, ": ", reason(code))
  end
  if target.scheme == "http" then return true end
  local tls = new_tls(host)
  good, code = sock:starttls(tls, math.max(0, deadline - cqueues.monotime()))
  if good then return true end
  if code == cqueues_errno.ETIMEDOUT then return failure("timeout", "ConnectTimeoutError", request.url, ": no handshake in time") end
  local verdict, text = tls:getVerifyResult()
  return failure("tls", "SSLError", request.url, ": ", verdict ~= 0 and text or reason(code))
end

--- Sends and receives; the response has read_timeout seconds to its last byte.
local function converse(sock, request)
  local deadline = cqueues.monotime() + (request.read_timeout or settings.read_timeout)
  local text = assert(core.http_request(request))
  local good, code = sock:write(text)
  if not good then return failure("connection", "ConnectionClosedError", request.url, ": ", reason(code)) end
  local reader = core.http_reader(request.max_bytes or settings.max_response_bytes)
  while true do
    sock:settimeout(math.max(0, deadline - cqueues.monotime()))
    local bytes, problem = sock:read(-PIECE)
    local progress, detail, what
    if bytes then
      progress, detail, what = reader:feed(bytes)
    elseif problem == cqueues_errno.ETIMEDOUT then
      return failure("timeout", "ReadTimeoutError", request.url, ": no complete response in time")
    else
      progress, detail, what = reader:close()
    end
    if progress == "done" then return reader:response() end
    if not progress then
      local code_of = what == "closed" and "ConnectionClosedError" or "ResponseError"
      return failure(what == "closed" and "connection" or "response", code_of, request.url, ": ", detail)
    end
  end
end

--- The request of a step or of a source of credentials; `{ status, headers, body }`, or nil and an error.
local function exchange(request)
  local target = core.parse_url(request.url)
  if not target then return failure("config", "InvalidConfigError", "the URL is malformed") end
  local host = target.host:gsub("^%[(.*)%]$", "%1")
  local sock = socket.connect { host = host, port = target.port, nodelay = true }
  sock:onerror(function(_, _, code) return code end) -- told, not raised
  sock:setmode("b", "bn")
  local response, err = connect(sock, target, host, request)
  if response then response, err = converse(sock, request) end
  sock:close()
  return response, err
end

-- The calls ----------------------------------------------------------------------------------------------------------

local io_functions = { http = exchange, sleep = cqueues.sleep } -- for the sources of credentials

local function get(arn)
  local call = client:call { arn = arn }
  local step, detail = call:next()
  while true do
    if step == "exchange" then
      step, detail = call:next(exchange(detail))
    elseif step == "sleep" then
      cqueues.sleep(detail)
      step, detail = call:next()
    elseif step == "credentials" then
      step, detail = call:next(detail(io_functions))
    elseif step == "done" then
      return detail.recordingConfiguration
    else
      return nil, detail
    end
  end
end

assert(arg[1], "usage: on_cqueues.lua ARN …")
local failed = false
local loop = cqueues.new()
loop:wrap(function()
  for _, arn in ipairs(arg) do
    loop:wrap(function()
      local recording, err = get(arn)
      failed = failed or not recording
      print(arn, recording and recording.state or tostring(err))
    end)
  end
end)
assert(loop:loop())
client:close()
os.exit(failed and 1 or 0)
