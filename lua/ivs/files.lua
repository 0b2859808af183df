--- The shared AWS files: where they are, which profiles they hold, which of them is meant (BEHAVIOUR 7).
-- Both files are read whole at each `load`, nothing is remembered. What a value means is the settings' and the
-- providers' business; the grammar is that of ivs.ini.
-- @module ivs.files

local failure = require "ivs.failure"
local ini = require "ivs.ini"

local files = {}

local MAX_BYTES = 16 * 1024 * 1024

-- errno: nobody has written the file (ENOENT, ENOTDIR), or it is no file at all (EINVAL: /dev/null, a pipe).
-- botocore passes by all three.
local ABSENT = { [2] = true, [20] = true, [22] = true }
local EACCES = 13

--- A path in a message: as it is, but on one line.
local function shown(path)
  return (path:gsub("%c", "?"))
end

local function unparsable(path, line, what)
  return failure.new("config", "ConfigParseError",
    ("Unable to parse config file: %s, line %d: %s"):format(shown(path), line, what))
end

local function unreadable(path, why)
  return failure.new("config", "ConfigParseError",
    ("Unable to read config file: %s: %s"):format(shown(path), tostring(why)))
end

--- `$NAME` and `${NAME}` replaced by their values, once; a variable that is not set stays as it is written.
local function expand_variables(path, getenv)
  local parts, from = {}, 1
  while true do
    local at = path:find("$", from, true)
    if not at then break end
    local name, after = path:match("^([A-Za-z0-9_]+)()", at + 1)
    if not name then name, after = path:match("^{([^}]*)}()", at + 1) end
    after = after or at + 1
    parts[#parts + 1] = path:sub(from, at - 1)
    parts[#parts + 1] = name and getenv(name) or path:sub(at, after - 1)
    from = after
  end
  return table.concat(parts) .. path:sub(from)
end

--- Expands a path of a setting as botocore does: first `$NAME` and `${NAME}`, then a leading `~` or `~user`.
-- A variable that is empty counts as one that is not set.
-- @string path
-- @func getenv from a variable's name to its value
-- @func[opt] home_directory `(user | nil) → path | nil`: the account's home, where HOME is not set or a user is named
-- @treturn string the path; what could not be expanded stays
function files.expand(path, getenv, home_directory)
  path = expand_variables(path, getenv)
  local user, rest = path:match("^~([^/]*)(.*)$")
  if not user then return path end
  local home = user == "" and getenv("HOME") or nil
  if not home and home_directory then home = home_directory(user ~= "" and user or nil) end
  if not home then return path end
  local expanded = home:gsub("/+$", "") .. rest
  return expanded ~= "" and expanded or "/"
end

--- Whether a file that could not be opened is one that exists. Without the right to look into its directory nobody
-- knows, and it counts as absent, as for botocore: a daemon may well keep the HOME of the user who started it.
local function is_there(path, system)
  return not system.file_owner or system.file_owner(path) ~= nil
end

--- A file's sections: none if there is no file; nil and an error if it cannot be read or parsed.
local function read_sections(path, system)
  -- without a home there is no ~/.aws; a directory of the name "~" is not it
  if path:sub(1, 1) == "~" then return {} end
  if path:find("\0", 1, true) then return nil, unreadable(path, "a NUL byte in its name") end
  local text, why, errno = system.read_file(path, MAX_BYTES)
  if not text then
    if ABSENT[errno] or errno == EACCES and not is_there(path, system) then return {} end
    return nil, unreadable(path, why)
  end
  if #text > MAX_BYTES then return nil, unreadable(path, "larger than 16 MiB") end
  local sections, line, what = ini.parse(text)
  if not sections then return nil, unparsable(path, line, what) end
  return sections
end

-- The kinds of named sections in the config file, by the beginning of the section's name, and where they go.
-- botocore takes the beginning only: `[profiles x]` is a profile too.
local KINDS = { { "profile", "profiles" }, { "sso-session", "sso_sessions" }, { "services", "services" } }

--- Where a section of the config file belongs: the member of the result and the name there, or nil.
local function place(title)
  if title == "default" then return "profiles", title end
  for _, kind in ipairs(KINDS) do
    if title:sub(1, #kind[1]) == kind[1] then
      local words = ini.words(title)
      if words and #words == 2 then return kind[2], words[2] end
      return nil
    end
  end
end

--- Of several sections with one name (`[default]`, `[profile default]`) the last one in the file counts.
local function take_config(loaded, sections)
  for _, section in ipairs(sections) do
    local kind, name = place(section.name)
    if kind == "profiles" then
      loaded.profiles[name] = { name = name, config = section.values }
    elseif kind then
      loaded[kind][name] = section.values
    end
  end
end

--- Every section of the credentials file is a profile, under the name as it stands.
local function take_credentials(loaded, sections)
  for _, section in ipairs(sections) do
    local name = section.name
    loaded.profiles[name] = loaded.profiles[name] or { name = name }
    loaded.profiles[name].credentials = section.values
  end
end

--- A profile's values: those of the config file, overlaid by those of the credentials file. Where only one of them has
-- the profile, it is the same table: nobody writes into it.
local function overlay(profile)
  if not (profile.config and profile.credentials) then return profile.config or profile.credentials end
  local values = {}
  for key, value in pairs(profile.config) do values[key] = value end
  for key, value in pairs(profile.credentials) do values[key] = value end
  return values
end

--- Reads both files. One that does not exist is empty; one that cannot be read or parsed is an error.
-- @func getenv from a variable's name to its value
-- @tab system `read_file(path, max_bytes)` → text | nil, message, errno; and optionally `file_owner(path)` → uid | nil
-- and `home_directory(user | nil)` → path | nil
-- @treturn table { profiles, sso_sessions, services, config_path, credentials_path }; a profile is
-- { name, values, config, credentials }. Or nil and an error object
function files.load(getenv, system)
  local function locate(variable, default)
    return files.expand(getenv(variable) or default, getenv, system.home_directory)
  end
  local loaded = { profiles = {}, sso_sessions = {}, services = {},
    config_path = locate("AWS_CONFIG_FILE", "~/.aws/config"),
    credentials_path = locate("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials") }
  local config, err = read_sections(loaded.config_path, system)
  if not config then return nil, err end
  local credentials
  credentials, err = read_sections(loaded.credentials_path, system)
  if not credentials then return nil, err end
  take_config(loaded, config)
  take_credentials(loaded, credentials)
  for _, profile in pairs(loaded.profiles) do profile.values = overlay(profile) end
  return loaded
end

--- Selects the profile: the option, AWS_DEFAULT_PROFILE, AWS_PROFILE (botocore's order), `default`.
-- One that is named has to exist, whatever else there is to take keys from; `default` may be absent.
-- @tab files_loaded what `load` gave
-- @func getenv
-- @string[opt] option the option `profile`
-- @return the profile, nil, its name; or nil, an error object or nil, the name
function files.select(files_loaded, getenv, option)
  if option == "" then option = nil end
  local named = option or getenv("AWS_DEFAULT_PROFILE") or getenv("AWS_PROFILE")
  local name = named or "default"
  local profile = files_loaded.profiles[name]
  if not profile and named then
    return nil, failure.new("config", "ProfileNotFound",
      ("The config profile (%s) could not be found"):format(shown(name))), name
  end
  return profile, nil, name
end

return files
