--- The token files of `aws sso login` and `aws login`: how they are read and replaced, and when a token is renewed
-- (docs/protocol.md, "IAM Identity Center" and "Login").
--
-- A file of another user is not read, since whoever can write it decides whose credentials we use. Messages name the file and quote
-- nothing of it.
-- Not for: the credentials of a role, which are never written.
-- @module ivs.credentials.token_cache

local files = require "ivs.config.files"

local token_cache = {}

--- The largest file that is read. A login's file has two or three kilobytes.
local MAX_BYTES = 256 * 1024

--- The longest lifetime that is accepted: ten years. Dates far in the future do not print everywhere.
local MAX_LIFETIME = 10 * 366 * 86400

--- The path of a token file.
-- @string directory
-- @string hash in hexadecimal
function token_cache.path(directory, hash)
  return (directory:gsub("/+$", "")) .. "/" .. hash .. ".json"
end

--- Checks that the file belongs to this user or to root. Returns true; or nil and why not.
local function check_owner(system, path)
  local owner, why = system.file_owner(path)
  if not owner then return nil, ("%s: %s"):format(path, tostring(why)) end
  local euid = system.euid()
  if owner == euid or owner == 0 then return true end
  return nil, ("%s belongs to the user with id %d, not to the user of this process (%d), and was not read")
    :format(path, owner, euid)
end

--- Reads a token file.
-- @tab context
-- @string path
-- @return the JSON object as a table; or nil and why not
function token_cache.read(context, path)
  local system = context.system
  if not files.has_home(path) then return nil, path .. ": there is no home directory; set HOME" end
  local ok, why = check_owner(system, path)
  if not ok then return nil, why end
  local text, reason = system.read_file(path, MAX_BYTES)
  if not text then return nil, ("%s: %s"):format(path, tostring(reason)) end
  local document = context.json_decode(text)
  -- a list passes, too; its members are then missing
  if type(document) ~= "table" then return nil, path .. " does not hold a JSON object (half written?)" end
  return document
end

--- Replaces the file: temporary file, mode 0600, fsync, rename. The renewed token is valid even if this fails, so a failure is logged
-- and not an error; the next process may need a new login.
-- @tab context
-- @string path
-- @tab document
function token_cache.write(context, path, document)
  local text, why = context.json_encode(document)
  local ok
  if text then ok, why = context.system.write_private(path, text) end
  if not ok and context.log then
    context.log("warn", ("the renewed token was not written to %s: %s"):format(path, tostring(why)))
  end
end

--- A required text in a document, fit for a header: not empty, without control characters.
-- @return the text, or nil
function token_cache.text(document, name)
  local value = document[name]
  if type(value) == "string" and value ~= "" and not value:find("%c") then return value end
end

--- A timestamp in a document.
-- @return seconds since 1970, or nil
function token_cache.time(context, document, name)
  local value = document[name]
  if type(value) ~= "string" then return nil end
  return context.system.parse_time(value)
end

--- The expiration of something that is valid for `lifetime` seconds from now.
-- @param lifetime as the response held it
-- @return ISO 8601 text and seconds since 1970; or nil if the lifetime is invalid
function token_cache.expiry(context, lifetime)
  if type(lifetime) ~= "number" or not (lifetime > 0 and lifetime < MAX_LIFETIME) then return nil end
  local seconds = math.floor(context.time() + lifetime)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", seconds), seconds
end

--- Returns the token to use now. It is renewed if it expires in less than `margin` seconds. If that fails, the file is read again,
-- since another process may have renewed the token, and a token that has not expired is used.
-- @tab context
-- @func load () → token with `expires_at`, or nil and an error object
-- @func renew (token) → token, or nil and why not
-- @number margin
-- @return token; or nil and an error object of `load`; or nil, why `renew` failed, and the expired token
function token_cache.current(context, load, renew, margin)
  local token, err = load()
  if not token then return nil, err end
  if token.expires_at - context.time() >= margin then return token end
  local renewed, why = renew(token)
  if renewed then return renewed end
  local other = load()
  if other and other.expires_at > token.expires_at then token = other end
  if token.expires_at > context.time() then return token end
  return nil, why, token
end

return token_cache
