--- The blocking driver's `http(request)`, as credential providers get it.
--
--     local client, http = fetcher.client { ca_bundle = server.ca_bundle }
--     … http { method = "GET", url = server.url } … client:close()
--
-- All its requests use the client's libcurl handle.

local assert = require "luassert"
local ivs = require "ivs"

local fetcher = {}

local STAND_IN = "ivs.credentials.container" -- the source whose place is taken for a moment

--- A client without credentials, and its `http`.
-- @tab[opt] more the client's options
function fetcher.client(more)
  local options = { region = "us-west-2", env = { AWS_EC2_METADATA_DISABLED = "true", AWS_CONFIG_FILE = "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE = "/dev/null" }, connect_timeout = 20, read_timeout = 20 }
  for name, value in pairs(more or {}) do options[name] = value end
  local client, found = assert(ivs.client(options)), nil
  local loaded = package.loaded[STAND_IN]
  package.loaded[STAND_IN] = { name = "spec", retrieve = function(context)
    found = context.http
    return nil, "none"
  end }
  client:credentials()
  package.loaded[STAND_IN] = loaded
  return client, assert(found, "no provider was asked")
end

return fetcher
