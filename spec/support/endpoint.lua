--- Options of a client for an emulator, without the settings of this machine.

local endpoint = {}

--- @tparam Emulator emulator from server.start
-- @tparam[opt] table more options; `false` takes one away
function endpoint.options(emulator, more)
  local options = {
    region = emulator.region,
    endpoint_url = emulator.endpoint_url,
    ca_bundle = emulator.ca_bundle,
    credentials = { access_key_id = emulator.access_key_id, secret_access_key = emulator.secret_access_key },
    env = {},
  }
  for name, value in pairs(more or {}) do options[name] = value end
  return options
end

return endpoint
