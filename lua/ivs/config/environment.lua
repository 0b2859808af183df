--- The process environment, or the table that stands in for it (nginx strips the environment of its workers).
-- @module ivs.config.environment

local environment = {}

--- A function from a variable's name to its value; an empty value counts as absent, unless the second argument is true.
-- @tab[opt] variables read in place of the process environment
function environment.reader(variables)
  return function(name, even_empty)
    local value
    if variables then value = variables[name] else value = os.getenv(name) end
    if type(value) ~= "string" or (value == "" and not even_empty) then return nil end
    return value
  end
end

return environment
