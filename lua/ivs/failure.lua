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
    if type(cause) == "table" then
      lines[#lines + 1] = ("  %s: %s"):format(tostring(cause.provider), tostring(cause.message))
    end
  end
  return table.concat(lines, "\n")
end

failure.metatable = {
  __name = "ivs.error",
  -- the default, for errors that do not come from a call; those of a call have their own `operation_name`
  __index = { operation_name = "GetRecordingConfiguration" },
  __tostring = describe,
  -- for log lines such as `"…" .. err`
  __concat = function(left, right) return tostring(left) .. tostring(right) end,
}

--- Makes an error object.
-- @string kind one of the kinds of docs/design.md, "Errors"
-- @string code
-- @string message for a person: what is wrong and what to do
-- @tab[opt] fields more fields (`causes`, `retryable`, `operation_name`)
function failure.new(kind, code, message, fields)
  local err = { kind = kind, code = code, message = message, retryable = false, attempts = 0 }
  for name, value in pairs(fields or {}) do err[name] = value end
  return setmetatable(err, failure.metatable)
end

--- Names the operation of the call that ended with an error. An error that has a name keeps it: of STS, for example.
-- @tab err an error object
-- @string operation_name
-- @return the error object
function failure.of_operation(err, operation_name)
  if rawget(err, "operation_name") == nil then err.operation_name = operation_name end
  return err
end

local function copy(err, is_cause)
  if type(err) ~= "table" then return err end
  local made, meta = {}, getmetatable(err)
  for name, value in next, err do made[name] = value end
  if type(made.causes) == "table" and not is_cause then
    made.causes = {}
    for at, cause in ipairs(err.causes) do made.causes[at] = copy(cause, true) end -- causes have no causes
  end
  return type(meta) == "table" and setmetatable(made, meta) or made
end

--- A copy of an error, for each of those who share it: callers add to what they get.
-- @param err an error object or any other table; other values are returned as they are
function failure.copy(err)
  return copy(err, false)
end

--- Whether a value is an error object of ours.
function failure.is(value)
  return getmetatable(value) == failure.metatable
end

--- Every kind, to true. C fills it in: the one list of kinds is in csrc/core/failure.h.
failure.kinds = {}

--- Kinds of failures that are temporary.
local TRANSIENT = { connection = true, timeout = true, response = true }

local OUT_OF_MEMORY = "OutOfMemoryError"
local LUA_MEMORY_ERROR = "not enough memory" -- Lua raises this text (lstate.c: luaE_newstate; lj_err.c)

local function text_of(value)
  return type(value) == "string" and value ~= "" and value or nil
end

--- Makes an error object of what a caller's function returned in place of a result. An error object is returned as it is. Of a table
-- (read raw: no metamethod runs) or a text, the valid fields are used; the others come from the defaults.
-- @param given an error object, a table, a text, or anything else
-- @tab defaults `kind`, `code`, `message`; `retryable` (true: transient kinds are)
function failure.whole(given, defaults)
  if failure.is(given) then return given end
  local from = type(given) == "table" and given or { message = given }
  local function read(name) return rawget(from, name) end
  local kind = failure.kinds[read "kind"] and read "kind" or defaults.kind
  local code = text_of(read "code") or read "message" == LUA_MEMORY_ERROR and OUT_OF_MEMORY or defaults.code
  if code == OUT_OF_MEMORY then kind = "internal" end -- as ivs_failure_set has it
  local retryable, causes = read "retryable", read "causes"
  if type(retryable) ~= "boolean" then
    retryable = code == OUT_OF_MEMORY or (defaults.retryable and TRANSIENT[kind]) or false
  end
  return failure.new(kind, code, text_of(read "message") or defaults.message,
    { retryable = retryable, causes = type(causes) == "table" and causes or nil })
end

return failure
