--- The client inside nginx: its names, misuse, phases, settings and their refusals (docs/design.md, "resty.ivs").

local endpoint = require "support.endpoint"
local nginx = require "support.nginx"
local server = require "emulator.server"
local store = require "emulator.store"

if not nginx.available then return end

local ARN = store.configurations.complete.arn

--- In each phase that a request passes through, one call; what it gave goes to the error log's place, a dict.
local PHASE = [[
local ivs = require "resty.ivs"
local response, err = ivs.client(%s):get_recording_configuration("]] .. ARN .. [[")
ngx.shared.told:set("%s", response and response.recordingConfiguration.state or err.kind .. " " .. err.code .. ": " .. err.message)
]]

--- A client certificate, looked at where there are no cosockets to ask whether they can show one.
local CERTIFIED = [[
certified = ivs.client { region = "eu-west-1", env = {}, client_cert = "%s/server.pem", client_key = "%s/server.key" }
certified_region = select(2, pcall(function() return certified.region end))
]]

describe("a client inside nginx", function()
  local emulator, site, options

  local function in_phase(name)
    return PHASE:format(("require('cjson').decode(%q)"):format(require("cjson").encode(options)), name)
  end

  lazy_setup(function()
    emulator = server.start()
    options = endpoint.options(emulator)
    options.ca_bundle = nil
    site = nginx.start {
      http = ("lua_ssl_trusted_certificate %s; lua_shared_dict told 1m;"):format(emulator.ca_bundle),
      init = "ivs = require 'resty.ivs' early = ivs.client { region = 'eu-west-1' } " .. in_phase "init"
        .. CERTIFIED:format(emulator.prefix, emulator.prefix),
      init_worker = in_phase "init_worker" .. "\nngx.timer.at(0, function() " .. in_phase "timer" .. " end)",
      locations = { ["/phases"] = { rewrite = in_phase "rewrite", access = in_phase "access", content = in_phase "content"
        .. "ngx.print 'x'", header_filter = in_phase "header_filter", body_filter = in_phase "body_filter",
        log = in_phase "log" .. "\nngx.timer.at(0, function() " .. in_phase "timer of log" .. " end)" } },
      environment = { AWS_REGION = "ap-south-1", AWS_ACCESS_KEY_ID = "AKIDENV", AWS_SECRET_ACCESS_KEY = "s", HOME = "/nonexistent" },
    }
  end)

  lazy_teardown(function()
    site:stop()
    emulator:stop()
  end)

  it("has the names that `ivs` has", function()
    local names = site:run [[
      local ivs, core = require "resty.ivs", require "ivs.core"
      local client = ivs.client()
      return { version = ivs._VERSION == core._VERSION, code = ivs.exceptions.ResourceNotFoundException,
        misspelt = pcall(function() return ivs.exceptions.ResorceNotFound end), call = type(ivs.get_recording_configuration),
        methods = type(client.get_recording_configuration) .. type(client.credentials) .. type(client.close) .. type(client.stats),
        nothing = type(client.nothing), written = pcall(function() client.region = "x" end), text = tostring(client),
        closing = { (client:close()) or client:close() or tostring(client) },
      }]]
    assert.same({ version = true, code = "ResourceNotFoundException", misspelt = false, call = "function",
      methods = ("function"):rep(4), nothing = "nil", written = false, text = "ivs.client (not used yet)",
      closing = { "ivs.client (closed)" } }, names)
  end)

  it("has its region and endpoint, resolved", function()
    assert.same({ "eu-west-1", "https://ivs.eu-west-1.amazonaws.com" }, site:run "return { early.region, early.endpoint_url }")
    assert.same({ "us-west-2", emulator.endpoint_url },
      site:run("local c = ivs.client(%s) return { c.region, c.endpoint_url }", options))
  end)

  it("with a client certificate has them even in phases without cosockets", function()
    assert.equal("eu-west-1", site:run "return certified_region")
  end)

  it("knows the environment that nginx was started with, if it was loaded by init_by_lua", function()
    assert.same({ "ap-south-1", "environment", "…DENV" }, site:run [[
      local client = ivs.client()
      local told = assert(client:credentials())
      return { client.region, told.provider, told.access_key_id }]])
  end)

  it("accepts a string or a table, and uses the default client", function()
    assert.same({ "ACTIVE", "ACTIVE" }, site:run([[
      local client = ivs.client(%s)
      local states = {}
      for i, argument in ipairs { %q, { arn = %q } } do
        states[i] = assert(client:get_recording_configuration(argument)).recordingConfiguration.state
      end
      return states]], options, ARN, ARN))
    local err = site:run [[local _, err = ivs.get_recording_configuration {} return { err.kind, err.code, err.attempts, tostring(err) }]]
    assert.same({ "params", "ParamValidationError", 0 }, { err[1], err[2], err[3] })
    assert.truthy(err[4]:find('Missing required parameter in input: "arn"', 1, true))
  end)

  it("raises misuse at the caller's level", function()
    for code, words in pairs {
      ["ivs.client { nonsense = 1 }"] = "unknown option 'nonsense'",
      ["ivs.client { region = 5 }"] = "option 'region' has to be a string, got number",
      ["ivs.client(5)"] = "the options have to be a table, got number",
      ["ivs.client { pool_size = 0 }"] = "option 'pool_size' has to be an integer",
      ["ivs.client { pool_size = 1.5 }"] = "option 'pool_size' has to be an integer",
      ["ivs.client { keepalive_timeout = '1' }"] = "option 'keepalive_timeout' has to be a number, got string",
      ["ivs.client { keepalive_timeout = 0 / 0 }"] = "option 'keepalive_timeout' has to be a number of seconds",
      ["ivs.client { cache = { dict = 'none' } }"] = "lua_shared_dict none",
      ["ivs.client { env = { A = 1 } }"] = "option 'env' has to hold strings",
      ["ivs.client():get_recording_configuration(5)"] = "table or string expected, got number",
      ["ivs.client().get_recording_configuration({}, 'x')"] = "ivs.client expected, got table",
    } do
      local message = site:run("local _, message = pcall(function() %s end) return message", code)
      assert.truthy(message:find("^run:1: "), message)
      assert.truthy(message:find(words, 1, true), message)
    end
  end)

  it("returns an error once it is closed, before its first use or after it", function()
    assert.same({ "cancelled ClientClosedError", "cancelled ClientClosedError", "cancelled ClientClosedError" }, site:run([[
      local found = {}
      local function note(_, err) found[#found + 1] = err.kind .. " " .. err.code end
      local client = ivs.client(%s)
      client:close()
      note(client:get_recording_configuration(%q))
      note(client:credentials())
      client = ivs.client(%s)
      assert(client:get_recording_configuration(%q))
      client:close()
      note(client:get_recording_configuration(%q))
      return found]], options, ARN, options, ARN, ARN))
  end)

  it("that is closed while its call is under way ends it with an error", function()
    assert.same({ "cancelled", "ClientClosedError" }, site:run([[
      local client = ivs.client(%s)
      local thread = ngx.thread.spawn(function()
        local _, err = client:get_recording_configuration(%q)
        return { err.kind, err.code }
      end)
      ngx.sleep(0.02)
      client:close()
      local _, told = ngx.thread.wait(thread)
      return told]], options, store.arn "slow-1000"))
  end)

  it("works in rewrite, access, content and timers, and elsewhere returns an error that names the phase and the solution", function()
    assert.equal("x", (site:get "/phases"))
    local told = site:run [[
      for _ = 1, 1000 do if ngx.shared.told:get "timer of log" then break end ngx.sleep(0.01) end
      local found = {}
      for _, key in ipairs(ngx.shared.told:get_keys()) do found[key] = ngx.shared.told:get(key) end
      return found]]
    for _, phase in ipairs { "rewrite", "access", "content", "timer", "timer of log" } do assert.equal("ACTIVE", told[phase], phase) end
    for _, phase in ipairs { "init", "init_worker", "header_filter", "body_filter", "log" } do
      assert.truthy(told[phase]:find("^config InvalidConfigError: Lua cannot wait in nginx's phase " .. phase .. ","), told[phase])
      assert.truthy(told[phase]:find("ngx.timer.at", 1, true))
    end
  end)

  it("resolves its settings at the first call, and again after a failure", function()
    assert.same({ "config ProfileNotFound", "ACTIVE" }, site:run([[
      local options = %s
      options.env = { AWS_CONFIG_FILE = ngx.config.prefix() .. "late-config" }
      options.profile = "late"
      local client, found = ivs.client(options), {}
      for i = 1, 2 do
        local response, err = client:get_recording_configuration(%q)
        found[i] = response and response.recordingConfiguration.state or err.kind .. " " .. err.code
        local file = io.open(options.env.AWS_CONFIG_FILE, "w")
        file:write("[profile late]\n")
        file:close()
      end
      return found]], options, ARN))
  end)

  it("refuses at its first call the options that cosockets cannot honor", function()
    for option, words in pairs {
      ["ca_bundle = '/x.pem'"] = "lua_ssl_trusted_certificate", ["client_cert = '/nonexistent.pem'"] = "client_cert can't be read",
      ["proxy = 'https://proxy:1'"] = "no TLS inside TLS", ["proxy = 'http://proxy:x'"] = "proxy",
    } do
      local err = site:run([[
        local _, err = ivs.client { region = "us-west-2", env = {}, %s,
          credentials = { access_key_id = "A", secret_access_key = "S" } }:get_recording_configuration "arn"
        return { err.kind, err.message, err.attempts }]], option)
      assert.equal("config", err[1])
      assert.truthy(err[2]:find(words, 1, true), err[2])
    end
  end)

  it("uses a transport function in place of the network", function()
    assert.same({ "ACTIVE", "connection HTTPClientError transport: run:8: broken 1", "connection HTTPClientError 1", "timeout 3" }, site:run [[
      local found = {}
      for i, transport in ipairs {
        function(request)
          assert(request.method == "POST" and request.headers.Authorization)
          return { status = 200, body = '{"recordingConfiguration":{"state":"ACTIVE"}}' }
        end,
        function()
          error("broken")
        end,
        function() return "nonsense" end,
        function() ngx.sleep(0) return nil, { kind = "timeout", code = "T", message = "late" } end,
      } do
        local client = ivs.client { region = "us-west-2", env = {}, transport = transport,
          credentials = { access_key_id = "A", secret_access_key = "S" } }
        local response, err = client:get_recording_configuration "arn"
        if response then found[i] = response.recordingConfiguration.state
        elseif i == 2 then found[i] = table.concat({ err.kind, err.code, err.message, err.attempts }, " ")
        elseif i == 3 then found[i] = table.concat({ err.kind, err.code, err.attempts }, " ")
        else found[i] = err.kind .. " " .. err.attempts end
      end
      return found]])
  end)

  it("counts calls, attempts, retries, throttles and errors", function()
    local options_now = { max_attempts = 2 }
    for name, value in pairs(options) do options_now[name] = value end
    local stats = site:run([[
      local client = ivs.client(%s)
      client:get_recording_configuration(%q)
      client:get_recording_configuration(%q)
      client:get_recording_configuration(%q)
      client:get_recording_configuration {}
      client:stats().calls = 100
      return client:stats()]], options_now, ARN, store.arn "flaky-1", store.arn "throttled")
    assert.same({ calls = 4, attempts = 5, retries = 2, throttles = 2, errors = 2, credential_refreshes = 0,
      cache = { miss = 0, hit = 0, stale = 0 } }, stats)
  end)

  it("uses the cache, which tells where an answer comes from", function()
    local cached = { cache = { dict = "told", ttl = 10 } }
    for name, value in pairs(options) do cached[name] = value end
    local told = site:run([[
      local client, found = ivs.client(%s), {}
      for i = 1, 3 do found[i] = assert(client:get_recording_configuration { arn = %q }).ResponseMetadata.Cache end
      assert(client:get_recording_configuration(%q).ResponseMetadata.Age >= 0)
      local _, err = client:get_recording_configuration { arn = %q, more = 1 }
      found[4] = err.code
      local other = %s
      other.credentials.access_key_id = "AKIDOTHER"
      other.max_attempts = 1
      _, err = ivs.client(other):get_recording_configuration(%q)
      found[5] = err.status
      return { found, client:stats().cache, client:stats().attempts }]], cached, ARN, ARN, ARN, cached, ARN)
    assert.same({ { "miss", "hit", "hit", "ParamValidationError", 403 }, -- the other client's miss counts in the same dict
      { miss = 2, hit = 3, stale = 0, negative = 0, shared = 0, redis_hit = 0, redis_error = 0 }, 1 }, told)
  end)

  it("accepts the cache's dict by its name or as the dict", function()
    local arn = store.configurations.minimal.arn
    assert.same({ "miss", "hit", "hit" }, site:run([[
      local found = {}
      for at, dict in ipairs { "told", ngx.shared.told, "told" } do
        local options = %s
        options.cache = { dict = dict, ttl = 60 }
        found[at] = assert(ivs.client(options):get_recording_configuration(%q)).ResponseMetadata.Cache
      end
      return found]], options, arn))
  end)

  it("coexists with clients of other regions in the same worker", function()
    local told = site:run [[
      local found, threads = {}, {}
      local function transport(request)
        ngx.sleep(0.005) -- the others' turn
        local region = request.url:match "^https://ivs%.([%w-]+)%.amazonaws%.com/"
        local scope = request.headers.Authorization:match "/%d+/([%w-]+)/ivs/aws4_request"
        return { status = 200, body = ('{"recordingConfiguration":{"name":"%s %s"}}'):format(region, scope) }
      end
      for _, region in ipairs { "us-west-2", "eu-west-1", "ap-south-1" } do
        local client = ivs.client { region = region, env = {}, transport = transport,
          credentials = { access_key_id = "A", secret_access_key = "S" } }
        for _ = 1, 10 do
          threads[#threads + 1] = ngx.thread.spawn(function()
            local name = assert(client:get_recording_configuration "arn").recordingConfiguration.name
            if name == region .. " " .. region then found[region] = (found[region] or 0) + 1 end
          end)
        end
      end
      for _, thread in ipairs(threads) do ngx.thread.wait(thread) end
      return found]]
    assert.same({ ["us-west-2"] = 10, ["eu-west-1"] = 10, ["ap-south-1"] = 10 }, told)
  end)

  it("caches an answer under its ARN, even if the caller changes the table", function()
    local cached = { cache = { dict = "told", ttl = 0.1, stale_ttl = 60, max_tps = false, identity = "of this test" } }
    for name, value in pairs(options) do cached[name] = value end
    local told = site:run([[
      local client, params, found = ivs.client(%s), {}, {}
      local function ask_for_both()
        for _, arn in ipairs { %q, %q } do
          params.arn = arn
          local response = assert(client:get_recording_configuration(params))
          found[#found + 1] = response.ResponseMetadata.Cache .. " " .. response.recordingConfiguration.state
        end
      end
      ask_for_both()
      ngx.sleep(0.15)
      ask_for_both() -- each is refreshed in a timer that runs when the table says something else
      for _ = 1, 1000 do
        if client:stats().attempts >= 4 then break end
        ngx.sleep(0.01)
      end
      ngx.sleep(0.02)
      ask_for_both()
      return found]], cached, store.configurations.complete.arn, store.configurations.create_failed.arn)
    for at = 5, 6 do told[at] = told[at]:gsub("^%l+ ", "") end -- hit or stale, by the machine's speed
    assert.same({ "miss ACTIVE", "miss CREATE_FAILED", "stale ACTIVE", "stale CREATE_FAILED", "ACTIVE", "CREATE_FAILED" }, told)
  end)

  it("loads no libcurl", function()
    local maps = io.open("/proc/" .. site:workers()[1] .. "/maps"):read "*a"
    assert.truthy(maps:find("ivs/core.so", 1, true))
    assert.is_nil(maps:find("libcurl", 1, true))
  end)
end)
