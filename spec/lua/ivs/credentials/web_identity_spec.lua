--- Credentials for a token in a file (docs/protocol.md, "Web identity"), from the file to the credentials that arrive at IVS.
-- Not for: the wire format of STS and its faults (sts_spec).

local shell = require "emulator.shell"
local support = require "support.sts"

local ROLE = support.ROLE
local TOKEN = "eyJhbGciOi.eyJzdWIi_-.c2lnbmF0dXJl=="

describe("a web identity", function()
  local scene, file

  setup(function() scene = support.scene() end)
  before_each(function()
    scene:restart(support.keys("AssumeRoleWithWebIdentity", "WEB"))
    file = scene:write("token", TOKEN)
  end)
  teardown(function() scene:stop() end)

  local function config(path, more)
    return ("[profile w]\nrole_arn = %s\nweb_identity_token_file = %s\n%s\n"):format(ROLE, path, more or "")
  end

  local function last_fields()
    local asked = scene:arrived()
    return asked[#asked].fields
  end

  it("of the environment is exchanged for credentials, unsigned", function()
    local env = { AWS_WEB_IDENTITY_TOKEN_FILE = file, AWS_ROLE_ARN = ROLE, AWS_ROLE_SESSION_NAME = "pod" }
    assert(scene:call { env = env })
    local asked, access_key_id, token = scene:arrived()
    assert.are.equal(1, #asked)
    assert.are.same({ Action = "AssumeRoleWithWebIdentity", Version = "2011-06-15", RoleArn = ROLE,
      RoleSessionName = "pod", WebIdentityToken = TOKEN }, asked[1].fields)
    assert.is_nil(asked[1].headers.authorization)
    assert.is_nil(asked[1].headers["x-amz-security-token"])
    assert.are.same({ "ASIAWEB", "token-WEB" }, { access_key_id, token })
  end)

  it("of a profile is exchanged, with a generated session name if it has none", function()
    assert(scene:call { config = config(file), env = { AWS_PROFILE = "w" } })
    assert.are.equal(ROLE, last_fields().RoleArn)
    assert.is_truthy(last_fields().RoleSessionName:find("^ivs%-session%-%d+$"))
  end)

  it("has each part from the environment before the profile", function()
    assert(scene:call { config = config(file, "role_session_name = profile"),
      env = { AWS_PROFILE = "w", AWS_ROLE_ARN = ROLE .. "-env" } })
    assert.are.same({ ROLE .. "-env", "profile" }, { last_fields().RoleArn, last_fields().RoleSessionName })
  end)

  it("has nothing from the environment if the option names the profile", function()
    local other = scene:write("other", "another-token")
    assert(scene:call { config = config(file), options = { profile = "w" },
      env = { AWS_WEB_IDENTITY_TOKEN_FILE = other, AWS_ROLE_ARN = ROLE .. "-env", AWS_ROLE_SESSION_NAME = "env" } })
    assert.are.same({ ROLE, TOKEN }, { last_fields().RoleArn, last_fields().WebIdentityToken })
  end)

  it("comes before the static credentials of the profile, and after those of the environment", function()
    local given = { config = config(file, "aws_access_key_id = AKIDSTATIC\naws_secret_access_key = x"),
      env = { AWS_PROFILE = "w" } }
    assert(scene:call(given))
    assert.are.equal("ASIAWEB", select(2, scene:arrived()))
    given.env.AWS_ACCESS_KEY_ID, given.env.AWS_SECRET_ACCESS_KEY = "AKIDENV", "x"
    assert(scene:call(given))
    assert.are.equal("AKIDENV", select(2, scene:arrived()))
  end)

  it("is read again at each retrieval", function()
    local answer = support.keys("AssumeRoleWithWebIdentity", "OLD")
    answer.body = answer.body:gsub("2099", "2001") -- expired when it comes: the next call asks again
    scene:answer(answer)
    local client = scene:client { config = config(file), env = { AWS_PROFILE = "w" } }
    client:get_recording_configuration { arn = support.ARN }
    local before = #(scene:arrived())
    scene:write("token", "the-next-token")
    scene:answer(support.keys("AssumeRoleWithWebIdentity", "NEW"))
    assert(client:get_recording_configuration { arn = support.ARN })
    client:close()
    local asked, access_key_id = scene:arrived()
    assert.are.equal(TOKEN, asked[before].fields.WebIdentityToken)
    assert.are.equal("the-next-token", asked[#asked].fields.WebIdentityToken)
    assert.are.equal("ASIANEW", access_key_id)
  end)

  it("is sent without trailing line ends", function()
    for _, ending in ipairs { "\n", "\r\n", "\n\n" } do
      scene:write("token", TOKEN .. ending)
      assert(scene:call { config = config(file), env = { AWS_PROFILE = "w" } })
      assert.are.equal(TOKEN, last_fields().WebIdentityToken)
    end
  end)

  it("has no credentials if no token file is configured", function()
    local _, err = scene:call { env = { AWS_ROLE_ARN = ROLE, AWS_WEB_IDENTITY_TOKEN_FILE = "" } }
    assert.are.equal("NoCredentialsError", err.code)
    local told = {}
    for _, cause in ipairs(err.causes) do told[cause.provider] = cause.message end
    assert.is_truthy(told.web_identity:find("AWS_WEB_IDENTITY_TOKEN_FILE", 1, true))
  end)

  it("without a role is an error", function()
    local _, err = scene:call { env = { AWS_WEB_IDENTITY_TOKEN_FILE = file } }
    assert.are.same({ "credentials", "InvalidConfigError" }, { err.kind, err.code })
    assert.is_truthy(err.message:find("AWS_ROLE_ARN", 1, true))
  end)

  local function refused(code, path)
    local response, err = scene:call { config = config(path), env = { AWS_PROFILE = "w" } }
    assert.is_nil(response)
    assert.are.equal(code, err.code, err.message)
    assert.is_truthy(err.message:find(path, 1, true), err.message)
    assert.is_nil(tostring(err):find("SECRET", 1, true))
    assert.are.equal("web_identity", err.causes[#err.causes].provider)
    assert.are.equal(0, #scene.server:requests())
  end

  it("in a file that can't be read is an error that names the file", function()
    refused("CredentialRetrievalError", scene.directory .. "/nowhere")
    refused("CredentialRetrievalError", scene.directory)
    if shell.run("id -u") ~= "0\n" then
      shell.run("chmod 000 " .. shell.quote(file))
      refused("CredentialRetrievalError", file)
      shell.run("chmod 600 " .. shell.quote(file))
    end
  end)

  it("in a file of a megabyte is an error", function()
    refused("CredentialRetrievalError", scene:write("token", ("SECRET"):rep(200000)))
  end)

  it("in an empty file, or too short, is an error that names the file", function()
    for _, text in ipairs { "", "\n", "abc" } do
      refused("ParamValidationError", scene:write("token", text))
    end
  end)

  it("with a control character inside is an error", function()
    for _, text in ipairs { "SECRET\nSECRET", "SECRET\r\nX: y\n", "SECRET\0", "\tSECRET", "SEC\127RET" } do
      refused("CredentialRetrievalError", scene:write("token", text))
    end
  end)

  it("that STS refuses is an error without the token", function()
    scene:answer(support.fault(400, "InvalidIdentityToken", "No OpenIDConnect provider found in your account"))
    local _, err = scene:call { config = config(file), env = { AWS_PROFILE = "w" } }
    assert.are.same({ "service", "InvalidIdentityToken" }, { err.kind, err.code })
    assert.is_nil(tostring(err):find(TOKEN, 1, true))
  end)
end)
