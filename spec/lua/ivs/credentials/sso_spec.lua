--- The SSO provider against a real server and real files (docs/protocol.md, "IAM Identity Center").

local json = require "ivs.json"
local provider_context = require "support.provider_context"
local provider_scene = require "support.provider_scene"
local shell = require "emulator.shell"
local sso = require "ivs.credentials.sso"

local NOW, ISO, CALL = provider_scene.NOW, provider_scene.ISO, provider_scene.CALL
local START_URL = "https://d-123.awsapps.com/start"

local GOOD = { body = json.encode { roleCredentials = { accessKeyId = "ASIAROLE", secretAccessKey = "secret/role",
  sessionToken = "session-role", expiration = (NOW + 3600) * 1000 } } }

describe("providers.sso", function()
  local scene, server, home, env, profile, sessions

  lazy_setup(function()
    scene = provider_scene.start()
    server = scene.server
  end)
  lazy_teardown(function() scene:stop() end)

  before_each(function()
    scene:restart { ["GET /federation/credentials"] = { GOOD } }
    home, env = scene.home, scene.env
    shell.run("mkdir -p " .. home .. "/.aws/sso/cache")
    env.AWS_ENDPOINT_URL_SSO, env.AWS_ENDPOINT_URL_SSO_OIDC = server.url, server.url
    profile = { sso_account_id = "012345678901", sso_role_name = "Video", sso_session = "corp" }
    sessions = { corp = { sso_start_url = START_URL, sso_region = "eu-central-1" } }
  end)

  --- sha1 of "corp" and of START_URL, by sha1sum.
  local SESSION_FILE = "/.aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json"
  local INLINE_FILE = "/.aws/sso/cache/2b829a45f04c9828cb45b7d092d8e4aa30818393.json"

  --- A token file with `left` seconds to go; `changes` overlay it (false: absent).
  local function token(left, changes)
    local document = {
      startUrl = START_URL, region = "eu-central-1", accessToken = "acc3ss-0123456789", expiresAt = os.date(ISO, NOW + left),
      refreshToken = "r3fresh-0123456789", clientId = "client", clientSecret = "cli3nt-secret",
      registrationExpiresAt = os.date(ISO, NOW + 86400),
    }
    for name, value in pairs(changes or {}) do document[name] = value or nil end
    return json.encode(document)
  end

  local function store(text, path)
    provider_context.write_file(home .. (path or SESSION_FILE), text)
  end

  local function stored()
    return json.decode(provider_context.read_file(home .. SESSION_FILE))
  end

  local function use_inline()
    profile.sso_session = nil
    profile.sso_start_url, profile.sso_region = START_URL, "eu-central-1"
  end

  local context

  local function make_context()
    context = scene:context { profile = profile, sso_sessions = sessions }
    return context
  end

  local function retrieve() return sso.retrieve(make_context()) end

  local function fails(code, ...)
    local keys, err = retrieve()
    return provider_scene.assert_failed({ "acc3ss", "r3fresh", "cli3nt-secret", "secret/role" }, keys, err, code, ...)
  end

  local GET, POST = "GET /federation/credentials", "POST /token"

  describe("settings", function()
    it("has no credentials without a profile, and without role and account", function()
      profile = nil
      assert.equal("there is no profile", select(2, retrieve()))
      profile = { sso_session = "corp", sso_start_url = START_URL, sso_role_name = "" }
      local keys, why = retrieve()
      assert.is_nil(keys)
      assert.equal("string", type(why))
    end)

    it("names what is missing, in botocore's order", function()
      profile = { sso_role_name = "Video" }
      fails("InvalidConfigError", '"video"', "required configuration: sso_account_id, sso_start_url, sso_region")
      profile = { sso_account_id = "1", sso_region = "us-east-1", sso_start_url = { nested = "x" } }
      fails("InvalidConfigError", "configuration: sso_role_name, sso_start_url")
      profile = { sso_account_id = "1", sso_role_name = "Video", sso_session = "corp" }
      sessions.corp.sso_region = nil
      fails("InvalidConfigError", "configuration: sso_region")
      assert.same({}, server:requests())
    end)

    it("refuses a session that does not exist, and one that contradicts the profile", function()
      profile.sso_session = "gone"
      fails("InvalidConfigError", "[sso-session gone]", "/.aws/config")
      profile.sso_session, profile.sso_region = "corp", "us-east-1"
      fails("InvalidConfigError", "sso_region", "us-east-1", "eu-central-1")
    end)

    it("accepts a value that profile and session agree on", function()
      profile.sso_region = "eu-central-1"
      store(token(3600))
      assert.truthy(retrieve())
    end)
  end)

  describe("the portal", function()
    before_each(function() store(token(3600)) end)

    it("receives the token, and its milliseconds become seconds", function()
      assert.same({ access_key_id = "ASIAROLE", secret_access_key = "secret/role", session_token = "session-role",
        expiration = NOW + 3600 }, retrieve())
      local request = server:requests()[1]
      assert.equal("/federation/credentials?role_name=Video&account_id=012345678901", request.path)
      assert.equal("acc3ss-0123456789", request.headers["x-amz-sso_bearer_token"])
      assert.is_nil(request.headers.authorization)
    end)

    it("receives role and account percent-encoded", function()
      profile.sso_role_name, profile.sso_account_id = "a b+c&d=e/@", "1?2"
      retrieve()
      assert.equal("/federation/credentials?role_name=a%20b%2Bc%26d%3De%2F%40&account_id=1%3F2",
        server:requests()[1].path)
    end)

    it("is at the session's region without a configured endpoint", function()
      env.AWS_ENDPOINT_URL_SSO = nil
      sessions.corp.sso_region = "cn-north-1"
      local url
      make_context().http = function(request)
        url = request.url
        return { status = 200, headers = {}, body = GOOD.body }
      end
      assert.truthy(sso.retrieve(context))
      assert.equal("https://portal.sso.cn-north-1.amazonaws.com.cn/federation/credentials?role_name=Video"
        .. "&account_id=012345678901", url)
    end)

    it("makes a 401 an error that says to log in again", function()
      server:route(GET, { status = 401, headers = { ["x-amzn-ErrorType"] = "UnauthorizedException" },
        body = '{"message":"Session token acc3ss-0123456789 not found or invalid"}' })
      fails("UnauthorizedSSOTokenError", "aws sso login --sso-session corp", "not found or invalid", "127.0.0.1")
      assert.same({ GET }, scene:paths())
    end)

    it("makes a 403 or 404 an error that says to check the role", function()
      for status, code in pairs { [403] = "ForbiddenException", [404] = "ResourceNotFoundException" } do
        local headers = { ["x-amzn-ErrorType"] = code }
        server:route(GET, { status = status, headers = headers, body = '{"message":"No access"}' })
        local err = fails(code, "from sso", code, "No access", "Video", "012345678901")
        assert.is_false(err.retryable)
      end
    end)

    it("is called again after 429 and 5xx, and then the error is retryable", function()
      server:route(GET, { { status = 429 }, { status = 503 }, GOOD })
      assert.truthy(retrieve())
      assert.equal(2, #context.slept)
      server:route(GET, { { status = 500, body = "<html>" } })
      assert.is_true(fails("CredentialRetrievalError", "answered 500").retryable)
    end)

    it("that resets the connection is a connection error with the host", function()
      server:route(GET, { { close = true } })
      assert.equal("connection", fails("ConnectionClosedError", "127.0.0.1").kind)
    end)

    it("may return junk", function()
      local full = json.decode(GOOD.body).roleCredentials
      local bodies = { "<html>", "", "[]", "{}", '{"roleCredentials":null}', '{"roleCredentials":"secret/role"}' }
      for name in pairs(full) do
        for _, value in ipairs { json.null, true, "", "a\r\nb" } do
          local copy = {}
          for key, kept in pairs(full) do copy[key] = kept end
          copy[name] = value
          bodies[#bodies + 1] = json.encode { roleCredentials = copy }
        end
      end
      for _, body in ipairs(bodies) do
        server:route(GET, { body = body })
        fails("CredentialRetrievalError", "without complete credentials", "127.0.0.1")
      end
    end)
  end)

  describe("the token file", function()
    it("that is missing is an error that says to log in", function()
      fails("SSOTokenLoadError", home .. SESSION_FILE, "No such file", "aws sso login --sso-session corp")
      use_inline()
      fails("SSOTokenLoadError", home .. INLINE_FILE, "aws sso login --profile video")
    end)

    it("that is half written or has wrong types is an error that names it", function()
      local texts = { token(3600):sub(1, -20), "", "null", "[]", "17", token(3600, { accessToken = false }),
        token(3600, { expiresAt = false }), token(3600, { expiresAt = "soon" }), token(3600, { expiresAt = 1 }),
        token(3600, { accessToken = 5 }), token(3600, { accessToken = json.null }),
        token(3600, { accessToken = "acc3ss-0123456789\r\nx: y" }) }
      for _, text in ipairs(texts) do
        store(text)
        fails("SSOTokenLoadError", home .. SESSION_FILE, "aws sso login")
      end
      assert.same({}, server:requests())
    end)

    it("of another user is refused", function()
      store(token(3600))
      if (shell.run("id -u")) ~= "0\n" then return end -- only root can give a file away
      shell.run("chown 65534 " .. home .. SESSION_FILE)
      fails("SSOTokenLoadError", home .. SESSION_FILE, "65534")
      assert.same({}, server:requests())
    end)
  end)

  describe("inline", function()
    before_each(use_inline)

    it("uses the file of the start URL until it expires, and renews nothing", function()
      store(token(1), INLINE_FILE)
      assert.truthy(retrieve())
      assert.same({ GET }, scene:paths())
    end)

    it("says to log in after that", function()
      store(token(0), INLINE_FILE)
      fails("UnauthorizedSSOTokenError", "aws sso login --profile video", home .. INLINE_FILE)
      assert.same({}, server:requests())
    end)
  end)

  describe("renewal", function()
    local RENEWED = { body = '{"accessToken":"n3w","expiresIn":28800,"refreshToken":"n3xt","tokenType":"Bearer"}' }

    it("happens when less than 15 minutes are left", function()
      store(token(900))
      assert.truthy(retrieve())
      assert.same({ GET }, scene:paths())
    end)

    it("sends camelCase JSON, uses the new token, and writes it back for its owner only", function()
      store(token(899))
      server:route(POST, RENEWED)
      assert.truthy(retrieve())
      local renewal, portal = server:requests()[1], server:requests()[2]
      assert.equal("/token", renewal.path)
      assert.equal("application/json", renewal.headers["content-type"])
      assert.same({ grantType = "refresh_token", clientId = "client", clientSecret = "cli3nt-secret",
        refreshToken = "r3fresh-0123456789" }, json.decode(renewal.body))
      assert.equal("n3w", portal.headers["x-amz-sso_bearer_token"])
      assert.same({ startUrl = START_URL, region = "eu-central-1", accessToken = "n3w",
        expiresAt = os.date(ISO, NOW + 28800), refreshToken = "n3xt", clientId = "client",
        clientSecret = "cli3nt-secret", registrationExpiresAt = os.date(ISO, NOW + 86400) }, stored())
      assert.equal("600\n", (shell.run("stat -c %a " .. home .. SESSION_FILE)))
    end)

    it("of an expired token works, too, and keeps the refresh token if there is no new one", function()
      store(token(-5000))
      server:route(POST, { body = '{"accessToken":"n3w","expiresIn":60}' })
      assert.truthy(retrieve())
      assert.equal("r3fresh-0123456789", stored().refreshToken)
    end)

    it("that fails leaves the file and the token that is still valid", function()
      local text = token(60)
      local answers = { { status = 400, body = '{"error":"invalid_grant"}' }, { status = 500 }, { close = true },
        { body = "{}" }, { body = '{"accessToken":"x","expiresIn":"1"}' },
        { body = '{"accessToken":5,"expiresIn":1}' } }
      for _, answer in ipairs(answers) do
        store(text)
        server:route(POST, answer)
        assert.truthy(retrieve())
        assert.equal(text, provider_context.read_file(home .. SESSION_FILE))
      end
      for _, request in ipairs(server:requests()) do
        if request.method == "GET" then assert.equal("acc3ss-0123456789", request.headers["x-amz-sso_bearer_token"]) end
      end
    end)

    it("that fails with an expired token says why and what to do", function()
      store(token(0))
      server:route(POST, { status = 400, headers = { ["x-amzn-ErrorType"] = "InvalidGrantException" },
        body = '{"error":"invalid_grant","error_description":"Invalid r3fresh-0123456789"}' })
      local err = fails("TokenRetrievalError", "InvalidGrantException", "aws sso login --sso-session corp",
        home .. SESSION_FILE)
      assert.is_false(err.retryable)
      server:route(POST, { status = 503 })
      assert.is_true(fails("TokenRetrievalError", "answered 503").retryable)
      server:route(POST, { close = true })
      assert.is_true(fails("TokenRetrievalError", "127.0.0.1").retryable)
    end)

    it("is not tried if a member is missing, or after the registration has expired", function()
      for _, name in ipairs { "refreshToken", "clientId", "clientSecret", "registrationExpiresAt" } do
        store(token(60, { [name] = false }))
        assert.truthy(retrieve())
        store(token(0, { [name] = false }))
        fails("TokenRetrievalError", name, "aws sso login")
      end
      store(token(0, { registrationExpiresAt = os.date(ISO, NOW) }))
      fails("TokenRetrievalError", "registration has expired")
      for _, path in ipairs(scene:paths()) do assert.equal(GET, path) end
    end)

    it("that cannot be written back still yields credentials", function()
      store(token(0))
      server:route(POST, RENEWED)
      make_context().system.write_private = function() return nil, "Read-only file system", 30 end
      assert.truthy(sso.retrieve(context))
      assert.truthy(context.logged[1]:find("Read-only file system", 1, true))
      assert.equal("acc3ss-0123456789", stored().accessToken)
    end)
  end)

  describe("through the client", function()
    --- A token file by the real clock.
    local function store_now(left)
      local now = os.time()
      store(token(0, { expiresAt = os.date(ISO, now + left), registrationExpiresAt = os.date(ISO, now + 600) }))
    end

    local CONFIG = "[default]\nsso_session = corp\nsso_account_id = 012345678901\nsso_role_name = Video\n"
      .. "[sso-session corp]\nsso_region = eu-central-1\nsso_start_url = " .. START_URL .. "\n"

    it("a call is signed with the role's credentials, after a renewal that is written back", function()
      store_now(-60)
      server:route(POST, { body = '{"accessToken":"n3w","expiresIn":28800,"refreshToken":"n3xt"}' })
      server:route(GET, { body = (GOOD.body:gsub('"expiration":%d+', '"expiration":' .. (os.time() + 3600) .. "000")) })
      assert(scene:call(CONFIG))
      assert.same({ POST, GET, CALL }, scene:paths())
      local call = server:requests()[3]
      assert.truthy(call.headers.authorization:find("Credential=ASIAROLE/", 1, true))
      assert.equal("session-role", call.headers["x-amz-security-token"])
      assert.equal("n3xt", stored().refreshToken)
      assert.equal("600\n", (shell.run("stat -c %a " .. home .. SESSION_FILE)))
    end)

    it("an expired session ends the call with the provider's error", function()
      store_now(-60)
      server:route(POST, { status = 400, body = '{"error":"invalid_grant"}' })
      local response, err = scene:call(CONFIG)
      assert.is_nil(response)
      assert.equal("TokenRetrievalError", err.code)
      assert.equal("sso", err.causes[#err.causes].provider)
      assert.same({ POST }, scene:paths())
    end)

    it("an unreachable portal is a connection error that names it", function()
      store_now(3600)
      env.AWS_ENDPOINT_URL_SSO = "http://127.0.0.1:1"
      local _, err = scene:call(CONFIG)
      assert.equal("EndpointConnectionError", err.code)
      assert.truthy(err.message:find("127.0.0.1:1", 1, true), err.message)
    end)
  end)
end)
