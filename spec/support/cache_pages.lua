--- The code that runs inside nginx for the specs of the cache: the pages of a site with a cache, the scripted service behind it,
-- which counts its calls, and a generator of simultaneous requests.
-- luacheck: std ngx_lua

local json = require "ivs.json"

local pages = {}

-- A site with a cache ---------------------------------------------------------------------------------------------------

--- Set by the site's `init`.
pages.service_port = nil

local caches = {}

--- The cache with the options in the argument `o`; created once, as in a program.
local function cache_of(options)
  caches[options] = caches[options] or assert(require("resty.ivs.cache").new(json.decode(options)))
  return caches[options]
end

local function exchange(path)
  local failure = require "ivs.failure"
  local socket = ngx.socket.tcp()
  socket:settimeouts(1000, 1000, 30000)
  local reached, why = socket:connect("127.0.0.1", pages.service_port)
  if not reached then return nil, failure.new("connection", "EndpointConnectionError", why, { retryable = true }) end
  socket:send("GET " .. path .. " HTTP/1.0\r\n\r\n")
  local text = socket:receive("*a")
  socket:close()
  local status, body = (text or ""):match("^HTTP/1.%d (%d+).-\r\n\r\n(.*)$")
  if not status then return nil, failure.new("connection", "ConnectionClosedError", "closed", { retryable = true }) end
  return tonumber(status), body, text:match("\r\nX%-Code: (%w+)")
end

local CODES = { [400] = "ValidationException", [403] = "AccessDeniedException", [404] = "ResourceNotFoundException",
  [429] = "ThrottlingException", [500] = "InternalServerException" }

local function fetch(key)
  local status, body, code = exchange("/call?key=" .. ngx.escape_uri(key))
  if not status then return nil, body end
  if status == 200 then return json.decode(body) end
  return nil, require("ivs.failure").new("service", code or CODES[status], "no", { status = status, retryable = status >= 429 })
end

--- The cache's result for a key; `other` fetches instead of the service.
local function look_up(options, key, other)
  local cache = cache_of(options)
  return cache:get(cache.id(key), other or function() return fetch(key) end)
end

--- The outcome of `get` as a word, and the version of the response or the error's code.
local function describe(response, err, outcome)
  if not response then
    assert(getmetatable(err) == require("ivs.failure").metatable)
    return outcome .. " " .. err.code
  end
  local cached, metadata = response.recordingConfiguration, response.ResponseMetadata
  assert(metadata.Cache == outcome and metadata.HTTPStatusCode == 200 and cached.recordingReconnectWindowSeconds == 60)
  local text = ("%s %s"):format(outcome, cached.name)
  -- a caller's changes to its tables must not affect others
  cached.name, cached.tags["1"], metadata.HTTPHeaders["content-type"], metadata.HTTPStatusCode = "spoilt", nil, "spoilt", nil
  response.ResponseMetadata, cached.renditionConfiguration.renditions[1] = nil, nil
  return text
end

local function get()
  local arguments = ngx.req.get_uri_args()
  return describe(look_up(arguments.o, arguments.key))
end

function pages.get() ngx.print(get()) end

--- For a phase that cannot print: sets a header.
function pages.get_into_header() ngx.header["X-Got"] = get() end

--- The unchanged response, as JSON.
function pages.whole()
  local arguments = ngx.req.get_uri_args()
  ngx.print(json.encode((look_up(arguments.o, arguments.key))))
end

--- The source of the response as a word, and its age.
function pages.age()
  local arguments = ngx.req.get_uri_args()
  local metadata = look_up(arguments.o, arguments.key).ResponseMetadata
  ngx.print(metadata.Cache, " ", metadata.Age)
end

function pages.stats() ngx.print(json.encode(cache_of(ngx.req.get_uri_args().o):stats())) end

--- Starts a `get` and kills it while it fetches.
function pages.get_and_kill()
  local thread = ngx.thread.spawn(get)
  ngx.sleep(1)
  ngx.print(tostring(ngx.thread.kill(thread)))
end

--- A `get` whose fetch raises.
function pages.raise()
  local arguments = ngx.req.get_uri_args()
  local good, why = pcall(function()
    return look_up(arguments.o, arguments.key, function()
      ngx.sleep(0.1)
      error("bang", 0)
    end)
  end)
  ngx.print(tostring(good), " ", tostring(why))
end

--- A `get` whose client is closed while it fetches.
function pages.cancelled()
  local arguments = ngx.req.get_uri_args()
  ngx.print(describe(look_up(arguments.o, arguments.key, function()
    ngx.sleep(0.3)
    return nil, require("ivs.failure").new("cancelled", "ClientClosedError", "closed")
  end)))
end

