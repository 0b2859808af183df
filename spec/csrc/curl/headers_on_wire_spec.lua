-- What arrives at a server of one's own: botocore, given the request as it was received, comes to the same signature.

local http_server = require "support.http_server"
local ivs = require "ivs"
local oracle = require "support.oracle"

local ARN = "arn:aws:ivs:us-west-2:123456789012:recording-configuration/AbCdEf123456"
local KEYS = { access_key_id = "AKIAIOSFODNN7EXAMPLE", secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  session_token = "FwoGZXIvYXdzEXAMPLE//token==" }

describe("a request on the wire", function()
  local server, received

  setup(function()
    server = http_server.start { routes = { ["POST /base/GetRecordingConfiguration"] = { { body = "{}" } } } }
    local client = assert(ivs.client { region = "us-west-2", endpoint_url = server.url .. "/base?b=2&a=1", credentials = KEYS, env = {} })
    assert(client:get_recording_configuration(ARN))
    client:close()
    received = server:requests()[1]
  end)
  teardown(function() server:stop() end)

  it("has the signature that botocore computes for what was received", function()
    local case = { url = server.url .. received.path, region = "us-west-2", service = "ivs", headers = received.headers,
      body = received.body }
    for name, value in pairs(KEYS) do case[name] = value end
    assert.equal(oracle.run("sts", { case })[1].authorization, received.headers.authorization)
  end)

  it("has the headers that the SDKs send, and none that libcurl adds", function()
    local names = {}
    for name in pairs(received.headers) do names[#names + 1] = name end
    table.sort(names)
    assert.same({ "accept-encoding", "amz-sdk-invocation-id", "amz-sdk-request", "authorization", "content-length",
      "content-type", "host", "user-agent", "x-amz-date", "x-amz-security-token" }, names)
    assert.equal('{"arn": "' .. ARN .. '"}', received.body)
    assert.equal("/base/GetRecordingConfiguration?b=2&a=1", received.path)
  end)
end)
