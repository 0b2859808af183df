--- resty.ivs.cache.identity: which clients share a cached answer, through clients that share a dict.

local hostile = require "support.hostile_calls"
local hostile_server = require "support.hostile_server"
local nginx = require "support.nginx"

if not nginx.available then return end

--- `ask(options)` makes a client, as a worker does that has just started, and says what it gets and from where.
local INIT = [[
ivs, json = require "resty.ivs", require "cjson"
answers = 0

--- The service, and the sources of credentials at http addresses.
function transport(request)
  if request.method == "GET" then
    if is_down then return nil, "the source of keys is away" end
    return { status = 200, headers = {}, body = json.encode { AccessKeyId = "AKIAIOSFODNN7EXAMPLE", SecretAccessKey = "s",
      Token = "t", Expiration = os.date("!%Y-%m-%dT%H:%M:%SZ", ngx.time() + 3600) } }
  end
  answers = answers + 1
  return { status = 200, headers = {}, body = json.encode { recordingConfiguration = { name = tostring(answers) } } }
end

function client(options)
  options.region, options.transport, options.max_attempts, options.env = "us-west-2", transport, 1, options.env or {}
  options.cache = { dict = "cache", identity = options.identity }
  options.identity = nil
  return ivs.client(options)
end

function told(made)
  local response, err = made:get_recording_configuration "arn"
  return response and response.ResponseMetadata.Cache .. " " .. response.recordingConfiguration.name or err.code
end

function ask(options) return told(client(options)) end

--- Of one account; of another.
OLD, NEW, FOREIGN = "AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7ROTATED", "AKIAZZZZZZZZZZZZZZZZ"

function keys(id) return { access_key_id = id, secret_access_key = "s" } end
]]

