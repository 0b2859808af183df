-- The emulator's request handler: is it this operation, is it signed, does it make sense; then answers.lua's answer.
--
-- Runs inside nginx, in one worker. Each request is on record in requests.jsonl before it is answered, so that
-- a client that has its answer finds it there. The order of the checks is AWS's: route, signature, body, members.
-- luacheck: std ngx_lua

local cjson = require "cjson"
local answers = require "emulator.answers"
local signature = require "emulator.signature"
local store = require "emulator.store"

local service = {}

local OPERATION = "/GetRecordingConfiguration"
local ARN_PATTERN = "^arn:aws:ivs:[a-z0-9-]+:[0-9]+:recording-configuration/[a-zA-Z0-9-]+$"
local ARN_WHOLE = ARN_PATTERN:gsub("%$$", "\\z") -- PCRE's $ would allow a newline behind it
local ARN_MAXIMUM = 128

local options = {}
local record

--- Takes the options of server.start: `region`, `clock_offset`, `log`.
function service.configure(given)
  options = given
end

local function now()
  ngx.update_time()
  return ngx.time() + (options.clock_offset or 0)
end

local function read_request()
  ngx.req.read_body()
  local path, query = ngx.var.request_uri:match("^([^?]*)%??(.*)$")
  return {
    method = ngx.req.get_method(),
    path = path,
    query = query,
    headers = ngx.req.get_headers(0),
    body = ngx.req.get_body_data() or "",
    scheme = ngx.var.scheme,
    connection = tonumber(ngx.var.connection),
  }
end

local function write_record(request)
  if options.log == false then
    return
  end
  record = record or assert(io.open(ngx.config.prefix() .. "requests.jsonl", "ab"))
  local headers = {}
  for name, value in pairs(request.headers) do
    headers[name] = value
  end
  record:write(cjson.encode {
    method = request.method, path = request.path, query = request.query, headers = headers, body = request.body,
    scheme = request.scheme, connection = request.connection, time = ngx.now(),
  }, "\n")
  record:flush()
end

-- What the service says of an ARN that breaks its rules, or nil.
local function validate(arn)
  local faults = {}
  if arn == nil or arn == cjson.null then
    faults[1] = "Value null at 'arn' failed to satisfy constraint: Member must not be null"
  else
    local value = ("Value '%s' at 'arn' failed to satisfy constraint: Member must "):format(arn)
    if not ngx.re.find(arn, ARN_WHOLE, "jo") then
      faults[#faults + 1] = value .. "satisfy regular expression pattern: " .. ARN_PATTERN
    end
    if #arn > ARN_MAXIMUM then
      faults[#faults + 1] = value .. "have length less than or equal to " .. ARN_MAXIMUM
    end
  end
  if #faults > 0 then
    local plural = #faults > 1 and "s" or ""
    return ("%d validation error%s detected: %s"):format(#faults, plural, table.concat(faults, "; "))
  end
end

-- The answer, from the first check that fails or from answers.lua.
local function answer(request)
  if request.method ~= "POST" or request.path:sub(-#OPERATION) ~= OPERATION then
    local message = "No operation is at " .. request.method .. " " .. request.path
    return answers.fault(404, "UnknownOperationException", message)
  end
  local ok, status, code, message = signature.verify(request, store.keys, now(), options.region)
  if not ok then
    return answers.fault(status, code, message)
  end
  local decoded, input = pcall(cjson.decode, request.body)
  if not decoded or type(input) ~= "table" or not request.body:find("^%s*{") then
    return answers.fault(400, "SerializationException", "The request body is not a JSON object")
  end
  local arn = input.arn
  if arn ~= nil and arn ~= cjson.null and type(arn) ~= "string" then
    return answers.fault(400, "SerializationException", "The member arn is not a string")
  end
  local invalid = validate(arn)
  if invalid then
    return answers.fault(400, "ValidationException", invalid, { member = "exceptionMessage" })
  end
  return answers.find { arn = arn, headers = request.headers }
end

-- A random UUID, as the service's request ids are.
local function request_id()
  return (ngx.var.request_id:gsub("^(%x%x%x%x%x%x%x%x)(%x%x%x%x)%x(%x%x%x)%x(%x%x%x)", "%1-%2-4%3-a%4-"))
end

local function write_raw(bytes)
  local socket = assert(ngx.req.socket(true))
  assert(socket:send(bytes))
  return ngx.exit(444)
end

local function write(reply)
  if reply.close then
    return ngx.exit(444) -- nginx's own: close the connection and say nothing
  elseif reply.raw then
    return write_raw(reply.raw)
  end
  ngx.status = reply.status
  ngx.header["Content-Type"] = "application/json"
  ngx.header["Content-Length"] = #reply.body
  ngx.header["x-amzn-RequestId"] = request_id()
  if options.clock_offset then
    ngx.header["Date"] = ngx.http_time(now())
  end
  for name, value in pairs(reply.headers or {}) do
    ngx.header[name] = value
  end
  ngx.print(reply.body)
end

--- The content handler.
function service.serve()
  local request = read_request()
  write_record(request)
  write(answer(request))
end

return service
