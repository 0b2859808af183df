--- What host.c does with failing allocations. Each scenario is a table:
--
--     name, owners      who is to fail, of "lua module crypto curl"
--     prepare()         once, before all of it: what is loaded and warmed up here does not fail
--     run()             → outcome: "success" or an error's code; and what is wrong with that, or nil
--     after()           → nil; and what does not work any more, or nil
--     stride            how many of Lua's allocations to step over in a quick sweep (else what the command line says)
-- The first of them loads the module; the others find it loaded. IVS_SERVER is the URL of a server that answers every request
-- with a recording configuration.

local ARN = "arn:aws:ivs:us-west-2:123456789012:recording-configuration/AbCdEf123456"
local KEYS = { access_key_id = "AKIDEXAMPLE", secret_access_key = "secret",
  session_token = "IQoJb3JpZ2luX2VjEXAMPLEtokenAoGBAMw==" }
local GOOD = { status = 200, headers = { ["X-Amzn-RequestId"] = "id-1", Date = "Tue, 14 Nov 2023 22:13:20 GMT" },
  body = [[{"recordingConfiguration":{"arn":"a","destinationConfiguration":{"s3":{"bucketName":"b"}},"name":"n",
  "recordingReconnectWindowSeconds":60,"renditionConfiguration":{"renditions":["HD",null,"SD"]},"state":"ACTIVE",
  "tags":{"k":"v"},"thumbnailConfiguration":{"storage":["LATEST"],"targetIntervalSeconds":"30"},"unknown":[1,{}]}}]] }
local BROKEN = { status = 500, headers = { ["x-amzn-ErrorType"] = "InternalServerException" }, body = '{"message":"m"}' }
local THROTTLED = { status = 429, body = "" }
local MISSING = { status = 404, headers = { ["x-amzn-ErrorType"] = "ns#ResourceNotFoundException:http://x/" },
  body = '{"exceptionMessage":"there is none"}' }

watch_secret(KEYS.session_token) -- host.c's, as is secret_is_kept

local ivs, core

--- An outcome, and whether it is one that a failed allocation may have.
local function judge(response, err, expected)
  if response then
    if response.recordingConfiguration.state ~= "ACTIVE" then return "success", "a wrong state" end
    if response.recordingConfiguration.thumbnailConfiguration.targetIntervalSeconds ~= 30 then return "success", "a wrong number" end
    return "success"
  end
  local code = type(err) == "table" and err.code or "no error object"
  if code == expected then return code end
  if code == "OutOfMemoryError" then
    if err.kind ~= "internal" or not err.retryable then return code, ("kind %s, retryable %s"):format(err.kind, tostring(err.retryable)) end
    return code
  end
  return code, ("an error that is not of memory: %s"):format(tostring(err))
end

