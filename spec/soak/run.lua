--- Runs a soak and prints what was measured beside its limits: `lua run.lua storm|pace SECONDS`. Exits with 1 if a limit is not kept.

local limits = require "soak.limits"
local scenarios = require "soak.scenarios"

local DEFAULTS = { storm = { 600, 60 }, pace = { 300, 600 } } -- seconds; and the seconds of a cycle, or the number of ARNs

local function counted(counts)
  local words = {}
  for name, count in pairs(counts) do words[#words + 1] = ("%s: %d"):format(name, count) end
  table.sort(words)
  return #words > 0 and table.concat(words, ", ") or "none"
end

local name = arg[1] or "storm"
local default = DEFAULTS[name]
if not default then
  io.stderr:write("a soak is storm or pace, not ", name, "\n")
  os.exit(2)
end
local seconds, size = tonumber(arg[2]) or default[1], tonumber(arg[3]) or default[2]
if name == "storm" then size = math.min(size, seconds / 2) end
print(("soak %s: %d seconds"):format(name, seconds))
local measured = scenarios[name](seconds, size)
local rows, all_kept = limits.judge(measured)
print(limits.text(rows))
print(("requests %d (cached %d); lost with a killed worker %d; left on purpose %d; errors explained %d; calls of the service %d")
  :format(measured.requests, measured.cached_requests, measured.lost_by_kill, measured.left, measured.explained, measured.calls))
if measured.warm_up then print(("warm-up %.0f s, %d errors"):format(measured.warm_up, measured.warm_up_errors)) end
print("answers: " .. counted(measured.outcomes))
print("errors: " .. counted(measured.codes))
for at = 1, math.min(#measured.lines, 10) do print(measured.lines[at]) end
os.exit(all_kept and 0 or 1)
