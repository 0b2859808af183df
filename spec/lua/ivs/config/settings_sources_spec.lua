--- Where settings come from: the endpoint's several places, the profile, and the environment or the option `env` in its place.

local interpreter = require "support.interpreter"
local ivs = require "ivs"
local settings_home = require "support.settings_home"

local KEYS = settings_home.KEYS

describe("settings", function()
  local home

  lazy_setup(function() home = settings_home.make() end)
  lazy_teardown(function() home:remove() end)
  after_each(function() home:clear() end)

  local function write(...) home:write(...) end
  local function resolve(...) return home:resolve(...) end

  describe("of the endpoint", function()
    local CONFIGURED = { AWS_ENDPOINT_URL_IVS = "https://a.example", AWS_ENDPOINT_URL = "https://b.example" }

    it("are all ignored except for the option, if configured endpoints are ignored", function()
      write("config", "[default]\nendpoint_url = https://c.example\nservices = mine\n"
        .. "[services mine]\nivs =\n  endpoint_url = https://d.example\n")
      for _, env in ipairs { CONFIGURED, {} } do
        local all = { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS = "True" }
        for name, value in pairs(env) do all[name] = value end
        local found = resolve(all)
        assert.same({ nil, nil }, { found.endpoint_url, found.describe().origins.endpoint_url })
        assert.equal("https://e.example", resolve(all, { endpoint_url = "https://e.example" }).endpoint_url)
        assert.is_nil(resolve(env, { ignore_configured_endpoint_urls = true }).endpoint_url)
        assert.is_string(resolve(all, { ignore_configured_endpoint_urls = false }).endpoint_url)
      end
    end)

    it("are ignored by the profile's setting, too", function()
      write("config", "[default]\nignore_configured_endpoint_urls = true\nendpoint_url = https://c.example\n")
      assert.is_nil(resolve(CONFIGURED).endpoint_url)
    end)

    it("must name an existing services section, if it is used", function()
      -- botocore/configprovider.py, ConfiguredEndpointProvider
      local TEXT = "The profile is configured to use the services section but the \"mine\" services configuration does not exist."
      local profile = "[default]\nservices = mine\nendpoint_url = https://c.example\n"
      for _, rest in ipairs { "", "[services other]\nivs =\n  endpoint_url = https://d.example\n", "[services mine]\n" } do
        write("config", profile .. rest)
        local _, err = resolve()
        assert.same({ "config", "InvalidConfigError", TEXT }, { err.kind, err.code, err.message })
        assert.equal("https://b.example", resolve({ AWS_ENDPOINT_URL = "https://b.example" }).endpoint_url)
        assert.equal("https://e.example", resolve({}, { endpoint_url = "https://e.example" }).endpoint_url)
        assert.is_nil(resolve({ AWS_IGNORE_CONFIGURED_ENDPOINT_URLS = "true" }).endpoint_url)
      end
      write("config", "[default]\nservices =\nendpoint_url = https://c.example\n")
      assert.equal("https://c.example", resolve().endpoint_url)
    end)

    it("come from a services section only if the profile names an existing one", function()
      write("config", "[default]\nendpoint_url = https://c.example\n[services mine]\nivs =\n  endpoint_url = https://d.example\n")
      assert.equal("https://c.example", resolve().endpoint_url)
      write("config", "[default]\nservices = mine\nendpoint_url = https://c.example\n"
        .. "[services mine]\nsts =\n  endpoint_url = https://d.example\n")
      assert.equal("https://c.example", resolve().endpoint_url)
    end)
  end)

  describe("of the profile", function()
    it("are those of the option, of AWS_DEFAULT_PROFILE, of AWS_PROFILE, of default", function()
      write("config", "[default]\nregion = r0\n[profile a]\nregion = r1\n[profile b]\nregion = r2\n[profile c]\nregion = r3\n")
      assert.equal("r0", resolve().region)
      assert.equal("r3", resolve({ AWS_PROFILE = "c" }).region)
      assert.equal("r2", resolve({ AWS_PROFILE = "c", AWS_DEFAULT_PROFILE = "b" }).region)
      assert.equal("r1", resolve({ AWS_PROFILE = "c", AWS_DEFAULT_PROFILE = "b" }, { profile = "a" }).region)
    end)

    it("tell which of these names it", function()
      write("config", "[profile a]\n[profile b]\n[profile c]\n")
      for _, case in ipairs { { nil, nil, nil, "default" }, { nil, nil, "c", "c", "AWS_PROFILE" },
        { nil, "b", "c", "b", "AWS_DEFAULT_PROFILE" }, { nil, "", "c", "c", "AWS_PROFILE" }, { "a", "b", "c", "a", "option" } } do
        local told = resolve({ AWS_DEFAULT_PROFILE = case[2], AWS_PROFILE = case[3] }, { profile = case[1] }).describe()
        assert.same({ case[4], case[5] }, { told.profile, told.origins.profile })
      end
    end)

    it("that does not exist are ProfileNotFound, and a client is not made", function()
      local _, err = resolve({ AWS_PROFILE = "nobody" })
      assert.same({ "config", "ProfileNotFound", "The config profile (nobody) could not be found" },
        { err.kind, err.code, err.message })
    end)
  end)

  describe("and the option env", function()
    local SCRIPT = [[
      local ivs = require "ivs"
      local client = ivs.client { env = %s, credentials = { access_key_id = "AKIDEXAMPLE", secret_access_key = "s" } }
      local told = client:credentials()
      print(told.region, told.origins.region, told.config_file, told.endpoint_url)]]

    --- What a client in a process of its own says whose environment has a home with a profile.
    local function run(env)
      write("config", "[default]\nregion = eu-central-1\nendpoint_url = http://127.0.0.1:1\n")
      return (interpreter.run(SCRIPT:format(env), { HOME = home.path }))
    end

    it("is absent: the process environment is read", function()
      assert.equal(("eu-central-1\tprofile default\t%s/.aws/config\thttp://127.0.0.1:1\n"):format(home.path), run "nil")
      local output = interpreter.run(SCRIPT:format "nil", { HOME = home.path, AWS_REGION = "us-west-2" })
      assert.truthy(output:find("^us%-west%-2\tAWS_REGION\t"), output)
    end)

    it("replaces the process environment, the files' location included", function()
      assert.equal("nil\tnil\t~/.aws/config\tnil\n", run "{}")
      assert.equal("nil\tnil\t/nonexistent/.aws/config\tnil\n", run "{ HOME = '/nonexistent' }")
      assert.equal(("eu-central-1\tprofile default\t%s/.aws/config\thttp://127.0.0.1:1\n"):format(home.path),
        run("{ AWS_CONFIG_FILE = '" .. home.path .. "/.aws/config' }"))
    end)

    it("is the environment of a credential_process", function()
      write("config", "[default]\nregion = us-west-2\ncredential_process = sh -c 'printf "
        .. [["{\"Version\":1,\"AccessKeyId\":\"AKID$NAME$OTHER\",\"SecretAccessKey\":\"s\"}"]] .. "'\n")
      local output = interpreter.run(([[
        local ivs = require "ivs"
        local client = ivs.client { env = { HOME = %q, PATH = "/usr/bin:/bin", NAME = "WITHIN" } }
        local told, err = client:credentials()
        print(told and told.access_key_id, err)]]):format(home.path), { OTHER = "WITHOUT" })
      assert.equal("…THIN\tnil\n", output)
    end)

    it("is read for each client, not remembered", function()
      local env = { AWS_REGION = "us-west-2" }
      assert.equal("us-west-2", resolve(env).region)
      env.AWS_REGION = "eu-west-1"
      assert.equal("eu-west-1", resolve(env).region)
    end)

    it("may name /dev/null for the files", function()
      write("config", "[default]\nregion = eu-central-1\n")
      local client = assert(ivs.client { credentials = KEYS, env = { HOME = home.path, AWS_CONFIG_FILE = "/dev/null",
        AWS_SHARED_CREDENTIALS_FILE = "/dev/null" } })
      local told = client:credentials()
      assert.same({ nil, "/dev/null", "/dev/null" }, { told.region, told.config_file, told.credentials_file })
    end)
  end)
end)
