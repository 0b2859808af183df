-- The emulator's request handler: checks route, signature and JSON body, then runs the operation.
--
-- Runs inside nginx, in one worker. Each request is written to requests.jsonl before its response is sent, so that a client
-- with a response finds its request there. The order of the checks is that of AWS: route, signature, body, members.
-- Each operation of IVS has its own path (get.lua, list.lua); POST requests to a path that ends with `/` are for STS.
-- An operation gets the request: `method`, `path`, `query`, `headers` (lowercase names), `body`, `scheme`,
-- `connection`, `id`, `now` (seconds since 1970), `answer` (the special answer that its path or header selects),
-- and `operation`; once the signature is verified also the `account` of the key, its owner's ARN `caller`, and the `region`.
-- luacheck: std ngx_lua

local cjson = require "cjson"
local answers = require "emulator.answers"
local keys = require "emulator.keys"
local signature = require "emulator.signature"
local sts = require "emulator.sts"

local service = {}

local OPERATIONS = {
  GetRecordingConfiguration = require "emulator.get",
  ListRecordingConfigurations = require "emulator.list",
}

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

-- A random UUID, like the service's request IDs.
local function request_id()
  return (ngx.var.request_id:gsub("^(%x%x%x%x%x%x%x%x)(%x%x%x%x)%x(%x%x%x)%x(%x%x%x)", "%1-%2-4%3-a%4-"))
end

local function read_request()
  ngx.req.read_body()
  local path, query = ngx.var.request_uri:match("^([^?]*)%??(.*)$")
  local headers = ngx.req.get_headers(0)
  return {
    id = request_id(),
    now = now(),
    answer = headers["x-emulator-answer"] or path:match("^/answer/([^/]+)/"),
    method = ngx.req.get_method(),
    path = path,
    query = query,
    headers = headers,
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

-- The response of the first failed check, or of the operation.
local function answer(request)
  request.operation = request.path:match("/([^/]*)$")
  local operation = OPERATIONS[request.operation]
  if request.method == "POST" and request.operation == "" then
    return sts.respond(request, options.region)
  elseif request.method ~= "POST" or not operation then
    local message = "No operation is at " .. request.method .. " " .. request.path
    return answers.fault(404, "UnknownOperationException", message)
  end
  local key, scope_or_status, code, message = signature.verify(request, {
    find_key = keys.find, now = request.now, region = options.region, service = "ivs",
  })
  if not key then
    return answers.fault(scope_or_status, code, message)
  end
  request.account, request.caller, request.region = key.account, key.arn, scope_or_status.region
  local decoded, input = pcall(cjson.decode, request.body)
  if not decoded or type(input) ~= "table" or not request.body:find("^%s*{") then
    return answers.fault(400, "SerializationException", "The request body is not a JSON object")
  end
  return operation.respond(request, input)
end

local function write_raw(bytes)
  local socket = assert(ngx.req.socket(true))
  assert(socket:send(bytes))
  return ngx.exit(444)
end

local function write(request, reply)
  if reply.close then
    return ngx.exit(444) -- nginx's own: close the connection and say nothing
  elseif reply.raw then
    return write_raw(reply.raw)
  end
  ngx.status = reply.status
  ngx.header["Content-Type"] = "application/json"
  ngx.header["Content-Length"] = #reply.body
  ngx.header["x-amzn-RequestId"] = request.id
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
  write(request, answer(request))
end

return service
