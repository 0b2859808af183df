--- Corners of the core and of its Lua layer that the other specs do not cover: limits, rare forms, invalid credentials.

local by_hand = require "support.by_hand"
local core = require "ivs.core"

local ARN = by_hand.ARN

describe("credentials from a provider", function()
  local function fail_with(keys)
    local call = by_hand.client({ credentials = function() end }):call(ARN)
    assert.equal("credentials", (call:next()))
    local step, err = call:next(keys)
    assert.equal("failed", step)
    return err
  end

  it("that could break out of a header, or are too long, are refused with a message that quotes nothing of them", function()
    for wrong, word in pairs { ["hunter2\r\nX: y"] = "control", ["hunter2\0"] = "control", [("hunter2"):rep(200)] = "long" } do
      for _, name in ipairs { "access_key_id", "secret_access_key" } do
        local keys = { access_key_id = "AKID", secret_access_key = "secret" }
        keys[name] = wrong
        local err = fail_with(keys)
        assert.same({ "credentials", "CredentialRetrievalError", 0 }, { err.kind, err.code, err.attempts })
        assert.truthy(err.message:find(word, 1, true), err.message)
        assert.is_nil(tostring(err):find "hunter2")
      end
    end
    assert.truthy(fail_with({ access_key_id = "AKID", secret_access_key = "s", session_token = ("t"):rep(70000) }).message
      :find("long", 1, true))
  end)
end)

describe("an endpoint_url", function()
  it("may be an IPv6 address that ends as IPv4 does", function()
    local client = assert(core.client { region = "us-west-2", env = {}, credentials = by_hand.KEYS,
      endpoint_url = "http://[::ffff:192.0.2.1]:8080/base/" })
    local _, request = client:call(ARN):next()
    assert.same({ "http://[::ffff:192.0.2.1]:8080/base/GetRecordingConfiguration", "[::ffff:192.0.2.1]:8080" },
      { request.url, request.headers.Host })
  end)
end)
