--- One flight for a key: however many ask, one of them fetches and the others take what it brings.
--
-- Within a worker the others wait on the flight's semaphore. Among workers a lock in the dict decides (lock.lua); a light
-- thread beside the leader's keeps it alive, however long the fetch takes. So a leader that is gone (a worker that crashed;
-- where nginx had no timer for it, client abort and `ngx.thread.kill`) leaves the key locked no longer than `lock_ttl`, and
-- within its own worker about a second.
--
-- Invariant: silence is counted, not measured: while the worker was busy, or the clock was set, nobody could give a sign.
-- Not for: what is fetched and where it is kept (leader.lua).
-- @module resty.ivs.cache.single_flight

local lock = require "resty.ivs.cache.lock"
local phases = require "resty.ivs.phases"
local semaphore = require "ngx.semaphore"

local flight = {}

local Flight = { __name = "resty.ivs.cache.single_flight" }
Flight.__index = Flight

local FIRST_STEP, LONGEST_STEP = 0.001, 0.05 -- seconds between two looks at another worker's lock
local BEAT = 0.25 -- seconds between two signs of life of a leader
local SILENCES = 4 -- waits of a beat's length without a sign, after which a leader counts as gone
local START = 0.02 -- seconds after which a flight that has not begun was dropped: its timer was due at once
local LOOK = 2 * BEAT -- seconds between two looks of those who don't wait: the second that finds no sign since the first
local LONGEST_FETCH = 3600 -- seconds for which a lock is kept alive: the bound that no bug passes
local NOTE_TTL = 1 -- seconds that a failure lies ready for the workers that waited for it

--- Seconds between two looks at all flights, for those that nobody asks for any more. A member for the specs, which have
-- less time.
flight.sweep_interval = 5

--- Whether this phase can wait.
function flight.can_wait()
  return (phases.check()) == true
end

--- Each worker's flights in the air: dict → { flights = key → flight, swept = when }.
local boards = setmetatable({}, { __mode = "k" })

local function board_of(dict)
  local board = boards[dict]
  if not board then
    board = { flights = {}, swept = ngx.now() }
    boards[dict] = board
  end
  return board
end

--- The flights of this worker over one dict, by key.
function flight.board(dict)
  return board_of(dict).flights
end

--- Takes off the board what was left there by requests that ended without a word (their clients went away).
local function sweep(board)
  local now = ngx.now()
  if math.abs(now - board.swept) < flight.sweep_interval then return end
  board.swept = now
  for id, up in pairs(board.flights) do
    if up:is_silent() then board.flights[id] = nil end
  end
end

--- Puts a flight on the board; the caller leads it, or has a timer lead it (background.lua).
-- @tab dict
-- @string id the key
-- @number lock_ttl seconds
-- @tparam[opt] Flight gone one whose leader is gone: its locks are taken over
function flight.begin(dict, id, lock_ttl, gone)
  local board = board_of(dict)
  sweep(board)
  local self = setmetatable({ dict = dict, id = id, lock_ttl = lock_ttl, beats = 0, silences = 0, beats_seen = 0,
    seen = ngx.now(), has_begun = false, lock = lock.new(dict, id, lock_ttl, gone and gone.lock),
    semaphore = assert(semaphore.new(0)) }, Flight)
  board.flights[id] = self
  return self
end

--- Whether the flight is on the board: it has neither landed nor been taken over.
function Flight:is_up()
  return flight.board(self.dict)[self.id] == self
end

--- Waits until the flight has landed.
-- @treturn boolean false when its leader gives no sign of life, or nginx has dropped the timer that was to lead it
function Flight:wait()
  local beats, silences = self.beats, 0
  if not (self.has_begun or self.landing) then self.semaphore:wait(START) end
  while not self.landing do
    if not self.has_begun then return false end
    local woken, why = self.semaphore:wait(BEAT)
    if not woken and not self.landing then
      if why ~= "timeout" then return false end
      silences = self.beats == beats and silences + 1 or 0
      beats = self.beats
      if silences >= SILENCES then return false end
    end
  end
  return true
end

--- For those who don't wait: whether the leader has been silent for long.
function Flight:is_silent()
  local now = ngx.now()
  if self.beats ~= self.beats_seen then
    self.beats_seen, self.silences, self.seen = self.beats, 0, now
  elseif math.abs(now - self.seen) > LOOK then
    self.silences, self.seen = self.silences + 1, now
  end
  return self.silences >= 2 -- one may be a worker that was busy
end

--- Becomes the one among the workers who fetches, or learns what another has fetched.
-- @func look () → body and age, or nothing: the answer, if it is there by now
-- @bool patient wait for another worker's fetch
-- @treturn boolean whether the lock is ours
-- @treturn string|nil the body that another brought
-- @treturn number|nil its age in seconds
function Flight:acquire(look, patient)
  local step, waited_for = FIRST_STEP, nil
  while true do
    local locked, holder = self.lock:try()
    -- again after locking: another may have come to its end since the caller looked
    local body, age = look()
    if not body and waited_for then body = self.dict:get("ivs:note:" .. waited_for) end
    if body or not (locked or patient) then
      if locked then self.lock:release() end
      return false, body, age
    end
    if locked then return true end
    waited_for = holder or waited_for
    self.beats = self.beats + 1
    ngx.sleep(step)
    step = math.min(step * 2, LONGEST_STEP)
  end
end

--- Leaves a failure for the workers that wait for this flight. Others never see it.
function Flight:leave_note(body)
  self.dict:set("ivs:note:" .. self.lock.token, body, NOTE_TTL)
end

local GONE = { dead = true, zombie = true }

--- Does something now and then until the leader is done; returns by itself when the leader was killed without its
-- request's end.
local function repeatedly(leader, interval, act)
  for _ = 1, LONGEST_FETCH / interval do
    if GONE[coroutine.status(leader)] then return end
    act()
    ngx.sleep(interval)
  end
end

--- Runs a function while light threads keep the flight and its locks alive. An error that it raises is raised.
-- @func work
-- @func[opt] renew called now and then, for a lock elsewhere; it may take its time, that delays no sign of life
-- @return what `work` returns
function Flight:keeping_alive(work, renew)
  local leader = coroutine.running()
  local beating = ngx.thread.spawn(repeatedly, leader, math.min(BEAT, self.lock_ttl / 4), function()
    self.beats = self.beats + 1
    self.lock:renew()
  end)
  local renewing = renew and ngx.thread.spawn(repeatedly, leader, self.lock_ttl / 4, renew)
  local good, result = pcall(work)
  ngx.thread.kill(beating)
  if renewing then ngx.thread.kill(renewing) end
  if not good then error(result, 0) end
  return result
end

--- Ends the flight and wakes who waits for it. A second call does nothing.
-- @tab landing what they get; see leader.lua
function Flight:land(landing)
  if self.landing then return end
  self.landing = landing
  if self:is_up() then flight.board(self.dict)[self.id] = nil end
  local waiting = -self.semaphore:count()
  if waiting > 0 then self.semaphore:post(waiting) end
end

return flight
