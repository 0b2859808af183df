--- `ivs completion`: prints a completion script.
-- @module ivs.command.completion

local parsers = require "ivs.command.parser"
local status = require "ivs.command.status"

local completion = {}

function completion.run(context, arguments)
  local parser = parsers.new()
  context.write(parser["get_" .. arguments.shell .. "_complete"](parser))
  return status.OK
end

return completion
