--- The shared AWS files: where they are, which profiles they hold, which of them is meant (docs/protocol.md, "Shared files").
-- Each `load` reads both files whole; nothing is remembered. ivs.config.ini has the grammar; the settings and the credential
-- providers give the values their meaning.
-- @module ivs.config.files

local failure = require "ivs.failure"
local printable = require "ivs.printable"

local files = {}

local MAX_BYTES = 16 * 1024 * 1024

-- errno: the file does not exist (ENOENT, ENOTDIR) or is not a regular file (EINVAL: /dev/null, a pipe).
local ABSENT = { [2] = true, [20] = true, [22] = true }
local EACCES = 13

--- The variables that name a profile, in botocore's order.
files.PROFILE_VARIABLES = { "AWS_DEFAULT_PROFILE", "AWS_PROFILE" }

local function unparsable(path, line, what)
  return failure.new("config", "ConfigParseError",
    ("Unable to parse config file: %s, line %d: %s"):format(printable.line(path), line, what))
end

--- Replaces `$NAME` and `${NAME}` by their values, once. A variable that is not set stays as it is written.
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

--- Expands a path as botocore does: first `$NAME` and `${NAME}`, then a leading `~` or `~user`. An empty variable counts as
-- unset. No other function expands `~`.
-- @string path
-- @func getenv from a variable's name to its value
-- @func[opt] home_directory `(user | nil) → path | nil`: the account's home, for `~` if HOME is not set and for `~user`
-- @treturn string the path; a `~` that cannot be expanded stays (see files.has_home)
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

--- Whether a file that could not be opened exists. If its directory cannot be searched the file counts as absent, as in botocore: a
-- daemon may keep the HOME of the user who started it.
local function file_exists(path, system)
  return not system.file_owner or system.file_owner(path) ~= nil
end

--- Whether `expand` has found a home for the path. Without one there is no ~/.aws; a directory named "~" is not used.
function files.has_home(path)
  return path:sub(1, 1) ~= "~"
end

--- Returns a file's text, "" if there is no file; or nil and why it cannot be read.
local function read_text(path, system)
  if not files.has_home(path) then return "" end
  if path:find("\0", 1, true) then return nil, "a NUL byte in its name" end
  local text, why, errno = system.read_file(path, MAX_BYTES)
  if text and #text > MAX_BYTES then return nil, "larger than 16 MiB" end
  if text then return text end
  if ABSENT[errno] or errno == EACCES and not file_exists(path, system) then return "" end
  return nil, tostring(why)
end

