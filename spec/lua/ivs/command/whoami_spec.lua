--- `ivs whoami` against the emulator, which has an STS.

local command = require "support.command"
local hostile_server = require "support.hostile_server"
local json = require "cjson"
local server = require "emulator.server"
local stand_in = require "support.stand_in"

describe("ivs whoami", function()
  local emulator

  setup(function() emulator = server.start() end)
  teardown(function() emulator:stop() end)

  local function whoami(arguments, changes)
    local words, env = { "whoami" }, emulator:environment()
    for _, argument in ipairs(arguments) do words[#words + 1] = argument end
    for name, value in pairs(changes or {}) do env[name] = value end
    return command.run(words, { env = env })
  end

  it("prints account, ARN, source, region, and where each setting comes from", function()
    local result = whoami {}
    assert.same({ "", 0 }, { result.err, result.status })
    for _, pattern in ipairs { "Account +123456789012\n", "ARN +arn:aws:iam::123456789012:user/emulator\n",
      "Credentials from +environment\n", "Region +us%-west%-2\n", "\nregion +AWS_REGION\n", "\nread_timeout +default\n" } do
      assert.truthy(result.out:find(pattern), pattern .. result.out)
    end
  end)

  it("prints no secret", function()
    local result = whoami { "--debug" }
    assert.is_nil((result.out .. result.err):find(emulator.secret_access_key, 1, true))
    assert.is_nil((result.out .. result.err):find(emulator.access_key_id, 1, true))
  end)

  it("prints a role's identity, and assumes the role once", function()
    local before = emulator:requests()
    local about = json.decode(whoami({ "--profile", "video", "--output", "json" }).out)
    assert.same({ "123456789012", "assume_role", "video", "option" },
      { about.account, about.provider, about.profile, about.origins.profile })
    assert.truthy(about.arn:find("^arn:aws:sts::123456789012:assumed%-role/video/"), about.arn)
    assert.equal(2, emulator:requests() - before) -- AssumeRole, GetCallerIdentity
  end)

  it("prints no control character that STS sends", function()
    local hostile = "a&#x9B;31m&#x7F;b&#13;" -- XML 1.0 allows DEL and C1
    local body = ([[<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>title%s</Arn>
      <UserId>AIDA%s</UserId><Account>123%s</Account></GetCallerIdentityResult></GetCallerIdentityResponse>]]):format(hostile, hostile, hostile)
    local wire = hostile_server.start()
    for _, form in ipairs { "table", "json" } do
      wire:play { { "request" }, { "send", "HTTP/1.1 200 OK\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body } }
      local result = whoami({ "--output", form }, { AWS_ENDPOINT_URL_STS = wire.url })
      assert.equal(0, result.status, result.err)
      for _, text in ipairs { result.out, result.err } do
        assert.is_nil(text:match "[%z\1-\9\11-\31\127]" or text:match "\194[\128-\159]", form .. text)
      end
      assert.truthy(result.out:find("title", 1, true), result.out .. result.err)
    end
    wire:stop()
  end)

  it("reports that STS does not respond, and ends with 0", function()
    local nobody = { AWS_ENDPOINT_URL_STS = "http://127.0.0.1:9", AWS_MAX_ATTEMPTS = "1" }
    local result = whoami({}, nobody)
    assert.equal(0, result.status)
    assert.truthy(result.out:find "Account +not known\n", result.out)
    assert.truthy(result.err:find("account and ARN are not known: EndpointConnectionError", 1, true), result.err)
    result = whoami({ "--quiet", "--output", "json" }, nobody)
    assert.same({ "", 0 }, { result.err, result.status })
    assert.equal("EndpointConnectionError", json.decode(result.out).identity_error.code)
  end)

  it("reports an error of STS, and that lua-expat is not installed", function()
    local result = whoami({}, { AWS_SECRET_ACCESS_KEY = "another" })
    assert.equal(0, result.status)
    assert.truthy(result.err:find("GetCallerIdentity operation: The request signature", 1, true), result.err)
    stand_in.with_directory(function(directory)
      stand_in.write(directory .. "/lxp.lua", "error('not installed', 0)", "600")
      result = whoami({}, { LUA_PATH = directory .. "/?.lua;" .. package.path })
    end)
    assert.equal(0, result.status)
    assert.truthy(result.err:find("lua-expat", 1, true), result.err)
  end)

  it("ends with 3 if there are no credentials", function()
    local result = whoami({}, { AWS_ACCESS_KEY_ID = "", AWS_SECRET_ACCESS_KEY = "", AWS_EC2_METADATA_DISABLED = "true" })
    assert.same({ "", 3 }, { result.out, result.status })
    assert.truthy(result.err:find("ivs: NoCredentialsError", 1, true), result.err)
    assert.equal(3, whoami({ "--profile", "denied" }).status)
  end)
end)
