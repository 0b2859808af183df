--- How long answers have to stay fresh so that their refreshes do not need more than `cache.max_tps`: N different answers, each
-- refreshed every N / max_tps seconds, take all turns (pace.lua).
--
-- N is the number of different answers that all workers were asked for in a window of five minutes, in this one or in the one before,
-- whichever is more. The first request of a window for an answer leaves a mark in the dict; the others compare two numbers.
--
-- N is too high after many answers were asked for once, until their window is over. It is too low for answers that are asked for less
-- often than every five minutes, on a machine that is not asked for what others are asked for, and in a dict without room for a mark.
-- A client without a region of its own has the longest time of all regions that it asks. When N is too low, refreshes wait for their
-- turns, and answers are older than they need to be; nothing fails.
-- Invariant: nothing here evicts an answer.
-- Not for: waiting (pace.lua).
-- @module resty.ivs.cache.demand

local demand = {}

local Demand = { __name = "resty.ivs.cache.demand" }
Demand.__index = Demand

local WINDOW = 300 -- seconds
local READ_AFTER = 1 -- seconds between two reads of the counters

--- Turns that the refreshes leave to misses and retries, and to what jitter adds: one in six.
local HEADROOM = 1.2

--- @param locks the lua_shared_dict for marks and counters
-- @number max_tps
function demand.new(locks, max_tps)
  return setmetatable({ locks = locks, max_tps = max_tps, window = 0, groups = {}, old_groups = {}, read_at = -math.huge, seconds = 0 },
    Demand)
end

local function counter_of(group, window)
  return ("ivs:demand:%s:%d"):format(group, window)
end

--- Notes that an answer is asked for.
-- @tab question `id`; `window` is set to the window in which the answer was last noted
-- @string group account and region, which have a quota together
function Demand:note(question, group)
  local window = math.floor(ngx.now() / WINDOW)
  if question.window == window then return end
  question.window = window
  if self.window ~= window then self.window, self.groups, self.old_groups = window, {}, self.groups end
  self.groups[group] = true
  if self.locks:safe_add(("ivs:asked:%d:%s"):format(window, question.id), true, WINDOW) then
    self.locks:incr(counter_of(group, window), 1, 0, 2 * WINDOW)
  end
end

function Demand:count(group)
  local window, locks = self.window, self.locks
  local now, before = locks:get(counter_of(group, window)), locks:get(counter_of(group, window - 1))
  return math.max(tonumber(now) or 0, tonumber(before) or 0)
end

--- Seconds for which an answer has to be fresh at least.
-- @treturn number 0 before anything was asked for
function Demand:ttl()
  local now = ngx.now()
  local since = now - self.read_at
  if since >= 0 and since < READ_AFTER then return self.seconds end
  local most = 0
  for _, groups in ipairs { self.groups, self.old_groups } do
    for group in pairs(groups) do most = math.max(most, self:count(group)) end
  end
  self.read_at, self.seconds = now, most * HEADROOM / self.max_tps
  return self.seconds
end

return demand
