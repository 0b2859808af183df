--- JSON for files and other programs: one object, indented, keys sorted.
-- @module ivs.command.output.json

local ordered_json = require "ivs.ordered_json"
local shape = require "ivs.shape"

local output_json = {}

local function list(element)
  return { type = "list", element = element }
end

local function structure(members)
  return { type = "structure", members = members }
end

--- The shapes that tell an empty list from an empty map.
output_json.configurations = structure { recordingConfigurations = list(shape.configuration), errors = list(structure {}) }
output_json.summaries = structure { recordingConfigurations = list(shape.summary) }
output_json.identity = structure { origins = { type = "map" } }

--- @tab value
-- @tab node the shape, one of those above
-- @treturn string
function output_json.text(value, node)
  return ordered_json.encode(value, { indent = "  ", shape = node }) .. "\n"
end

return output_json
