--- Prints a recording configuration. Region, endpoint and credentials come from the environment, as for any AWS tool.
--
--     lua examples/get_recording_configuration.lua ARN

local ivs = require "ivs"

local function print_nested(value, indent)
  local names = {}
  for name in pairs(value) do names[#names + 1] = name end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for _, name in ipairs(names) do
    local member = value[name]
    if type(member) == "table" then
      print(("%s%s:"):format(indent, name))
      print_nested(member, indent .. "  ")
    else
      print(("%s%s: %s"):format(indent, name, tostring(member)))
    end
  end
end

local arn = assert(arg[1], "usage: get_recording_configuration.lua ARN")
local response, err = ivs.get_recording_configuration { arn = arn }

if response then
  print_nested(response.recordingConfiguration, "")
elseif err.code == ivs.exceptions.ResourceNotFoundException then
  print("There is no such recording configuration: " .. err.message)
  os.exit(3)
else
  print(err)
  os.exit(3)
end
