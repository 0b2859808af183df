--- Failures as values: the error objects that every function of this package returns after nil (kind, code, message).
-- The C modules give their errors this metatable too. No field of an error ever holds a secret.
-- @module ivs.failure

local failure = {}

--- boto3's sentence for a service error, `CODE: MESSAGE` for others, and for credentials a line for each source tried.
local function describe(err)
  local code, message = tostring(err.code), tostring(err.message)
  if err.kind == "service" then
    local retries = ""
    if err.max_attempts_reached then
      retries = (" (reached max retries: %d)"):format(err.attempts - 1)
    end
    return ("An error occurred (%s) when calling the %s operation%s: %s")
      :format(code, tostring(err.operation_name), retries, message)
  end
  local lines = { code .. ": " .. message }
  for _, cause in ipairs(err.causes or {}) do
    lines[#lines + 1] = ("  %s: %s"):format(tostring(cause.provider), tostring(cause.message))
  end
  return table.concat(lines, "\n")
end

failure.metatable = {
  __name = "ivs.error",
  __tostring = describe,
  -- `"…" .. err` is what people write in log lines
  __concat = function(left, right) return tostring(left) .. tostring(right) end,
}

--- Makes an error object.
-- @string kind one of the kinds of DESIGN 1.2
-- @string code
-- @string message for a person: what is wrong and what to do
-- @tab[opt] fields more fields (`causes`, `retryable`)
function failure.new(kind, code, message, fields)
  local err = { kind = kind, code = code, message = message, retryable = false, attempts = 0,
    operation_name = "GetRecordingConfiguration" }
  for name, value in pairs(fields or {}) do err[name] = value end
  return setmetatable(err, failure.metatable)
end

--- Whether a value is an error object of ours.
function failure.is(value)
  return getmetatable(value) == failure.metatable
end

return failure
