--- Inside nginx, retrievals of credentials that fail: a phase that cannot wait, no timer, a provider that never returns, a logger
-- that raises. Every wait ends. (Retrievals that succeed: spec/lua/resty/credentials_spec.)

local nginx = require "support.nginx"

if not nginx.available then return end

--- Clients with a network that is no matter here; calls that are given so many seconds.
local PRELUDE = [[
local ivs = require "resty.ivs"
local KEYS = { access_key_id = "AKIDSPEC", secret_access_key = "spec" }
local ACTIVE = { status = 200, body = '{"recordingConfiguration":{"state":"ACTIVE"}}' }

local function new(options)
  options.region, options.env, options.max_attempts = "us-west-2", options.env or {}, 1
  options.transport = options.transport or function() return ACTIVE end
  return ivs.client(options)
end

local function call(client)
  local response, err = client:get_recording_configuration "arn"
  if response then return response.recordingConfiguration.state end
  return type(err) == "table" and err.kind .. " " .. err.code .. ": " .. err.message or "no error object"
end

--- Waits for what the call says, and no longer than so many seconds, which no call here takes even where the machine is busy.
local function outcome(client, seconds)
  seconds = seconds or 50
  local said
  local thread = ngx.thread.spawn(function() said = call(client) end)
  ngx.update_time()
  local began = ngx.now()
  while not said and ngx.now() - began < seconds do ngx.sleep(0.01) end
  ngx.thread.kill(thread)
  return said or "waits"
end
]]

local IN_PHASE = [[
local good, response, err = pcall(client.get_recording_configuration, client, "arn")
ngx.shared.told:set("%s", tostring(good) .. " " .. (type(err) == "table" and err.code .. ": " .. err.message or tostring(err)))
]]

