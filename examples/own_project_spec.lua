--- How a project that uses ivs tests its own code: a Busted spec with a stand-in for the service, without network and credentials.
--
--     busted examples/own_project_spec.lua

local ivs = require "ivs"
local stub = require "ivs.stub"

-- The project's own code: says whether a stream may go on air.
local function may_go_on_air(client, arn)
  local response, err = client:get_recording_configuration { arn = arn }
  if not response then return nil, err.code == ivs.exceptions.ResourceNotFoundException and "no recording" or tostring(err) end
  local state = response.recordingConfiguration.state
  return state == "ACTIVE", "the recording is " .. state
end

local ARN = "arn:aws:ivs:us-west-2:123456789012:recording-configuration/AbCdEf123456"

describe("a stream", function()
  it("waits until its recording is ACTIVE", function()
    local service = stub.new { [ARN] = { { state = "CREATING" }, { state = "ACTIVE" } } } -- one answer after the other
    local client = ivs.client(service:options())
    assert.is_false((may_go_on_air(client, ARN)))
    assert.is_true((may_go_on_air(client, ARN)))
    assert.equal(2, #service.requests)
  end)

  it("is refused where there is no recording, or no permission", function()
    local client = ivs.client(stub.new { [ARN] = { error = "AccessDeniedException", message = "no" } }:options())
    assert.same({ nil, "no recording" }, { may_go_on_air(client, ARN .. "x") })
    assert.truthy(select(2, may_go_on_air(client, ARN)):find("AccessDeniedException", 1, true))
  end)
end)
