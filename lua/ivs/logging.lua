--- The user's logger as everything in this package calls it.
-- @module ivs.logging

local logging = {}

--- A logger that never raises, and that is told one line at a time: what a service sends must not begin a line of its own. Ctrl-C
-- alone is raised, which the interpreter does wherever Lua runs.
-- @func[opt] logger the user's, `logger(level, message)`
-- @return function(level, message); nil for nil
function logging.protected(logger)
  if not logger then return nil end
  return function(level, message)
    local returned, problem = pcall(logger, level, (tostring(message):gsub("%c", " ")))
    if not returned and type(problem) == "string" and problem:find "interrupted!$" then error(problem, 0) end
  end
end

return logging
