--- Static credentials of the profile in the config file (docs/protocol.md, "Static credentials").
-- @module ivs.credentials.config_file

return require("ivs.credentials.static").provider {
  name = "config_file", section = "config", path = "config_path", source = "config-file",
}
