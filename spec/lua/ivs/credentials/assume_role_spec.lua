--- Roles that profiles assume (docs/protocol.md, "Assumed roles"), from files to the credentials that arrive at IVS.
--
-- The whole module runs, against a real server that stands for STS and IVS. The error codes are the names of the
-- classes that botocore 1.43.11 raised for the same files.
-- Not for: the wire format of STS and its faults (spec/lua/ivs/services/sts_spec).

local emulator = require "emulator.server"
local support = require "support.sts"

local ROLE = support.ROLE

--- A profile's section.
local function profile(name, lines)
  return ("[profile %s]\n%s\n"):format(name, table.concat(lines, "\n"))
end

local BASE = profile("base", { "aws_access_key_id = AKIDBASE", "aws_secret_access_key = base-secret" })
local FROM_BASE = { "role_arn = " .. ROLE, "source_profile = base" }

local function with(lines, ...)
  local all = {}
  for _, line in ipairs(lines) do all[#all + 1] = line end
  for _, line in ipairs { ... } do all[#all + 1] = line end
  return all
end

describe("a profile's role", function()
  local scene

  setup(function() scene = support.scene() end)
  before_each(function() scene:restart(support.keys("AssumeRole", "ROLE")) end)
  teardown(function() scene:stop() end)

  local function call(config, env, options)
    local variables = { AWS_PROFILE = "r" }
    for name, value in pairs(env or {}) do variables[name] = value end
    return scene:call { config = config, env = variables, options = options }
  end

  local function signer(request)
    return request.headers.authorization:match("Credential=([^/]+)/")
  end

  it("is assumed with the credentials of the source profile", function()
    assert(call(profile("r", FROM_BASE) .. BASE))
    local asked, access_key_id, token = scene:arrived()
    assert.are.equal(1, #asked)
    assert.are.equal("AKIDBASE", signer(asked[1]))
    local session = asked[1].fields.RoleSessionName
    assert.are.same({ Action = "AssumeRole", Version = "2011-06-15", RoleArn = ROLE, RoleSessionName = session },
      asked[1].fields)
    local epoch = tonumber(session:match("^ivs%-session%-(%d+)$"))
    assert.is_true(math.abs(epoch - os.time()) < 60)
    assert.are.same({ "ASIAROLE", "token-ROLE" }, { access_key_id, token })
  end)

  it("yields credentials that the emulator of IVS accepts", function()
    local ivs_server = emulator.start()
    finally(function() ivs_server:stop() end)
    local keys, answer = ivs_server.temporary, support.keys("AssumeRole", "X")
    local texts = { ["ASIAX"] = keys.access_key_id, ["secret-X"] = keys.secret_access_key,
      ["token-X"] = keys.session_token }
    answer.body = answer.body:gsub("%w+%-?X", texts)
    scene:answer(answer)
    local env = ivs_server:environment()
    assert(call(profile("r", FROM_BASE) .. BASE,
      { AWS_ENDPOINT_URL_IVS = env.AWS_ENDPOINT_URL_IVS, AWS_CA_BUNDLE = env.AWS_CA_BUNDLE }))
    assert.are.equal(1, ivs_server:requests())
  end)

  it("is assumed once for many calls", function()
    local client = scene:client { config = profile("r", FROM_BASE) .. BASE, env = { AWS_PROFILE = "r" } }
    for _ = 1, 3 do assert(client:get_recording_configuration { arn = support.ARN }) end
    client:close()
    assert.are.equal(1, #(scene:arrived()))
  end)

  it("is assumed with the profile's parameters", function()
    assert(call(profile("r", with(FROM_BASE, "external_id = a b&c", "duration_seconds =  +3_600 ",
      "role_session_name = cutter")) .. BASE))
    local fields = scene:arrived()[1].fields
    assert.are.same({ Action = "AssumeRole", Version = "2011-06-15", RoleArn = ROLE, RoleSessionName = "cutter",
      ExternalId = "a b&c", DurationSeconds = "3600" }, fields)
  end)

  it("is assumed without a duration that is not an integer, and with a generated name if the profile's is empty", function()
    for _, text in ipairs { "5x", "1000.0", "_", "" } do
      assert(call(profile("r", with(FROM_BASE, "duration_seconds = " .. text, "role_session_name =")) .. BASE))
      local asked = scene:arrived()
      assert.is_nil(asked[#asked].fields.DurationSeconds)
      assert.is_truthy(asked[#asked].fields.RoleSessionName:find("^ivs%-session%-%d+$"))
    end
  end)

  it("comes before the static credentials of the same profile, which may be its source", function()
    assert(call(profile("r", { "role_arn = " .. ROLE, "source_profile = r", "aws_access_key_id = AKIDSELF",
      "aws_secret_access_key = x" })))
    local asked, access_key_id = scene:arrived()
    assert.are.same({ "AKIDSELF", "ASIAROLE" }, { signer(asked[1]), access_key_id })
  end)

  it("comes after credentials in the environment, unless the option names the profile", function()
    local config, env = profile("r", FROM_BASE) .. BASE, { AWS_ACCESS_KEY_ID = "AKIDENV", AWS_SECRET_ACCESS_KEY = "e" }
    assert(call(config, env))
    assert.are.equal("AKIDENV", select(2, scene:arrived()))
    assert(call(config, env, { profile = "r" }))
    assert.are.equal("ASIAROLE", select(2, scene:arrived()))
  end)

  it("may be in the credentials file", function()
    local response, err = scene:call { env = { AWS_PROFILE = "r" }, credentials = "[r]\nrole_arn = " .. ROLE
      .. "\nsource_profile = base\n[base]\naws_access_key_id = AKIDFILE\naws_secret_access_key = x\n" }
    assert(response, err)
    assert.are.equal("AKIDFILE", signer(scene:arrived()[1]))
  end)

  it("may be part of a chain, the innermost assumed first", function()
    scene:answer(support.keys("AssumeRole", "INNER"), support.keys("AssumeRole", "MIDDLE"),
      support.keys("AssumeRole", "OUTER"))
    assert(call(profile("r", { "role_arn = " .. ROLE .. "-outer", "source_profile = m" })
      .. profile("m", { "role_arn = " .. ROLE .. "-middle", "source_profile = i" })
      .. profile("i", { "role_arn = " .. ROLE .. "-inner", "source_profile = base" }) .. BASE))
    local asked, access_key_id = scene:arrived()
    local seen = {}
    for index, request in ipairs(asked) do
      local token = request.headers["x-amz-security-token"]
      seen[index] = { request.fields.RoleArn:match("%-(%a+)$"), signer(request), token }
    end
    assert.are.same({ { "inner", "AKIDBASE" }, { "middle", "ASIAINNER", "token-INNER" },
      { "outer", "ASIAMIDDLE", "token-MIDDLE" } }, seen)
    assert.are.equal("ASIAOUTER", access_key_id)
  end)

  it("may be the end of a very long chain", function()
    local config = { BASE }
    for index = 1, 200 do
      config[#config + 1] = profile(index == 1 and "r" or "p" .. index,
        { "role_arn = " .. ROLE .. index, "source_profile = " .. (index == 200 and "base" or "p" .. index + 1) })
    end
    assert(call(table.concat(config)))
    assert.are.equal(200, #(scene:arrived()))
  end)

  it("uses a source profile's static credentials, even if that has a role", function()
    assert(call(profile("r", { "role_arn = " .. ROLE, "source_profile = b" })
      .. profile("b", with(FROM_BASE, "aws_access_key_id = AKIDB", "aws_secret_access_key = x")) .. BASE))
    local asked = scene:arrived()
    assert.are.same({ 1, "AKIDB" }, { #asked, signer(asked[1]) })
  end)

  it("is assumed with the web identity of a source profile, even if the environment has another", function()
    local token = scene:write("token", "the-token")
    scene:answer(support.keys("AssumeRoleWithWebIdentity", "WEB"), support.keys("AssumeRole", "ROLE"))
    assert(call(profile("r", { "role_arn = " .. ROLE, "source_profile = w" })
      .. profile("w", { "role_arn = " .. ROLE .. "-web", "web_identity_token_file = " .. token }),
      { AWS_ROLE_ARN = ROLE .. "-env" }))
    local asked, access_key_id = scene:arrived()
    assert.are.equal("AssumeRoleWithWebIdentity", asked[1].fields.Action)
    assert.are.equal(ROLE .. "-web", asked[1].fields.RoleArn)
    assert.is_nil(asked[1].headers.authorization)
    assert.are.same({ "ASIAWEB", "ASIAROLE" }, { signer(asked[2]), access_key_id })
  end)

  it("uses the selected profile's region and endpoint, with its source's web identity, too", function()
    local token = scene:write("token", "the-token")
    scene:answer(support.keys("AssumeRoleWithWebIdentity", "WEB"), support.keys("AssumeRole", "ROLE"))
    local nowhere = "endpoint_url = http://127.0.0.1:1"
    local response, err = call(
      profile("r", { "role_arn = " .. ROLE, "source_profile = w", "endpoint_url = " .. scene.server.url })
      .. profile("w", { "role_arn = " .. ROLE .. "-web", "web_identity_token_file = " .. token, nowhere }),
      { AWS_ENDPOINT_URL = false })
    assert(response, tostring(err))
  end)

  it("is assumed with the credentials that a source profile's program prints", function()
    local document = scene:write("keys.json", '{"Version":1,"AccessKeyId":"AKIDPROC","SecretAccessKey":"x"}')
    assert(call(profile("r", { "role_arn = " .. ROLE, "source_profile = p" })
      .. profile("p", { "credential_process = /bin/cat " .. document })))
    assert.are.equal("AKIDPROC", signer(scene:arrived()[1]))
  end)

  it("is assumed with the environment's credentials, also if the option names the profile", function()
    local config = profile("r", { "role_arn = " .. ROLE, "credential_source = Environment" })
    assert(call(config, { AWS_ACCESS_KEY_ID = "AKIDENV", AWS_SECRET_ACCESS_KEY = "e", AWS_SESSION_TOKEN = "env-token" },
      { profile = "r" }))
    local request = scene:arrived()[1]
    assert.are.same({ "AKIDENV", "env-token" }, { signer(request), request.headers["x-amz-security-token"] })
  end)

  it("is assumed with the credentials of the container or of the instance", function()
    local document = '{"Code":"Success","AccessKeyId":"AKID%s","SecretAccessKey":"x","Token":"t",'
      .. '"Expiration":"2099-01-01T00:00:00Z"}'
    scene.server:route("GET /container", { body = document:format("ECS") })
    scene.server:route("PUT /latest/api/token", { body = "imds" })
    scene.server:route("GET /latest/meta-data/iam/security-credentials/", { body = "role" })
    scene.server:route("GET /latest/meta-data/iam/security-credentials/role", { body = document:format("EC2") })
    assert(call(profile("r", { "role_arn = " .. ROLE, "credential_source = EcsContainer" }),
      { AWS_CONTAINER_CREDENTIALS_FULL_URI = scene.server.url .. "/container" }))
    assert(call(profile("r", { "role_arn = " .. ROLE, "credential_source = Ec2InstanceMetadata" }),
      { AWS_EC2_METADATA_DISABLED = "false", AWS_EC2_METADATA_SERVICE_ENDPOINT = scene.server.url }))
    local signers = {}
    for _, request in ipairs(scene.server:requests()) do
      if request.path == "/" then signers[#signers + 1] = signer(request) end
    end
    assert.are.same({ "AKIDECS", "AKIDEC2" }, signers)
  end)

  describe("with an MFA device", function()
    local CONFIG = profile("r", with(FROM_BASE, "mfa_serial = arn:aws:iam::123456789012:mfa/me")) .. BASE

    it("asks once for the code, and names the device", function()
      local questions = {}
      scene:answer({ status = 500 }, support.keys("AssumeRole", "MFA"))
      assert(call(CONFIG, nil, { mfa_prompt = function(text)
        questions[#questions + 1] = text
        return "012345\n"
      end }))
      assert.are.same({ "Enter MFA code for arn:aws:iam::123456789012:mfa/me: " }, questions)
      local asked = scene:arrived()
      assert.are.equal(2, #asked)
      assert.are.equal("arn:aws:iam::123456789012:mfa/me", asked[2].fields.SerialNumber)
      assert.are.equal("012345", asked[2].fields.TokenCode)
    end)

    it("names the option that it needs", function()
      local response, err = call(CONFIG)
      assert.is_nil(response)
      assert.are.equal("CredentialRetrievalError", err.code)
      assert.is_truthy(err.message:find("mfa_prompt", 1, true))
      assert.are.equal(0, #(scene:arrived()))
    end)

    it("sends nothing without a code", function()
      for _, answer in ipairs { "", "  ", 12345, false } do
        local _, err = call(CONFIG, nil, { mfa_prompt = function() return answer or nil end })
        assert.are.equal("CredentialRetrievalError", err.code)
        assert.is_truthy(err.message:find("mfa_prompt", 1, true))
      end
      local _, err = call(CONFIG, nil, { mfa_prompt = function() return "9876" end })
      assert.are.equal("ParamValidationError", err.code)
      assert.is_nil(err.message:find("9876", 1, true))
      assert.are.equal(0, #(scene:arrived()))
    end)
  end)

  local function role(name, ...)
    return profile(name, with({ "role_arn = " .. ROLE }, ...))
  end

  -- name = { code, config, env, what the message has to hold }
  for name, case in pairs {
    ["no source"] = { "PartialCredentialsError", role("r"), nil, "source_profile" },
    ["no source, but static keys"] = { "PartialCredentialsError",
      role("r", "aws_access_key_id = AKID", "aws_secret_access_key = x") },
    ["two sources"] = { "InvalidConfigError",
      role("r", "source_profile = base", "credential_source = Environment") .. BASE },
    ["a source profile that does not exist"] = { "InvalidConfigError", role("r", "source_profile = nowhere"), nil,
      "nowhere" },
    ["an empty source profile"] = { "InvalidConfigError", role("r", "source_profile =") },
    ["a source profile without credentials"] = { "InvalidConfigError",
      role("r", "source_profile = b") .. profile("b", { "region = us-west-2" }), nil, '"b"' },
    ["half a pair in the source profile"] = { "PartialCredentialsError",
      role("r", "source_profile = b") .. profile("b", { "aws_access_key_id = AKID" }) },
    ["half a pair of its own"] = { "PartialCredentialsError",
      role("r", "source_profile = r", "aws_access_key_id = AKID") },
    ["itself as its source, without keys"] = { "InfiniteLoopConfigError", role("r", "source_profile = r") },
    ["a circle of two"] = { "InfiniteLoopConfigError",
      role("r", "source_profile = b") .. role("b", "source_profile = r") },
    ["a circle further on"] = { "InfiniteLoopConfigError",
      role("r", "source_profile = b") .. role("b", "source_profile = c") .. role("c", "source_profile = b"), nil,
      '"c"' },
    ["a fault further on"] = { "PartialCredentialsError", role("r", "source_profile = b") .. role("b"), nil, '"b"' },
    ["a credential_source in small letters"] = { "InvalidConfigError",
      role("r", "credential_source = environment"), nil, "Ec2InstanceMetadata" },
    ["no keys in the environment"] = { "CredentialRetrievalError", role("r", "credential_source = Environment"), nil,
      "AWS_ACCESS_KEY_ID" },
    ["half a pair in the environment"] = { "CredentialRetrievalError", role("r", "credential_source = Environment"),
      { AWS_SECRET_ACCESS_KEY = "env-secret" } },
    ["no container"] = { "CredentialRetrievalError", role("r", "credential_source = EcsContainer"), nil,
      "EcsContainer" },
    ["no instance"] = { "CredentialRetrievalError", role("r", "credential_source = Ec2InstanceMetadata") },
    ["too short an ARN"] = { "ParamValidationError",
      profile("r", { "role_arn = video", "source_profile = base" }) .. BASE, nil, "RoleArn" },
    ["an empty ARN"] = { "ParamValidationError", profile("r", { "role_arn =", "source_profile = base" }) .. BASE },
    ["several texts too short"] = { "ParamValidationError",
      role("r", "source_profile = base", "external_id = y", "role_session_name = x", "duration_seconds = 5") .. BASE,
      nil, "RoleSessionName.*ExternalId.*DurationSeconds" },
    ["a services section that does not exist"] = { "InvalidConfigError",
      role("r", "source_profile = base", "services = none") .. BASE,
      { AWS_ENDPOINT_URL = false, AWS_ENDPOINT_URL_IVS = "http://127.0.0.1:1" }, '"none" services configuration does not exist' },
  } do
    it("is not assumed with " .. name, function()
      local response, err = call(case[2], case[3])
      assert.is_nil(response)
      assert.are.equal(case[1], err.code, err.message)
      if case[4] then assert.is_truthy(err.message:find(case[4]), err.message) end
      assert.is_nil(tostring(err):find("secret-", 1, true))
      assert.is_nil(tostring(err):find("env-secret", 1, true))
      assert.are.equal(0, #scene.server:requests())
    end)
  end

  it("names in the causes what failed", function()
    local _, err = call(role("r"))
    assert.are.equal("credentials", err.kind)
    assert.are.equal("assume_role", err.causes[#err.causes].provider)
  end)
end)
