--- Static keys of the profile in the config file (docs/protocol.md, "Static keys").
-- @module ivs.credentials.config_file

local profile_keys = require "ivs.credentials.static"

local config_file = { name = "config_file" }

--- @tab context with `profile` and `files`
-- @return keys; or nil and why not; or nil and an error object
function config_file.retrieve(context)
  local section = context.profile and context.profile.config
  return profile_keys.read(context, section, context.files.config_path, "config-file")
end

return config_file
