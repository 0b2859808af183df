--- Whose answers these are, as a text for the cache's key: what makes the answers of two clients differ for one ARN, or one of them
-- not trust the other's.
--
-- The text is the same in every worker and on every machine with the same settings, and a rotation of credentials does not change
-- it: it names where the credentials come from, and of the credentials no more than their account. Where the settings name neither
-- an access key, a role, nor a profile (a function, a container, an EC2 instance), it is the account of the credentials that the
-- provider returns. For nginx's own environment the dict remembers the account, so that a worker whose provider fails still finds
-- what the other workers have cached.
--
-- Two roles of one account cannot be told apart where only the provider knows the role: the option `cache.identity` is for that.
-- It does not replace what is said of trust (wire.lua): a client that verifies certificates never gets what an unverified connection,
-- or one through another proxy, has brought.
-- @module resty.ivs.cache.identity

local environment = require "resty.ivs.environment"

local identity = {}

local SETTINGS = { "use_fips_endpoint", "use_dualstack_endpoint", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT" }

--- The account of an access key ID, which stays the same when credentials are rotated. The ID holds it in base 32, from the fifth
-- character on (AWS Prescriptive Guidance has the form of the IDs). For an ID of another form, the ID itself.
-- @string access_key_id
-- @treturn string
function identity.account_of(access_key_id)
  local coded = access_key_id:match("^A[KS]IA([A-Z2-7]+)$")
  if not coded or #coded ~= 16 then return access_key_id end
  local number = 0
  for at = 1, 9 do -- 45 of the first 48 bits; the account is in bits 2 to 41
    local digit = coded:byte(at)
    number = number * 32 + (digit >= 65 and digit - 65 or digit - 24)
  end
  return ("%.0f"):format(math.floor(number / 16) % 2 ^ 40)
end

--- What the settings say, as a list of texts, and whether they name the caller.
local function settings_of(client)
  local given = client.options.credentials
  if type(given) == "table" then return { "keys", identity.account_of(tostring(given.access_key_id)) }, true end
  if given then return { "function" }, false end
  local described, env = client.machine:describe(), client.env
  local key, role, profile = env.AWS_ACCESS_KEY_ID, env.AWS_ROLE_ARN, described.profile or "default"
  local parts = { "chain", profile, described.config_file or "-", described.credentials_file or "-",
    key and identity.account_of(key) or "-", role or "-" }
  return parts, (key or role) ~= nil or profile ~= "default"
end

--- The dict's key for the account: only where the sources are those of nginx's own environment, which are the same for all
-- clients with the same settings. A function, or an environment of the user's own, may belong to another tenant next time.
local function dict_key(client, parts)
  if client.options.credentials or client.env ~= environment then return nil end
  return "ivs:account:" .. ngx.md5(table.concat(parts, "\n"))
end

--- The account of the credentials. Returns nil and an error if neither the provider nor the dict knows it.
local function find_account(client, parts)
  local dict, key = client.cache.dict, dict_key(client, parts)
  local account, err = client.credentials:account()
  local known = key and dict:get(key)
  if not account then
    if type(known) == "string" then return known end
    return nil, err
  end
  if key and known ~= account then dict:set(key, account) end
  return account
end

local function make(client)
  local parts
  if client.cache.identity then
    parts = { "given", client.cache.identity }
  else
    local is_named
    parts, is_named = settings_of(client)
    if not is_named then
      local account, err = find_account(client, parts)
      if not account then return nil, err end
      parts[#parts + 1] = account
    end
  end
  for _, name in ipairs(SETTINGS) do
    parts[#parts + 1] = tostring(client.options[name] or client.env[name] or "-")
  end
  parts[#parts + 1] = client.wire.transport and "transport" or "-"
  parts[#parts + 1] = client.wire.trust
  return ngx.md5(table.concat(parts, "\n"))
end

--- @tab client the state of a client (client.lua): options, machine, wire, credentials, env, cache. The text is kept in it until its
--   credentials belong to another account.
-- @return text; or nil and an error
function identity.of(client)
  local account = client.credentials.account_id
  if client.identity and client.identity_account == account then return client.identity end
  local made, err = make(client)
  if not made then return nil, err end
  client.identity, client.identity_account = made, client.credentials.account_id
  return made
end

return identity