--- Returns a file's sections: none if there is no file or, as in botocore, if it cannot be read; the latter is noted in
-- `unreadable`. Returns nil and an error object if it cannot be parsed.
local function read_sections(path, system, unreadable)
  local text, why = read_text(path, system)
  if not text then
    unreadable[#unreadable + 1] = { path = path, message = ("%s cannot be read: %s"):format(printable.line(path), why) }
    return {}
  end
  local sections, line, what = require("ivs.config.ini").parse(text)
  if not sections then return nil, unparsable(path, line, what) end
  return sections
end

-- The kinds of named sections in the config file: the beginning of the section's name, and the member that collects them. As in
-- botocore the beginning is enough: `[profiles x]` is a profile, too.
local KINDS = { { "profile", "profiles" }, { "sso-session", "sso_sessions" }, { "services", "services" } }

--- The member of the result that a section of the config file belongs to, and its name there; or nil.
local function place(title)
  if title == "default" then return "profiles", title end
  for _, kind in ipairs(KINDS) do
    if title:sub(1, #kind[1]) == kind[1] then
      local words = require("ivs.config.shlex").split(title)
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

--- Every section of the credentials file is a profile of that name.
local function take_credentials(loaded, sections)
  for _, section in ipairs(sections) do
    local name = section.name
    loaded.profiles[name] = loaded.profiles[name] or { name = name }
    loaded.profiles[name].credentials = section.values
  end
end

--- A profile's values: those of the credentials file override those of the config file. The tables are not modified, so one is
-- shared if only one file has the profile.
local function overlay(profile)
  if not (profile.config and profile.credentials) then return profile.config or profile.credentials end
  local values = {}
  for key, value in pairs(profile.config) do values[key] = value end
  for key, value in pairs(profile.credentials) do values[key] = value end
  return values
end

--- Reads both files. A file that does not exist or cannot be read counts as empty; one that cannot be parsed is an error.
-- @func getenv from a variable's name to its value
-- @tab system `read_file(path, max_bytes)` → text | nil, message, errno; and optionally `file_owner(path)` → uid | nil
-- and `home_directory(user | nil)` → path | nil
-- @return { profiles, sso_sessions, services, config_path, credentials_path, unreadable }; a profile is
-- { name, values, config, credentials }; unreadable is a list of { path, message }. Or nil and an error object.
function files.load(getenv, system)
  local function locate(variable, default)
    return files.expand(getenv(variable) or default, getenv, system.home_directory)
  end
  local loaded = { profiles = {}, sso_sessions = {}, services = {}, unreadable = {},
    config_path = locate("AWS_CONFIG_FILE", "~/.aws/config"),
    credentials_path = locate("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials") }
  local config, err = read_sections(loaded.config_path, system, loaded.unreadable)
  if not config then return nil, err end
  local credentials
  credentials, err = read_sections(loaded.credentials_path, system, loaded.unreadable)
  if not credentials then return nil, err end
  take_config(loaded, config)
  take_credentials(loaded, credentials)
  for _, profile in pairs(loaded.profiles) do profile.values = overlay(profile) end
  return loaded
end

--- Why a file could not be read, for the message about something missing from it; or nil.
-- @tab loaded the result of `load`
-- @string path
function files.problem(loaded, path)
  for _, entry in ipairs(loaded.unreadable or {}) do
    if entry.path == path then return entry.message end
  end
end

--- Logs each file that cannot be read, unless the `load` before logged the same.
-- @tab loaded the result of `load`
-- @tab[opt] before the result of the `load` before
-- @func[opt] logger
function files.warn(loaded, before, logger)
  for _, entry in ipairs(logger and loaded.unreadable or {}) do
    local is_known = before and files.problem(before, entry.path) == entry.message
    if not is_known then logger("warn", entry.message .. "; it is ignored") end
  end
end

--- The section `[services X]` that a profile names. A section that is missing or empty is an error with botocore's text.
-- @tab loaded the result of `load`
-- @tab values of the profile
-- @return a table, empty if the profile names no section; or nil and an error object
function files.services_section(loaded, values)
  local name = values.services
  if name == nil or name == "" then return {} end
  local section = type(name) == "string" and loaded.services[name]
  if section and next(section) ~= nil then return section end
  return nil, failure.new("config", "InvalidConfigError",
    ('The profile is configured to use the services section but the "%s" services configuration does not exist.')
      :format(type(name) == "string" and printable.line(name) or "?"))
end

local function first_set(getenv, variables)
  for _, variable in ipairs(variables) do
    local value = getenv(variable)
    if value then return value end
  end
end

local function not_found(loaded, name)
  local message = ("The config profile (%s) could not be found"):format(printable.line(name))
  for _, entry in ipairs(loaded.unreadable) do message = message .. "; " .. entry.message end
  return failure.new("config", "ProfileNotFound", message)
end

--- Selects the profile: the option, else the variables, else `default`. A profile that is named has to exist; `default` may be
-- absent.
-- @tab loaded the result of `load`
-- @func getenv
-- @string[opt] option the option `profile`
-- @return the profile, nil, its name; or nil, nil, "default" if that is absent; or nil, an error object, the name
function files.select(loaded, getenv, option)
  if option == "" then option = nil end
  local named = option or first_set(getenv, files.PROFILE_VARIABLES)
  local name = named or "default"
  local profile = loaded.profiles[name]
  if not profile and named then return nil, not_found(loaded, name), name end
  return profile, nil, name
end

return files
