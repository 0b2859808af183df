--- What the reports of a check have in common: the words of a result. They are not escaped yet.
-- @module ivs.check.report

local report = {}

--- `"1 difference"`, `"2 differences"`.
function report.count(differences)
  return ("%d difference%s"):format(#differences, #differences == 1 and "" or "s")
end

--- An error's code, if it has one.
function report.code(err)
  return type(err) == "table" and err.code ~= nil and tostring(err.code) or nil
end

--- An error's text, as it came; of a table without __tostring, its code and message.
function report.error_text(err)
  local meta = getmetatable(err)
  if type(err) == "table" and not (type(meta) == "table" and meta.__tostring) then
    return tostring(err.code or "error") .. ": " .. tostring(err.message or "no message")
  end
  return tostring(err)
end

return report
