--- A client's settings: options and the environment (DESIGN 1.3). What a client is, once it has them, is in client_spec; where
-- its keys come from, in client_credentials_spec.

local core = require "ivs.core"
local interpreter = require "support.interpreter"
local ivs = require "ivs"

local ARN = "arn:aws:ivs:us-west-2:123456789012:recording-configuration/AbCdEf123456"
local KEYS = { access_key_id = "AKIDEXAMPLE", secret_access_key = "wJalrXUtnFEMI/K7MDENG" }

local function no_transport() error("nothing may be sent", 0) end

--- Options with which a client can be made and nothing sent.
local function options(more)
  local made = { region = "us-west-2", credentials = KEYS, env = {}, transport = no_transport }
  for name, value in pairs(more or {}) do made[name] = value or nil end
  return made
end

--- The first request that a client with these options makes.
local function request_of(more)
  local given = options(more)
  given.transport = nil
  local step, request = assert(core.client(given)):call(ARN):next()
  assert(step == "exchange", tostring(request))
  return request
end

local function here()
  local info = debug.getinfo(2, "Sl")
  return info.short_src .. ":" .. info.currentline .. ":"
end

local function assert_config_error(code, made, err)
  assert.is_nil(made)
  assert.same({ "config", code, false, 0 }, { err.kind, err.code, err.retryable, err.attempts })
  assert.equal("string", type(err.message))
end

-- { right values, a wrong one, … }: DESIGN 1.3
local TYPES = {
  region = { { "eu-west-1" }, 5, true, {} },
  credentials = { { KEYS, function() return KEYS end }, "AKID", 5, true },
  endpoint_url = { { "https://ivs.example/base" }, 5, true, {} },
  ignore_configured_endpoint_urls = { { true, false }, "true", 1 },
  use_fips_endpoint = { { true, false }, "true", 1 },
  use_dualstack_endpoint = { { true, false }, "true", 1 },
  retry_mode = { { "standard", "adaptive", "legacy" }, 5, true },
  max_attempts = { { 1, 3, 10 }, "3", true },
  connect_timeout = { { 0.5, 60 }, "60", true },
  read_timeout = { { 0.5, 60 }, "60", {} },
  ca_bundle = { { "/etc/ssl/certs" }, 5, true },
  verify = { { true, false }, "false", 0, "/etc/ssl/certs" },
  client_cert = { { "cert.pem" }, {}, true },
  client_key = { { "key.pem" }, {}, true },
  proxy = { { "http://localhost:3128", "https://user:pw@localhost:3128", "localhost:3128" }, 5, {}, true },
  no_proxy = { { "localhost,.example" }, {}, true },
  tcp_keepalive = { { true, false }, "true", 1 },
  sdk_ua_app_id = { { "my-app" }, 5, {} },
  user_agent_extra = { { "tool/1.0" }, 5, {} },
  max_response_bytes = { { 1, 65536 }, "1", true },
  logger = { { function() end }, "print", true },
  env = { { {}, { AWS_REGION = "x" } }, "env", 5 },
  transport = { { function() end }, {}, "http" },
}

