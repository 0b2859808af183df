--- The ARNs of a command line: given there, read from standard input (`-`), or all that the service lists (`--all`).
-- @module ivs.command.arns

local status = require "ivs.command.status"

local arns = {}

local BYTE_ORDER_MARK = "\239\187\191"

--- Reads ARNs, one a line. Blank lines and lines that begin with `#` are skipped; line ends may be CRLF.
-- @tparam file input
-- @treturn table|nil nil if it cannot be read
-- @treturn string|nil why
function arns.read(input)
  local list = {}
  local first = true
  while true do
    local line, problem = input:read "*l"
    if problem then return nil, problem end
    if not line then return list end
    if first and line:sub(1, 3) == BYTE_ORDER_MARK then line = line:sub(4) end
    first = false
    line = line:match("^%s*(.-)%s*$")
    if line ~= "" and line:sub(1, 1) ~= "#" then list[#list + 1] = line end
  end
end

--- The ARNs of every recording configuration, in the order of the list.
local function all(context)
  local list = {}
  for summary, err in context.client():recording_configurations { maxResults = 100 } do
    if not summary then status.stop(status.FAILED, err) end
    list[#list + 1] = summary.arn
  end
  return list
end

--- @tab context of the command
-- @tab arguments `arns` (a list) and `all`
-- @string needed the error message if none of the three is given; nil: that is allowed, and nil is returned
-- @treturn table|nil
function arns.of(context, arguments, needed)
  local named = arguments.arns
  if arguments.all then
    if #named > 0 then status.stop(status.USAGE, "give ARNs or --all, not both") end
    return all(context)
  end
  if #named == 0 then
    if needed then status.stop(status.USAGE, needed) end
    return nil
  end
  local from_input = false
  for _, arn in ipairs(named) do from_input = from_input or arn == "-" end
  if not from_input then return named end
  if #named > 1 then status.stop(status.USAGE, "give ARNs or - (standard input), not both") end
  local list, problem = arns.read(io.stdin)
  if not list then status.stop(status.FAILED, "cannot read standard input: " .. problem) end
  return list
end

return arns
