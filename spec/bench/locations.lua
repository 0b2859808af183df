--- What the locations of worker.lua do, inside the nginx worker.

local cjson = require "cjson"
local core = require "ivs.core"
local resty = require "resty.ivs"

local locations = {}

local TIMEOUT, POOL_SIZE = 60000, 100 -- milliseconds

local arn, port, text, client, cached, constant, request

--- Called as the worker starts.
-- @tab given `arn`, and the `options` of a client
function locations.set_up(given)
  arn = given.arn
  port = tonumber(given.options.endpoint_url:match ":(%d+)$")
  if given.resty_http then package.path = given.resty_http .. "/?.lua;" .. package.path end
  request = select(2, assert(core.client(given.options)):call(arn):next())
  text = assert(core.http_request(request))
  client = resty.client(given.options)
  given.options.cache = { dict = "recordings", ttl = 3600 }
  cached = resty.client(given.options)
end

local function answer(response, err)
  if response then return ngx.print "ok" end
  ngx.status = ngx.HTTP_BAD_GATEWAY
  ngx.print(tostring(err))
end

--- A call: signed, sent, read, decoded.
function locations.driver()
  answer(client:get_recording_configuration(arn))
end

--- The same bytes, signed once, and the response read as far as keeping the connection takes it; nothing is made of it.
function locations.bare()
  local sock = ngx.socket.tcp()
  sock:settimeouts(TIMEOUT, TIMEOUT, TIMEOUT)
  assert(sock:connect("127.0.0.1", port, { pool = "bare" }))
  if sock:getreusedtimes() == 0 then assert(sock:sslhandshake(false, "localhost", true)) end
  assert(sock:send(text))
  local head = assert(sock:receiveuntil "\r\n\r\n")()
  assert(sock:receive(tonumber(head:match "[Cc]ontent%-[Ll]ength: (%d+)")))
  assert(sock:setkeepalive(TIMEOUT, POOL_SIZE))
  ngx.print "ok"
end

--- The same bytes, signed once, over lua-resty-http; its response is not decoded.
function locations.resty_http()
  local is_installed, http = pcall(require, "resty.http")
  if not is_installed then return ngx.print("not installed: ", http) end
  local connection = http.new()
  connection:set_timeouts(TIMEOUT, TIMEOUT, TIMEOUT)
  assert(connection:connect { scheme = "https", host = "127.0.0.1", port = port, ssl_server_name = "localhost", ssl_verify = true })
  local response, err = connection:request { method = "POST", path = "/GetRecordingConfiguration", body = request.body,
    headers = request.headers }
  if not response then return answer(nil, err) end
  assert(response:read_body())
  connection:set_keepalive(TIMEOUT, POOL_SIZE)
  ngx.print "ok"
end

--- What the cache has, as JSON.
function locations.hit()
  local response, err = cached:get_recording_configuration(arn)
  if not response then return answer(nil, err) end
  ngx.say(cjson.encode(response))
end

--- The same JSON, from a table that stands there.
function locations.constant()
  constant = constant or assert(cached:get_recording_configuration(arn))
  ngx.say(cjson.encode(constant))
end

--- nginx and the Lua module alone.
function locations.nothing()
  ngx.print "ok"
end

return locations