describe("an option", function()
  for name, row in pairs(TYPES) do
    it(name .. " is taken when its type is right", function()
      for _, value in ipairs(row[1]) do
        local client, err = ivs.client(options { [name] = value })
        assert(client, tostring(err))
      end
    end)

    it(name .. " raises at the caller's line when its type is wrong", function()
      for index = 2, #row do
        local given, line = options(), nil
        given[name] = row[index]
        local fine, message = pcall(function()
          line = here() local client = ivs.client(given)
          return client
        end)
        assert.is_false(fine)
        assert.equal(line, message:sub(1, #line))
        assert.truthy(message:find(name, 1, true), message)
        assert.truthy(message:find(type(row[index]), 1, true), message)
      end
    end)
  end

  it("that does not exist raises at the caller's line", function()
    for _, name in ipairs { "Region", "timeout", 1 } do
      local line
      for _, make in ipairs { ivs.client, core.client } do
        local fine, message = pcall(function()
          line = here() local client = make { [name] = "x" }
          return client
        end)
        assert.is_false(fine)
        assert.equal(line, message:sub(1, #line))
        assert.truthy(message:find("'" .. name .. "'", 1, true), message)
      end
    end
    assert.is_false((pcall(ivs.client, "us-west-2")))
  end)

  it("may be left out, all of them", function()
    assert(interpreter.run 'assert(require "ivs".client())' == "")
  end)

  it("of a right type and a wrong value is a config error", function()
    for _, example in ipairs {
      { "InvalidRegionError", { region = "us west" } }, { "InvalidRegionError", { region = "-x" } },
      { "InvalidRegionError", { region = ("x"):rep(64) } }, { "InvalidRegionError", { region = "a.b" } },
      { "InvalidEndpointError", { endpoint_url = "ivs.example" } }, { "InvalidEndpointError", { endpoint_url = "ftp://x" } },
      { "InvalidEndpointError", { endpoint_url = "https://" } },
      { "InvalidEndpointError", { endpoint_url = "https://user:password@ivs.example" } },
      { "EndpointResolutionError", { endpoint_url = "https://ivs.example", use_fips_endpoint = true } },
      { "EndpointResolutionError", { endpoint_url = "https://ivs.example", use_dualstack_endpoint = true } },
      { "InvalidRetryModeError", { retry_mode = "quick" } }, { "InvalidRetryModeError", { retry_mode = "Standard" } },
      { "InvalidMaxRetryAttemptsError", { max_attempts = 0 } }, { "InvalidMaxRetryAttemptsError", { max_attempts = -1 } },
      { "InvalidMaxRetryAttemptsError", { max_attempts = 1.5 } },
      { "InvalidMaxRetryAttemptsError", { env = { AWS_MAX_ATTEMPTS = "many" } } },
      { "InvalidMaxRetryAttemptsError", { env = { AWS_MAX_ATTEMPTS = "0" } } },
      { "InvalidConfigError", { connect_timeout = 0 } }, { "InvalidConfigError", { read_timeout = -1 } },
      { "InvalidConfigError", { read_timeout = 0 / 0 } }, { "InvalidConfigError", { connect_timeout = math.huge } },
      { "InvalidConfigError", { max_response_bytes = 0 } }, { "InvalidConfigError", { max_response_bytes = 0.5 } },
      { "InvalidProxiesConfigError", { proxy = "http://" } }, { "InvalidProxiesConfigError", { proxy = "http://a b" } },
      { "InvalidProxiesConfigError", { proxy = "socks5://localhost:1080" } },
    } do
      local made, err = ivs.client(options(example[2]))
      local name, value = next(example[2])
      assert(made == nil, name .. " = " .. tostring(value) .. " was taken")
      assert_config_error(example[1], made, err)
    end
  end)

  it("that is text holds no CR, LF or NUL, wherever it would go", function()
    for _, break_in in ipairs { "\r\nX-Injected: yes", "\n", "\r", "\0", "\127" } do
      for name, row in pairs(TYPES) do
        if type(row[1][1]) == "string" then
          local made, err = ivs.client(options { [name] = row[1][1] .. break_in })
          assert(made == nil, name .. " was taken")
          assert.equal("config", err.kind)
          assert.is_nil(err.message:find("[%z\r\n]"), name)
        end
      end
      for _, name in ipairs { "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_SDK_UA_APP_ID", "AWS_CA_BUNDLE", "https_proxy" } do
        local made = ivs.client(options { region = name ~= "AWS_REGION" and "us-west-2", env = { [name] = "x" .. break_in } })
        assert(made == nil, name .. " was taken")
      end
      for _, name in ipairs { "access_key_id", "secret_access_key", "session_token" } do
        local keys = { access_key_id = "A", secret_access_key = "S", session_token = "T" }
        keys[name] = "x" .. break_in
        local made, err = ivs.client(options { credentials = keys })
        assert(made == nil, name .. " was taken")
        assert.equal("credentials", err.kind)
        local client = assert(ivs.client(options { credentials = function() return keys end }))
        err = select(2, client:get_recording_configuration(ARN))
        assert.equal("credentials", err.kind)
      end
    end
  end)
end)

describe("the environment", function()
  it("is read where an option is silent", function()
    for _, example in ipairs {
      { "https://ivs.eu-west-1.amazonaws.com", {}, { AWS_REGION = "eu-west-1", AWS_DEFAULT_REGION = "us-east-1" } },
      { "https://ivs.us-east-1.amazonaws.com", {}, { AWS_DEFAULT_REGION = "us-east-1" } },
      { "https://ivs.us-east-1.amazonaws.com", {}, { AWS_REGION = "", AWS_DEFAULT_REGION = "us-east-1" } },
      { "https://ivs.ap-south-1.amazonaws.com", { region = "ap-south-1" }, { AWS_REGION = "eu-west-1" } },
      { "https://ivs.eu-west-1.amazonaws.com", { region = "" }, { AWS_REGION = "eu-west-1" } },
      { "https://ivs-fips.x.amazonaws.com", { region = "x" }, { AWS_USE_FIPS_ENDPOINT = "TRUE" } },
      { "https://ivs.x.amazonaws.com", { region = "x" }, { AWS_USE_FIPS_ENDPOINT = "1" } },
      { "https://ivs.x.amazonaws.com", { region = "x", use_fips_endpoint = false }, { AWS_USE_FIPS_ENDPOINT = "true" } },
      { "https://ivs.x.api.aws", { region = "x" }, { AWS_USE_DUALSTACK_ENDPOINT = "true" } },
      { "https://a.example", { region = "x" }, { AWS_ENDPOINT_URL_IVS = "https://a.example",
        AWS_ENDPOINT_URL = "https://b.example" } },
      { "https://b.example", { region = "x" }, { AWS_ENDPOINT_URL_IVS = "", AWS_ENDPOINT_URL = "https://b.example" } },
      { "https://c.example", { region = "x", endpoint_url = "https://c.example" },
        { AWS_ENDPOINT_URL = "https://b.example", AWS_IGNORE_CONFIGURED_ENDPOINT_URLS = "true" } },
      { "https://ivs.x.amazonaws.com", { region = "x" }, { AWS_ENDPOINT_URL = "https://b.example",
        AWS_ENDPOINT_URL_IVS = "https://a.example", AWS_IGNORE_CONFIGURED_ENDPOINT_URLS = "True" } },
      { "https://b.example", { region = "x", ignore_configured_endpoint_urls = false },
        { AWS_ENDPOINT_URL = "https://b.example", AWS_IGNORE_CONFIGURED_ENDPOINT_URLS = "true" } },
    } do
      local given = { env = example[3] }
      for name, value in pairs(example[2]) do given[name] = value end
      assert.equal(example[1], assert(ivs.client(given)).endpoint_url)
    end
  end)

  it("has a word for each setting that is the option's behind AWS_", function()
    assert.equal(2.5, request_of { env = { AWS_READ_TIMEOUT = "2.5", AWS_CONNECT_TIMEOUT = "4" } }.read_timeout)
    assert.equal(4, request_of { env = { AWS_READ_TIMEOUT = "2.5", AWS_CONNECT_TIMEOUT = "4" } }.connect_timeout)
    assert.equal(7, request_of { connect_timeout = 7, env = { AWS_CONNECT_TIMEOUT = "4" } }.connect_timeout)
    local agent = request_of { env = { AWS_RETRY_MODE = "legacy", AWS_SDK_UA_APP_ID = "app-1" } }.headers["User-Agent"]
    assert.truthy(agent:find("cfg/retry-mode#legacy app/app-1", 1, true), agent)
    local sent = 0
    local client = assert(ivs.client(options { env = { AWS_MAX_ATTEMPTS = "2" }, transport = function()
      sent = sent + 1
      return { status = 500, body = "" }
    end }))
    assert.is_nil((client:get_recording_configuration(ARN)))
    assert.equal(2, sent)
  end)

  it("is a table of texts: anything else in it raises at the caller's line", function()
    for name, value in pairs { AWS_MAX_ATTEMPTS = 5, AWS_REGION = 5, AWS_USE_FIPS_ENDPOINT = true, AWS_ENDPOINT_URL = {} } do
      local line
      local fine, message = pcall(function()
        line = here() local client = ivs.client { env = { [name] = value } }
        return client
      end)
      assert.is_false(fine, name)
      assert.equal(line, message:sub(1, #line))
    end
  end)

  it("of the process is read where no table is given, and it alone", function()
    local script = 'local c = require "ivs".client() print(c.region, c.endpoint_url)'
    assert.equal("eu-west-1\thttps://ivs.eu-west-1.amazonaws.com\n", (interpreter.run(script, { AWS_REGION = "eu-west-1" })))
    script = 'print(require "ivs".client { env = { AWS_REGION = "us-east-1" } }.endpoint_url)'
    assert.equal("https://ivs.us-east-1.amazonaws.com\n", (interpreter.run(script,
      { AWS_REGION = "eu-west-1", AWS_ENDPOINT_URL = "https://b.example" })))
  end)
end)
