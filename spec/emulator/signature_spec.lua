-- The signature check by itself: what botocore as a client cannot get wrong, and AWS's published canonical request.

local cases = require "emulator.cases"
local signature = require "emulator.signature"
local store = require "emulator.store"

describe("the emulator's signature check", function()
  -- AWS's published test suite, get-vanilla-query-order-key-case, its canonical request.
  it("builds the canonical request of AWS's test vector", function()
    local request = {
      method = "GET", path = "/", query = "Param2=value2&Param1=value1", body = "",
      headers = { host = "example.amazonaws.com", ["x-amz-date"] = "20150830T123600Z" },
    }
    assert.equal(table.concat({
      "GET", "/", "Param1=value1&Param2=value2", "host:example.amazonaws.com", "x-amz-date:20150830T123600Z", "",
      "host;x-amz-date", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    }, "\n"), signature.canonical_request(request, { "host", "x-amz-date" }))
  end)

  it("requires the content type, the host, the date and the token to be signed", function()
    local now = 1440938160
    local function verify(signed)
      local key = store.keys.temporary
      return signature.verify({
        method = "POST", path = "/GetRecordingConfiguration", body = cases.body,
        headers = {
          host = "localhost", ["content-type"] = "application/json", ["x-amz-date"] = "20150830T123600Z",
          ["x-amz-security-token"] = key.session_token,
          authorization = "AWS4-HMAC-SHA256 Credential=" .. key.access_key_id
            .. "/20150830/us-west-2/ivs/aws4_request, SignedHeaders=" .. signed .. ", Signature=0",
        },
      }, { find_key = function() return key end, now = now, service = "ivs" })
    end
    for _, case in ipairs {
      { "host;x-amz-date;x-amz-security-token", "content-type" },
      { "content-type;x-amz-date;x-amz-security-token", "host" },
      { "content-type;host;x-amz-security-token", "x-amz-date" },
      { "content-type;host;x-amz-date", "x-amz-security-token" },
    } do
      local ok, status, code, message = verify(case[1])
      assert.falsy(ok)
      assert.equal(403, status)
      assert.equal("InvalidSignatureException", code)
      assert.equal(("'%s' must be a 'SignedHeader' in the AWS Authorization."):format(case[2]), message)
    end
    local _, _, _, message = verify("content-type;host;x-amz-date;x-amz-security-token")
    assert.truthy(message:find("does not match", 1, true))
  end)
end)
