--- Ends the processes that specs start.

local shell = require "emulator.shell"

local processes = {}

-- A zombie that has not been reaped has ended as well. A process that ignores the signal is killed after PATIENCE hundredths of a
-- second.
local STOP = [[
set -- %d
kill -%s $1 2>/dev/null
ticks=0
while kill -0 $1 2>/dev/null && ! grep -q ') Z ' /proc/$1/stat 2>/dev/null; do
  ticks=$((ticks + 1))
  [ $ticks -ne %d ] || kill -KILL $1
  sleep 0.01
done
]]

local PATIENCE = 2500

--- Ends a process. It has ended and its directory is removed on return.
-- @int pid
-- @string[opt] signal "TERM"
-- @string[opt] directory
function processes.stop(pid, signal, directory)
  local script = STOP:format(pid, signal or "TERM", PATIENCE)
  if directory then script = script .. "rm -rf -- " .. shell.quote(directory) end
  shell.run(script)
end

return processes
