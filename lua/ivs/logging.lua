--- The caller's logger, wrapped for use in this package.
-- @module ivs.logging

local printable = require "ivs.printable"

local logging = {}

--- Wraps a logger: the result never raises, and each message is one line, so that a service's text cannot forge a log line.
-- @func[opt] logger `logger(level, message)`
-- @return function(level, message); nil if there is no logger
function logging.protected(logger)
  if not logger then return nil end
  return function(level, message)
    pcall(logger, level, printable.line(message))
  end
end

return logging