local function client_of(answers, options)
  local sent = 0
  local given = { region = "us-west-2", credentials = KEYS, env = {}, transport = function()
    sent = sent + 1
    return answers[math.min(sent, #answers)]
  end }
  for name, value in pairs(options or {}) do given[name] = value end
  return ivs.client(given)
end

--- A whole call with nothing failing.
local function works()
  local client, err = client_of { GOOD }
  if not client then return nil, tostring(err) end
  local response
  response, err = client:get_recording_configuration(ARN)
  client:close()
  local outcome, trouble = judge(response, err)
  return nil, trouble or outcome ~= "success" and tostring(err) or nil
end

--- A call on a client made within, and the same client once more after the fault.
local function call_scenario(name, answers, expected, options)
  local client
  return {
    name = name, owners = "lua module crypto",
    prepare = works,
    run = function()
      local err
      client, err = client_of(answers, options)
      if not client then return judge(nil, err, expected) end
      local response
      response, err = client:get_recording_configuration(ARN)
      return judge(response, err, expected)
    end,
    after = function()
      if not client then return works() end
      local response, err = client:get_recording_configuration { arn = ARN }
      local outcome, trouble = judge(response, err, expected)
      if not trouble and outcome ~= (expected or "success") then trouble = "afterwards: " .. outcome end
      return nil, trouble
    end,
  }
end

--- A call by hand with credentials that are asked for, in adaptive mode, whose answers are a fault, throttling and success.
local function by_hand()
  local now = 1700000000
  local client, err = core.client({ region = "us-west-2", credentials = function() return KEYS end, env = {},
    retry_mode = "adaptive" }, { time = function() return now end, random = function() return 0.5 end })
  if not client then return judge(nil, err) end
  local answers = { { nil, { kind = "timeout", code = "ReadTimeoutError", message = "late" } }, { THROTTLED }, { GOOD } }
  local call, sent = client:call { arn = ARN }, 0
  local step, detail = call:next()
  while step ~= "done" and step ~= "failed" do
    if step == "exchange" then
      sent = sent + 1
      step, detail = call:next(answers[sent][1], answers[sent][2])
    elseif step == "credentials" then
      step, detail = call:next(detail())
    else
      now = now + detail
      step, detail = call:next()
    end
  end
  if step == "done" then return judge(detail) end
  return judge(nil, detail)
end

local PAGES = {
  { status = 200, body = '{"recordingConfigurations":[{"arn":"a","tags":{"k":"v"}},null],"nextToken":"t"}' },
  { status = 200, body = '{"recordingConfigurations":[{"arn":"b","state":"ACTIVE"}]}' },
}

--- All pages of a list.
local function list()
  local client, err = client_of(PAGES)
  if not client then return judge(nil, err) end
  local arns = {}
  for item, problem in client:recording_configurations { maxResults = 2 } do
    if not item then return judge(nil, problem) end
    arns[#arns + 1] = item.arn
  end
  client:close()
  return "success", table.concat(arns) ~= "ab" and "the items are " .. table.concat(arns) or nil
end

--- Two calls that share the failure of one asking.
local function shared()
  local client, err = core.client { region = "us-west-2", credentials = function() end, env = {} }
  if not client then return judge(nil, err) end
  local asking, waiting = client:call(ARN), client:list_recording_configurations()
  local step, detail = asking:next()
  if step ~= "credentials" then return judge(nil, detail) end
  step, detail = waiting:next()
  if step ~= "sleep" then return judge(nil, detail) end
  asking:next(nil, "none here")
  step, detail = waiting:next()
  if step == "credentials" then return "OutOfMemoryError" end -- the asking call could not keep the answer
  if step ~= "failed" then return "success", "the step is " .. step end
  return judge(nil, detail, "CredentialRetrievalError")
end

--- A call over libcurl that ends with this code; without one, with a response. IVS_SERVER answers whatever it is asked for, and
-- is the environment's http_proxy, too: a request that an option got lost from would reach it.
local function over_libcurl(code, options)
  return function()
    local given = { region = "us-west-2", credentials = KEYS, env = {}, max_attempts = 1, connect_timeout = 5 }
    for name, value in pairs(options) do given[name] = value end
    local client, err = ivs.client(given)
    if not client then return judge(nil, err) end
    local response
    response, err = client:get_recording_configuration(ARN)
    client:close()
    if not response then return judge(nil, err, code) end
    return "success", code and "the request was sent another way than it should have been" or nil
  end
end

--- A call by hand that is refused, and is kept while its client is closed: it holds no token then, wherever it broke off.
local kept

local function wiped()
  local client, err = core.client { region = "us-west-2", credentials = KEYS, env = {} }
  if not client then return judge(nil, err) end
  kept = client:call(ARN)
  local step, detail = kept:next()
  if step == "exchange" then
    local echo = { status = 403, headers = { ["x-amzn-ErrorType"] = "AccessDeniedException", ["x-echo"] = KEYS.session_token },
      body = ('{"message":"%s"}'):format(KEYS.session_token) }
    step, detail = kept:next(echo)
  end
  client:close()
  local outcome, trouble = judge(nil, detail, "AccessDeniedException")
  if step == "failed" and secret_is_kept() then trouble = "the token is kept after " .. outcome end
  return outcome, trouble
end

local CLOSED, SERVER = "http://127.0.0.1:1", os.getenv "IVS_SERVER" -- tcpmux: nothing listens there

--- A batch of ARNs that are all there.
local function batch_of(options)
  return function()
    local given = { region = "us-west-2", credentials = KEYS, env = {}, max_attempts = 1 }
    for name, value in pairs(options) do given[name] = value end
    local client, err = ivs.client(given)
    if not client then return judge(nil, err) end
    local result
    result, err = client:batch_get_recording_configuration { arns = { "1", "2", "3", "1" }, max_concurrency = 2, max_tps = false,
      on_progress = function() end, on_result = function() end }
    client:close()
    if not result then return judge(nil, err) end
    if #result.recordingConfigurations + #result.errors ~= 3 then return "success", "an ARN is lost" end
    for _, entry in ipairs(result.errors) do
      local outcome, trouble = judge(nil, entry.error)
      if trouble then return outcome, trouble end
    end
    return result.errors[1] and result.errors[1].code or "success"
  end
end

-- Lua's allocations fail without libcurl alone: a batch that ends while a name is looked up leaves that to a thread, whose blocks
-- would be counted. (Names are looked up in threads even where they are addresses.)
local batch = batch_of { transport = function() return GOOD end }
local batch_over_libcurl = batch_of { endpoint_url = SERVER }
local wire = over_libcurl("EndpointConnectionError", { endpoint_url = CLOSED })
local proxied = over_libcurl("ProxyConnectionError", { endpoint_url = SERVER, proxy = CLOSED })
local answered = over_libcurl(nil, { endpoint_url = SERVER })

return {
  { name = "require", owners = "lua", stride = 61,
    run = function()
      require "ivs"
      require "ivs.core"
      return "success"
    end,
    after = function()
      for name in pairs(package.loaded) do -- Lua 5.1 marks there what it could not load
        if name:find "^ivs" or name:find "^cjson" then package.loaded[name] = nil end
      end
      ivs = require "ivs"
      return works()
    end },
  { name = "client", owners = "lua module crypto",
    prepare = function()
      ivs, core = require "ivs", require "ivs.core"
      return works()
    end,
    run = function()
      local client, err = client_of { GOOD }
      if not client then return judge(nil, err) end
      local text = tostring(client) .. client.region .. client.endpoint_url
      client:close()
      client:close()
      return "success", not text:find "us%-west%-2" and text or nil
    end,
    after = works },
  call_scenario("call", { GOOD }),
  call_scenario("retry", { BROKEN, BROKEN, GOOD }),
  call_scenario("error", { MISSING }, "ResourceNotFoundException", { logger = function() end }),
  { name = "by_hand", owners = "lua module crypto",
    prepare = by_hand, run = by_hand, after = works },
  { name = "list", owners = "lua module crypto", prepare = list, run = list, after = works },
  { name = "shared", owners = "lua module", prepare = shared, run = shared, after = works },
  { name = "wiped", owners = "module crypto",
    prepare = function()
      collectgarbage() -- clients of the scenarios before, which hold the token by right
      collectgarbage()
      return wiped()
    end,
    run = wiped,
    after = function()
      kept = nil
      return works()
    end },
  { name = "wire", prepare = wire, owners = "lua module curl",
    run = wire,
    after = works },
  { name = "proxied", prepare = proxied, owners = "module curl", run = proxied, after = works },
  { name = "batch", owners = "lua module crypto", stride = 3, prepare = batch, run = batch, after = works },
  { name = "batch_wire", owners = "module", prepare = batch_over_libcurl, run = batch_over_libcurl, after = works },
  { name = "answered", prepare = answered, owners = "module", run = answered, after = works },
}
