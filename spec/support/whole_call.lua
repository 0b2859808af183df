--- Whole calls with the credentials of one source: a client of the real module with the spec's environment, against the emulator,
-- which verifies the signature.

local endpoint = require "support.endpoint"
local emulator_server = require "emulator.server"
local ivs = require "ivs"
local stand_in = require "support.stand_in"
local store = require "emulator.store"

local whole_call = {}

local KEYS = store.keys.temporary

--- A document with the emulator's temporary credentials.
-- @string token the name of its token's member
function whole_call.document(token)
  local pattern = '{"Version": 1, "AccessKeyId": "%s", "SecretAccessKey": "%s", "%s": "%s", "Expiration": "%s"}'
  return pattern:format(KEYS.access_key_id, KEYS.secret_access_key, token, KEYS.session_token, "2099-01-02T03:04:05Z")
end

--- Makes a call that uses the default credential chain.
-- @tab env the environment
-- @string[opt] config text of a config file
-- @string[opt] credentials text of a credentials file
-- @return the results of the call, then the result of `client:credentials()`
function whole_call.make(env, config, credentials)
  return stand_in.with_directory(function(directory)
    local emulator = emulator_server.start()
    env.AWS_CONFIG_FILE = stand_in.write(directory .. "/config", config or "", "600")
    env.AWS_SHARED_CREDENTIALS_FILE = stand_in.write(directory .. "/credentials", credentials or "", "600")
    local options = endpoint.options(emulator, { env = env })
    options.credentials = nil
    local client, err = ivs.client(options)
    local response, told
    if client then
      response, err = client:get_recording_configuration(store.configurations.complete.arn)
      told = client:credentials()
      client:close()
    end
    emulator:stop()
    return response, err, told
  end)
end

--- The lines of a profile, in either file, with the emulator's credentials.
function whole_call.section()
  return ("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\naws_session_token = %s\n")
    :format(KEYS.access_key_id, KEYS.secret_access_key, KEYS.session_token)
end

return whole_call
