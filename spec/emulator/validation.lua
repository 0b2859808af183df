-- The messages of AWS services for members that violate a constraint.

local validation = {}

--- One violated constraint.
-- @param value nil if the member is absent
-- @tparam string member
-- @tparam string constraint the text after "Member must "
function validation.problem(value, member, constraint)
  local text = value == nil and "null" or "'" .. tostring(value) .. "'"
  return ("Value %s at '%s' failed to satisfy constraint: Member must %s"):format(text, member, constraint)
end

--- The message about a list of problems, or nil if there are none.
function validation.message(problems)
  if #problems > 0 then
    local plural = #problems > 1 and "s" or ""
    return ("%d validation error%s detected: %s"):format(#problems, plural, table.concat(problems, "; "))
  end
end

return validation
