--- A machine of a soak, inside its nginx: a client with a cache.
-- luacheck: std ngx_lua

local cjson = require "cjson"
local ivs = require "resty.ivs"

local machine = {}

local client

--- Called by init_worker.
-- @tab options of the client
function machine.set_up(options)
  client = ivs.client(options)
end

--- This worker's client.
function machine.client() return client end

local function report(response, err)
  if not response then
    ngx.status = ngx.HTTP_BAD_GATEWAY
    return ngx.print(err.code)
  end
  ngx.header["X-Age"] = response.ResponseMetadata.Age
  ngx.print(response.ResponseMetadata.Cache or "-")
end

--- GET /get?arn=ARN: `hit`, `stale` or `miss`; or 502 and the error's code
function machine.get()
  report(client:get_recording_configuration(ngx.unescape_uri(ngx.var.arg_arn)))
end

--- GET /wait?arn=ARN
function machine.wait()
  report(client:wait_until_active { arn = ngx.unescape_uri(ngx.var.arg_arn), timeout = 20, delay = 1 })
end

--- GET /batch?arns=ARN,ARN,…: `batch`; or 502 and the code of the first error
function machine.batch()
  local arns = {}
  for arn in ngx.unescape_uri(ngx.var.arg_arns):gmatch "[^,]+" do arns[#arns + 1] = arn end
  local result, err = client:batch_get_recording_configuration { arns = arns, max_tps = false } -- cache.max_tps holds
  err = err or result.errors[1] and result.errors[1].error
  report(not err and { ResponseMetadata = { Cache = "batch" } } or nil, err)
end

--- GET /status: this worker's timers
function machine.status()
  ngx.print(cjson.encode { running = ngx.timer.running_count(), pending = ngx.timer.pending_count() })
end

return machine
