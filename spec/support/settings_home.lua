--- A home directory with AWS files, and the settings that are resolved from it, for the specs of settings.

local assert = require "luassert"
local provider_context = require "support.provider_context"
local settings = require "ivs.config.settings"
local shell = require "emulator.shell"

local settings_home = { KEYS = { access_key_id = "AKIDEXAMPLE", secret_access_key = "secret" } }

local Home = { __name = "ivs.spec.settings_home" }
Home.__index = Home

--- Creates an empty home directory.
-- @treturn Home with `path`
function settings_home.make()
  local path = provider_context.make_home()
  shell.run("mkdir " .. shell.quote(path .. "/.aws"))
  return setmetatable({ path = path, system = provider_context.new({ env = { HOME = path } }).system }, Home)
end

--- Writes the file "config" or "credentials".
function Home:write(name, text)
  provider_context.write_file(self.path .. "/.aws/" .. name, text)
end

--- Removes both files.
function Home:clear()
  os.remove(self.path .. "/.aws/config")
  os.remove(self.path .. "/.aws/credentials")
end

--- The resolved settings; or nil and the error.
function Home:resolve(env, options)
  local variables = { HOME = self.path }
  for name, value in pairs(env or {}) do variables[name] = value end
  local given = { env = variables, credentials = settings_home.KEYS }
  for name, value in pairs(options or {}) do given[name] = value end
  local found, err, misuse = settings.resolve(given,
    { system = self.system, version = "0", os = "Linux", release = "1", machine = "x86_64" })
  assert.is_nil(misuse)
  return found, err
end

function Home:remove() provider_context.remove_home(self.path) end

return settings_home
