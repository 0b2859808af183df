--- The command `ivs`: reads the command line, runs the subcommand, ends with the documented exit status.
--
-- Results go to standard output, everything else to standard error. Subcommands end early through ivs.command.status; any
-- other error is Ctrl-C or a defect, and neither shows a stack trace.
-- @module ivs.command.main

local parsers = require "ivs.command.parser"
local printable = require("ivs.printable").escape
local session = require "ivs.command.session"
local status = require "ivs.command.status"
local terminal = require "ivs.command.terminal"
local text = require "ivs.command.text"

local main = {}

local EBADF, EPIPE = 9, 32 -- errno.h of Linux, the BSDs and macOS

local is_utf8 = terminal.is_utf8(os.getenv)

--- Prints a message to standard error, each of its lines behind the command's name and made safe to print.
local function complain(message)
  for line in (tostring(message) .. "\n"):gmatch "(.-)\n" do
    line = printable(line)
    if line ~= "" then io.stderr:write("ivs: ", is_utf8 and line or text.ascii(line), "\n") end
  end
end

--- Writes text to standard output. If the reader has closed the pipe, the command ends without a message; a full disk is an error.
local function write(s)
  local written, why, errno = io.stdout:write(s)
  if written then written, why, errno = io.stdout:flush() end
  if written then return end
  if errno == EPIPE then status.stop(status.PIPE_CLOSED) end
  status.stop(status.FAILED, "cannot write to standard output: " .. tostring(why))
end

--- With standard output closed, the next file or socket that is opened would take its place and get what is written to it.
local function check_output()
  local _, why, errno = io.stdout:seek()
  if errno == EBADF then status.stop(status.FAILED, "cannot write to standard output: " .. tostring(why)) end
end

local function run(argv)
  local arguments = parsers.parse(parsers.new(), argv)
  check_output()
  if arguments.help then
    write(arguments.help:get_help() .. "\n")
  elseif arguments.version then
    write("ivs " .. require("ivs")._VERSION .. "\n")
  elseif not arguments.command then
    status.stop(status.USAGE, "no command given; see: ivs --help")
  else
    return require("ivs.command." .. arguments.command).run(session.new(arguments, write, complain), arguments)
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
