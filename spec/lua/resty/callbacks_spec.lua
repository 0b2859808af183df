--- Inside nginx, what the caller's own functions and tables may do: a transport that returns no response, a logger that raises, a
-- source of credentials that returns anything; and the messages of misuse. (Over libcurl: spec/lua/ivs/http/transport_spec, callbacks_spec, misuse_spec.)

local nginx = require "support.nginx"

if not nginx.available then return end

local PRELUDE = [[
local ivs = require "resty.ivs"
local KINDS = { service = true, config = true, credentials = true, connection = true, timeout = true, tls = true, response = true }

local function new(options)
  options.region, options.env, options.max_attempts = "us-west-2", options.env or {}, 1
  options.transport = options.transport or function() return { status = 200, body = "{}" } end
  return ivs.client(options)
end

--- What is wrong with an error; nil where it is whole.
local function fault_of(err)
  if type(err) ~= "table" then return "no table: " .. tostring(err) end
  if not KINDS[err.kind] then return "kind " .. tostring(err.kind) end
  if type(err.code) ~= "string" or err.code == "" then return "code " .. tostring(err.code) end
  if type(err.message) ~= "string" or err.message == "" then return "message " .. tostring(err.message) end
  return tostring(err):match "[^\n]*%.lua:%d[^\n]*" or tostring(err):match "bad argument[^\n]*"
end

local faults = {}
local function check(case, err)
  local fault = fault_of(err)
  if fault then faults[#faults + 1] = case .. ": " .. fault end
end
]]

local BROKEN_TRANSPORTS = [[
local tricks = { __index = function() error "trick" end, __tostring = function() error "trick" end }
local broken = {
  text = function() return "200 OK" end, boolean = function() return true end, nothing = function() end,
  empty = function() return {} end, status = function() return { status = "200" } end,
  body = function() return { status = 200, body = {} } end,
  headers = function() return { status = 200, headers = { ["a b"] = "c" }, body = "" } end,
  list = function() return { status = 200, headers = { 1, 2 }, body = "" } end,
  number = function() return nil, 5 end, silent = function() return nil, "" end,
  odd = function() return nil, { kind = "odd", code = 5, message = {} } end,
  raised = function() error("broken", 0) end, raised_table = function() error {} end,
  tricks = function() return setmetatable({}, tricks) end, tricky = function() return nil, setmetatable({}, tricks) end,
}
]]

describe("inside nginx, the caller's functions", function()
  local site

  local function run(code) return site:run(PRELUDE .. code) end

  lazy_setup(function() site = nginx.start { http = "lua_shared_dict cached 1m;" } end)

  lazy_teardown(function()
    local errors = table.concat(site:stop(), "\n")
    assert.is_nil(errors:match "[^\n]*%.lua:%d[^\n]*")
  end)

  it("that are a transport cause complete errors in the call and in the sources of credentials", function()
    assert.same({ "container", "instance", "keys", "web_identity" }, run(BROKEN_TRANSPORTS .. [[
      local path = os.tmpname()
      local file = io.open(path, "w") file:write "token" file:close()
      local sources = {
        keys = { AWS_ACCESS_KEY_ID = "A", AWS_SECRET_ACCESS_KEY = "S" }, instance = {},
        container = { AWS_CONTAINER_CREDENTIALS_FULL_URI = "http://127.0.0.1/keys" },
        web_identity = { AWS_WEB_IDENTITY_TOKEN_FILE = path, AWS_ROLE_ARN = "arn:aws:iam::123456789012:role/spec" },
      }
      local threads, done = {}, {}
      for source, env in pairs(sources) do
        for case, transport in pairs(broken) do
          threads[#threads + 1] = ngx.thread.spawn(function()
            local client = new { env = env, transport = transport }
            local response, err = client:get_recording_configuration "arn"
            check(source .. " " .. case, err)
          end)
        end
        done[#done + 1] = source
      end
      for _, thread in ipairs(threads) do ngx.thread.wait(thread) end
      os.remove(path)
      table.sort(done)
      return #faults > 0 and faults or done]]))
  end)

  it("that ask their own client with a cache for the answer that it is fetching get an error that says so", function()
    local told = run [[
      local told, client = {}, nil
      client = new { credentials = { access_key_id = "A", secret_access_key = "S" }, cache = { dict = "cached" },
        transport = function()
          local thread = ngx.thread.spawn(client.get_recording_configuration, client, "arn")
          local ok, response, err = ngx.thread.wait(thread)
          told[1] = tostring(response) .. " " .. err.kind .. " " .. err.code .. " " .. err.message
          return nil, err
        end }
      local began, response, err = ngx.now(), client:get_recording_configuration "arn"
      told[2] = tostring(response) .. " " .. err.code
      told[3] = ngx.now() - began < 20
      return told]]
    assert.truthy(told[1]:find("^nil config InvalidConfigError .*: let it use another client$"), told[1])
    assert.same({ "nil InvalidConfigError", true }, { told[2], told[3] })
  end)

  it("that log and raise do not fail a call or lose credentials", function()
    assert.same({ "ok", "ok", "ok", "the vault is shut" }, run [[
      local told = {}
      local function loud() error "disk full" end
      for i, options in ipairs {
        { credentials = { access_key_id = "A", secret_access_key = "S" } },
        { credentials = function() return { access_key_id = "A", secret_access_key = "S" } end },
        { env = { AWS_ACCESS_KEY_ID = "A", AWS_SECRET_ACCESS_KEY = "S" } },
        { credentials = function() return nil, "the vault is shut" end },
      } do
        options.logger = loud
        local client = new(options)
        local response, err = client:get_recording_configuration "arn"
        local about, problem = client:credentials()
        told[i] = response and about and "ok" or err.message == problem.message and err.message or "they differ"
      end
      return told]])
  end)

  it("that return credentials give the call and client:credentials() the same errors", function()
    assert.same({}, run [[
      local sources = {
        nothing = function() end, text = function() return nil, "the vault is shut" end, silent = function() return nil, "" end,
        number = function() return nil, 5 end, empty = function() return nil, {} end,
        bare = function() return nil, { kind = "timeout", code = "ReadTimeoutError", message = "late" } end,
        odd = function() return nil, { kind = "odd", code = "", message = {}, causes = 5 } end,
        tricks = function() return nil, setmetatable({}, { __index = function() error "trick" end }) end,
        raised = function() error("raised", 0) end, raised_table = function() error {} end,
        half = function() return { access_key_id = "A" } end, word = function() return "A:S" end, yes = function() return true end,
        raising = function() return setmetatable({}, { __index = function() error("no keys today", 0) end }) end,
      }
      for case, give in pairs(sources) do
        local client = new { credentials = give }
        local _, called = client:get_recording_configuration "arn"
        local _, asked = client:credentials()
        check(case .. ", the call", called)
        check(case .. ", credentials()", asked)
        if tostring(called) ~= tostring(asked) or called.kind ~= asked.kind or called.retryable ~= asked.retryable then
          faults[#faults + 1] = case .. ": " .. tostring(called) .. " / " .. tostring(asked)
        end
      end
      return faults]])
  end)

  it("that are called wrongly raise at the caller's line and name the right use", function()
    for code, words in pairs {
      ["ivs.client { regoin = 'x' }"] = "unknown option 'regoin'; did you mean 'region'?",
      ["ivs.client { pool_sise = 1 }"] = "unknown option 'pool_sise'; did you mean 'pool_size'?",
      ["ivs.client { keep_alive_timeout = 1 }"] = "unknown option 'keep_alive_timeout'; did you mean 'keepalive_timeout'?",
      ["ivs.client { cahce = {} }"] = "unknown option 'cahce'; did you mean 'cache'?",
      ["ivs.client { region_name = 'x' }"] = "unknown option 'region_name'; use region",
      ["ivs.client { timeout = 1 }"] = "unknown option 'timeout'; use connect_timeout and read_timeout",
      ["ivs.client { credentials = { sesion_token = 'x' } }"] = "unknown option 'credentials.sesion_token'; did you mean 'session_token'?",
      ["ivs.client { cache = { dict = ngx.shared.x, tll = 1 } }"] = "unknown option 'cache.tll'; did you mean 'ttl'?",
      ["ivs.client({}, {})"] = "bad argument #2 to 'client' (one argument expected",
      ["ivs.get_recording_configuration('arn', {})"] = "bad argument #2 to 'get_recording_configuration' (one argument expected",
      ["new{}:get_recording_configuration('arn', {})"] = "bad argument #2 to 'get_recording_configuration' (one argument expected",
      ["ivs.get_recording_configuration(5)"] = "bad argument #1 to 'get_recording_configuration' (table or string expected, got number)",
      ["new{}.get_recording_configuration { arn = 'arn' }"] = "call it with a colon: client:get_recording_configuration(",
      ["new{}.credentials()"] = "call it with a colon: client:credentials(",
      ["new{}.stats()"] = "call it with a colon: client:stats(",
      ["new{}.close()"] = "call it with a colon: client:close(",
    } do
      local line = select(2, PRELUDE:gsub("\n", "")) + 1
      local message = run("local _, message = pcall(function() " .. code .. " end) return message")
      assert.equal(("run:%d: "):format(line), message:match "^run:%d+: ", message)
      assert.truthy(message:find(words, 1, true), message)
    end
  end)
end)
