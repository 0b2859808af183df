--- Suggestions for a name that does not exist.

local names = require "ivs.names"

describe("the nearest name", function()
  local OPTIONS = { "region", "profile", "credentials", "endpoint_url", "max_attempts", "connect_timeout", "read_timeout", "verify" }
  local KEYS = { "access_key_id", "secret_access_key", "session_token", "expiration" }

  it("is the one that was mistyped: a letter missing, doubled, changed, or two swapped", function()
    for wrong, meant in pairs { regon = "region", regionn = "region", regiom = "region", regoin = "region", credentails = "credentials",
      max_atempts = "max_attempts", maxattempts = "max_attempts", Region = "region", ["end-point-url"] = "endpoint_url" } do
      assert.equal(meant, names.nearest(wrong, OPTIONS))
    end
    for wrong, meant in pairs { sesion_token = "session_token", SessionToken = "session_token", accessKeyId = "access_key_id",
      aws_secret_access_key = "secret_access_key", secret_key = "secret_access_key", token = "session_token", expires = "expiration" } do
      assert.equal(meant, names.nearest(wrong, KEYS))
    end
  end)

  it("is none if no name is similar", function()
    for _, odd in ipairs { "zzzz", "q", "", "bucket_name_of_mine" } do assert.is_nil(names.nearest(odd, KEYS), odd) end
    assert.is_nil(names.nearest("region", {}))
  end)

  it("is searched for any text, with a message of one line and limited length", function()
    for _, odd in ipairs { 5, true, {}, "a\r\nb", ("x"):rep(100000) } do
      local message = names.unknown("option", odd, OPTIONS)
      assert.truthy(message:find("^unknown option '"), message)
      assert.is_nil(message:find "%c")
      assert.is_true(#message < 300)
    end
  end)
end)
