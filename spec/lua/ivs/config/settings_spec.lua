--- Settings: each of the rows in each of the places where it may stand, with good and bad values; the environment and the
-- option `env` in its place; proxies. What a setting does is shown where it is done.

local interpreter = require "support.interpreter"
local ivs = require "ivs"
local provider_context = require "support.provider_context"
local settings = require "ivs.config.settings"
local shell = require "emulator.shell"

local KEYS = { access_key_id = "AKIDEXAMPLE", secret_access_key = "secret" }

--- The options of ivs.client, in the README's order.
local DESIGNED = [[region profile credentials endpoint_url ignore_configured_endpoint_urls use_fips_endpoint
  use_dualstack_endpoint retry_mode max_attempts connect_timeout read_timeout ca_bundle verify client_cert client_key proxy
  no_proxy tcp_keepalive sdk_ua_app_id user_agent_extra max_response_bytes logger env transport]]

--- Variables that are not `AWS_` and the option's name (docs/protocol.md, "Settings").
local VARIABLES = {
  region = { "AWS_REGION", "AWS_DEFAULT_REGION" },
  profile = { "AWS_DEFAULT_PROFILE", "AWS_PROFILE" },
  endpoint_url = { "AWS_ENDPOINT_URL_IVS", "AWS_ENDPOINT_URL" },
  no_proxy = { "no_proxy", "NO_PROXY" },
}

--- The codes of bad values that are not InvalidConfigError.
local CODES = { retry_mode = "InvalidRetryModeError", max_attempts = "InvalidMaxRetryAttemptsError" }

--- Five texts of a row's type, unlike each other where they can be.
local function samples(row)
  if row.name == "retry_mode" then return { "adaptive", "legacy", "adaptive", "legacy", "adaptive" } end
  if row.name == "endpoint_url" or row.name == "proxy" then
    return { "https://a.example", "https://b.example", "https://c.example", "https://d.example", "https://e.example" }
  end
  if row.type == "integer" or row.type == "number" then return { "11", "12", "13", "14", "15" } end
  if row.type == "boolean" then return { "true", "false", "true", "false", "true" } end
  return { "a1", "b1", "c1", "d1", "e1" }
end

--- A text as a value of the row's type.
local function value_of(row, text)
  if row.type == "integer" or row.type == "number" then return tonumber(text) end
  if row.type == "boolean" then return text == "true" end
  return text
end

local function is_textual(row)
  return row.type == "string" or row.type == "integer" or row.type == "number" or row.type == "boolean"
end

