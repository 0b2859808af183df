-- Stops the emulator when the process that started it has exited, so that a crashed test leaves nothing behind.
--
-- Runs in nginx's worker. A zombie has exited as well. Without /proc it does nothing.
-- luacheck: std ngx_lua

local shell = require "emulator.shell"

local guard = {}

local INTERVAL = 0.5 -- seconds

local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read("*a")
  if file then
    file:close()
  end
  return text
end

local function is_gone(pid)
  local stat = read("/proc/" .. pid .. "/stat")
  return not stat or stat:find("%) [ZX] ") ~= nil
end

--- Watches a process from now on.
-- @tparam number owner its id
function guard.start(owner)
  if is_gone("self") then
    return
  end
  ngx.timer.every(INTERVAL, function(premature)
    if not premature and is_gone(owner) then
      local prefix = ngx.config.prefix()
      local master = read(prefix .. "nginx.pid"):match("%d+")
      os.execute("rm -rf -- " .. shell.quote(prefix) .. "; kill -TERM " .. master)
    end
  end)
end

return guard
