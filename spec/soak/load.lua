--- The clients of a soak, inside an nginx of their own: they send requests at a fixed rate, whatever becomes of the earlier ones, and
-- note what comes back.
-- luacheck: std ngx_lua
--
-- A kind of request: `rate` (a second), `path` with `@` for the ARNs, `arns` (how many to choose from), `prefix` of their names, `count` (how many
-- ARNs a request names; 1), `patience` (seconds; a client that leaves sooner is no loss), `leaves` (it leaves on purpose),
-- `is_cached` (an answer is there already, so it must come at once, without an error).

local cjson = require "cjson"

local load = {}

local PATIENCE = 120 -- seconds; a request without a response by then is lost
local TICK = 0.02 -- seconds between two looks at what is due
local AFTERMATH = 15 -- seconds for which the trouble of the service still explains an error: retries, and requests that wait for their turn

local ARN = "arn:aws:ivs:us-west-2:123456789012:recording-configuration/"

local notes, running, is_stopped
local troubles, kills -- { since, till }; and for each port the times at which one of its workers was killed

local function new_notes()
  return { requests = 0, cached_requests = 0, lost = 0, lost_by_kill = 0, left = 0, explained = 0, unexplained = 0, cached_errors = 0,
    codes = {}, outcomes = {}, longest = 0, longest_cached = 0, oldest = 0 }
end

function load.set_up()
  notes, running, troubles, kills = new_notes(), 0, {}, {}
end

--- GET /trouble?on=1: the service is in trouble from now on; without `on`: no more
function load.trouble()
  ngx.update_time()
  if ngx.var.arg_on then troubles[#troubles + 1] = { since = ngx.now(), till = math.huge } else troubles[#troubles].till = ngx.now() end
end

--- GET /killed?port=PORT: a worker of the machine has been killed
function load.killed()
  ngx.update_time()
  local times = kills[ngx.var.arg_port] or {}
  kills[ngx.var.arg_port] = times
  times[#times + 1] = ngx.now()
end

local function is_in_trouble(from, to)
  for _, trouble in ipairs(troubles) do
    if from < trouble.till + AFTERMATH and to > trouble.since then return true end
  end
  return false
end

local function was_killed(port, from, to)
  for _, at in ipairs(kills[tostring(port)] or {}) do
    if at > from - 1 and at < to + 1 then return true end
  end
  return false
end

local function add(counts, name) counts[name] = (counts[name] or 0) + 1 end

local function choose(kind)
  local names = {}
  for at = 1, kind.count or 1 do names[at] = ARN .. kind.prefix .. math.random(kind.arns) end
  return ngx.escape_uri(table.concat(names, ","))
end

local function exchange(kind, port)
  local socket = ngx.socket.tcp()
  local patience = (kind.patience or PATIENCE) * 1000
  socket:settimeouts(patience, patience, patience)
  if not socket:connect("127.0.0.1", port) then return nil end
  local path = kind.path:gsub("@", choose(kind):gsub("%%", "%%%%"))
  socket:send("GET " .. path .. " HTTP/1.0\r\n\r\n")
  local text = socket:receive "*a"
  socket:close()
  if not text then return nil end
  return tonumber(text:match "^HTTP/1.%d (%d+)"), text:match "\r\n\r\n(.*)$", tonumber(text:match "\r\n[Xx]%-[Aa]ge: ([%d.]+)")
end

local function note(kind, port, began, status, body, age)
  ngx.update_time()
  local now = ngx.now()
  local took = now - began
  if not status then
    if kind.leaves then notes.left = notes.left + 1
    elseif was_killed(port, began, now) then notes.lost_by_kill = notes.lost_by_kill + 1
    else notes.lost = notes.lost + 1 end
    return
  end
  notes.longest = math.max(notes.longest, took)
  if kind.is_cached then notes.longest_cached = math.max(notes.longest_cached, took) end
  if status == 200 then
    add(notes.outcomes, body)
    if kind.is_cached then notes.oldest = math.max(notes.oldest, age or 0) end
    return
  end
  add(notes.codes, status .. " " .. body:sub(1, 60))
  if kind.is_cached then notes.cached_errors = notes.cached_errors + 1
  elseif is_in_trouble(began, now) then notes.explained = notes.explained + 1
  else notes.unexplained = notes.unexplained + 1 end
end

local function request(_, kind, port)
  ngx.update_time()
  local began = ngx.now()
  notes.requests = notes.requests + 1
  if kind.is_cached then notes.cached_requests = notes.cached_requests + 1 end
  note(kind, port, began, exchange(kind, port))
  running = running - 1
end

local function drive(_, kinds, ports, seconds)
  local began, sent = ngx.now(), {}
  while not is_stopped and ngx.now() - began < seconds do
    for at, kind in ipairs(kinds) do
      local due = math.floor((ngx.now() - began) * kind.rate)
      for _ = (sent[at] or 0) + 1, due do
        running = running + 1
        if not ngx.timer.at(0, request, kind, ports[math.random(#ports)]) then running = running - 1 end
      end
      sent[at] = due
    end
    ngx.sleep(TICK)
  end
end

--- POST /start with { kinds, ports, seconds }: sends requests to the ports for so many seconds.
function load.start()
  ngx.req.read_body()
  local given = cjson.decode(ngx.req.get_body_data())
  notes, is_stopped = new_notes(), false
  assert(ngx.timer.at(0, drive, given.kinds, given.ports, given.seconds))
end

--- GET /notes: what was noted, and how many requests still run
function load.notes()
  notes.running = running
  ngx.print(cjson.encode(notes))
end

return load
