--- Static keys of the profile in the shared credentials file (docs/protocol.md, "Static keys").
-- @module ivs.credentials.shared_file

local profile_keys = require "ivs.credentials.static"

local shared_file = { name = "shared_file" }

--- @tab context with `profile` and `files`
-- @return keys; or nil and why not; or nil and an error object
function shared_file.retrieve(context)
  local section = context.profile and context.profile.credentials
  return profile_keys.read(context, section, context.files.credentials_path, "shared-credentials-file")
end

return shared_file
