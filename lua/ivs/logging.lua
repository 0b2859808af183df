--- The caller's logger, wrapped for use in this package.
-- @module ivs.logging

local printable = require "ivs.printable"

local logging = {}

--- Wraps a logger: the result never raises, and each message is one line, so that a service's text cannot forge a log line. Ctrl-C
-- alone is raised, which the interpreter does wherever Lua runs.
-- @func[opt] logger `logger(level, message)`
-- @return function(level, message); nil if there is no logger
function logging.protected(logger)
  if not logger then return nil end
  return function(level, message)
    local returned, problem = pcall(logger, level, printable.line(message))
    if not returned and type(problem) == "string" and problem:find "interrupted!$" then error(problem, 0) end
  end
end

return logging