--- A `get` in init_by_lua; `told` is its result.
function pages.get_early(options, key)
  local good, response, err = pcall(look_up, options, key, function()
    return nil, require("ivs.failure").new("config", "InvalidConfigError", "init")
  end)
  ngx.shared.cache:set("told", good and describe(response, err, response and response.ResponseMetadata.Cache or "none")
    or tostring(response))
end

function pages.told() ngx.print((ngx.shared.cache:get "told")) end

--- The number of this worker's running fetches.
function pages.flights()
  local count = 0
  for _ in pairs(require("resty.ivs.cache.fetch").unfinished(ngx.shared.cache)) do count = count + 1 end
  ngx.print(count)
end

--- Changes an entry of the dict: `what` is a Lua expression of `text`.
function pages.spoil()
  local dict, change = ngx.shared.cache, assert(loadstring("local text = ... return " .. ngx.unescape_uri(ngx.var.arg_what)))
  for _, id in ipairs(dict:get_keys(0)) do
    local text = dict:get(id)
    if type(text) == "string" then dict:set(id, change(text)) end
  end
end

--- Fills the dict with other entries.
function pages.fill()
  for number = 1, 5000 do ngx.shared.cache:set("other:" .. number, ("x"):rep(500)) end
end

--- Calls `cache.new` with a table in Lua syntax.
function pages.misuse()
  local made, why = require("resty.ivs.cache").new(assert(loadstring("return " .. ngx.unescape_uri(ngx.var.arg_given)))())
  ngx.print(tostring(made), " ", tostring(why))
end

--- Uses all timers for a while.
function pages.occupy_timers()
  assert(ngx.timer.at(0, function() ngx.sleep(30) end))
end

-- The service -----------------------------------------------------------------------------------------------------------

local calls, scripts, released = {}, {}, {}

--- Sets the response for a key: `status`, `delay`, `code`; `hold`: not sent before `release`.
function pages.script()
  local arguments = ngx.req.get_uri_args()
  scripts[arguments.key] = { status = tonumber(arguments.status), delay = tonumber(arguments.delay),
    code = arguments.code, hold = arguments.hold }
  released[arguments.key] = nil
end

--- Sends the held responses for a key.
function pages.release() released[ngx.var.arg_key] = true end

function pages.call()
  local key = ngx.var.arg_key
  local script = scripts[key] or {}
  calls[key] = (calls[key] or 0) + 1
  local version = calls[key]
  if script.delay then ngx.sleep(script.delay) end
  while script.hold and not released[key] do ngx.sleep(0.01) end
  ngx.status = script.status or 200
  ngx.header["X-Code"] = script.code
  ngx.print(json.encode { recordingConfiguration = { name = tostring(version), recordingReconnectWindowSeconds = 60, arn = key,
    state = "ACTIVE", renditionConfiguration = { renditions = { "HD", "SD" } }, tags = { ["1"] = "ü" } },
    ResponseMetadata = { RequestId = "id-" .. version, HTTPStatusCode = 200, RetryAttempts = 0,
      HTTPHeaders = { ["content-type"] = "application/json" } } })
end

--- The calls of a key, or of all keys that begin with it.
function pages.count()
  local sum = 0
  for key, number in pairs(calls) do
    if key:find(ngx.var.arg_key, 1, true) == 1 then sum = sum + number end
  end
  ngx.print(sum)
end

--- `n` simultaneous requests, distributed over `ports`; `%d` in `path` is a number below `keys`. All connections are established
-- before the first request is sent. Prints the number of each response, and the seconds of the slowest one.
function pages.burst()
  local arguments = ngx.req.get_uri_args()
  local ports, number, keys = {}, tonumber(arguments.n), tonumber(arguments.keys) or 1
  for port in arguments.ports:gmatch("%d+") do ports[#ports + 1] = tonumber(port) end
  local sockets, threads, answers, slowest = {}, {}, {}, 0
  for index = 1, number do
    sockets[index] = ngx.socket.tcp()
    sockets[index]:settimeout(20000)
    assert(sockets[index]:connect("127.0.0.1", ports[index % #ports + 1], { pool = "burst" .. index }))
  end
  for index = 1, number do
    threads[index] = ngx.thread.spawn(function()
      local begun = ngx.now()
      local path = arguments.path:gsub("%%d", tostring(math.floor(index / #ports) % keys))
      sockets[index]:send("GET " .. path .. " HTTP/1.0\r\n\r\n")
      local text, why = sockets[index]:receive("*a")
      slowest = math.max(slowest, ngx.now() - begun)
      local answer = text and text:match("\r\n\r\n(.*)$") or tostring(why)
      answers[answer] = (answers[answer] or 0) + 1
    end)
  end
  for index = 1, number do ngx.thread.wait(threads[index]) end
  ngx.print(json.encode { answers = answers, slowest = slowest })
end

return pages