describe("inside nginx, a retrieval of credentials", function()
  local site

  local function run(code, ...) return site:run(PRELUDE .. code, ...) end

  lazy_setup(function()
    site = nginx.start { http = "lua_shared_dict told 1m; lua_shared_dict cached 1m;",
      init = [[client = require("resty.ivs").client { region = "us-west-2", env = {}, cache = { dict = "cached" }, max_attempts = 1,
        transport = function() return { status = 200, body = '{"recordingConfiguration":{"state":"ACTIVE"}}' } end,
        credentials = function() asked = (asked or 0) + 1 return { access_key_id = "A", secret_access_key = "S" } end }]],
      locations = { ["/phases"] = { content = "ngx.print 'x'", header_filter = IN_PHASE:format "header_filter",
        body_filter = IN_PHASE:format "body_filter", log = IN_PHASE:format "log" },
        ["/known"] = { content = "client:get_recording_configuration 'arn' ngx.print 'x'", log = IN_PHASE:format "known" } } }
  end)

  lazy_teardown(function()
    local errors = table.concat(site:stop(), "\n")
    assert.is_nil(errors:match "[^\n]*%.lua:%d[^\n]*")
  end)

  it("in a phase that cannot wait is an error at once, which names the phase", function()
    assert.equal("x", (site:get "/phases"))
    local told = run [[
      for _ = 1, 1000 do if ngx.shared.told:get "log" then break end ngx.sleep(0.01) end
      local told = { asked = asked or 0 }
      for _, phase in ipairs { "header_filter", "body_filter", "log" } do told[phase] = ngx.shared.told:get(phase) end
      return told]]
    assert.equal(0, told.asked)
    for _, phase in ipairs { "header_filter", "body_filter", "log" } do
      assert.truthy(told[phase]:find("true InvalidConfigError: Lua cannot wait in nginx's phase " .. phase, 1, true), told[phase])
    end
    assert.equal("x", (site:get "/known"))
    assert.equal("true nil", run [[
      for _ = 1, 1000 do if ngx.shared.told:get "known" then break end ngx.sleep(0.01) end
      return ngx.shared.told:get "known"]])
  end)

  it("for a cached answer that fails is an error object, too", function()
    local told = run [[
      local told = {}
      for i, provider in ipairs { function() end, function() error("broken", 0) end, function() return nil, "no luck" end,
        function() return { access_key_id = "A" } end } do
        told[i] = call(new { cache = { dict = "cached" }, credentials = provider })
      end
      return told]]
    for at, words in ipairs { "returned neither", ": broken", ": no luck", "secret_access_key is missing" } do
      assert.truthy(told[at]:find("^credentials ") and told[at]:find(words, 1, true), told[at])
    end
  end)

  it("succeeds although the logger raises, and returns the provider's error", function()
    local told = run [[
      local function logger() return ngx.var.host .. error "raised" end -- ngx.var is no more than an error in a timer
      local good = new { logger = logger, credentials = function() ngx.sleep(0.01) return KEYS end }
      local bad = new { logger = logger, credentials = function() ngx.sleep(0.01) return nil, "no luck" end }
      local odd = new { logger = logger, credentials = function()
        return nil, setmetatable({ message = "odd" }, { __tostring = function() error "raised" end })
      end }
      local chain = new { logger = logger, env = { AWS_EC2_METADATA_DISABLED = "true" } }
      return { outcome(good), outcome(bad), outcome(odd), outcome(chain) }]]
    assert.equal("ACTIVE", told[1])
    assert.equal("credentials CredentialRetrievalError: no luck", told[2])
    assert.truthy(told[3]:find("^credentials "), told[3])
    assert.truthy(told[4]:find("^credentials NoCredentialsError"), told[4])
  end)

  it("from a table that raises is an error, without a wait", function()
    assert.equal("credentials CredentialRetrievalError: raised", run [[
      return outcome(new { credentials = function()
        return setmetatable({}, { __index = function() error("raised", 0) end })
      end })]])
  end)

  it("with a provider that never returns is repeated after the lease", function()
    local told = run [[
      local credentials = require "resty.ivs.credentials"
      local lease, told, threads = credentials.lease, {}, {}
      for i = 1, 30 do -- at as many moments, none of which may be within the lease by one sum and behind it by another
        local asked = 0
        credentials.lease = 0.1 + i * 0.004
        local client = new { credentials = function()
          asked = asked + 1
          if asked == 1 then ngx.sleep(1000) end
          return KEYS
        end }
        for _ = 1, 2 do
          threads[#threads + 1] = ngx.thread.spawn(function()
            local said = outcome(client) .. asked
            told[said] = (told[said] or 0) + 1
          end)
        end
        ngx.sleep(0.001)
      end
      credentials.lease = lease
      for _, thread in ipairs(threads) do ngx.thread.wait(thread) end
      return told]]
    assert.same({ ACTIVE2 = 60 }, told)
  end)

  it("with a provider that never returns is repeated a limited number of times", function()
    local told = run [[
      local credentials = require "resty.ivs.credentials"
      local lease, asked, told = credentials.lease, 0, {}
      credentials.lease = 0.05
      local client = new { credentials = function()
        asked = asked + 1
        ngx.sleep(1000)
      end }
      for i = 1, 2 do told[i] = outcome(client) end
      credentials.lease = lease
      told[3] = asked
      return told]]
    for at = 1, 2 do assert.truthy(told[at]:find("was asked several times and has not answered", 1, true), told[at]) end
    assert.equal(3, told[3])
  end)

  it("whose provider ends the timer is repeated at once", function()
    assert.same({ "ACTIVE", 2, true }, run [[
      local asked = 0
      local client = new { credentials = function()
        asked = asked + 1
        if asked == 1 then ngx.exit(500) end
        return KEYS
      end }
      local began = ngx.now()
      return { outcome(client), asked, ngx.now() - began < 20 }]]) -- the lease is 60 s
  end)

  it("whose provider ends the timer each time is an error of each call, and uses up nothing", function()
    local told = run [[
      local asked, told = 0, {}
      local client = new { credentials = function()
        asked = asked + 1
        if asked <= 9 then ngx.exit(500) end
        return KEYS
      end }
      for i = 1, 4 do told[i] = outcome(client) end
      told[5] = asked
      return told]]
    for at = 1, 3 do assert.truthy(told[at]:find("was asked several times and has not answered", 1, true), told[at]) end
    assert.same({ "ACTIVE", 10 }, { told[4], told[5] })
  end)

  it("that ends after a newer one does not replace its credentials", function()
    assert.same({ "ACTIVE", "ACTIVE", "AKIDNEWER AKIDNEWER" }, run [[
      local credentials = require "resty.ivs.credentials"
      local lease, asked, signed = credentials.lease, 0, {}
      credentials.lease = 0.1
      local client = new { credentials = function()
        asked = asked + 1
        if asked == 2 then return { access_key_id = "AKIDNEWER", secret_access_key = "s", expiration = ngx.time() + 3600 } end
        ngx.sleep(4) -- whoever waits looks again after a second
        return { access_key_id = "AKIDOLDER", secret_access_key = "s", expiration = ngx.time() + 1000 }
      end, transport = function(request)
        signed[#signed + 1] = request.headers.Authorization:match "Credential=([^/]+)"
        return ACTIVE
      end }
      local first = outcome(client)
      ngx.sleep(3.5)
      local second = outcome(client)
      credentials.lease = lease
      return { first, second, table.concat(signed, " ") }]])
  end)

  it("that fails with an error that is its own cause is an error", function()
    assert.equal("credentials CredentialRetrievalError: again", run [[
      return call(new { credentials = function()
        local err = { message = "again" }
        err.causes = { err }
        return nil, err
      end })]])
  end)

  it("with a provider that calls its own client is an error that says so", function()
    local told = run [[
      local client, inner
      client = new { credentials = function()
        local _, err = client:get_recording_configuration "arn"
        inner = err.kind .. " " .. err.code
        return nil, err
      end }
      return { outcome(client), inner }]]
    assert.truthy(told[1]:find("calls the client that waits for its credentials", 1, true), told[1])
    assert.equal("credentials CredentialRetrievalError", told[2])
  end)

  it("with a provider that calls its own client in a light thread, or through another client, is an error that says so, too", function()
    local told = run [[
      local told = {}
      local in_thread
      in_thread = new { credentials = function()
        local thread = ngx.thread.spawn(function() return call(in_thread) end)
        return nil, select(2, ngx.thread.wait(thread))
      end }
      told[1] = outcome(in_thread)
      local one, other
      one = new { credentials = function() return nil, call(other) end }
      other = new { credentials = function() return nil, call(one) end, cache = { dict = "cached" } }
      told[2] = outcome(one)
      local ring, again = {}, {} -- asked from two sides at the same time
      for i = 1, 3 do
        ring[i] = new { credentials = function() ngx.sleep(0.01) return nil, call(ring[i % 3 + 1]) end }
      end
      for i = 1, 3 do again[i] = ngx.thread.spawn(outcome, ring[i]) end
      for i = 1, 3 do told[2 + i] = select(2, ngx.thread.wait(again[i])) end
      return told]]
    assert.equal(5, #told)
    for at = 1, 5 do assert.truthy(told[at]:find("calls the client that waits for its credentials", 1, true), told[at]) end
  end)

  it("with a provider that calls another client of the same kind is none of its own", function()
    assert.equal("ACTIVE", run [[
      local base = new { credentials = function() ngx.sleep(0.01) return KEYS end }
      local client = new { credentials = function()
        if call(base) ~= "ACTIVE" then return nil, "no luck" end
        return KEYS
      end }
      ngx.thread.spawn(outcome, base)
      return outcome(client)]])
  end)

  it("that returns no newer credentials is not repeated for each call", function()
    -- seven hundred seconds: nobody waits; three hundred: somebody would
    local told = run [[
      local told = {}
      for _, left in ipairs { 700, 300 } do
        for name, more in pairs { same = {}, unusable = { secret_access_key = "" }, hardly = { expiration = ngx.time() + left + 1 } } do
          local asked = 0
          local client = new { credentials = function()
            asked = asked + 1
            local keys = { access_key_id = "A", secret_access_key = "S", expiration = ngx.time() + left }
            for member, value in pairs(asked > 1 and more or {}) do keys[member] = value end
            return keys
          end }
          for _ = 1, 20 do
            local said = call(client)
            if said ~= "ACTIVE" then asked = said end
            ngx.sleep(0.001)
          end
          told[name .. left] = asked
        end
      end
      return told]]
    assert.same({ same700 = 2, unusable700 = 2, hardly700 = 2, same300 = 2, unusable300 = 2, hardly300 = 2 }, told)
  end)

  it("is waited for if by the service's clock the old credentials have expired", function()
    local told = run [[
      local asked, sent = 0, 0
      local client = new { credentials = function()
        asked = asked + 1
        return { access_key_id = "A", secret_access_key = "S", expiration = ngx.time() + (asked == 1 and 901 or 36000) }
      end, transport = function()
        sent = sent + 1
        if sent > 1 then return ACTIVE end
        return { status = 403, body = "{}", headers = { ["x-amzn-errortype"] = "RequestTimeTooSkewed",
          Date = ngx.http_time(ngx.time() + 1200) } }
      end }
      return { call(client), call(client), asked }]]
    assert.same({ "ACTIVE", "ACTIVE", 2 }, told)
  end)

  it("that fails gives each waiting call an error of its own", function()
    local told = run [[
      local told = {}
      for i, client in ipairs { new { credentials = function() ngx.sleep(0.02) error("no luck", 0) end },
        new { env = { AWS_EC2_METADATA_DISABLED = "true" } },
        new { credentials = function() ngx.sleep(0.02) return nil, { message = "no luck", causes = { { provider = "p" } } } end } } do
        local errors, threads = {}, {}
        for n = 1, 2 do
          threads[n] = ngx.thread.spawn(function() errors[n] = select(2, client:get_recording_configuration "arn") end)
        end
        for n = 1, 2 do ngx.thread.wait(threads[n]) end
        local one, two = errors[1], errors[2]
        told[i] = { asked = client:stats().credential_refreshes, same = rawequal(one, two), texts = tostring(one) == tostring(two),
          causes = one.causes ~= nil and rawequal(one.causes, two.causes), cause = one.causes and rawequal(one.causes[1], two.causes[1]) }
      end
      return told]]
    assert.same({ { asked = 1, same = false, texts = true, causes = false },
      { asked = 1, same = false, texts = true, causes = false, cause = false },
      { asked = 1, same = false, texts = true, causes = false, cause = false } }, told)
  end)

  describe("if nginx has no timer", function()
    local function in_site(http, code)
      local own = nginx.start { http = http }
      local good, told = pcall(own.run, own, PRELUDE .. code)
      own:stop()
      assert.is_true(good, told)
      return told
    end

    it("left to run is carried out by a call that waits", function()
      local told = in_site("lua_max_running_timers 4;", [[
        local client, told = new { credentials = function() return KEYS end }, {}
        -- each of these is a timer, and so is what asks for the credentials: the fifth is dropped without a word
        for i = 1, 4 do ngx.timer.at(0, function() told[i] = call(client) end) end
        for _ = 1, 2000 do if #told == 4 then break end ngx.sleep(0.01) end
        return { told, outcome(client), client:stats().credential_refreshes }]])
      assert.same({ { "ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE" }, "ACTIVE", 1 }, told)
    end)

    it("at all is carried out by each call, so that none waits for one that is killed", function()
      local told = in_site("lua_max_pending_timers 1;", [[
        ngx.timer.at(100, function() end)
        assert(not ngx.timer.at(100, function() end))
        local client = new { credentials = function() ngx.sleep(0.2) return KEYS end }
        return { outcome(client, 0.05), outcome(client) }]])
      assert.same({ "waits", "ACTIVE" }, told)
    end)

    it("at all, with a provider that calls its own client, is an error, too", function()
      local told = in_site("lua_max_pending_timers 1;", [[
        ngx.timer.at(100, function() end)
        local client
        client = new { credentials = function() return nil, call(client) end }
        return outcome(client)]])
      assert.truthy(told:find("calls the client that waits for its credentials", 1, true), told)
    end)
  end)
end)
