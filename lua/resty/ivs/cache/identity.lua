--- Whose answers these are, in a text: what of a client makes two answers for one ARN differ. For the cache's key.
--
-- It is the same in every worker and on every machine that is set up alike, and a rotation of keys leaves it as it is: it
-- names where the keys come from, and of keys no more than their account. Where the settings name neither a key, a role,
-- nor a profile (a function, a container, an EC2 instance), it is the account of the keys that the provider gives. Of nginx's
-- own environment it is remembered in the dict, so that a worker whose provider is down still reaches what the others have
-- cached.
--
-- Two roles of one account can't be told apart where only the provider knows the role: that is what the option
-- `cache.identity` is for.
-- @module resty.ivs.cache.identity

local account = require "resty.ivs.cache.account"
local environment = require "resty.ivs.environment"

local identity = {}

local SETTINGS = { "use_fips_endpoint", "use_dualstack_endpoint", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT" }

--- What the settings say, as a list of texts, and whether that names who asks.
local function settings_of(client)
  local given = client.options.credentials
  if type(given) == "table" then return { "keys", account.of(tostring(given.access_key_id)) }, true end
  if given then return { "function" }, false end
  local told, env = client.machine:describe(), client.env
  local key, role, profile = env.AWS_ACCESS_KEY_ID, env.AWS_ROLE_ARN, told.profile or "default"
  local parts = { "chain", profile, told.config_file or "-", told.credentials_file or "-", key and account.of(key) or "-",
    role or "-" }
  return parts, (key or role) ~= nil or profile ~= "default"
end

--- Where the dict remembers the account: for the sources of nginx's own environment, which are the same for all who have the
-- same settings. A function, or an environment of the user's own, may be another tenant's next time.
local function place_of(client, parts)
  if client.options.credentials or client.env ~= environment then return nil end
  return "ivs:account:" .. ngx.md5(table.concat(parts, "\n"))
end

--- The account of the keys. Returns nil and an error where neither the provider tells it nor the dict.
local function account_of(client, parts)
  local dict, place = client.cache.dict, place_of(client, parts)
  local owner, err = client.refresh:account()
  local known = place and dict:get(place)
  if not owner then
    if type(known) == "string" then return known end
    return nil, err
  end
  if place and known ~= owner then dict:set(place, owner) end
  return owner
end

local function make(client)
  local parts
  if client.cache.identity then
    parts = { "given", client.cache.identity }
  else
    local is_named
    parts, is_named = settings_of(client)
    if not is_named then
      local owner, err = account_of(client, parts)
      if not owner then return nil, err end
      parts[#parts + 1] = owner
    end
  end
  for _, name in ipairs(SETTINGS) do
    parts[#parts + 1] = tostring(client.options[name] or client.env[name] or "-")
  end
  parts[#parts + 1] = client.options.transport and "transport" or "-"
  return ngx.md5(table.concat(parts, "\n"))
end

--- @tab client the state of a client (client.lua): options, machine, refresh, env, cache. The text is kept in it, until
-- its keys are of another account.
-- @return text; or nil and an error
function identity.of(client)
  local owner = client.refresh.owner
  if client.identity and client.identity_owner == owner then return client.identity end
  local made, err = make(client)
  if not made then return nil, err end
  client.identity, client.identity_owner = made, client.refresh.owner
  return made
end

return identity
