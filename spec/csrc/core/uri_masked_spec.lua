--- A URL that is refused is shown in the message without its user and password, wherever it was configured, whatever characters
-- the password holds.

local ivs = require "ivs"
local shell = require "emulator.shell"

local ARN = "arn:aws:ivs:us-west-2:123456789012:recording-configuration/AbCdEf123456"
local KEYS = { access_key_id = "AKIDEXAMPLE", secret_access_key = "secret" }

describe("user and password in a URL are masked", function()
  local home

  local function write(name, text)
    local file = assert(io.open(home .. "/" .. name, "w"))
    file:write(text)
    file:close()
  end

  setup(function()
    home = shell.run('mktemp -d "${TMPDIR:-/tmp}/ivs-masked.XXXXXX"'):match("^(%S+)\n$")
    shell.run("mkdir -p " .. shell.quote(home .. "/.aws/sso/cache"))
    write(".aws/config", "[profile sso]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = r\n[sso-session corp]\n"
      .. "sso_start_url = https://x\nsso_region = us-west-2\n[profile role]\nrole_arn = arn:aws:iam::123456789012:role/video\n"
      .. "source_profile = role\naws_access_key_id = AKID\naws_secret_access_key = secret\n")
    write(".aws/sso/cache/" .. shell.run("printf corp | sha1sum"):match("^%x+") .. ".json",
      '{"accessToken":"a","expiresAt":"2099-01-01T00:00:00Z"}')
  end)

  teardown(function() shell.run("rm -rf -- " .. shell.quote(home)) end)

  --- The error of a client with this environment and these options, or of its call.
  local function fail(env, options)
    env.HOME, env.AWS_REGION = home, "us-west-2"
    local given = { env = env }
    for name, value in pairs(options or {}) do given[name] = value end
    local client, err = ivs.client(given)
    if not client then return err end
    local response
    response, err = client:get_recording_configuration(ARN)
    client:close()
    assert.is_nil(response)
    return err
  end

  local PLACES = {
    ["the option endpoint_url"] = { "InvalidEndpointError", function(url) return fail({}, { endpoint_url = url, credentials = KEYS }) end },
    ["AWS_ENDPOINT_URL_IVS"] = { "InvalidEndpointError", function(url) return fail({ AWS_ENDPOINT_URL_IVS = url }, { credentials = KEYS }) end },
    ["AWS_ENDPOINT_URL_SSO"] = { "InvalidEndpointError", function(url)
      return fail { AWS_ENDPOINT_URL_SSO = url, AWS_PROFILE = "sso" }
    end },
    ["AWS_ENDPOINT_URL_STS"] = { "InvalidEndpointError", function(url)
      return fail { AWS_ENDPOINT_URL_STS = url, AWS_PROFILE = "role" }
    end },
    ["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = { "InvalidIMDSEndpointError", function(url)
      return fail { AWS_EC2_METADATA_SERVICE_ENDPOINT = url }
    end },
  }

  for place, case in pairs(PLACES) do
    it("in " .. place, function()
      for _, password in ipairs { "S3CR3T", "S3CR3T/w", "p/S3CR3T", "p@S3CR3T", "p/w@S3CR3T", "p?S3CR3T", "p#S3CR3T", "p\\S3CR3T",
        "http://S3CR3T", "p%2FS3CR3T" } do
        local err = case[2]("https://us3r:" .. password .. "@host.example/path")
        assert.equal(case[1], err.code)
        for _, secret in ipairs { "us3r", "S3CR3T", "S3", "p@", "p/w" } do
          assert.is_nil(err.message:find(secret, 1, true), err.message)
        end
        assert.truthy(err.message:find("https://***@host.example", 1, true), err.message)
      end
    end)
  end

  it("in a proxy", function()
    for _, url in ipairs { "http://us3r:p/S3CR3T@a b", "us3r:p@S3CR3T@a b", "us3r://S3CR3T@a b:x", "http://us3r:S3CR3T@a:99999" } do
      for _, err in ipairs { fail({}, { proxy = url, credentials = KEYS }), fail({ https_proxy = url }, { credentials = KEYS }) } do
        assert.equal("InvalidProxiesConfigError", err.code)
        assert.is_nil(err.message:find("S3CR3T", 1, true), err.message)
        assert.truthy(err.message:find("***@a", 1, true), err.message)
      end
    end
  end)
end)
