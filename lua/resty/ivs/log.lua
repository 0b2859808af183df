--- A client's log messages, queued until the user's logger can be called.
--
-- ivs.core calls its logger from within C. If that logger yielded (a cosocket, ngx.sleep, a coroutine), nginx would be left with a
-- light thread that cannot be resumed, and the worker would crash. So the core only queues messages, and the driver passes them on
-- between two steps, where the logger may do whatever its caller may do.
-- @module resty.ivs.log

local logging = require "ivs.logging"

local log = {}

local MAX_QUEUED = 1000 -- messages between two calls of `flush`; further ones are dropped

--- @func logger the user's, `logger(level, message)`
-- @return write(level, message), which never yields and never raises; and flush(), to be called where the logger may yield
function log.new(logger)
  local call_logger = logging.protected(logger)
  local levels, messages, count = {}, {}, 0
  local function write(level, message)
    if count >= MAX_QUEUED then return end
    count = count + 1
    levels[count], messages[count] = level, message
  end
  local function flush()
    if count == 0 then return end
    local old_levels, old_messages, old_count = levels, messages, count
    levels, messages, count = {}, {}, 0 -- first, since others may write and flush while the logger waits
    for at = 1, old_count do
      call_logger(old_levels[at], old_messages[at])
    end
  end
  return write, flush
end

return log
