--- Static credentials of the profile in the shared credentials file (docs/protocol.md, "Static credentials").
-- @module ivs.credentials.shared_file

return require("ivs.credentials.static").provider {
  name = "shared_file", section = "credentials", path = "credentials_path", source = "shared-credentials-file",
}
