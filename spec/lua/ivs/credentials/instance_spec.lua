--- Credentials of an instance's role, from a real server in the place of the metadata service.

local failure = require "ivs.failure"
local http_server = require "support.http_server"
local instance = require "ivs.credentials.instance"
local stand_in = require "support.stand_in"
local whole_call = require "support.whole_call"

local PUT_TOKEN = "PUT /latest/api/token"
local LIST = "/latest/meta-data/iam/security-credentials/"
local DOCUMENT = [[{"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "hunter2",
  "Token": "to/ken=", "Expiration": "2030-01-02T03:04:05Z"}]]
local KEYS = { access_key_id = "AKIDEXAMPLE", secret_access_key = "hunter2", session_token = "to/ken=",
  expiration = 1893553445 }
local SECRETS = { "hunter2", "AKIDEXAMPLE", "to/ken=", "T0KEN==" }
local HTML = { headers = { ["Content-Type"] = "text/html" }, body = "<html>\n<body>hunter2</body></html>" }

describe("the instance metadata", function()
  local server

  setup(function() server = http_server.start() end)
  teardown(function() server:stop() end)

  --- Retrieves credentials where the service is sound but for `answers`: of `token`, `list` and `keys`.
  local function retrieve(answers, options)
    answers, options = answers or {}, options or {}
    options.env = options.env or {}
    options.env.AWS_EC2_METADATA_SERVICE_ENDPOINT = options.env.AWS_EC2_METADATA_SERVICE_ENDPOINT or server.url
    server:route(PUT_TOKEN, answers.token or { body = "T0KEN==" })
    server:route("GET " .. LIST, answers.list or { body = "video-role" })
    server:route("GET " .. LIST .. "video-role", answers.keys or { body = DOCUMENT })
    local before = #server:requests()
    local context = stand_in.context(options)
    local keys, why = instance.retrieve(context)
    local seen = server:requests()
    return keys, why, { (table.unpack or unpack)(seen, before + 1) }, context -- luacheck: ignore 143
  end

  local function lines(requests)
    local found = {}
    for index, request in ipairs(requests) do
      local token = request.headers["x-aws-ec2-metadata-token"]
      found[index] = request.method .. " " .. request.path .. (token and " " .. token or "")
    end
    return found
  end

  local function assert_quiet(keys, why, part)
    assert.is_nil(keys)
    assert.is_string(why)
    assert.truthy(why:find(part or "", 1, true), why)
    for _, secret in ipairs(SECRETS) do assert.is_nil(why:find(secret, 1, true), why) end
    assert.is_nil(why:find("%c"), why)
  end

  local function assert_broken(keys, err, kind, code, part)
    assert.is_nil(keys)
    assert.is_true(failure.is(err), tostring(err))
    assert.equal(kind, err.kind)
    assert.equal(code, err.code)
    assert.truthy(err.message:find(part, 1, true), err.message)
  end

  it("returns the role's credentials, with a token", function()
    local keys, why, requests = retrieve()
    assert.is_nil(why)
    assert.same(KEYS, keys)
    assert.same({ PUT_TOKEN, "GET " .. LIST .. " T0KEN==", "GET " .. LIST .. "video-role T0KEN==" }, lines(requests))
    assert.equal("21600", requests[1].headers["x-aws-ec2-metadata-token-ttl-seconds"])
  end)

  it("is never called through a proxy, has a timeout of a second and a limit for the response", function()
    local _, _, _, context = retrieve()
    for _, request in ipairs(context.asked) do
      assert.is_true(request.direct)
      assert.equal(1, request.connect_timeout)
      assert.equal(1, request.read_timeout)
      assert.equal(64 * 1024, request.max_bytes)
    end
  end)

  describe("version 1", function()
    it("is used if a token is forbidden, unknown or late, or the service fails", function()
      for _, token in ipairs { { status = 403 }, { status = 404 }, { status = 405 }, { status = 500 }, { close = true },
        { delay = 20 }, { body = "" } } do
        local keys, why, requests = retrieve({ token = token }, { env = { AWS_METADATA_SERVICE_TIMEOUT = "2" } })
        assert.same(KEYS, keys, tostring(why))
        assert.same({ PUT_TOKEN, "GET " .. LIST, "GET " .. LIST .. "video-role" }, lines(requests))
      end
    end)

    it("is not used if the token request is answered with 400", function()
      local keys, why, requests = retrieve { token = { status = 400 } }
      assert_quiet(keys, why, "status 400")
      assert.equal(1, #requests)
    end)

    it("is not used if it is disabled: an error, as in botocore", function()
      for _, options in ipairs {
        { env = { AWS_EC2_METADATA_V1_DISABLED = "True" } },
        { profile = { name = "default", values = { ec2_metadata_v1_disabled = "true" } } },
      } do
        local keys, err, requests = retrieve({ token = { status = 404 } }, options)
        assert_broken(keys, err, "credentials", "MetadataRetrievalError", "Error retrieving metadata: "
          .. "Unable to retrieve token for use in IMDSv2 call and IMDSv1 has been disabled")
        assert.equal(1, #requests)
        assert.same(KEYS, (retrieve(nil, options)))
      end
    end)

    it("is used if the setting that disables it is not the word true", function()
      for _, word in ipairs { "1", "yes", "false" } do
        assert.same(KEYS, (retrieve({ token = { status = 404 } }, { env = { AWS_EC2_METADATA_V1_DISABLED = word } })))
      end
    end)
  end)

  it("is not called if it is disabled", function()
    for _, word in ipairs { "true", "TRUE" } do
      local keys, why, requests = retrieve(nil, { env = { AWS_EC2_METADATA_DISABLED = word } })
      assert_quiet(keys, why, "AWS_EC2_METADATA_DISABLED")
      assert.same({}, requests)
    end
    assert.same(KEYS, (retrieve(nil, { env = { AWS_EC2_METADATA_DISABLED = "false" } })))
  end)

  describe("at its address", function()
    local function address(env, values)
      local context = stand_in.context {
        env = env, profile = values and { name = "default", values = values },
        http = function() return nil, failure.new("connection", "EndpointConnectionError", "no") end,
      }
      local keys, why = instance.retrieve(context)
      assert.is_nil(keys)
      return context.asked[1] and context.asked[1].url, why
    end

    it("is link-local, by IPv4 or IPv6", function()
      local token = "/latest/api/token"
      assert.equal("http://169.254.169.254" .. token, address {})
      assert.equal("http://169.254.169.254" .. token, address { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE = "IPv4" })
      assert.equal("http://[fd00:ec2::254]" .. token, address { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE = "IPv6" })
      assert.equal("http://[fd00:ec2::254]" .. token, address({}, { ec2_metadata_service_endpoint_mode = "ipv6" }))
      assert.equal("http://[fd00:ec2::254]" .. token, address { AWS_IMDS_USE_IPV6 = "true" })
      assert.equal("http://169.254.169.254" .. token,
        address({ AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE = "ipv4" }, { ec2_metadata_service_endpoint_mode = "ipv6" }))
    end)

    it("is configurable, and joined as botocore joins it", function()
      for base, url in pairs {
        ["http://127.0.0.1:1"] = "http://127.0.0.1:1/latest/api/token",
        ["http://127.0.0.1:1/"] = "http://127.0.0.1:1/latest/api/token",
        ["http://imds.example/base"] = "http://imds.example/base/latest/api/token",
        ["https://imds.example/base/"] = "https://imds.example/base/latest/api/token",
        ["http://[fd00::1]:8080"] = "http://[fd00::1]:8080/latest/api/token",
      } do
        assert.equal(url, address { AWS_EC2_METADATA_SERVICE_ENDPOINT = base })
        assert.equal(url, address({}, { ec2_metadata_service_endpoint = base }))
        assert.equal(url, address {
          AWS_EC2_METADATA_SERVICE_ENDPOINT = base, AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE = "IPv6",
        })
      end
    end)

    it("is an error if it is not a URL, or the mode is unknown", function()
      for _, base in ipairs { "imds.example", "ftp://imds.example", "http://", "http://a b/", "http://x/\r\nX-Evil: 1",
        "http://user:hunter2@imds.example" } do
        local asked, err = address { AWS_EC2_METADATA_SERVICE_ENDPOINT = base }
        assert.is_nil(asked)
        assert_broken(nil, err, "config", "InvalidIMDSEndpointError",
          "Invalid endpoint EC2 Instance Metadata endpoint: ")
        assert.is_nil(err.message:find("hunter2", 1, true))
        assert.is_nil(err.message:find("%c"))
      end
      local asked, err = address { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE = "dual" }
      assert.is_nil(asked)
      assert_broken(nil, err, "config", "InvalidIMDSEndpointModeError",
        "Invalid EC2 Instance Metadata endpoint mode: dual")
    end)

    it("answers over IPv6", function()
      local six = http_server.start { host = "::1", routes = {
        [PUT_TOKEN] = { body = "T0KEN==" },
        ["GET " .. LIST] = { body = "r" },
        ["GET " .. LIST .. "r"] = { body = DOCUMENT },
      } }
      local env = { AWS_EC2_METADATA_SERVICE_ENDPOINT = six.url .. "/" }
      local keys, why = instance.retrieve(stand_in.context { env = env })
      six:stop()
      assert.same(KEYS, keys, tostring(why))
    end)
  end)

  describe("with attempts", function()
    local function env() return { AWS_METADATA_SERVICE_NUM_ATTEMPTS = "3" } end

    it("is called that often, for each of the three requests", function()
      local failing = { { status = 500 }, { close = true } }
      local function then_gives(answer) return { failing[1], failing[2], answer } end
      local keys, why, requests = retrieve({ token = then_gives { body = "T0KEN==" },
        list = then_gives { body = "video-role" }, keys = then_gives { body = DOCUMENT } }, { env = env() })
      assert.same(KEYS, keys, tostring(why))
      assert.equal(9, #requests)
    end)

    it("is called again if the document is not JSON or empty", function()
      local keys, _, requests = retrieve({ keys = { HTML, { body = "" }, { body = DOCUMENT } } }, { env = env() })
      assert.same(KEYS, keys)
      assert.equal(5, #requests)
    end)

    it("is called once without the setting, which may be in the profile", function()
      local _, _, requests = retrieve { list = { status = 500 } }
      assert.equal(2, #requests)
      local values = { metadata_service_num_attempts = "2", metadata_service_timeout = "3" }
      local profile = { name = "default", values = values }
      local _, _, more, context = retrieve({ list = { status = 500 } }, { profile = profile })
      assert.equal(3, #more)
      assert.equal(3, context.asked[1].read_timeout)
    end)

    it("is not called if none is allowed", function()
      local keys, why, requests = retrieve(nil, { env = { AWS_METADATA_SERVICE_NUM_ATTEMPTS = "0" } })
      assert_quiet(keys, why, "AWS_METADATA_SERVICE_NUM_ATTEMPTS")
      assert.same({}, requests)
    end)

    it("is an error if the setting is not a number", function()
      local wrong = { NUM_ATTEMPTS = { "many", "1.5", "0x2" }, TIMEOUT = { "soon", "-1", "0", "nan", "inf" } }
      for name, values in pairs(wrong) do
        for _, value in ipairs(values) do
          local keys, err, requests = retrieve(nil, { env = { ["AWS_METADATA_SERVICE_" .. name] = value } })
          assert_broken(keys, err, "config", "InvalidConfigError", "metadata_service_" .. name:lower())
          assert.same({}, requests)
        end
      end
    end)
  end)

  it("uses the first of several roles", function()
    for _, list in ipairs { "video-role\nother-role\n", "video-role\r\nother", "\nvideo-role", "video-role\n",
      " video-role " } do
      local keys, why = retrieve { list = { body = list } }
      assert.same(KEYS, keys, tostring(why))
    end
  end)

  it("retries once with a new token if the first one has expired", function()
    local keys, _, requests = retrieve {
      token = { { body = "OLD" }, { body = "T0KEN==" } }, list = { { status = 401 }, { body = "video-role" } },
    }
    assert.same(KEYS, keys)
    assert.same({ PUT_TOKEN, "GET " .. LIST .. " OLD", PUT_TOKEN, "GET " .. LIST .. " T0KEN==",
      "GET " .. LIST .. "video-role T0KEN==" }, lines(requests))
    local none, why, asked = retrieve { list = { status = 401 } }
    assert_quiet(none, why, "status 401")
    assert.equal(4, #asked)
  end)

  describe("has no credentials, without an error,", function()
    it("if nothing listens", function()
      local gone = http_server.start()
      gone:stop()
      local keys, why = retrieve(nil, { env = { AWS_EC2_METADATA_SERVICE_ENDPOINT = gone.url } })
      assert_quiet(keys, why, gone.url)
    end)

    it("if it hangs", function()
      local late = { delay = 20, body = "late" }
      local keys, why = retrieve({ token = late, list = late }, { env = { AWS_METADATA_SERVICE_TIMEOUT = "2" } })
      assert_quiet(keys, why, "ReadTimeoutError")
    end)

    it("if it returns HTML, errors, junk or too much", function()
      local origin = "http://127.0.0.1:" .. server.port
      for name, answers in pairs {
        ["HTML for a token"] = { token = HTML },
        ["lines for a token"] = { token = { body = "T0KEN==\r\nX-Evil: 1" } },
        ["HTML for the role"] = { list = HTML },
        ["a path for the role"] = { list = { body = "../../user-data" } },
        ["nothing for the role"] = { list = { body = "" } },
        ["no role"] = { list = { status = 404 } },
        ["a redirect"] = { list = { status = 302, headers = { Location = "/elsewhere" } } },
        ["HTML for the keys"] = { keys = HTML },
        ["text for the keys"] = { keys = { body = '"hunter2"' } },
        ["a megabyte"] = { keys = { body = (" "):rep(1048576) .. DOCUMENT } },
        ["an error"] = { keys = { status = 500, body = "hunter2" } },
        ["a list"] = { keys = { body = "[]" } },
        ["a wrong type"] = { keys = { body = (DOCUMENT:gsub('"hunter2"', "5")) } },
        ["a broken header"] = { keys = { body = (DOCUMENT:gsub("to/ken=", "x\\r\\nX-Evil: 1")) } },
        ["no time"] = { keys = { body = (DOCUMENT:gsub("2030%-", "x")) } },
        ["a missing key"] = { keys = { body = (DOCUMENT:gsub('"Token"', '"Other"')) } },
      } do
        local keys, why = retrieve(answers)
        assert_quiet(keys, why, origin)
        assert.is_truthy(why, name)
      end
    end)

    it("if it returns an error document, whose message is a cause", function()
      local body = [[{"Code": "AssumeRoleUnauthorizedAccess", "Message": "EC2 cannot assume\nthe role"}]]
      local keys, why = retrieve { keys = { body = body } }
      assert_quiet(keys, why, "AssumeRoleUnauthorizedAccess: EC2 cannot assume the role")
    end)
  end)

  it("is an error if its certificate is refused, as in botocore", function()
    local context = stand_in.context {
      env = { AWS_EC2_METADATA_SERVICE_ENDPOINT = "https://imds.example" },
      http = function() return nil, failure.new("tls", "SSLError", "SSL validation failed") end,
    }
    local keys, err = instance.retrieve(context)
    assert_broken(keys, err, "tls", "SSLError", "SSL validation failed")
    assert.equal(1, #context.asked)
  end)

  it("reveals no token in such an error", function()
    local token = ("T0KEN"):rep(4)
    local context = stand_in.context {
      env = { AWS_EC2_METADATA_SERVICE_ENDPOINT = "https://imds.example" },
      http = function(request)
        if request.method == "PUT" then return { status = 200, headers = {}, body = token } end
        return nil, failure.new("tls", "SSL" .. token, "no " .. token .. " here")
      end,
    }
    local keys, err = instance.retrieve(context)
    assert_broken(keys, err, "tls", "HTTPClientError", "no ******************** here")
  end)

  it("returns credentials that have expired or soon will, to be refreshed in a few minutes", function()
    local expiration, seen = KEYS.expiration, {}
    for _, now in ipairs { expiration - 1010, expiration - 600, expiration, expiration + 86400 } do
      for _ = 1, 3 do
        local keys = retrieve(nil, { now = now })
        local again = keys.expiration - 15 * 60 - now -- when the call machine asks for new ones
        assert.is_true(again >= 120 and again <= 600, tostring(again))
        assert.equal("AKIDEXAMPLE", keys.access_key_id)
        seen[again] = true
      end
    end
    assert.truthy(next(seen, next(seen)), "the pause is not always the same")
    assert.equal(expiration, (retrieve(nil, { now = expiration - 15 * 60 - 601 })).expiration)
  end)

  describe("in a whole call", function()
    local function call(answers)
      server:route(PUT_TOKEN, answers.token or { body = "T0KEN==" })
      server:route("GET " .. LIST, { body = "video-role" })
      server:route("GET " .. LIST .. "video-role", answers.keys or { body = whole_call.document "Token" })
      return whole_call.make {
        AWS_EC2_METADATA_SERVICE_ENDPOINT = server.url, AWS_METADATA_SERVICE_TIMEOUT = "2",
        http_proxy = "http://127.0.0.1:1",
      }
    end

    it("works, bypassing a configured proxy, also without a token", function()
      for _, token in ipairs { { body = "T0KEN==" }, { delay = 20 }, { close = true } } do
        local response, err, told = call { token = token }
        assert.equal("ACTIVE", response and response.recordingConfiguration.state, tostring(err))
        assert.equal("instance", told.provider)
      end
    end)

    it("is the last source without credentials if it hangs or returns HTML", function()
      for _, keys in ipairs { { delay = 20 }, HTML } do
        local response, err = call { keys = keys }
        assert.is_nil(response)
        assert.equal("NoCredentialsError", err.code)
        assert.equal("instance", err.causes[#err.causes].provider)
        assert.is_nil(tostring(err):find("hunter2", 1, true))
      end
    end)
  end)
end)
