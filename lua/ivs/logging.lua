--- The user's logger as everything in this package calls it.
-- @module ivs.logging

local logging = {}

--- A logger that never raises, and that is told one line at a time: what a service says must not begin a line of its own.
-- @func[opt] logger the user's, `logger(level, message)`
-- @return function(level, message); nil for nil
function logging.protected(logger)
  if not logger then return nil end
  return function(level, message)
    pcall(logger, level, (tostring(message):gsub("%c", " ")))
  end
end

return logging
