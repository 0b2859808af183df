-- A role end to end: ivs assumes it at the emulator's STS, and the emulator's IVS accepts the credentials. In every Lua.

local cjson = require "cjson"
local ivs = require "ivs"
local server = require "emulator.server"
local store = require "emulator.store"

local ARN = store.configurations.complete.arn
-- {"alg":"none"}, {"sub":"s","iss":"https://oidc.example.com","aud":"a"}, and a made-up signature.
local JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJzIiwiaXNzIjoiaHR0cHM6Ly9vaWRjLmV4YW1wbGUuY29tIiwiYXVkIjoiYSJ9.c2ln"

describe("a role at the emulator", function()
  local emulator

  setup(function() emulator = server.start() end)
  teardown(function() emulator:stop() end)

  -- A client of the emulator's environment with changes; `false` removes a variable.
  local function client(options, changes)
    options.env = emulator:environment()
    options.env.HOME, options.env.AWS_EC2_METADATA_DISABLED = "/nonexistent", "true"
    for name, value in pairs(changes or {}) do
      options.env[name] = value or nil
    end
    return assert(ivs.client(options))
  end

  -- Path and access key id of the last requests.
  local function signed(count)
    local log, seen = emulator:request_log(), {}
    for index = #log - count + 1, #log do
      local request = cjson.decode(log[index])
      seen[#seen + 1] = { request.path, (request.headers.authorization or ""):match("Credential=([^/]+)/") }
    end
    return seen
  end

  it("is assumed with the profile of its config file, once, and its credentials are accepted", function()
    local calling = client { profile = "video" }
    assert.same(store.configurations.complete, assert(calling:get_recording_configuration(ARN)).recordingConfiguration)
    assert(calling:get_recording_configuration(ARN))
    calling:close()
    local seen = signed(3)
    assert.same({ "/", emulator.access_key_id }, seen[1])
    assert.same({ "/GetRecordingConfiguration", "ASIA" }, { seen[2][1], seen[2][2]:sub(1, 4) })
    assert.same(seen[2], seen[3])
  end)

  it("that is denied is an error that names the user and the role", function()
    local response, err = client({ profile = "denied" }):get_recording_configuration(ARN)
    assert.is_nil(response)
    assert.equal("AccessDenied", err.code)
    assert.truthy(err.message:find("user/emulator is not authorized to perform: sts:AssumeRole on resource: "
      .. "arn:aws:iam::123456789012:role/denied", 1, true), err.message)
    assert.same({ "/", emulator.access_key_id }, signed(1)[1])
  end)

  it("is assumed with the token of a web identity", function()
    local path = os.tmpname()
    local file = assert(io.open(path, "wb"))
    file:write(JWT)
    file:close()
    local response, err = client({}, { AWS_ACCESS_KEY_ID = false, AWS_SECRET_ACCESS_KEY = false, AWS_CONFIG_FILE = "/nonexistent",
      AWS_ROLE_ARN = "arn:aws:iam::123456789012:role/pod", AWS_WEB_IDENTITY_TOKEN_FILE = path }):get_recording_configuration(ARN)
    os.remove(path)
    assert.is_nil(err)
    assert.equal("ACTIVE", response.recordingConfiguration.state)
    assert.same({ "/" }, signed(2)[1])
  end)
end)
