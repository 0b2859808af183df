-- The credentials that the emulator accepts, with their owners: those of store.lua, and those that its STS has issued.
--
-- A key is `{ access_key_id, secret_access_key, session_token?, expired?, account, arn, user_id }`; `arn` and `user_id`
-- are the identity that GetCallerIdentity returns. Issued keys are stored in the shared dictionary. Runs inside nginx.
-- luacheck: std ngx_lua

local cjson = require "cjson"
local rand = require "openssl.rand"
local store = require "emulator.store"

local keys = {}

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

local issued = ngx.shared.emulator

local function random_base32(length)
  return (rand.bytes(length):gsub(".", function(char)
    local index = char:byte() % #ALPHABET + 1
    return ALPHABET:sub(index, index)
  end))
end

-- The permanent key belongs to a user, the temporary ones of the store to a role.
local function known(key)
  local found = { account = store.account }
  for name, value in pairs(key) do
    found[name] = value
  end
  if key.session_token then
    found.arn = "arn:aws:sts::" .. store.account .. ":assumed-role/emulator/temporary"
    found.user_id = "AROAEXAMPLEEMULATOR00:temporary"
  else
    found.arn = "arn:aws:iam::" .. store.account .. ":user/emulator"
    found.user_id = "AIDAEXAMPLEEMULATOR00"
  end
  return found
end

--- The key with an id, or nil.
-- @tparam string access_key_id
-- @tparam number now seconds since 1970
function keys.find(access_key_id, now)
  for _, key in pairs(store.keys) do
    if key.access_key_id == access_key_id then
      return known(key)
    end
  end
  local text = issued:get("key\n" .. access_key_id)
  if text then
    local key = cjson.decode(text)
    key.expired = now >= key.expiration
    return key
  end
end

--- Creates a temporary key.
-- @tparam table identity `{ account, arn, user_id }`
-- @tparam number expiration seconds since 1970
function keys.issue(identity, expiration)
  local key = {
    access_key_id = "ASIA" .. random_base32(16),
    secret_access_key = ngx.encode_base64(rand.bytes(30)),
    session_token = ngx.encode_base64(rand.bytes(240)),
    expiration = expiration,
    account = identity.account,
    arn = identity.arn,
    user_id = identity.user_id,
  }
  assert(issued:set("key\n" .. key.access_key_id, cjson.encode(key)))
  return key
end

return keys
