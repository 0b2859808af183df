--- Whose answers these are, in a text: what of a client makes two answers for one ARN differ. For the cache's key.
--
-- It is the same in every worker and on every machine that is set up alike, and a rotation of keys leaves it as it is: it
-- names where the keys come from, not the keys. Of keys that a function gives it names the function's place in its source
-- and the account that the keys belong to.
-- @module resty.ivs.identity

local identity = {}

--- What in the environment decides whose keys the chain of sources finds.
local VARIABLES = {
  "AWS_ACCESS_KEY_ID", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_LOGIN_CACHE_DIRECTORY",
}

local SETTINGS = { "use_fips_endpoint", "use_dualstack_endpoint", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT" }

local function place_of(provider)
  local info = debug.getinfo(provider, "S")
  return ("%s:%d"):format(info.short_src, info.linedefined)
end

--- Whose keys. Returns a list of texts; or nil and an error.
local function sources(client)
  local given = client.options.credentials
  if type(given) == "table" then return { "keys", tostring(given.access_key_id) } end
  if given then
    local account, err = client.refresh:account()
    if not account then return nil, err end
    return { "function", place_of(given), account }
  end
  local told, parts = client.machine:describe(), { "chain" }
  for _, name in ipairs { "profile", "config_file", "credentials_file" } do parts[#parts + 1] = told[name] or "-" end
  for _, name in ipairs(VARIABLES) do parts[#parts + 1] = client.env[name] or "-" end
  return parts
end

--- @tab client the state of a client (client.lua): options, machine, refresh, env
-- @return text; or nil and an error
function identity.of(client)
  local parts, err = sources(client)
  if not parts then return nil, err end
  for _, name in ipairs(SETTINGS) do
    parts[#parts + 1] = tostring(client.options[name] or client.env[name] or "-")
  end
  parts[#parts + 1] = client.options.transport and "transport" or "-"
  return ngx.md5(table.concat(parts, "\n"))
end

return identity
