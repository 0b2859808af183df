--- Static credentials of the config file's section. See shared_file_spec for what both files have in common.

local config_file = require "ivs.credentials.config_file"
local failure = require "ivs.failure"
local stand_in = require "support.stand_in"
local whole_call = require "support.whole_call"

local FILES = { credentials_path = "/home/u/.aws/credentials", config_path = "/home/u/.aws/config" }

local function retrieve(section, credentials)
  local profile = { name = "default", values = {}, config = section, credentials = credentials }
  return config_file.retrieve(stand_in.context { profile = profile, files = FILES })
end

describe("the config file", function()
  it("has the credentials and the token of the profile's section", function()
    assert.same({ access_key_id = "AKIDEXAMPLE", secret_access_key = "wJal/rXU", session_token = "token" },
      retrieve { aws_access_key_id = "AKIDEXAMPLE", aws_secret_access_key = "wJal/rXU", aws_session_token = "token",
        region = "us-west-2" })
  end)

  it("is not the credentials file", function()
    local keys, why = retrieve({ region = "us-west-2" }, { aws_access_key_id = "A", aws_secret_access_key = "S" })
    assert.is_nil(keys)
    assert.equal('profile "default" has no aws_access_key_id in /home/u/.aws/config', why)
  end)

  it("is an error if the secret is missing, with botocore's message", function()
    local keys, err = retrieve { aws_access_key_id = "A" }
    assert.is_nil(keys)
    assert.is_true(failure.is(err))
    assert.equal("PartialCredentialsError", err.code)
    assert.equal("Partial credentials found in config-file, missing: aws_secret_access_key", err.message)
  end)

  it("works in a whole call", function()
    local response, err, told = whole_call.make({}, whole_call.section())
    assert.equal("ACTIVE", response and response.recordingConfiguration.state, tostring(err))
    assert.equal("config_file", told.provider)
  end)
end)
