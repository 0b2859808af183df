--- Static credentials of the credentials file's section. Parsing the file is in files_spec.

local failure = require "ivs.failure"
local shared_file = require "ivs.credentials.shared_file"
local stand_in = require "support.stand_in"
local whole_call = require "support.whole_call"

local FILES = { credentials_path = "/home/u/.aws/credentials", config_path = "/home/u/.aws/config" }

local function retrieve(section, config)
  local values = {}
  for _, source in ipairs { config or {}, section or {} } do
    for name, value in pairs(source) do values[name] = value end
  end
  local profile = { name = "video", values = values, credentials = section, config = config }
  return shared_file.retrieve(stand_in.context { profile = profile, files = FILES })
end

describe("the shared credentials file", function()
  it("has the credentials of the profile's section", function()
    assert.same({ access_key_id = "AKIDEXAMPLE", secret_access_key = "wJal/rXU" },
      retrieve { aws_access_key_id = "AKIDEXAMPLE", aws_secret_access_key = "wJal/rXU" })
  end)

  it("has the session token, by its old name first, as in botocore", function()
    local section = { aws_access_key_id = "A", aws_secret_access_key = "S", aws_session_token = "new" }
    assert.equal("new", retrieve(section).session_token)
    section.aws_security_token = "old"
    assert.equal("old", retrieve(section).session_token)
    section.aws_security_token = ""
    assert.equal("new", retrieve(section).session_token)
  end)

  it("is not the config file", function()
    local keys, why = retrieve(nil, { aws_access_key_id = "A", aws_secret_access_key = "S" })
    assert.is_nil(keys)
    assert.equal('profile "video" has no aws_access_key_id in /home/u/.aws/credentials', why)
  end)

  it("has no credentials if the access key ID is absent or empty", function()
    for _, section in ipairs { {}, { aws_access_key_id = "" }, { aws_secret_access_key = "hunter2" } } do
      local keys, why = retrieve(section)
      assert.is_nil(keys)
      assert.is_string(why)
      assert.is_nil(why:find("hunter2", 1, true))
    end
  end)

  it("has no credentials without a profile", function()
    assert.same({ nil, "no profile is configured" }, { shared_file.retrieve(stand_in.context { files = FILES }) })
  end)

  it("is an error if the secret is missing, with botocore's message", function()
    for _, section in ipairs { { aws_access_key_id = "A" }, { aws_access_key_id = "A", aws_secret_access_key = "" } } do
      local keys, err = retrieve(section, { aws_secret_access_key = "of the other file" })
      assert.is_nil(keys)
      assert.is_true(failure.is(err))
      assert.equal("credentials", err.kind)
      assert.equal("PartialCredentialsError", err.code)
      assert.equal("Partial credentials found in shared-credentials-file, missing: aws_secret_access_key", err.message)
    end
  end)

  it("is an error if a value is a nested section", function()
    local _, err = retrieve { aws_access_key_id = { a = "b" }, aws_secret_access_key = "S" }
    assert.equal("InvalidConfigError", err.code)
    assert.truthy(err.message:find("shared-credentials-file: aws_access_key_id", 1, true))
  end)

  it("works in a whole call", function()
    local response, err, told = whole_call.make({}, nil, whole_call.section())
    assert.equal("ACTIVE", response and response.recordingConfiguration.state, tostring(err))
    assert.equal("shared_file", told.provider)
  end)
end)
