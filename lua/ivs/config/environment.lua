--- Environment variables: of the process, or of the table that the option `env` gives in its place (nginx strips its workers'
-- environment).
-- @module ivs.config.environment

local environment = {}

--- Makes a function that reads variables.
-- @tab[opt] variables read in place of the process environment
-- @return function(name, keep_empty): the value, or nil; an empty value counts as unset unless keep_empty is true
function environment.reader(variables)
  return function(name, keep_empty)
    local value
    if variables then value = variables[name] else value = os.getenv(name) end
    if type(value) ~= "string" or (value == "" and not keep_empty) then return nil end
    return value
  end
end

return environment
