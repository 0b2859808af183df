--- Reads a recording configuration of another account with a role of that account.
--
--     lua examples/assume_role.lua PROFILE ARN
--
-- The profile is in ~/.aws/config. STS returns temporary credentials for the role, which are refreshed before they expire:
--
--     [profile video]
--     role_arn = arn:aws:iam::123456789012:role/video
--     source_profile = default

local ivs = require "ivs"

local profile, arn = arg[1], assert(arg[2], "usage: assume_role.lua PROFILE ARN")
local client = assert(ivs.client { profile = profile })

local response, err = client:get_recording_configuration { arn = arn }
if not response then
  io.stderr:write(tostring(err), "\n")
  os.exit(1)
end
local about = client:credentials()
print(response.recordingConfiguration.state, "with credentials from " .. about.provider)