describe("the identity of a cached answer", function()
  local site

  before_each(function() site = nginx.start { http = "lua_shared_dict cache 1m;", init = INIT } end)

  after_each(function() assert.same({}, site:stop()) end)

  it("stays when credentials are rotated, in a table, in the environment, and from a function", function()
    assert.same({ "miss 1", "hit 1", "miss 2", "miss 3", "hit 3", "miss 4", "miss 5", "hit 5", "miss 6" }, site:run [[
      local found = {}
      for _, way in ipairs {
        function(id) return { credentials = keys(id) } end,
        function(id) return { env = { AWS_ACCESS_KEY_ID = id, AWS_SECRET_ACCESS_KEY = "s" } } end,
        function(id) return { credentials = function() return keys(id) end } end,
      } do
        for _, id in ipairs { OLD, NEW, FOREIGN } do found[#found + 1] = ask(way(id)) end
      end
      return found]])
  end)

  it("does not depend on which function returns the credentials", function()
    assert.equal("hit 1", site:run [[
      ask { credentials = function() return keys(OLD) end }

      return ask { credentials = function() return keys(OLD) end }]])
  end)

  it("is the same in all tasks of a service, although each has another credentials URI", function()
    assert.same({ "miss 1", "hit 1" }, site:run [[
      local found = {}
      for number = 1, 2 do
        found[number] = ask { env = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI = "/v2/credentials/" .. number } }
      end
      return found]])
  end)

  it("is the account of an instance's credentials if no setting names the identity", function()
    assert.same({ "miss 1", "hit 1" }, site:run [[
      return { ask { env = { AWS_CONTAINER_CREDENTIALS_FULL_URI = "http://127.0.0.1:1/a" } },
        ask { env = { AWS_CONTAINER_CREDENTIALS_FULL_URI = "http://127.0.0.1:1/b" } } }]])
  end)

  it("changes with the account of the credentials", function()
    assert.same({ "miss 1", "miss 2", "hit 2" }, site:run [[
      local id = OLD
      local made = client { credentials = function() return keys(id) end }
      local found = { told(made) }
      id = FOREIGN
      assert(made:credentials())
      found[2], found[3] = told(made), told(made)
      return found]])
  end)

  it("is cache.identity, whatever the settings say", function()
    assert.same({ "miss 1", "miss 2", "hit 1", "hit 2" }, site:run [[
      local function of(role) return { identity = role, credentials = function() return keys(OLD) end } end
      return { ask(of "admin"), ask(of "guest"), ask(of "admin"),
        ask { identity = "guest", credentials = function() return nil, "not even asked" end } }]])
  end)

  it("is remembered for nginx's own environment, so that a worker without credentials finds what the others have cached", function()
    local own = nginx.start { http = "lua_shared_dict cache 1m;", init = INIT, main = "env AWS_CONTAINER_CREDENTIALS_FULL_URI;",
      environment = { AWS_CONTAINER_CREDENTIALS_FULL_URI = "http://127.0.0.1:1/own", HOME = "/nonexistent" } }
    local told = own:run [[
      local here = require "resty.ivs.environment"
      local found = { ask { env = here } }
      is_down = true
      found[2] = ask { env = here }
      found[3] = ask { env = { AWS_CONTAINER_CREDENTIALS_FULL_URI = "http://127.0.0.1:1/own" } }
      return found]]
    own:stop()
    assert.same({ "miss 1", "hit 1", "no keys" }, { told[1], told[2], told[3]:find "Credential" and "no keys" or told[3] })
  end)

  it("is never remembered for a function, which may return another tenant's credentials next time", function()
    assert.same({ "miss 1", "CredentialRetrievalError", "CredentialRetrievalError" }, site:run [[
      local is_down = false
      local function provider()
        if is_down then return nil, "STS is away" end
        return keys(OLD)
      end
      local found = { ask { credentials = provider } }
      is_down = true
      found[2] = ask { credentials = provider }
      found[3] = ask { credentials = function() return nil, "another's" end }
      return found]])
  end)

  it("is that of the credentials that signed, not of earlier ones", function()
    assert.same({ "miss 1", "miss 2", "miss 3", "hit 3" }, site:run [[
      local asked = 0
      local moving = client { credentials = function()
        asked = asked + 1
        local made = keys(asked == 1 and OLD or FOREIGN)
        made.expiration = ngx.time() + (asked == 1 and 300 or 36000) -- the first have to be replaced at once
        return made
      end }
      local function of(id) return { credentials = function() return keys(id) end } end
      return { told(moving), ask(of(OLD)), ask(of(FOREIGN)), ask(of(FOREIGN)) }]])
  end)

  it("differs with what decides whether a connection is trusted: verification, proxy, client certificate", function()
    local pem = hostile_server.start { certificates = true }
    local told = site:run([[
      local pem, found = %q, {}
      local function ask_twice(make)
        for _ = 1, 2 do
          local options = make()
          options.credentials, options.identity = keys(OLD), "one"
          found[#found + 1] = ask(options)
        end
      end
      ask_twice(function() return {} end)
      ask_twice(function() return { verify = false } end)
      ask_twice(function() return { proxy = "http://10.0.0.1:3128" } end)
      ask_twice(function() return { proxy = "http://10.0.0.2:3128" } end)
      ask_twice(function() return { proxy = "http://10.0.0.2:3128", no_proxy = "example.com" } end)
      ask_twice(function() return { client_cert = pem .. "/client.pem", client_key = pem .. "/client.key" } end)
      ask_twice(function() return { client_cert = pem .. "/stranger.pem", client_key = pem .. "/stranger.key" } end)
      return found]], pem.directory)
    pem:stop()
    local expected = {}
    for number = 1, 7 do expected[2 * number - 1], expected[2 * number] = "miss " .. number, "hit " .. number end
    assert.same(expected, told)
  end)

  it("stays when a client certificate or the proxy's password is replaced, and is known without them on other machines", function()
    local pem = hostile_server.start { certificates = true }
    local told = site:run([[
      local directory, found = %q, {}
      local function ask_with(user)
        found[#found + 1] = ask { credentials = keys(OLD), proxy = "http://" .. user .. "@10.0.0.1:3128",
          client_cert = directory .. "/shown.pem", client_key = directory .. "/shown.key" }
      end
      for _, name in ipairs { "client", "stranger" } do
        for _, kind in ipairs { ".pem", ".key" } do
          local from, to = io.open(directory .. "/" .. name .. kind), io.open(directory .. "/shown" .. kind, "w")
          to:write(from:read "*a")
          from:close()
          to:close()
        end
        ask_with(name .. ":password-of-" .. name)
      end
      return found]], pem.directory)
    pem:stop()
    assert.same({ "miss 1", "hit 1" }, told)
  end)

  it("keeps a client that verifies certificates from what an unverified connection has fetched", function()
    local wire = hostile_server.start { certificates = true }
    wire:play { { "tls", "self_signed" }, { "request" }, { "send", hostile.answer() }, { "close" } }
    local told = site:run([[
      local found = {}
      for _, verify in ipairs { false, true } do
        local made = ivs.client { region = "us-west-2", env = {}, max_attempts = 1, credentials = keys(OLD), endpoint_url = %q,
          cache = { dict = "cache" }, verify = verify }
        local response, err = made:get_recording_configuration "arn"
        found[#found + 1] = response and response.ResponseMetadata.Cache or err.code
      end
      return found]], wire.tls_url)
    wire:stop()
    assert.same({ "miss", "SSLError" }, told)
    for _, line in ipairs(site:errors()) do assert.matches("certificate verify", line) end -- cosockets log it
    site:stop()
  end)
end)
