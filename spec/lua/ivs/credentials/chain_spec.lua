--- The chain of sources through the whole module: its error if no source has credentials, when it stops, what it remembers,
-- and what client:credentials() returns. Which source wins is compared with botocore in matrix_spec, when credentials are
-- refreshed is in spec/call/refresh_spec.

local emulator_credentials = require "support.emulator_credentials"
local emulator_server = require "emulator.server"
local http_server = require "support.http_server"
local ivs = require "ivs"
local shell = require "emulator.shell"
local store = require "emulator.store"

local assert_absent, document = emulator_credentials.assert_absent, emulator_credentials.document
local ARN = store.configurations.complete.arn
local KEYS = store.keys.temporary

--- The order of docs/protocol.md, "Credential sources", and what each says where nothing at all is set up.
local SOURCES = {
  { "environment", "AWS_ACCESS_KEY_ID" },
  { "assume_role", "profile" },
  { "web_identity", "AWS_WEB_IDENTITY_TOKEN_FILE" },
  { "sso", "profile" },
  { "shared_file", "profile" },
  { "login", "profile" },
  { "process", "profile" },
  { "config_file", "profile" },
  { "container", "AWS_CONTAINER_CREDENTIALS_FULL_URI" },
  { "instance", "AWS_EC2_METADATA_DISABLED" },
}

local SECTION = ("aws_access_key_id = %s\naws_secret_access_key = %s\naws_session_token = %s\n")
  :format(KEYS.access_key_id, KEYS.secret_access_key, KEYS.session_token)

local function names_of(causes)
  local names = {}
  for index, cause in ipairs(causes) do names[index] = cause.provider end
  return names
end

