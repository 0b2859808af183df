--- The service of a soak, inside its nginx: answers, hangs, trickles, throttles or fails, and counts its requests.
-- luacheck: std ngx_lua
--
-- With `quota` it throttles as the service does: a token bucket, refilled `quota` times a second, which holds as many.

local cjson = require "cjson"

local upstream = {}

local HANG, TRICKLE = 120, 0.3 -- seconds

local mode, quota = "healthy", nil
local tokens, refilled = 0, 0
local times, throttled = {}, 0 -- of each machine, by its app ID; since they were last forgotten

--- GET /mode?mode=NAME
function upstream.set_mode() mode = ngx.var.arg_mode end

--- GET /quota?quota=N
function upstream.set_quota()
  quota = tonumber(ngx.var.arg_quota)
  tokens, refilled = quota, ngx.now()
end

local function most_in_a_second(list)
  table.sort(list)
  local most, first = 0, 1
  for last = 1, #list do
    while list[last] - list[first] >= 1 do first = first + 1 end
    most = math.max(most, last - first + 1)
  end
  return most
end

--- GET /counts: the number of requests, of throttled ones, and the most in any second, of one machine and of all. Forgets them if `forget`
-- is given.
function upstream.counts()
  local all, most_of_one = {}, 0
  for _, list in pairs(times) do
    most_of_one = math.max(most_of_one, most_in_a_second(list))
    for _, time in ipairs(list) do all[#all + 1] = time end
  end
  ngx.print(cjson.encode { requests = #all, throttled = throttled, most = most_in_a_second(all), most_of_one = most_of_one })
  if ngx.var.arg_forget then times, throttled = {}, 0 end
end

local function is_over_quota()
  if not quota then return false end
  local now = ngx.now()
  tokens, refilled = math.min(quota, tokens + (now - refilled) * quota), now
  if tokens < 1 then return true end
  tokens = tokens - 1
  return false
end

local function fail(status, code)
  ngx.status = status
  ngx.header["x-amzn-errortype"] = code
  ngx.print(cjson.encode { message = "soak" })
end

local function configuration(arn)
  return cjson.encode { recordingConfiguration = { arn = arn, name = arn:match "/(.*)$", state = "ACTIVE",
    destinationConfiguration = { s3 = { bucketName = "bucket" } }, tags = { purpose = "soak" } } }
end

--- POST /GetRecordingConfiguration
function upstream.answer()
  ngx.req.read_body()
  local now = mode
  local machine = ngx.var.http_user_agent:match "app/(%S+)"
  times[machine] = times[machine] or {}
  table.insert(times[machine], ngx.now())
  if now == "hang" then ngx.sleep(HANG) end
  if now == "throttle" or is_over_quota() then
    throttled = throttled + 1
    return fail(429, "ThrottlingException")
  end
  if now == "fail" then return fail(500, "InternalServerException") end
  local body = configuration(cjson.decode(ngx.req.get_body_data()).arn)
  ngx.header["Content-Length"] = #body
  if now ~= "trickle" then return ngx.print(body) end
  for at = 1, #body do
    if not (ngx.print(body:sub(at, at)) and ngx.flush(true)) then return end
    ngx.sleep(TRICKLE)
  end
end

return upstream
