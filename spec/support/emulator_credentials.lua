--- The emulator's temporary credentials as a document of an endpoint, and an assertion that a value contains no secret.

local assert = require "luassert"
local json = require "cjson"
local store = require "emulator.store"

local emulator_credentials = {}

local KEYS = store.keys.temporary

--- The document of a container's endpoint.
-- @number expiration seconds since 1970
-- @string[opt] access_key_id another one
function emulator_credentials.document(expiration, access_key_id)
  return json.encode { AccessKeyId = access_key_id or KEYS.access_key_id, SecretAccessKey = KEYS.secret_access_key,
    Token = KEYS.session_token, Expiration = os.date("!%Y-%m-%dT%H:%M:%SZ", expiration) }
end

--- Asserts that no text in a value, at any depth, contains the secret access key, the token, or more than the end of the access
-- key ID.
function emulator_credentials.assert_absent(value)
  if type(value) == "table" then
    for name, member in pairs(value) do
      emulator_credentials.assert_absent(name)
      emulator_credentials.assert_absent(member)
    end
    return
  end
  for _, name in ipairs { "access_key_id", "secret_access_key", "session_token" } do
    assert.is_nil(tostring(value):find(KEYS[name], 1, true), tostring(value))
  end
end

return emulator_credentials
