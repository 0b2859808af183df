--- The limits of a soak: what was measured, beside what it may be at most.

local limits = {}

--- Each row: the member of what was measured, what it is, and its limit. A limit that is a function depends on other measurements.
local ROWS = {
  { "lost", "requests without a response", 0 },
  { "cached_errors", "errors although an answer was cached", 0 },
  { "unexplained", "errors that the service's trouble does not explain", 0 },
  { "longest_cached", "longest wait for a cached answer, s", 1 },
  { "longest", "longest wait of all, s", function(measured) return measured.longest_allowed end },
  { "oldest", "oldest cached answer, s", function(measured) return measured.oldest_allowed end },
  { "most_of_one", "calls of one machine in any second", function(measured) return measured.most_of_one_allowed end },
  { "most", "calls of all machines in any second", function(measured) return measured.most_allowed end },
  { "throttled", "calls that the service throttled for their rate", 0 },
  { "calls_for_warm_up", "calls for the first answers", function(measured) return measured.warm_up_allowed end },
  { "running", "running timers of a worker", 100 },
  { "pending", "pending timers of a worker", 200 },
  { "growth", "growth of a worker's memory, MiB", 16 },
  { "crashed", "workers that crashed", 0 },
  { "logged", "unexpected lines in the error logs", 0 },
}

--- Compares what was measured with the limits. What was not measured has no row.
-- @tab measured
-- @treturn table a list of { text, value, limit, is_kept }
-- @treturn boolean whether all limits are kept
function limits.judge(measured)
  local rows, all_kept = {}, true
  for _, row in ipairs(ROWS) do
    local value, limit = measured[row[1]], row[3]
    if type(limit) == "function" then limit = limit(measured) end
    if value ~= nil and limit ~= nil then
      local is_kept = value <= limit
      rows[#rows + 1] = { text = row[2], value = value, limit = limit, is_kept = is_kept }
      all_kept = all_kept and is_kept
    end
  end
  return rows, all_kept
end

local function number(value)
  return value % 1 == 0 and ("%d"):format(value) or ("%.2f"):format(value)
end

--- The rows as a table for people.
function limits.text(rows)
  local lines = {}
  for at, row in ipairs(rows) do
    lines[at] = ("%-52s %9s  <= %7s  %s"):format(row.text, number(row.value), number(row.limit), row.is_kept and "ok" or "FAILED")
  end
  return table.concat(lines, "\n")
end

return limits
