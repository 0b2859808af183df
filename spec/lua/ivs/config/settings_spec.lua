--- Settings: each row in each of its places, with valid and invalid values; proxies.
-- Where settings come from: settings_sources_spec. The effect of a setting is tested with the code that uses it.

local ivs = require "ivs"
local settings = require "ivs.config.settings"
local settings_home = require "support.settings_home"

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
  local home

  lazy_setup(function() home = settings_home.make() end)
  lazy_teardown(function() home:remove() end)
  after_each(function() home:clear() end)

  local function write(...) home:write(...) end
  local function resolve(...) return home:resolve(...) end

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
        it("is the default if nothing is set, or all is empty", function()
          local silent = { row.default, row.default ~= nil and "default" or nil }
          assert.same(silent, look(row))
          local empty = {}
          for _, variable in ipairs(row.env or {}) do empty[variable] = "" end
          if row.profile then write("config", profile_of(row, "")) end
          assert.same(silent, look(row, empty, row.type == "string" and { [row.name] = "" } or nil))
        end)

        it("is the option's first", function()
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
          it("is the variable's before the profile's, in the order of the variables", function()
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
          it("is not read from a profile", function()
            write("config", profile_of(row, texts[1]))
            assert.same({ row.default, row.default ~= nil and "default" or nil }, look(row))
          end)
        end

        it((row.service and "is" or "is not") .. " read from the services section, before the profile", function()
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

  describe("with invalid values", function()
    --- The error of a bad value in each place where the row may stand.
    local function each_place(row, text, check)
      for _, variable in ipairs(row.env or {}) do
        check(select(2, resolve { [variable] = text }), variable)
      end
      if row.profile then
        write("config", profile_of(row, text))
        check(select(2, resolve()), "profile")
        home:clear()
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

        it(row.name .. " is valid at its bounds", function()
          for _, value in ipairs { row.minimum or 0.001, row.maximum or 1e9 } do
            assert.same({ value, "option" }, look(row, {}, { [row.name] = value }))
          end
          if row.maximum then checker(row)(select(2, resolve({}, { [row.name] = row.maximum + 1 })), "option") end
        end)
      end

      if row.type == "boolean" then
        it(row.name .. " is true only for the word true, in any case", function()
          for text, value in pairs { ["true"] = true, TRUE = true, True = true, tRuE = true, ["1"] = false, yes = false,
            on = false, t = false, ["false"] = false, truely = false } do
            for _, variable in ipairs(row.env or {}) do
              assert.same({ value, variable }, look(row, { [variable] = text }))
            end
            if row.profile then
              write("config", profile_of(row, text))
              assert.same({ value, "profile default" }, look(row))
              home:clear()
            end
          end
        end)
      end

      if row.type == "string" and not row.unchecked and row.name ~= "profile" and row.name ~= "proxy" then
        it(row.name .. " must not contain a control character", function()
          checker(row)(select(2, resolve({}, { [row.name] = "a\r\nb" })), "option")
          for _, variable in ipairs(row.env or {}) do
            checker(row)(select(2, resolve { [variable] = "a\nb" }), variable)
          end
        end)
      end
    end

    it("retry_mode is one of three words, in lower case", function()
      local row
      for _, other in ipairs(settings.rows) do row = other.name == "retry_mode" and other or row end
      for _, text in ipairs { "eager", "Standard", "standard x", "2" } do
        each_place(row, text, checker(row))
        checker(row)(select(2, resolve({}, { retry_mode = text })), "option")
      end
    end)

    it("show the value on one line, shortened", function()
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
end)