describe("credentials", function()
  local emulator, home

  setup(function()
    emulator = emulator_server.start()
    home = shell.run('mktemp -d "${TMPDIR:-/tmp}/ivs-credentials.XXXXXX"'):match("^(/[^\n]+)\n$")
    shell.run("mkdir " .. shell.quote(home .. "/.aws"))
  end)

  teardown(function()
    emulator:stop()
    shell.run("rm -rf -- " .. shell.quote(home))
  end)

  after_each(function()
    os.remove(home .. "/.aws/config")
    os.remove(home .. "/.aws/credentials")
  end)

  local function write(name, text)
    local file = assert(io.open(home .. "/.aws/" .. name, "wb"))
    file:write(text)
    file:close()
  end

  --- A client of the emulator that has to find its credentials by itself.
  local function client_with(env, options)
    local all = { HOME = home, AWS_EC2_METADATA_DISABLED = "true", AWS_REGION = emulator.region,
      AWS_ENDPOINT_URL_IVS = emulator.endpoint_url, AWS_CA_BUNDLE = emulator.ca_bundle }
    for name, value in pairs(env or {}) do all[name] = value end
    local given = { env = all }
    for name, value in pairs(options or {}) do given[name] = value end
    return assert(ivs.client(given))
  end

  --- What a call fails with; the service has not been asked.
  local function failure_of(client)
    local before = emulator:requests()
    local response, err = client:get_recording_configuration(ARN)
    assert.is_nil(response)
    assert.equal(before, emulator:requests())
    assert.equal(0, err.attempts)
    return err
  end

  describe("that do not exist", function()
    it("are an error whose causes are all sources, in order, each with its reason", function()
      local err = failure_of(client_with())
      assert.same({ "credentials", ivs.exceptions.NoCredentialsError, false }, { err.kind, err.code, err.retryable })
      assert.equal(#SOURCES, #err.causes)
      for index, source in ipairs(SOURCES) do
        local cause = err.causes[index]
        assert.equal(source[1], cause.provider)
        assert.truthy(cause.message:find(source[2], 1, true), cause.provider .. ": " .. cause.message)
      end
    end)

    it("are an error that says what to do, with a line for each source", function()
      local err = failure_of(client_with())
      assert.truthy(err.message:find("^Unable to locate credentials"))
      for _, word in ipairs { "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "profile", "`credentials`" } do
        assert.truthy(err.message:find(word, 1, true), err.message)
      end
      for _, cause in ipairs(err.causes) do
        assert.truthy(tostring(err):find(("\n  %s: %s"):format(cause.provider, cause.message), 1, true))
      end
    end)

    it("are reported by client:credentials() in the same way", function()
      local client = client_with()
      local told, err = client:credentials()
      assert.is_nil(told)
      assert.same({ "credentials", "NoCredentialsError", #SOURCES }, { err.kind, err.code, #err.causes })
      assert.equal(tostring(failure_of(client)), tostring(err))
    end)

    it("are an error that names the profile and the file", function()
      write("config", "[profile video]\nregion = us-west-2\n")
      local err = failure_of(client_with({ AWS_PROFILE = "video" }))
      for _, cause in ipairs(err.causes) do
        if cause.provider == "shared_file" then
          assert.truthy(cause.message:find(home .. "/.aws/credentials", 1, true), cause.message)
        end
        if cause.provider == "config_file" then
          assert.truthy(cause.message:find(home .. "/.aws/config", 1, true), cause.message)
        end
        if cause.provider == "process" then assert.truthy(cause.message:find('"video"', 1, true), cause.message) end
      end
    end)

    it("do not have the environment as a cause if the option profile is given", function()
      write("config", "[profile video]\nregion = us-west-2\n")
      local env = { AWS_ACCESS_KEY_ID = "AKIDENV", AWS_SECRET_ACCESS_KEY = "s",
        AWS_WEB_IDENTITY_TOKEN_FILE = "/nonexistent", AWS_ROLE_ARN = "arn:aws:iam::123456789012:role/video" }
      local err = failure_of(client_with(env, { profile = "video" }))
      assert.equal("NoCredentialsError", err.code)
      local expected = {}
      for index = 2, #SOURCES do expected[index - 1] = SOURCES[index][1] end
      assert.same(expected, names_of(err.causes))
    end)
  end)

  describe("of a misconfigured source", function()
    it("stop the chain with that source's error, even if a later one has credentials", function()
      for _, case in ipairs {
        { "[default]\nrole_arn = r\nsource_profile = nobody\n", "assume_role", "InvalidConfigError" },
        { "[default]\nweb_identity_token_file = /nonexistent\nrole_arn = r\n", "web_identity", "CredentialRetrievalError" },
        { "[default]\nsso_account_id = 1\nsso_role_name = r\n", "sso", "InvalidConfigError" },
        { "[default]\nlogin_session = nobody\n", "login", "LoginTokenLoadError" },
        { "[default]\ncredential_process = false\n", "process", "CredentialRetrievalError" },
      } do
        write("config", case[1] .. SECTION)
        local err = failure_of(client_with())
        assert.same({ case[3], case[2] }, { err.code, err.causes[#err.causes].provider })
        assert.equal(err.message, err.causes[#err.causes].message)
        for index, cause in ipairs(err.causes) do assert.equal(SOURCES[index][1], cause.provider) end
        assert_absent(err)
      end
    end)

    it("stop it if half of the pair is missing, too", function()
      write("credentials", "[default]\naws_access_key_id = AKIDHALF\n")
      write("config", "[default]\n" .. SECTION)
      local err = failure_of(client_with())
      assert.same({ "PartialCredentialsError", "shared_file", 5 },
        { err.code, err.causes[#err.causes].provider, #err.causes })
    end)

    it("prevent a new client if the files cannot be parsed", function()
      write("credentials", "[default]\n" .. SECTION .. "[default]\n")
      local client, err = ivs.client { env = { HOME = home } }
      assert.is_nil(client)
      assert.same({ "config", "ConfigParseError" }, { err.kind, err.code })
      assert.truthy(err.message:find(home .. "/.aws/credentials, line 5", 1, true), err.message)
      assert_absent(err)
    end)
  end)

  describe("that were missing", function()
    it("are found at the next call, in a new file", function()
      local client = client_with()
      assert.equal("NoCredentialsError", failure_of(client).code)
      write("credentials", "[default]\n" .. SECTION)
      assert(client:get_recording_configuration(ARN))
    end)

    it("are found at the next call, in a profile", function()
      write("config", "[default]\nregion = us-west-2\n")
      local client = client_with()
      assert.equal("NoCredentialsError", failure_of(client).code)
      write("config", "[default]\nregion = us-west-2\n" .. SECTION)
      assert(client:get_recording_configuration(ARN))
    end)

    it("are found at the next call, at an endpoint", function()
      local server = http_server.start { routes = { ["GET /keys"] = {
        { body = "{}" }, { body = document(os.time() + 3600) } } } }
      local client = client_with { AWS_CONTAINER_CREDENTIALS_FULL_URI = server.url .. "/keys" }
      assert.equal("CredentialRetrievalError", failure_of(client).code)
      assert(client:get_recording_configuration(ARN))
      server:stop()
    end)
  end)

  describe("as client:credentials() returns them", function()
    it("have their source, the end of the access key ID, and where each setting came from", function()
      write("credentials", "[video]\n" .. SECTION)
      write("config", "[profile video]\nregion = eu-west-1\nretry_mode = adaptive\nservices = mine\n"
        .. "[services mine]\nivs =\n  endpoint_url = http://127.0.0.1:1\n")
      local client = assert(ivs.client { env = { HOME = home, AWS_PROFILE = "video", AWS_MAX_ATTEMPTS = "4" },
        read_timeout = 7 })
      local told = client:credentials()
      assert.same({ "shared_file", "…MPLE", nil }, { told.provider, told.access_key_id, told.expiration })
      assert.same({ "eu-west-1", "http://127.0.0.1:1", "video" }, { told.region, told.endpoint_url, told.profile })
      assert.same({ home .. "/.aws/config", home .. "/.aws/credentials" }, { told.config_file, told.credentials_file })
      local origins = told.origins
      assert.same({ "profile video", "services mine", "AWS_PROFILE", "profile video", "AWS_MAX_ATTEMPTS", "option", "default" },
        { origins.region, origins.endpoint_url, origins.profile, origins.retry_mode, origins.max_attempts,
          origins.read_timeout, origins.connect_timeout })
      assert_absent(told)
    end)

    it("have their expiration", function()
      local expiry = os.time() + 3600
      local server = http_server.start { routes = { ["GET /keys"] = { { body = document(expiry) } } } }
      local told = client_with({ AWS_CONTAINER_CREDENTIALS_FULL_URI = server.url .. "/keys" }):credentials()
      assert.same({ "container", expiry }, { told.provider, told.expiration })
      assert_absent(told)
      server:stop()
    end)

    it("are retrieved, and then used by the next call", function()
      local server = http_server.start { routes = { ["GET /keys"] = { { body = document(os.time() + 3600) } } } }
      local client = client_with { AWS_CONTAINER_CREDENTIALS_FULL_URI = server.url .. "/keys" }
      assert(client:credentials())
      assert(client:get_recording_configuration(ARN))
      assert.equal(1, #server:requests())
      server:stop()
    end)

    it("are those of the option", function()
      for _, given in ipairs { KEYS, function() return KEYS end } do
        local told = client_with(nil, { credentials = given }):credentials()
        assert.same({ "option", "…MPLE", "option" }, { told.provider, told.access_key_id, told.origins.credentials })
        assert_absent(told)
      end
    end)

    it("have no end of an access key ID that is too short", function()
      local told = client_with(nil, { credentials = { access_key_id = "AKID", secret_access_key = "s" } }):credentials()
      assert.is_nil(told.access_key_id)
    end)

    it("contain no password of a proxy or an endpoint", function()
      local client = ivs.client { env = { https_proxy = "http://me:S3CR3T@127.0.0.1:1" }, region = "us-west-2",
        credentials = KEYS }
      for _, value in pairs(client:credentials()) do assert.is_nil(tostring(value):find("S3CR3T", 1, true)) end
      local err
      client, err = ivs.client { env = {}, region = "us-west-2", credentials = KEYS,
        endpoint_url = "https://me:S3CR3T@127.0.0.1:1" }
      local told = client and client:credentials() or err
      for _, value in pairs(told) do assert.is_nil(tostring(value):find("S3CR3T", 1, true), tostring(value)) end
    end)

    it("are an error of a closed client", function()
      local client = client_with(nil, { credentials = KEYS })
      client:close()
      local told, err = client:credentials()
      assert.is_nil(told)
      assert.same({ "cancelled", "ClientClosedError" }, { err.kind, err.code })
    end)
  end)
end)
