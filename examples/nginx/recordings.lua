--- What the locations share: one client for each worker, and from an error to a status of HTTP.

-- luacheck: std max+ngx_lua

local ivs = require "resty.ivs"
local json = require "cjson.safe"

local recordings = {}

--- ARNs that one request may name.
recordings.most = 100

local client = ivs.client {
  -- ttl is longer than the dashboard's interval of 5 s, so what it shows is fresh
  cache = { dict = "ivs", ttl = 30, stale_ttl = 300, negative_ttl = 5 },
  connect_timeout = 3, read_timeout = 5,
}

local STATUS = { [400] = 400, [403] = 403, [404] = 404, [429] = 429 }

--- What to answer to whoever asked us: the service's own status where it is about the request, else that we got none. 429 also where
-- nothing was sent, because too many requests already wait for their turn (cache.max_tps).
local function status_of(err)
  if err.kind == "params" then return 400 end
  if err.code == "ThrottlingException" then return 429 end
  return STATUS[err.status] or 502
end

--- @string arn
-- @return the recording configuration and the metadata of the response (`Cache`, `Age`); or nil, the error and a status
function recordings.get(arn)
  local response, err = client:get_recording_configuration { arn = arn }
  if response then return response.recordingConfiguration, response.ResponseMetadata end
  local status = status_of(err)
  if status == 502 then ngx.log(ngx.WARN, ((arn .. ": " .. tostring(err)):gsub("%c", "?"))) end
  return nil, err, status
end

--- The ARNs of the query, or those of IVS_ARNS; each once.
-- @return a list, and how many of them were left out
function recordings.arns()
  local given = ngx.req.get_uri_args(0).arn or os.getenv "IVS_ARNS" or ""
  if type(given) == "table" then given = table.concat(given, " ") end
  if given == true then given = "" end
  local found, seen, left_out = {}, {}, 0
  for arn in given:gmatch "[^%s,]+" do
    if not seen[arn] and #found < recordings.most then found[#found + 1] = arn elseif not seen[arn] then left_out = left_out + 1 end
    seen[arn] = true
  end
  return found, left_out
end

local KEY = "metrics:" -- in the dict of the answers, which leaves other keys alone

--- Lets all workers see what the client of this one has done.
function recordings.publish_stats()
  ngx.shared.ivs:set(KEY .. ngx.worker.id(), json.encode(client:stats()))
end

--- What the clients of all workers have done: a list of `{ id, stats }`, and the counters of the cache.
function recordings.stats()
  recordings.publish_stats()
  local workers = {}
  for id = 0, ngx.worker.count() - 1 do
    local stats = json.decode(ngx.shared.ivs:get(KEY .. id) or "")
    if stats then workers[#workers + 1] = { id = id, stats = stats } end
  end
  return workers, client:stats().cache
end

--- Ends the request with this status and JSON.
function recordings.answer(status, value)
  ngx.status = status
  ngx.header["Content-Type"] = "application/json"
  ngx.header["Cache-Control"] = "no-store"
  if status == 429 or status == 503 then ngx.header["Retry-After"] = "5" end
  ngx.say(json.encode(value))
  return ngx.exit(ngx.HTTP_OK)
end

--- An error as others may see it.
function recordings.problem(err)
  return { kind = err.kind, code = err.code, message = err.message, retryable = err.retryable or false }
end

return recordings
