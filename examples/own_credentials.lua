--- Credentials from your own source: a function, which is called again when what it returned is about to expire. Here it reads a
-- file of JSON that something else writes, such as a vault's agent.
--
--     lua examples/own_credentials.lua FILE ARN

local cjson = require "cjson"
local ivs = require "ivs"

local path, arn = arg[1], assert(arg[2], "usage: own_credentials.lua FILE ARN")

local function read_credentials()
  local file, why = io.open(path)
  if not file then return nil, why end -- arrives in the error of the call
  local text = file:read "*a"
  file:close()
  local ok, document = pcall(cjson.decode, text)
  if not ok then return nil, path .. " is not JSON" end
  return { access_key_id = document.AccessKeyId, secret_access_key = document.SecretAccessKey,
    session_token = document.SessionToken, expiration = document.Expiration }
end

local client = assert(ivs.client { credentials = read_credentials })
local response, err = client:get_recording_configuration { arn = arn }
if not response then
  io.stderr:write(tostring(err), "\n")
  os.exit(1)
end
print(response.recordingConfiguration.state)
