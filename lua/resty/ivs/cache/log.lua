--- What a client has to say, kept until the user's logger can be called.
--
-- ivs.core calls its logger from within C. A logger that waits there (a cosocket, ngx.sleep, a coroutine) leaves nginx with a
-- light thread that can't be resumed, and that costs the worker its life. So the core notes only, and the driver tells
-- between two steps, where everything is allowed that is allowed to the caller.
-- @module resty.ivs.cache.log

local logging = require "ivs.logging"

local journal = {}

local MAX_NOTES = 1000 -- between two tellings; what a provider says that logs without end is lost

--- @func logger the user's, `logger(level, message)`
-- @return note(level, message), which never waits and never raises; and tell(), to be called where the logger may wait
function journal.new(logger)
  local log = logging.protected(logger)
  local levels, messages, count = {}, {}, 0
  local function note(level, message)
    if count >= MAX_NOTES then return end
    count = count + 1
    levels[count], messages[count] = level, message
  end
  local function tell()
    if count == 0 then return end
    local told_levels, told_messages, told = levels, messages, count
    levels, messages, count = {}, {}, 0 -- first, since others may note and tell while the logger waits
    for at = 1, told do
      log(told_levels[at], told_messages[at])
    end
  end
  return note, tell
end

return journal
