--- The environment when this module was loaded, and the current one.
--
-- nginx removes from its workers all variables but those of its `env` directives. Loaded in init_by_lua this module still sees the
-- master's whole environment and keeps it; loaded in a worker it sees what `env` has left. HOME is the worker's own, or its account's:
-- the worker cannot read the files of the master's account.
-- @module resty.ivs.environment

local ffi = require "ffi"
local private = require("ivs.core").private

local MAX_VARIABLES = 10000

pcall(ffi.cdef, "extern char **environ;")

local function snapshot()
  local found = {}
  local ok, list = pcall(function() return ffi.C.environ end)
  if not ok or list == nil then return found end
  for at = 0, MAX_VARIABLES do
    if list[at] == nil then break end
    local name, value = ffi.string(list[at]):match("^([^=]+)=(.*)$")
    if name then found[name] = value end
  end
  return found
end

local loaded = snapshot()

--- Variable to value; the current value takes precedence.
return setmetatable({}, { __name = "ivs.config.environment", __index = function(_, name)
  local value = os.getenv(name)
  if value then return value end
  if name == "HOME" then return private.system.home_directory() end
  return loaded[name]
end })
