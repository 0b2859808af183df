--- The token files of `aws sso login` and `aws login`: reading one, writing it back whole, and when to renew what is in
-- it (docs/protocol.md, "IAM Identity Center" and "Login").
--
-- A file that belongs to somebody else is not read: who can write it can decide whose keys we use. A message names the
-- file and never quotes what is in it.
-- Not for: the keys themselves, which are never written anywhere.
-- @module ivs.credentials.token_cache

local files = require "ivs.config.files"

local token_cache = {}

--- A login's file is two or three kilobytes; what is larger is not one.
local MAX_BYTES = 256 * 1024

--- A lifetime of more than ten years is nonsense, and would not print as a date everywhere.
local MAX_LIFETIME = 10 * 366 * 86400

--- The file that a key's hash names.
-- @string directory
-- @string hash in hexadecimal
function token_cache.path(directory, hash)
  return (directory:gsub("/+$", "")) .. "/" .. hash .. ".json"
end

--- Only we and root may have written what we trust. Returns true, or nil and why not.
local function check_owner(system, path)
  local owner, why = system.file_owner(path)
  if not owner then return nil, ("%s: %s"):format(path, tostring(why)) end
  local euid = system.euid()
  if owner == euid or owner == 0 then return true end
  return nil, ("%s belongs to the user with id %d, not to the one who runs this (%d), and was not read")
    :format(path, owner, euid)
end

--- Reads a token file.
-- @tab context
-- @string path
-- @return the JSON object as a table; or nil and why not
function token_cache.read(context, path)
  local system = context.system
  if not files.has_home(path) then return nil, path .. ": there is no home directory; set HOME" end
  local good, why = check_owner(system, path)
  if not good then return nil, why end
  local text, reason = system.read_file(path, MAX_BYTES)
  if not text then return nil, ("%s: %s"):format(path, tostring(reason)) end
  local document = context.json_decode(text)
  -- a list would pass for an object: what an object has to have is looked for by name
  if type(document) ~= "table" then return nil, path .. " does not hold a JSON object (half written?)" end
  return document
end

--- Puts a document in the file's place: temporary file, mode 0600, fsync, rename. The token in hand is good whether or
-- not this succeeds, so a failure goes to the log and is no error; the next process may have to log in again.
-- @tab context
-- @string path
-- @tab document
function token_cache.write(context, path, document)
  local text, why = context.json_encode(document)
  local done
  if text then done, why = context.system.write_private(path, text) end
  if not done and context.log then
    context.log("warn", ("the renewed token was not written to %s: %s"):format(path, tostring(why)))
  end
end

--- A text that has to be in a document and goes into a header: not empty, no control characters.
-- @return the text, or nil
function token_cache.text(document, name)
  local value = document[name]
  if type(value) == "string" and value ~= "" and not value:find("%c") then return value end
end

--- A time in a document.
-- @return seconds since 1970, or nil
function token_cache.time(context, document, name)
  local value = document[name]
  if type(value) ~= "string" then return nil end
  return context.system.parse_time(value)
end

--- When something ends that lives for `lifetime` seconds from now.
-- @param lifetime as the answer held it
-- @return ISO 8601 text and seconds since 1970; or nil when that is no lifetime
function token_cache.expiry(context, lifetime)
  if type(lifetime) ~= "number" or not (lifetime > 0 and lifetime < MAX_LIFETIME) then return nil end
  local seconds = math.floor(context.time() + lifetime)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", seconds), seconds
end

--- The token to use now. With less than `margin` seconds left it is renewed; when that fails, the file is read once
-- more, for another process may have renewed it meanwhile, and what has not expired still serves.
-- @tab context
-- @func load () → token with `expires_at`, or nil and an error object
-- @func renew (token) → token, or nil and why not
-- @number margin
-- @return token; or nil and an error object of `load`; or nil, why `renew` failed, and the token that has expired
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
