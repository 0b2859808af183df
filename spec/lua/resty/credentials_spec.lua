--- Credentials inside nginx: retrieved over cosockets, once for a worker, without a needless wait
-- (docs/design.md, "Credentials"). The sources are in spec/lua/ivs/credentials.

local http_server = require "support.http_server"
local json = require "cjson"
local nginx = require "support.nginx"
local server = require "emulator.server"
local store = require "emulator.store"

if not nginx.available then return end

local ARN, KEYS = store.configurations.complete.arn, store.keys.temporary

--- So many calls at once on `client`; tells how many came to what, and how long the slowest took.
local TOGETHER = [[
local function together(client, count)
  local told, slowest, threads = {}, 0, {}
  for i = 1, count do
    threads[i] = ngx.thread.spawn(function()
      ngx.update_time()
      local began = ngx.now()
      local response, err = client:get_recording_configuration("]] .. ARN .. [[")
      ngx.update_time()
      slowest = math.max(slowest, ngx.now() - began)
      local what = response and "ok" or err.code
      told[what] = (told[what] or 0) + 1
    end)
  end
  for i = 1, count do ngx.thread.wait(threads[i]) end
  return { told = told, slowest = slowest, refreshes = client:stats().credential_refreshes }
end
local options = %s
]]

describe("inside nginx, credentials", function()
  local emulator, site, source, options

  local function document(seconds, more)
    local found = { AccessKeyId = KEYS.access_key_id, SecretAccessKey = KEYS.secret_access_key, Token = KEYS.session_token,
      Expiration = os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() + seconds) }
    for name, value in pairs(more or {}) do found[name] = value end
    return json.encode(found)
  end

  local function run(code) return site:run(TOGETHER .. code, options) end

  lazy_setup(function()
    emulator = server.start()
    source = http_server.start()
    site = nginx.start {}
    options = { region = emulator.region, endpoint_url = emulator.http_endpoint_url, max_attempts = 1,
      env = { AWS_CONTAINER_CREDENTIALS_FULL_URI = source.url .. "/keys" } }
  end)

  before_each(function() source:forget() end)

  lazy_teardown(function()
    site:stop()
    source:stop()
    emulator:stop()
  end)

  it("are retrieved once for all calls that need them", function()
    source:route("GET /keys", { body = document(3600), delay = 0.1 })
    local found = run [[return together(require("resty.ivs").client(options), 50)]]
    assert.same({ ok = 50 }, found.told)
    assert.equal(1, found.refreshes)
    assert.equal(1, #source:requests())
  end)

  it("that are valid for another ten minutes are used while new ones are retrieved, without a wait", function()
    local found = run(([[
      local asked, is_open = 0, false
      local client = require("resty.ivs").client { region = options.region, endpoint_url = options.endpoint_url, env = {},
        credentials = function()
          asked = asked + 1
          while asked > 1 and not is_open do ngx.sleep(0.01) end
          return { access_key_id = "%s", secret_access_key = "%s", session_token = "%s",
            expiration = ngx.time() + (asked > 1 and 3600 or 700) }
        end }
      together(client, 1)
      local found = together(client, 30) -- which ends while nothing new comes
      is_open = true
      ngx.sleep(0.05)
      together(client, 5)
      found.later = client:stats().credential_refreshes
      return found]]):format(KEYS.access_key_id, KEYS.secret_access_key, KEYS.session_token))
    assert.same({ ok = 30 }, found.told)
    assert.same({ 2, 2 }, { found.refreshes, found.later })
  end)

  it("that expire soon are waited for", function()
    source:route("GET /keys", { { body = document(300) }, { body = document(3600), delay = 0.2 } })
    local found = run [[
      local client = require("resty.ivs").client(options)
      together(client, 1)
      return together(client, 30)]]
    assert.same({ ok = 30 }, found.told)
    assert.truthy(found.slowest >= 0.2, found.slowest)
    assert.equal(2, #source:requests())
  end)

  it("are used if new ones cannot be retrieved, which is not tried for each call", function()
    source:route("GET /keys", { { body = document(800) }, { status = 400, body = "{}" } })
    local found = run [[
      local client = require("resty.ivs").client(options)
      together(client, 1)
      together(client, 10)
      ngx.sleep(0.1)
      return together(client, 10)]]
    assert.same({ ok = 10 }, found.told)
    assert.equal(2, found.refreshes)
  end)

  it("that no source has are an error with the reasons, which is not remembered", function()
    local found = run [[
      local client = require("resty.ivs").client { region = "us-west-2", env = { AWS_EC2_METADATA_DISABLED = "true" } }
      local found = {}
      for i = 1, 2 do
        local _, err = client:get_recording_configuration "arn"
        found[i] = { err.kind, err.code, #err.causes, err.attempts }
      end
      found[3] = client:stats().credential_refreshes
      return found]]
    assert.same({ { "credentials", "NoCredentialsError", 10, 0 }, { "credentials", "NoCredentialsError", 10, 0 }, 2 }, found)
  end)

  it("may come from a function, which may wait, raise or return nothing", function()
    local found = run(([[
      local ivs = require "resty.ivs"
      local function with(provider)
        return ivs.client { region = options.region, endpoint_url = options.endpoint_url, env = {}, credentials = provider }
      end
      local keys = { access_key_id = "%s", secret_access_key = "%s", session_token = "%s" }
      local good = together(with(function() ngx.sleep(0.05) return keys end), 10)
      local found = { good.told.ok, good.refreshes }
      for _, provider in ipairs {
        function() error("broken", 0) end, function() end, function() return nil, "no luck" end, function() return { access_key_id = "A" } end,
      } do
        local _, err = with(provider):get_recording_configuration "arn"
        found[#found + 1] = err.code .. ": " .. err.message
      end
      return found]]):format(KEYS.access_key_id, KEYS.secret_access_key, KEYS.session_token))
    assert.same({ 10, 1 }, { found[1], found[2] })
    assert.equal("CredentialRetrievalError: broken", found[3])
    assert.truthy(found[4]:find("returned neither", 1, true), found[4])
    assert.equal("CredentialRetrievalError: no luck", found[5])
    assert.truthy(found[6]:find("^PartialCredentialsError: "), found[6])
  end)

  it("of a role come from STS, signed and sent over cosockets", function()
    source:route("POST /", { body = ([[<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
      <Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey><SessionToken>%s</SessionToken>
      <Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>]]):format(KEYS.access_key_id,
      KEYS.secret_access_key, KEYS.session_token, os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() + 3600)) })
    local found = site:run([[
      local path = ngx.config.prefix() .. "config"
      local file = io.open(path, "w")
      file:write("[profile r]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = s\n[profile s]\n"
        .. "aws_access_key_id = AKIDSOURCE\naws_secret_access_key = x\n")
      file:close()
      local client = require("resty.ivs").client { region = "us-west-2", endpoint_url = %q, profile = "r",
        env = { AWS_CONFIG_FILE = path, AWS_ENDPOINT_URL_STS = %q } }
      local response, err = client:get_recording_configuration(%q)
      return { response and response.recordingConfiguration.state or tostring(err), client:credentials().provider }]],
      emulator.http_endpoint_url, source.url, ARN)
    assert.equal("ACTIVE", found[1])
    local request
    for _, each in ipairs(source:requests()) do -- an earlier client's refresh may still have come
      if each.method == "POST" then request = each end
    end
    assert.truthy(request.body:find("Action=AssumeRole", 1, true))
    assert.truthy(request.headers.authorization:find("Credential=AKIDSOURCE/", 1, true))
  end)

  it("are described without a secret", function()
    source:route("GET /keys", { body = document(3600) })
    local told = run [[return require("resty.ivs").client(options):credentials()]]
    assert.same({ "container", "…" .. KEYS.access_key_id:sub(-4), emulator.region }, { told.provider, told.access_key_id, told.region })
    assert.is_nil(json.encode(told):find(KEYS.secret_access_key, 1, true))
  end)

  it("are retrieved even if the client that asked disconnects", function()
    source:route("GET /keys", { body = document(3600), delay = 1 })
    local found = run [[
      local client = require("resty.ivs").client(options)
      local thread = ngx.thread.spawn(function() client:get_recording_configuration "arn" end)
      ngx.sleep(0.02)
      ngx.thread.kill(thread)
      return together(client, 5)]]
    assert.same({ ok = 5 }, found.told)
    assert.equal(1, found.refreshes)
  end)

  describe("of a process", function()
    local PROFILE = [[
      local path = ngx.config.prefix() .. "process"
      local file = io.open(path, "w")
      file:write("[default]\ncredential_process = /bin/keys --for 'a b'\n")
      file:close()
      local client = require("resty.ivs").client { region = "us-west-2", env = { AWS_CONFIG_FILE = path } }
    ]]

    it("are an error if nginx cannot run one without blocking", function()
      local message = site:run(PROFILE .. [[local _, err = client:get_recording_configuration "arn" return err.message]])
      assert.truthy(message:find("ngx.pipe", 1, true), message)
    end)

    it("come through ngx.pipe if it exists", function()
      local told = site:run(PROFILE .. [[
        require("resty.ivs.http.process").assume_available = true
        local argv, given, ended
        local streams = { stdout = { '{"Version":1,"AccessKeyId":"AKIDPROC",', '"SecretAccessKey":"s"}' }, stderr = { "warning" } }
        local child = { set_timeouts = function() end, shutdown = function() end, kill = function() end,
          wait = function() ended = true return true, "exit", 0 end }
        for _, name in ipairs { "stdout", "stderr" } do
          child[name .. "_read_any"] = function()
            ngx.sleep(0.001)
            local piece = table.remove(streams[name], 1)
            if piece then return piece end
            return nil, "closed"
          end
        end
        package.loaded["ngx.pipe"] = { spawn = function(words, options) argv, given = words, options return child end }
        local told = client:credentials()
        package.loaded["ngx.pipe"], require("resty.ivs.http.process").assume_available = nil, nil
        return { told.provider, told.access_key_id, ended, argv, #given.environ }]])
      assert.same({ "process", "…PROC", true, { "/bin/keys", "--for", "a b" }, 1 }, told)
    end)

    it("are an error if the program takes too long, even if it trickles, or cannot be read", function()
      local told = site:run [[
        local process = require "resty.ivs.http.process"
        process.assume_available = true
        local told = {}
        local function drip() ngx.sleep(0.02) return "x" end
        local function stop() return nil, "closed" end
        for i, streams in ipairs { { drip, stop }, { stop, drip }, { stop, function() error("broken", 0) end }, { stop, stop } } do
          local killed, limit = 0, nil
          local child = { shutdown = function() end, stdout_read_any = streams[1], stderr_read_any = streams[2],
            set_timeouts = function(_, _, _, _, wait) limit = wait end,
            kill = function() killed = killed + 1 end, wait = function() ngx.sleep(0.01) return nil, "timeout" end }
          package.loaded["ngx.pipe"] = { spawn = function() return child end }
          ngx.update_time()
          local began = ngx.now()
          local result, problem = process.run({ "/bin/keys" }, { timeout = 0.2, max_bytes = 1000 })
          told[i] = { tostring(result), problem, killed, ngx.now() - began < 10, limit > 0 and limit <= 200 }
        end
        package.loaded["ngx.pipe"], process.assume_available = nil, nil
        return told]]
      local too_long = { "nil", "it took too long", 1, true, true }
      assert.same({ too_long, too_long, { "nil", "broken", 1, true, true }, too_long }, told)
    end)
  end)
end)
