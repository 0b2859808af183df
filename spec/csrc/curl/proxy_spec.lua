--- Calls through a real proxy, tinyproxy: http endpoints by absolute URLs, https endpoints by CONNECT; and through proxies that
-- a script plays, for what they must not see and for how they fail (docs/protocol.md, "Proxies").
--
-- Not for: which setting is read (spec/lua/ivs/http/proxy_spec).

local calls = require "support.hostile_calls"
local hostile_server = require "support.hostile_server"
local http_server = require "support.http_server"
local ivs = require "ivs"
local shell = require "emulator.shell"
local sts = require "support.sts"
local tinyproxy = require "support.tinyproxy"

local REQUEST, HANG, TLS = { "request" }, { "hang" }, { "tls" }
local ANSWER = { "send", calls.answer() }
local PLAIN, SECURE = { REQUEST, ANSWER, HANG }, { TLS, REQUEST, ANSWER, HANG }
local CLOSED = "127.0.0.1:1" -- tcpmux: nothing listens there
local USER, PASSWORD = "video", "pass.word-1"

describe("through a proxy", function()
  local before, server, proxy, guarded

  lazy_setup(function()
    before = calls.leftovers()
    server = hostile_server.start { certificates = true }
    proxy = tinyproxy.start()
    guarded = tinyproxy.start { user = USER, password = PASSWORD }
  end)
  lazy_teardown(function()
    server:stop()
    proxy:stop()
    guarded:stop()
  end)
  before_each(function()
    proxy:asked()
    guarded:asked()
  end)

  local function connect_line() return ("CONNECT localhost:%d HTTP/1.1"):format(server.port) end
  local function post_line() return ("POST %s/GetRecordingConfiguration HTTP/1.1"):format(server.url) end

  --- One call; the server plays the steps (those of TLS where `more.tls`).
  local function call(more, steps)
    server:play(steps or more.tls and SECURE or PLAIN)
    local client = calls.client(server, more)
    local response, err, took = calls.time(client)
    client:close()
    return response, err, took
  end

  local function succeed(more, steps)
    local response, err = call(more, steps)
    assert.truthy(response, tostring(err))
    assert.equal("ACTIVE", response.recordingConfiguration.state)
  end

  local function fail(more, steps)
    local response, err, took = call(more, steps)
    assert.is_nil(response)
    return err, took
  end

  describe("a call reaches", function()
    it("an http endpoint, by its whole URL", function()
      succeed { proxy = "http://" .. proxy.address }
      assert.same({ post_line() }, proxy:asked())
      assert.truthy(server:requests()[1]:find("\r\nVia: 1.1 tinyproxy", 1, true))
    end)

    it("an https endpoint, by CONNECT, end to end", function()
      succeed { tls = true, proxy = "http://" .. proxy.address }
      assert.same({ connect_line() }, proxy:asked())
      assert.is_nil(server:requests()[1]:find("tinyproxy", 1, true))
    end)

    it("an https endpoint several times through one tunnel", function()
      server:play { TLS, REQUEST, ANSWER, { "again", 2 } }
      local client = calls.client(server, { tls = true, proxy = "http://" .. proxy.address })
      for _ = 1, 3 do assert(client:get_recording_configuration("arn")) end
      client:close()
      assert.same({ connect_line() }, proxy:asked())
    end)

    it("either, with user and password", function()
      local url = ("http://%s:%s@%s"):format(USER, PASSWORD, guarded.address)
      succeed { proxy = url }
      succeed { tls = true, proxy = url }
      succeed { tls = true, proxy = ("http://%s:pass%%2Eword%%2D1@%s"):format(USER, guarded.address) }
      assert.same({ post_line(), connect_line(), connect_line() }, guarded:asked())
    end)

    it("either, by the environment's proxies, which the option overrides", function()
      succeed { env = { http_proxy = "http://" .. proxy.address } }
      succeed { tls = true, env = { https_proxy = proxy.address } }
      succeed { tls = true, env = { HTTPS_PROXY = "http://" .. proxy.address, http_proxy = "http://" .. CLOSED } }
      succeed { tls = true, env = { https_proxy = "http://" .. CLOSED }, proxy = "http://" .. proxy.address }
      assert.same({ post_line(), connect_line(), connect_line(), connect_line() }, proxy:asked())
    end)

    it("an endpoint through a proxy that itself speaks TLS, whose certificate is checked", function()
      local steps = { TLS, REQUEST, ANSWER, HANG }
      local options = { proxy = server.tls_url, ca_bundle = server.ca_bundle }
      succeed(options, steps)
      local err = fail(options, { { "tls", "other_host" }, REQUEST, ANSWER, HANG })
      assert.same({ "tls", "SSLError", 1 }, { err.kind, err.code, err.attempts })
    end)
  end)

  it("the endpoint's certificate is verified as without a proxy", function()
    for _, name in ipairs { "other_host", "expired", "unknown" } do
      local err = fail({ tls = true, proxy = "http://" .. proxy.address, max_attempts = 3 }, { { "tls", name }, REQUEST, ANSWER, HANG })
      assert.same({ "tls", "SSLError", 1 }, { err.kind, err.code, err.attempts }, err.message)
    end
  end)

  it("hosts of no_proxy are reached directly, in every form of an entry", function()
    local cases = {
      ["localhost"] = true, [".localhost"] = true, ["LocalHost"] = true, ["*"] = true, [" * "] = true,
      ["example.com,localhost"] = true, ["example.com, localhost ,"] = true, [","] = false, [""] = false,
      ["localhost:" .. server.port] = true, ["localhost:1"] = false, ["ocalhost"] = false, ["localhost.example.com"] = false,
      ["127.0.0.1"] = false, ["*.localhost"] = false, ["*,example.com"] = false,
    }
    for no_proxy, direct in pairs(cases) do
      succeed { tls = true, proxy = "http://" .. proxy.address, no_proxy = no_proxy }
      assert.same(direct and {} or { connect_line() }, proxy:asked(), no_proxy)
    end
    for no_proxy, direct in pairs { ["127.0.0.1"] = true, ["127.0.0.1:" .. server.port] = true, ["0.0.1"] = true,
      ["127.0.0.0/8"] = false, ["127.0.0"] = false, ["localhost"] = false } do
      succeed { env = { http_proxy = proxy.address, no_proxy = no_proxy } }
      assert.same(direct and {} or { post_line() }, proxy:asked(), no_proxy)
    end
  end)

  describe("the proxy sees nothing that is for the endpoint:", function()
    local KEYS = { access_key_id = "AKID", secret_access_key = "spec", session_token = "the-session-token" }

    it("CONNECT has no signature, no token, no body and no User-Agent", function()
      succeed({ tls = true, proxy = ("http://%s:%s@127.0.0.1:%d"):format(USER, PASSWORD, server.port), credentials = KEYS },
        { REQUEST, { "send", "HTTP/1.1 200 Connection established\r\n\r\n" }, TLS, REQUEST, ANSWER, HANG })
      local connect, request = server:requests()[1], server:requests()[2]
      assert.equal(("CONNECT localhost:%d HTTP/1.1\r\nHost: localhost:%d\r\nProxy-Authorization: Basic %s\r\n"
        .. "Proxy-Connection: Keep-Alive\r\n\r\n"):format(server.port, server.port, "dmlkZW86cGFzcy53b3JkLTE="), connect)
      assert.truthy(request:find("\r\nAuthorization: AWS4-HMAC-SHA256 ", 1, true))
      assert.truthy(request:find("\r\nX-Amz-Security-Token: the-session-token\r\n", 1, true))
      assert.is_nil(request:find("Proxy-", 1, true))
    end)

    it("headers of the response to CONNECT are not in the result", function()
      server:play { REQUEST, { "send", "HTTP/1.1 200 OK\r\nx-amzn-requestid: proxy\r\nX-Proxy: 1\r\n\r\n" }, TLS, REQUEST, ANSWER,
        HANG }
      local client = calls.client(server, { tls = true, proxy = server.url })
      local metadata = assert(client:get_recording_configuration("arn")).ResponseMetadata
      client:close()
      assert.same({ nil, nil }, { metadata.RequestId, metadata.HTTPHeaders["x-proxy"] })
    end)
  end)

  describe("that fails, the error is ProxyConnectionError and is retried:", function()
    local function check(err, attempts)
      assert.same({ "connection", "ProxyConnectionError", attempts or 1, true }, { err.kind, err.code, err.attempts, err.retryable },
        err.message)
      for _, secret in ipairs { "wrong-one", "d3Jvbmctb25l", PASSWORD } do
        assert.is_nil(tostring(err):find(secret, 1, true))
      end
    end

    it("nothing listens", function()
      for _, tls in ipairs { false, true } do
        check(fail { tls = tls, proxy = ("http://%s:wrong-one@%s"):format(USER, CLOSED), max_attempts = 3 }, 3)
      end
    end)

    it("its name cannot be resolved", function() check((fail { proxy = "http://proxy.invalid:3128" })) end)

    it("the password is wrong, or missing", function()
      check(fail { tls = true, max_attempts = 3, proxy = ("http://%s:wrong-one@%s"):format(USER, guarded.address) }, 3)
      assert.same({ connect_line(), connect_line(), connect_line() }, guarded:asked())
      check((fail { tls = true, proxy = "http://" .. guarded.address }))
      assert.equal(0, server:connections())
      local err = fail({ proxy = server.url, endpoint_url = "http://ivs.invalid" }, { REQUEST, { "send",
        "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 4\r\n\r\nhtml" }, HANG })
      check(err)
      assert.truthy(err.message:find("407", 1, true))
      assert.is_nil(err.status)
    end)

    it("it cannot reach the endpoint", function()
      check((fail { proxy = "http://" .. proxy.address, endpoint_url = "https://" .. CLOSED }))
    end)

    local ESTABLISHED = { "send", "HTTP/1.1 200 OK\r\n\r\n" }
    for name, steps in pairs {
      ["it refuses"] = { REQUEST, { "send", "HTTP/1.1 503 Unavailable\r\nContent-Length: 3\r\n\r\nabc" }, HANG },
      ["it redirects"] = { REQUEST, { "send", "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1\r\nContent-Length: 0\r\n\r\n" }, HANG },
      ["it answers with garbage"] = { REQUEST, { "send", "garbage\r\n\r\n" }, HANG },
      ["it closes"] = { REQUEST, { "close" } },
      ["it resets"] = { REQUEST, { "reset" } },
      ["its answer breaks off"] = { REQUEST, { "send", "HTTP/1.1 200 OK\r\nX-" }, { "close" } },
      ["its answer has a line without an end"] = { REQUEST, { "send", "HTTP/1.1 200 OK\r\nX: " }, { "endless", "x" } },
      ["its refusal has no end"] = { REQUEST, { "send", "HTTP/1.1 407 No\r\n\r\n" }, { "endless", "x" } },
      ["the tunnel ends in the handshake"] = { REQUEST, ESTABLISHED, { "bytes", 5 }, { "close" } },
    } do
      it(name, function()
        check((fail({ tls = true, proxy = server.url }, steps)))
      end)
    end

    for name, steps in pairs {
      ["it says nothing"] = { REQUEST, HANG },
      ["its answer drips"] = { REQUEST, { "drip", "HTTP/1.1 200 OK\r\nX: " .. ("x"):rep(10000), 0.05 } },
      ["the tunnel says nothing"] = { REQUEST, ESTABLISHED, HANG },
    } do
      it("but " .. name .. ": then connect_timeout ends it", function()
        local err, took = fail({ tls = true, proxy = server.url, connect_timeout = calls.TIMEOUT }, steps)
        assert.same({ "timeout", "ConnectTimeoutError" }, { err.kind, err.code })
        calls.took_at_least(calls.TIMEOUT, took)
      end)
    end
  end)

  describe("the same setting applies to the sources of credentials:", function()
    local directory

    lazy_setup(function() directory = shell.run('mktemp -d "${TMPDIR:-/tmp}/ivs-proxy.XXXXXX"'):match("^(%S+)\n$") end)
    lazy_teardown(function() shell.run("rm -rf -- " .. shell.quote(directory)) end)

    local function write(name, text)
      local file = assert(io.open(directory .. "/" .. name, "wb"))
      file:write(text)
      file:close()
      return directory .. "/" .. name
    end

    --- A call with the credentials that these lines of a config file lead to.
    local function call_with(config, env, more)
      local options = { region = "us-west-2", endpoint_url = server.tls_url, ca_bundle = server.ca_bundle,
        proxy = "http://" .. proxy.address, env = { HOME = directory, AWS_CONFIG_FILE = write("config", config),
          AWS_SHARED_CREDENTIALS_FILE = "/dev/null" } }
      for name, value in pairs(env) do options.env[name] = value end
      for name, value in pairs(more or {}) do options[name] = value or nil end
      local client = assert(ivs.client(options))
      local response, err = client:get_recording_configuration("arn")
      client:close()
      return response, err
    end

    --- The server answers once with this, by TLS, and then as IVS does.
    local function answer_first(body, kind)
      server:play_each { { TLS, REQUEST, { "send", calls.answer(body, "Content-Type: " .. kind .. "\r\n") }, HANG }, SECURE }
    end

    local function expect_access_key(name, response, err)
      assert.truthy(response, tostring(err))
      assert.truthy(server:requests()[2]:find("Credential=" .. name .. "/", 1, true))
    end

    it("STS", function()
      answer_first(sts.keys("AssumeRole", "ROLE").body, "text/xml")
      expect_access_key("ASIAROLE", call_with("[default]\nrole_arn = " .. sts.ROLE .. "\ncredential_source = Environment\n",
        { AWS_ENDPOINT_URL_STS = "https://127.0.0.1:" .. server.port, AWS_ACCESS_KEY_ID = "AKID", AWS_SECRET_ACCESS_KEY = "spec",
          AWS_PROFILE = "default", AWS_EC2_METADATA_DISABLED = "true" }, { profile = "default" }))
      assert.same({ ("CONNECT 127.0.0.1:%d HTTP/1.1"):format(server.port), connect_line() }, proxy:asked())
    end)

    it("STS, unless no_proxy names its host", function()
      answer_first(sts.keys("AssumeRole", "ROLE").body, "text/xml")
      expect_access_key("ASIAROLE", call_with("[default]\nrole_arn = " .. sts.ROLE .. "\ncredential_source = Environment\n",
        { AWS_ENDPOINT_URL_STS = "https://127.0.0.1:" .. server.port, AWS_ACCESS_KEY_ID = "AKID", AWS_SECRET_ACCESS_KEY = "spec",
          AWS_EC2_METADATA_DISABLED = "true" }, { profile = "default", no_proxy = "127.0.0.1" }))
      assert.same({ connect_line() }, proxy:asked())
    end)

    it("SSO", function()
      local cache = directory .. "/.aws/sso/cache"
      shell.run("mkdir -p " .. shell.quote(cache))
      local hash = shell.run("printf %s corp | sha1sum"):match("^%x+")
      write(".aws/sso/cache/" .. hash .. ".json", '{"accessToken":"sso-token","expiresAt":"2099-01-01T00:00:00Z"}')
      answer_first('{"roleCredentials":{"accessKeyId":"ASIASSO","secretAccessKey":"s","sessionToken":"t","expiration":4070908800000}}',
        "application/json")
      expect_access_key("ASIASSO", call_with("[default]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = video\n"
        .. "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = us-west-2\n",
        { AWS_ENDPOINT_URL_SSO = "https://127.0.0.1:" .. server.port, AWS_EC2_METADATA_DISABLED = "true" }))
      assert.same({ ("CONNECT 127.0.0.1:%d HTTP/1.1"):format(server.port), connect_line() }, proxy:asked())
    end)

    describe("but never to link-local and loopback endpoints, whatever the setting:", function()
      local metadata

      lazy_setup(function()
        local keys = '{"Code":"Success","AccessKeyId":"ASIAMETA","SecretAccessKey":"s","Token":"t",'
          .. '"Expiration":"2099-01-01T00:00:00Z","RoleArn":"r"}'
        metadata = http_server.start { routes = {
          ["GET /keys"] = { body = keys },
          ["PUT /latest/api/token"] = { body = "imds-token", headers = { ["X-aws-ec2-metadata-token-ttl-seconds"] = "21600" } },
          ["GET /latest/meta-data/iam/security-credentials/"] = { body = "video" },
          ["GET /latest/meta-data/iam/security-credentials/video"] = { body = keys },
        } }
      end)
      lazy_teardown(function() metadata:stop() end)

      local function expect_direct(env, count)
        metadata:forget()
        server:play(SECURE)
        env.http_proxy, env.https_proxy = "http://" .. CLOSED, "http://" .. CLOSED
        local response, err = call_with("", env)
        assert.truthy(response, tostring(err))
        assert.truthy(server:requests()[1]:find("Credential=ASIAMETA/", 1, true))
        assert.same({ connect_line() }, proxy:asked())
        assert.equal(count, #metadata:requests())
        for _, request in ipairs(metadata:requests()) do assert.is_nil(request.headers.via) end
      end

      it("a container's", function()
        expect_direct({ AWS_CONTAINER_CREDENTIALS_FULL_URI = metadata.url .. "/keys", AWS_EC2_METADATA_DISABLED = "true" }, 1)
      end)

      it("an instance's", function()
        expect_direct({ AWS_EC2_METADATA_SERVICE_ENDPOINT = metadata.url, AWS_METADATA_SERVICE_TIMEOUT = "20" }, 3)
      end)
    end)
  end)

  it("leaves no descriptor open and no child", function()
    server:stop()
    proxy:stop()
    guarded:stop()
    assert.equal(before, calls.leftovers())
  end)
end)
