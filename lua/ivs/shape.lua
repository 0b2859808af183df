--- The members of the service's responses (API version 2020-07-14) and their types, for Lua code that checks or prints them.
--
-- A node is `{ type = "string" | "integer" }`, `{ type = "list" | "map", element = node }` or
-- `{ type = "structure", members = { name = node, … } }`. Enumerations are strings: a new value of the service is no error.
-- @module ivs.shape

local shape = {}

local string, integer = { type = "string" }, { type = "integer" }

local function list(element)
  return { type = "list", element = element }
end

local function structure(members)
  return { type = "structure", members = members }
end

local tags = { type = "map", element = string }
local destination = structure { s3 = structure { bucketName = string } }

--- GetRecordingConfiguration's `recordingConfiguration`.
shape.configuration = structure {
  arn = string,
  destinationConfiguration = destination,
  name = string,
  recordingReconnectWindowSeconds = integer,
  renditionConfiguration = structure { renditionSelection = string, renditions = list(string) },
  state = string,
  tags = tags,
  thumbnailConfiguration = structure {
    recordingMode = string, resolution = string, storage = list(string), targetIntervalSeconds = integer,
  },
}

--- An item of ListRecordingConfigurations' `recordingConfigurations`.
shape.summary = structure { arn = string, destinationConfiguration = destination, name = string, state = string, tags = tags }

--- Both operations' results.
shape.get_result = structure { recordingConfiguration = shape.configuration }
shape.list_result = structure { recordingConfigurations = list(shape.summary), nextToken = string }

--- The node of a member, an element, or a value of a map; nil if there is none.
function shape.child(node, key)
  if node.type == "structure" then return node.members[key] end
  return node.element
end

--- The node at a path such as `thumbnailConfiguration.storage`; nil if there is none. What follows `tags.` is one name.
function shape.at(node, path)
  while node and path ~= "" do
    if node.type == "map" then return node.element end
    local name, rest = path:match("^([^.]*)%.?(.*)$")
    node, path = shape.child(node, name), rest
  end
  return node
end

return shape
