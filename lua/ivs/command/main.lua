--- The command `ivs`: reads the command line, runs the subcommand, ends with the documented exit status.
--
-- Results go to standard output, everything else to standard error. Subcommands end early through ivs.command.status; whatever
-- else is raised is Ctrl-C or a defect, and neither shows a stack trace.
-- @module ivs.command.main

local parsers = require "ivs.command.parser"
local session = require "ivs.command.session"
local status = require "ivs.command.status"
local printable = require("ivs.printable").escape

local main = {}

--- Printed by its parts so that a name or a message of several lines stays on lines of its own.
local function complain(message)
  for line in (tostring(message) .. "\n"):gmatch "(.-)\n" do
    if line ~= "" then io.stderr:write("ivs: ", printable(line), "\n") end
  end
end

--- Writes text to standard output. A reader that has gone away ends the command without a word; a full disk is an error.
local function write(s)
  local written, why, errno = io.stdout:write(s)
  if written then written, why, errno = io.stdout:flush() end
  if written then return end
  local EPIPE = 32
  if errno == EPIPE then status.stop(status.PIPE_CLOSED) end
  status.stop(status.FAILED, "cannot write to standard output: " .. tostring(why))
end

local function run(argv)
  local parser = parsers.new()
  local arguments = parsers.parse(parser, argv)
  if arguments.help then
    write(arguments.help:get_help() .. "\n")
  elseif arguments.version then
    write("ivs " .. require("ivs")._VERSION .. "\n")
  elseif not arguments.command then
    status.stop(status.USAGE, "no command given; see: ivs --help")
  else
    local subcommand = require("ivs.command." .. arguments.command)
    return subcommand.run(session.new(arguments, write, complain), arguments)
  end
  return status.OK
end

--- Runs the command.
-- @tab argv the arguments, without the program's name
-- @treturn number the exit status
function main.run(argv)
  local finished, result = pcall(run, argv)
  if finished then return result end
  if status.is_stop(result) then
    if result.message then complain(result.message) end
    return result.status
  end
  if status.is_interrupt(result) then
    complain "interrupted"
    return status.INTERRUPTED
  end
  complain("internal error, please report it: " .. tostring(result))
  return status.FAILED
end

return main
