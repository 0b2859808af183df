--- Records which lines of lua/ are executed, for spec/coverage.sh: LUA_INIT=@spec/support/line_counter.lua.
-- Writes `path line` once for each to a new file in the directory IVS_LINES when the state is closed.
-- Not for: processes that a spec starts with a different environment.

local directory = os.getenv "IVS_LINES"
if not directory then return end

local sethook, getinfo = debug.sethook, debug.getinfo
local seen = {}

local function count(_, line)
  local source = getinfo(2, "S").source
  local lines = seen[source]
  if lines == nil then
    lines = source:find "^@%.?/?.*lua/[%w_]+/" and not source:find "^@/usr/" and {}
    seen[source] = lines
  end
  if lines then lines[line] = true end
end

--- Each coroutine needs its own hook.
local function hooked(create)
  return function(act)
    return create(function(...)
      sethook(count, "l")
      return act(...)
    end)
  end
end

coroutine.create, coroutine.wrap = hooked(coroutine.create), hooked(coroutine.wrap)
sethook(count, "l")

local function write()
  sethook()
  local path = os.tmpname()
  local file = io.open(directory .. "/" .. path:match "[^/]+$", "w")
  os.remove(path)
  if not file then return end
  for source, lines in pairs(seen) do
    for line in pairs(lines or {}) do file:write(source:gsub("^@%.?/?", ""), " ", line, "\n") end
  end
  file:close()
end

IVS_LINE_COUNTER = setmetatable({}, { __gc = write }) -- luacheck: ignore
