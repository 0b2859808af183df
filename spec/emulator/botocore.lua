-- Calls made with botocore: a job collects them by name, one run of botocore_client.py makes them all, in order.
--
-- botocore_client.py documents calls and their results. Raises an error if the script fails.

local cjson = require "cjson"
local shell = require "emulator.shell"
local store = require "emulator.store"

local botocore = {}

-- Debian's python3-botocore is installed for this Python, which need not be the first one in PATH.
local PYTHON = "env -i HOME=/nonexistent PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "
local CLIENT = (debug.getinfo(1, "S").source:match("^@(.*/)[^/]*$") or "./") .. "botocore_client.py"

local Job = { __name = "ivs.emulator.job" }
Job.__index = Job

--- An empty job.
function botocore.job()
  return setmetatable({ calls = {}, order = {} }, Job)
end

--- Adds a call.
-- @tparam string name
-- @tparam table call keys that it lacks are taken from `key`
-- @tparam[opt] table key one of store.keys; the permanent one by default
function Job:add(name, call, key)
  assert(not self.calls[name], "two calls are named " .. name)
  key = key or store.keys.permanent
  for _, member in ipairs { "access_key_id", "secret_access_key", "session_token" } do
    if call[member] == nil then
      call[member] = key[member]
    end
  end
  self.calls[name] = call
  self.order[#self.order + 1] = name
end

--- Makes the calls and returns their results by name.
function Job:run(emulator)
  local path = emulator.prefix .. "/job.json"
  local file = assert(io.open(path, "wb"))
  file:write(cjson.encode {
    endpoint_url = emulator.endpoint_url, ca_bundle = emulator.ca_bundle, calls = self.calls, order = self.order,
  })
  file:close()
  local output, status = shell.run(PYTHON .. shell.quote(CLIENT) .. " <" .. shell.quote(path))
  assert(status == 0, "botocore_client.py failed")
  return cjson.decode(output)
end

return botocore
