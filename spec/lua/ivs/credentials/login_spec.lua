--- The login provider against a real server, real files and real EC keys (docs/protocol.md, "Login"). The proof is verified by
-- the openssl command from the public key inside it.

local json = require "ivs.json"
local login = require "ivs.credentials.login"
local provider_context = require "support.provider_context"
local provider_scene = require "support.provider_scene"
local shell = require "emulator.shell"

local NOW, ISO = provider_scene.NOW, provider_scene.ISO
local SESSION = "arn:aws:iam::012345678901:user/video"
local POST = "POST /v1/token"

local RENEWED = { body = json.encode {
  accessToken = { accessKeyId = "ASIANEW", secretAccessKey = "secret/new", sessionToken = "session-new" },
  tokenType = "aws_sigv4", expiresIn = 900, refreshToken = "r3fresh-2-0123456789", idToken = "id-2",
} }

local function from_base64url(text)
  local padded = text:gsub("-", "+"):gsub("_", "/") .. ("="):rep(-#text % 4)
  return (shell.run(("printf %%s '%s' | base64 -d"):format(padded)))
end

--- 32 bytes as an INTEGER of DER.
local function integer(bytes)
  bytes = bytes:gsub("^%z+", "")
  if bytes:byte() >= 128 then bytes = "\0" .. bytes end
  return "\2" .. string.char(#bytes) .. bytes
end

--- What stands before the point of a P-256 key in a SubjectPublicKeyInfo (RFC 5480).
local PUBLIC_KEY = ("3059301306072a8648ce3d020106082a8648ce3d03010703420004"):gsub("%x%x", function(byte)
  return string.char(tonumber(byte, 16))
end)

--- Takes a JSON Web Token apart and lets openssl check it against the key in its header.
-- @return header, claims, whether the signature is good
local function read_proof(directory, proof)
  local signed, signature = proof:match("^([%w_-]+%.[%w_-]+)%.([%w_-]+)$")
  local header, claims = signed:match("^(.*)%.(.*)$")
  header, claims = json.decode(from_base64url(header)), json.decode(from_base64url(claims))
  signature = from_base64url(signature)
  assert(#signature == 64)
  local pair = integer(signature:sub(1, 32)) .. integer(signature:sub(33))
  provider_context.write_file(directory .. "/sig", "\48" .. string.char(#pair) .. pair)
  local point = from_base64url(header.jwk.x) .. from_base64url(header.jwk.y)
  provider_context.write_file(directory .. "/key", PUBLIC_KEY .. point)
  provider_context.write_file(directory .. "/text", signed)
  local said = shell.run(("exec 2>&1; cd %s; openssl pkey -pubin -inform DER -in key -out pem; "
    .. "openssl dgst -sha256 -verify pem -signature sig text"):format(directory))
  return header, claims, said == "Verified OK\n"
end

local KEYS = {
  sec1 = shell.run "openssl ecparam -name prime256v1 -genkey -noout",
  pkcs8 = shell.run "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 2>/dev/null",
}

describe("providers.login", function()
  local scene, server, home, env, path, profile, context

  lazy_setup(function()
    scene = provider_scene.start()
    server = scene.server
  end)
  lazy_teardown(function() scene:stop() end)

  before_each(function()
    scene:restart { [POST] = { RENEWED } }
    home, env = scene.home, scene.env
    path = home .. "/cache/" .. shell.run("printf %s " .. SESSION .. " | sha256sum"):match("%x+") .. ".json"
    shell.run(("mkdir %s/cache %s/scratch"):format(home, home))
    env.AWS_ENDPOINT_URL_SIGNIN, env.AWS_LOGIN_CACHE_DIRECTORY = server.url, home .. "/cache"
    profile = { login_session = SESSION }
  end)

  --- The file of `aws login` with `left` seconds to go; `changes` overlay it, `key_changes` its keys (false: absent).
  local function document(left, changes, key_changes)
    local text = {
      accessToken = { accessKeyId = "ASIAOLD", secretAccessKey = "secret/old", sessionToken = "session-old",
        accountId = "012345678901", expiresAt = os.date(ISO, NOW + left) },
      tokenType = "aws_sigv4", refreshToken = "r3fresh-1-0123456789", idToken = "id-1", dpopKey = KEYS.sec1,
      clientId = "arn:aws:signin:::devtools/same-device",
    }
    for name, value in pairs(key_changes or {}) do text.accessToken[name] = value or nil end
    for name, value in pairs(changes or {}) do text[name] = value or nil end
    return json.encode(text)
  end

  local function store(text) provider_context.write_file(path, text) end
  local function stored() return json.decode(provider_context.read_file(path)) end

  local function make_context(region)
    context = scene:context { profile = profile, region = region }
    return context
  end

  local function retrieve() return login.retrieve(make_context()) end

  local function fails(code, ...)
    local keys, err = retrieve()
    local secrets = { "secret/", "session-old", "session-new", "r3fresh", "PRIVATE KEY", KEYS.sec1:match("\n(%w+)") }
    return provider_scene.assert_failed(secrets, keys, err, code, ...)
  end

  it("has no credentials without a login_session", function()
    for _, values in ipairs { {}, { login_session = "" }, { login_session = { nested = "x" } } } do
      profile = values
      local keys, why = retrieve()
      assert.is_nil(keys)
      assert.truthy(why:find("login_session", 1, true))
    end
    profile = nil
    assert.equal("there is no profile", select(2, retrieve()))
  end)

  describe("the cached credentials", function()
    it("are used while 5 minutes or more are left", function()
      store(document(300))
      assert.same({ access_key_id = "ASIAOLD", secret_access_key = "secret/old", session_token = "session-old",
        expiration = NOW + 300 }, retrieve())
      assert.same({}, server:requests())
    end)

    it("are in ~/.aws/login/cache by default, and the directory may hold ~ and variables", function()
      env.AWS_LOGIN_CACHE_DIRECTORY = nil
      shell.run(("mkdir -p %s/.aws/login; mv %s/cache %s/.aws/login/"):format(home, home, home))
      path = path:gsub("/cache/", "/.aws/login/cache/")
      store(document(600))
      assert.truthy(retrieve())
      env.AWS_LOGIN_CACHE_DIRECTORY, env.WHERE = "~/.aws/$WHERE/", "login/cache"
      assert.truthy(retrieve())
    end)

    it("that are missing are an error that says to log in", function()
      fails("LoginTokenLoadError", path, "No such file", "aws login")
    end)

    it("that are half written or incomplete are an error that names the file", function()
      for _, text in ipairs { document(600):sub(1, -9), "", "null", "17", "[]" } do
        store(text)
        fails("LoginTokenLoadError", path, "aws login")
      end
      for _, name in ipairs { "accessToken", "refreshToken", "dpopKey", "clientId" } do
        for _, value in ipairs { false, json.null, 5, "" } do
          if name ~= "accessToken" or value ~= "" then
            store(document(600, { [name] = value }))
            fails("LoginTokenLoadError", path, name, "aws login")
          end
        end
      end
      for _, name in ipairs { "accessKeyId", "secretAccessKey", "sessionToken", "expiresAt" } do
        for _, value in ipairs { false, json.null, 5, "" } do
          store(document(600, nil, { [name] = value }))
          fails("LoginTokenLoadError", path, "accessToken." .. name, "aws login")
        end
      end
      assert.same({}, server:requests())
    end)

    it("of another user are refused", function()
      store(document(600))
      if (shell.run("id -u")) ~= "0\n" then return end -- only root can give a file away
      shell.run("chown 65534 " .. path)
      fails("LoginTokenLoadError", path, "65534")
    end)
  end)

  describe("renewal", function()
    it("sends camelCase JSON and returns the new credentials", function()
      store(document(299))
      assert.same({ access_key_id = "ASIANEW", secret_access_key = "secret/new", session_token = "session-new",
        expiration = NOW + 900 }, retrieve())
      local request = server:requests()[1]
      assert.equal("/v1/token", request.path)
      assert.equal("application/json", request.headers["content-type"])
      assert.is_nil(request.headers.authorization)
      assert.same({ clientId = "arn:aws:signin:::devtools/same-device", refreshToken = "r3fresh-1-0123456789",
        grantType = "refresh_token" }, json.decode(request.body))
    end)

    for name, pem in pairs(KEYS) do
      it("proves the key with a JSON Web Token that openssl verifies: " .. name, function()
        store(document(-60, { dpopKey = pem }))
        assert.truthy(retrieve())
        local header, claims, verified = read_proof(home .. "/scratch", server:requests()[1].headers.dpop)
        assert.is_true(verified)
        assert.equal("dpop+jwt", header.typ)
        assert.equal("ES256", header.alg)
        local x, y = header.jwk.x, header.jwk.y
        assert.same({ kty = "EC", crv = "P-256", x = x, y = y }, header.jwk)
        local jti = claims.jti
        assert.same({ htm = "POST", htu = server.url .. "/v1/token", iat = NOW, jti = jti }, claims)
        assert.equal(36, #jti)
      end)
    end

    it("makes a new proof for each attempt", function()
      store(document(-60))
      server:route(POST, { { status = 503 }, { status = 429 }, RENEWED })
      assert.truthy(retrieve())
      local seen = {}
      for _, request in ipairs(server:requests()) do
        local _, claims, verified = read_proof(home .. "/scratch", request.headers.dpop)
        assert.is_true(verified)
        assert.is_nil(seen[claims.jti])
        seen[claims.jti] = true
      end
      assert.equal(3, #server:requests())
    end)

    it("is written back for its owner only; what it does not change stays", function()
      store(document(0))
      assert.truthy(retrieve())
      assert.same({
        accessToken = { accessKeyId = "ASIANEW", secretAccessKey = "secret/new", sessionToken = "session-new",
          accountId = "012345678901", expiresAt = os.date(ISO, NOW + 900) },
        tokenType = "aws_sigv4", refreshToken = "r3fresh-2-0123456789", idToken = "id-1", dpopKey = KEYS.sec1,
        clientId = "arn:aws:signin:::devtools/same-device",
      }, stored())
      assert.equal("600\n", (shell.run("stat -c %a " .. path)))
      assert.truthy(retrieve())
      assert.equal(1, #server:requests())
    end)

    it("that fails leaves the file and the credentials that are still valid", function()
      local text = document(1)
      local answers = { { status = 403, body = '{"error":"TOKEN_EXPIRED"}' }, { status = 500 }, { close = true },
        { body = "{}" }, { body = RENEWED.body:gsub("900", "0") }, { body = RENEWED.body:gsub("ASIANEW", "") } }
      for _, answer in ipairs(answers) do
        store(text)
        server:route(POST, { status = answer.status, body = answer.body, close = answer.close })
        assert.equal("ASIAOLD", retrieve().access_key_id)
        assert.equal(text, provider_context.read_file(path))
      end
    end)

    it("that fails after the expiration says what to do, for each reason of the service", function()
      store(document(0))
      local codes = {
        TOKEN_EXPIRED = "LoginRefreshRequired", USER_CREDENTIALS_CHANGED = "LoginRefreshRequired",
        INSUFFICIENT_PERMISSIONS = "LoginInsufficientPermissions", INVALID_REQUEST = "LoginError",
      }
      for reason, code in pairs(codes) do
        server:route(POST, { status = 403, headers = { ["x-amzn-ErrorType"] = "AccessDeniedException" },
          body = json.encode { error = reason, message = "No: r3fresh-1-0123456789" } })
        assert.is_false(fails(code, "aws login", "AccessDeniedException", "No: " .. ("*"):rep(#"r3fresh-1-0123456789"), "127.0.0.1").retryable)
      end
      server:route(POST, { status = 503, body = "<html>" })
      assert.is_true(fails("LoginError", "answered 503").retryable)
      server:route(POST, { close = true })
      assert.equal("connection", fails("ConnectionClosedError", "127.0.0.1").kind)
      server:route(POST, { body = '{"accessToken":null}' })
      fails("LoginTokenLoadError", "without complete credentials")
    end)

    it("needs a P-256 key", function()
      for _, pem in ipairs { "junk", "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n",
        shell.run "openssl ecparam -name secp384r1 -genkey -noout", shell.run "openssl genrsa 2048 2>/dev/null" } do
        store(document(0, { dpopKey = pem }))
        fails("LoginTokenLoadError", "dpopKey", path, "aws login")
      end
      assert.same({}, server:requests())
    end)

    it("uses what another process has renewed meanwhile", function()
      store(document(0))
      make_context()
      local http = context.http
      context.http = function(request)
        store(document(900, nil, { accessKeyId = "ASIAOTHER" }))
        return http(request)
      end
      server:route(POST, { status = 403, body = '{"error":"TOKEN_EXPIRED"}' })
      assert.equal("ASIAOTHER", login.retrieve(context).access_key_id)
    end)

    it("uses the client's region, or the profile's, and needs one", function()
      env.AWS_ENDPOINT_URL_SIGNIN = nil
      store(document(0))
      local url
      local function renew(region)
        make_context(region)
        context.http = function(request)
          url = request.url
          return { status = 400, headers = {}, body = "" }
        end
        return login.retrieve(context)
      end
      renew("us-west-2")
      assert.equal("https://us-west-2.signin.aws.amazon.com/v1/token", url)
      profile.region = "cn-north-1"
      renew()
      assert.equal("https://cn-north-1.signin.amazonaws.cn/v1/token", url)
      profile.region = nil
      assert.equal("NoRegionError", select(2, renew()).code)
    end)
  end)

  describe("through the client", function()
    local CONFIG = "[default]\nlogin_session = " .. SESSION .. "\n"

    for name, pem in pairs(KEYS) do
      it("a call is signed with renewed credentials, and openssl verifies the module's own proof: " .. name, function()
        store(document(0, { dpopKey = pem }))
        assert(scene:call(CONFIG))
        local renewal, call = server:requests()[1], server:requests()[2]
        local _, claims, verified = read_proof(home .. "/scratch", renewal.headers.dpop)
        assert.is_true(verified)
        assert.equal(server.url .. "/v1/token", claims.htu)
        assert.truthy(math.abs(claims.iat - os.time()) < 60)
        assert.truthy(call.headers.authorization:find("Credential=ASIANEW/", 1, true))
        assert.equal("session-new", call.headers["x-amz-security-token"])
        assert.equal("r3fresh-2-0123456789", stored().refreshToken)
        assert.equal("600\n", (shell.run("stat -c %a " .. path)))
      end)
    end

    it("an expired login ends the call with the provider's error", function()
      store(document(0))
      server:route(POST, { status = 403, body = '{"error":"TOKEN_EXPIRED"}' })
      local response, err = scene:call(CONFIG)
      assert.is_nil(response)
      assert.equal("LoginRefreshRequired", err.code)
      assert.equal("login", err.causes[#err.causes].provider)
    end)

    it("an invalid key is refused by libcrypto, too", function()
      for _, bad in ipairs { "junk", (shell.run "openssl ecparam -name secp384r1 -genkey -noout") } do
        store(document(0, { dpopKey = bad }))
        local _, err = scene:call(CONFIG)
        assert.equal("LoginTokenLoadError", err.code)
        assert.truthy(err.message:find("dpopKey", 1, true))
      end
    end)
  end)
end)