describe("settings", function()
  local home, system

  setup(function()
    home = shell.run('mktemp -d "${TMPDIR:-/tmp}/ivs-settings.XXXXXX"'):match("^(/[^\n]+)\n$")
    shell.run("mkdir " .. shell.quote(home .. "/.aws"))
    system = provider_context.new({ env = { HOME = home } }).system
  end)

  teardown(function()
    shell.run("rm -rf -- " .. shell.quote(home))
  end)

  local function write(name, text)
    local file = assert(io.open(home .. "/.aws/" .. name, "wb"))
    file:write(text)
    file:close()
  end

  after_each(function()
    os.remove(home .. "/.aws/config")
    os.remove(home .. "/.aws/credentials")
  end)

  --- The resolved settings; or nil and the error.
  local function resolve(env, options)
    local variables = { HOME = home }
    for name, value in pairs(env or {}) do variables[name] = value end
    local given = { env = variables, credentials = KEYS }
    for name, value in pairs(options or {}) do given[name] = value end
    local found, err, misuse = settings.resolve(given,
      { system = system, version = "0", os = "Linux", release = "1", machine = "x86_64" })
    assert.is_nil(misuse)
    return found, err
  end

  --- A setting's value and where it came from.
  local function look(row, env, options)
    local found, err = resolve(env, options)
    assert.is_nil(err)
    return { found[row.name], found.describe().origins[row.name] }
  end

  local function profile_of(row, text) return ("[default]\n%s = %s\n"):format(row.name, text) end

  describe("as they are listed", function()
    it("are those of the contract, and the code for an MFA device", function()
      local listed, designed = {}, { mfa_prompt = true }
      for _, row in ipairs(settings.rows) do listed[row.name] = true end
      for name in DESIGNED:gmatch("%S+") do designed[name] = true end
      assert.same(designed, listed)
    end)

    it("have one name everywhere: the variable is the option's name behind AWS_", function()
      for _, row in ipairs(settings.rows) do
        if row.env then assert.same(VARIABLES[row.name] or { "AWS_" .. row.name:upper() }, row.env) end
      end
    end)

    it("have the defaults of the contract", function()
      local found = resolve()
      assert.same({ "standard", 60, 60, true, false, false, false, false, nil, nil },
        { found.retry_mode, found.connect_timeout, found.read_timeout, found.verify, found.use_fips_endpoint,
          found.use_dualstack_endpoint, found.tcp_keepalive, found.ignore_configured_endpoint_urls, found.region,
          found.endpoint_url })
    end)
  end)

  for _, row in ipairs(settings.rows) do
    if is_textual(row) and row.name ~= "profile" then
      local texts = samples(row)

      describe(row.name, function()
        it("is the default where all is silent, and where all is empty", function()
          local silent = { row.default, row.default ~= nil and "default" or nil }
          assert.same(silent, look(row))
          local empty = {}
          for _, variable in ipairs(row.env or {}) do empty[variable] = "" end
          if row.profile then write("config", profile_of(row, "")) end
          assert.same(silent, look(row, empty, row.type == "string" and { [row.name] = "" } or nil))
        end)

        it("is the option's before all", function()
          local env = {}
          for index, variable in ipairs(row.env or {}) do env[variable] = texts[index + 1] end
          if row.profile then write("config", profile_of(row, texts[4])) end
          local value = value_of(row, texts[1])
          assert.same({ value, "option" }, look(row, env, { [row.name] = value }))
          if row.type == "boolean" then
            for _, variable in ipairs(row.env or {}) do env[variable] = "true" end
            assert.same({ false, "option" }, look(row, env, { [row.name] = false }))
          end
        end)

        if row.env then
          it("is the variable's before the profile's, the first variable's before the next one's", function()
            local env = {}
            if row.profile then write("config", profile_of(row, texts[4])) end
            for index = #row.env, 1, -1 do
              env[row.env[index]] = texts[index]
              assert.same({ value_of(row, texts[index]), row.env[index] }, look(row, env))
            end
          end)
        end

        if row.profile then
          it("is the profile's, of either file, the credentials file's before the config file's", function()
            write("config", profile_of(row, texts[1]))
            assert.same({ value_of(row, texts[1]), "profile default" }, look(row))
            write("credentials", profile_of(row, texts[2]))
            assert.same({ value_of(row, texts[2]), "profile default" }, look(row))
            write("config", "[profile video]\n" .. row.name .. " = " .. texts[3] .. "\n")
            local env = { AWS_PROFILE = "video" }
            assert.same({ value_of(row, texts[3]), "profile video" }, look(row, env))
          end)
        else
          it("is not looked for in a profile", function()
            write("config", profile_of(row, texts[1]))
            assert.same({ row.default, row.default ~= nil and "default" or nil }, look(row))
          end)
        end

        it((row.service and "is" or "is not") .. " looked for in the services section, before the profile", function()
          if not row.profile then return end
          write("config", profile_of(row, texts[1]) .. "services = mine\n[services mine]\nivs =\n  " .. row.name .. " = "
            .. texts[2] .. "\n")
          local expected = row.service and { value_of(row, texts[2]), "services mine" }
            or { value_of(row, texts[1]), "profile default" }
          assert.same(expected, look(row))
        end)

        it("of a wrong type is misuse, raised at the caller's line with the option's name", function()
          for _, value in ipairs { {}, print, row.type == "string" and 5 or "text", row.type == "boolean" and 1 or true } do
            local good, message = pcall(function() ivs.client { env = {}, [row.name] = value } end)
            assert.is_false(good)
            assert.truthy(tostring(message):find("settings_spec.lua:%d+: .*'" .. row.name .. "'"), tostring(message))
          end
        end)
      end)
    end
  end

  describe("with bad values", function()
    --- The error of a bad value in each place where the row may stand.
    local function each_place(row, text, check)
      for _, variable in ipairs(row.env or {}) do
        check(select(2, resolve { [variable] = text }), variable)
      end
      if row.profile then
        write("config", profile_of(row, text))
        check(select(2, resolve()), "profile")
        os.remove(home .. "/.aws/config")
      end
    end

    local function checker(row)
      return function(err, place)
        assert.truthy(err, row.name .. " from " .. place)
        assert.same({ "config", CODES[row.name] or "InvalidConfigError", false }, { err.kind, err.code, err.retryable })
        assert.equal(err.code, ivs.exceptions[err.code])
        assert.truthy(err.message:find(row.name, 1, true), err.message)
      end
    end

    for _, row in ipairs(settings.rows) do
      if row.type == "integer" or row.type == "number" then
        it(row.name .. " has to be a number within its bounds", function()
          for _, text in ipairs { "abc", "0x10", "1e3", "nan", "inf", "1,5", "1 2", "--1", "1.2.3", "0", "-1" } do
            each_place(row, text, checker(row))
          end
          local values = { 0, -1, 0 / 0, math.huge, -math.huge }
          if row.type == "integer" then values[#values + 1] = 1.5 end
          for _, value in ipairs(values) do checker(row)(select(2, resolve({}, { [row.name] = value })), "option") end
          if row.type == "integer" then each_place(row, "1.5", checker(row)) end
        end)

        it(row.name .. " is good at its bounds", function()
          for _, value in ipairs { row.minimum or 0.001, row.maximum or 1e9 } do
            assert.same({ value, "option" }, look(row, {}, { [row.name] = value }))
          end
          if row.maximum then checker(row)(select(2, resolve({}, { [row.name] = row.maximum + 1 })), "option") end
        end)
      end

      if row.type == "boolean" then
        it(row.name .. " is true by the word true alone, in any case", function()
          for text, value in pairs { ["true"] = true, TRUE = true, True = true, tRuE = true, ["1"] = false, yes = false,
            on = false, t = false, ["false"] = false, truely = false } do
            for _, variable in ipairs(row.env or {}) do
              assert.same({ value, variable }, look(row, { [variable] = text }))
            end
            if row.profile then
              write("config", profile_of(row, text))
              assert.same({ value, "profile default" }, look(row))
              os.remove(home .. "/.aws/config")
            end
          end
        end)
      end

      if row.type == "string" and not row.unchecked and row.name ~= "profile" and row.name ~= "proxy" then
        it(row.name .. " holds no control character", function()
          checker(row)(select(2, resolve({}, { [row.name] = "a\r\nb" })), "option")
          for _, variable in ipairs(row.env or {}) do
            checker(row)(select(2, resolve { [variable] = "a\nb" }), variable)
          end
        end)
      end
    end

    it("retry_mode is one of three words, in small letters", function()
      local row
      for _, other in ipairs(settings.rows) do row = other.name == "retry_mode" and other or row end
      for _, text in ipairs { "eager", "Standard", "standard x", "2" } do
        each_place(row, text, checker(row))
        checker(row)(select(2, resolve({}, { retry_mode = text })), "option")
      end
    end)

    it("tell the value on one line and not at any length", function()
      local _, err = resolve { AWS_RETRY_MODE = ("x"):rep(5000) .. "\n" }
      assert.is_true(#err.message < 300)
      assert.is_nil(err.message:find("%c"))
    end)

    it("of an option that does not exist are misuse", function()
      for _, name in ipairs { "regoin", "max_retries", 1, true } do
        local good, message = pcall(function() ivs.client { env = {}, [name] = "x" } end)
        assert.is_false(good)
        assert.truthy(tostring(message):find("settings_spec.lua:%d+: unknown option '" .. tostring(name)), tostring(message))
      end
    end)
  end)

  describe("of the endpoint", function()
    local CONFIGURED = { AWS_ENDPOINT_URL_IVS = "https://a.example", AWS_ENDPOINT_URL = "https://b.example" }

    it("are all ignored but the option, where configured endpoints are", function()
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

    it("are ignored by the profile's word, too", function()
      write("config", "[default]\nignore_configured_endpoint_urls = true\nendpoint_url = https://c.example\n")
      assert.is_nil(resolve(CONFIGURED).endpoint_url)
    end)

    it("name a services section that has to be there, where it is looked at", function()
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

    it("come from a services section only if the profile names one that is there", function()
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

    it("tell which of these named it", function()
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
      return (interpreter.run(SCRIPT:format(env), { HOME = home }))
    end

    it("is absent: the process environment is read", function()
      assert.equal(("eu-central-1\tprofile default\t%s/.aws/config\thttp://127.0.0.1:1\n"):format(home), run "nil")
      local output = interpreter.run(SCRIPT:format "nil", { HOME = home, AWS_REGION = "us-west-2" })
      assert.truthy(output:find("^us%-west%-2\tAWS_REGION\t"), output)
    end)

    it("replaces the process environment, the files' location included", function()
      assert.equal("nil\tnil\t~/.aws/config\tnil\n", run "{}")
      assert.equal("nil\tnil\t/nonexistent/.aws/config\tnil\n", run "{ HOME = '/nonexistent' }")
      assert.equal(("eu-central-1\tprofile default\t%s/.aws/config\thttp://127.0.0.1:1\n"):format(home),
        run("{ AWS_CONFIG_FILE = '" .. home .. "/.aws/config' }"))
    end)

    it("is the environment of a credential_process", function()
      write("config", "[default]\nregion = us-west-2\ncredential_process = sh -c 'printf "
        .. [["{\"Version\":1,\"AccessKeyId\":\"AKID$NAME$OTHER\",\"SecretAccessKey\":\"s\"}"]] .. "'\n")
      local output = interpreter.run(([[
        local ivs = require "ivs"
        local client = ivs.client { env = { HOME = %q, PATH = "/usr/bin:/bin", NAME = "WITHIN" } }
        local told, err = client:credentials()
        print(told and told.access_key_id, err)]]):format(home), { OTHER = "WITHOUT" })
      assert.equal("…THIN\tnil\n", output)
    end)

    it("is read again for each setting's client, not remembered", function()
      local env = { AWS_REGION = "us-west-2" }
      assert.equal("us-west-2", resolve(env).region)
      env.AWS_REGION = "eu-west-1"
      assert.equal("eu-west-1", resolve(env).region)
    end)

    it("may name /dev/null for the files", function()
      write("config", "[default]\nregion = eu-central-1\n")
      local client = assert(ivs.client { credentials = KEYS, env = { HOME = home, AWS_CONFIG_FILE = "/dev/null",
        AWS_SHARED_CREDENTIALS_FILE = "/dev/null" } })
      local told = client:credentials()
      assert.same({ nil, "/dev/null", "/dev/null" }, { told.region, told.config_file, told.credentials_file })
    end)
  end)
end)
