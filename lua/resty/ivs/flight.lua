--- One flight for a key: however many ask, one of them fetches and the others take what it brings.
--
-- Within a worker the others wait on the flight's semaphore. Among workers a lock in the dict decides; it expires by
-- itself, and a light thread beside the leader's keeps it alive, however long the fetch takes. So a leader that is gone
-- (client abort, `ngx.thread.kill`, a worker that crashed) leaves the key locked no longer than `lock_ttl`, and within its
-- own worker about a second.
--
-- Invariants: a lock is released by its token only, so that who was late does not release another's. No lock is ever a
-- condition for an answer: when the dict has no room for one, the fetch goes on without.
-- Not for: what is fetched and where it is kept (cache.lua).
-- @module resty.ivs.flight

local semaphore = require "ngx.semaphore"

local flight = {}

local Flight = { __name = "resty.ivs.flight" }
Flight.__index = Flight

local FIRST_STEP, LONGEST_STEP = 0.001, 0.05 -- seconds between two looks at another worker's lock
local BEAT = 0.25 -- seconds between two signs of life of a leader
local SILENCES = 4 -- waits of a beat's length without a sign, after which a leader counts as gone
local LONGEST_FETCH = 3600 -- seconds for which a lock is kept alive: the bound that no bug passes
local NOTE_TTL = 1 -- seconds that a failure lies ready for the workers that waited for it

--- The phases in which a light thread can wait and start others: those that have cosockets.
local YIELDING = { rewrite = true, access = true, content = true, timer = true, ssl_cert = true,
  ssl_session_fetch = true, ssl_client_hello = true, server_rewrite = true }

--- Whether this phase can wait.
function flight.can_wait()
  return YIELDING[ngx.get_phase()] == true
end

--- Each worker's flights in the air: dict → key → flight.
local boards = setmetatable({}, { __mode = "k" })

--- The flights of this worker over one dict, by key.
function flight.board(dict)
  local board = boards[dict]
  if not board then
    board = {}
    boards[dict] = board
  end
  return board
end

local worker, serial

--- A text that no other flight of any machine has. The random part is each worker's own: it is read after the fork.
local function new_token()
  local pid = ngx.worker.pid()
  if not worker or worker.pid ~= pid then
    local random = io.open("/dev/urandom", "rb")
    local bytes = random and random:read(12) or tostring({}) .. ngx.now()
    if random then random:close() end
    worker, serial = { pid = pid, name = pid .. "." .. ngx.encode_base64(bytes) }, 0
  end
  serial = serial + 1
  return worker.name .. "." .. serial
end

--- Puts a flight on the board; the caller leads it.
-- @tab dict
-- @string id the key
-- @number lock_ttl seconds
-- @tparam[opt] Flight gone one whose leader is gone: its locks are taken over
function flight.begin(dict, id, lock_ttl, gone)
  local self = setmetatable({ dict = dict, id = id, lock_key = id .. ":lock", lock_ttl = lock_ttl, beats = 0,
    since = ngx.now(), token = gone and gone.token or new_token(), semaphore = assert(semaphore.new(0)) }, Flight)
  flight.board(dict)[id] = self
  return self
end

--- Whether the flight is on the board: it has neither landed nor been taken over.
function Flight:is_up()
  return flight.board(self.dict)[self.id] == self
end

--- Waits until the flight has landed.
-- @treturn boolean false when its leader gives no sign of life
function Flight:wait()
  local beats, silences = self.beats, 0
  while not self.landing do
    local woken, why = self.semaphore:wait(BEAT)
    if not woken and not self.landing then
      if why ~= "timeout" then return false end
      silences = self.beats == beats and silences + 1 or 0
      beats = self.beats
      -- counted, not measured: while the worker was busy nobody could give a sign
      if silences >= SILENCES then return false end
    end
  end
  return true
end

--- For those who don't wait: whether the leader has been silent for long.
function Flight:is_silent()
  return ngx.now() - self.since > BEAT * SILENCES * 2
end

local function sign_of_life(self)
  self.beats = self.beats + 1
  self.since = ngx.now()
end

--- Tries once to have the lock of this key among the workers.
-- @treturn boolean
-- @treturn string|nil whose it is
local function try_lock(self)
  local added, why = self.dict:add(self.lock_key, self.token, self.lock_ttl)
  if added or why ~= "exists" then return true end
  local holder = self.dict:get(self.lock_key)
  return holder == self.token, holder
end

local function note_key(token)
  return "ivs:note:" .. tostring(token)
end

--- Becomes the one among the workers who fetches, or learns what another has fetched.
-- @func look () → body or nothing: the answer, if it is there by now
-- @bool patient wait for another worker's fetch
-- @treturn boolean whether the lock is ours
-- @treturn string|nil the body that another brought
function Flight:lock(look, patient)
  local step, waited_for = FIRST_STEP, nil
  while true do
    local locked, holder = try_lock(self)
    -- again after locking: another may have come to its end since the caller looked
    local body = look() or waited_for and self.dict:get(note_key(waited_for))
    if body or not (locked or patient) then
      if locked then self:unlock() end
      return false, body
    end
    if locked then return true end
    waited_for = holder or waited_for
    sign_of_life(self)
    ngx.sleep(step)
    step = math.min(step * 2, LONGEST_STEP)
  end
end

--- Leaves a failure for the workers that wait for this flight. Others never see it.
function Flight:leave_note(body)
  self.dict:set(note_key(self.token), body, NOTE_TTL)
end

--- Gives the lock back, if it is still ours.
function Flight:unlock()
  if self.dict:get(self.lock_key) == self.token then self.dict:delete(self.lock_key) end
end

local GONE = { dead = true, zombie = true }

--- Renews the locks until the leader is done; returns by itself when the leader was killed without its request's end.
local function beat(self, leader, renew)
  local interval = math.min(BEAT, self.lock_ttl / 4)
  local begun, renewed = ngx.now(), ngx.now()
  while not GONE[coroutine.status(leader)] and ngx.now() - begun < LONGEST_FETCH do
    sign_of_life(self)
    if ngx.now() - renewed >= self.lock_ttl / 4 then
      renewed = ngx.now()
      if self.dict:get(self.lock_key) == self.token then self.dict:expire(self.lock_key, self.lock_ttl) end
      if renew then renew() end
    end
    ngx.sleep(interval)
  end
end

--- Runs a function while a light thread keeps the flight's locks alive. An error that it raises is raised.
-- @func work
-- @func[opt] renew called now and then, for a lock elsewhere
-- @return what `work` returns
function Flight:keeping_alive(work, renew)
  local thread = ngx.thread.spawn(beat, self, coroutine.running(), renew)
  local good, result = pcall(work)
  ngx.thread.kill(thread)
  if not good then error(result, 0) end
  return result
end

--- Ends the flight and wakes who waits for it. A second call does nothing.
-- @tab landing what they get; see cache.lua
function Flight:land(landing)
  if self.landing then return end
  self.landing = landing
  if self:is_up() then flight.board(self.dict)[self.id] = nil end
  local waiting = -self.semaphore:count()
  if waiting > 0 then self.semaphore:post(waiting) end
end

return flight
