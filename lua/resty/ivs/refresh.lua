--- Fresh keys for a client: asked for once, however many calls want them.
--
-- The asking is done by a timer and not by the request that came first, so that a client that goes away does not take it
-- along. While the keys in use are good for another ten minutes, calls go on with them and nobody waits (docs/protocol.md,
-- "Credential refresh"); after that, and where there are none, calls wait for the one answer. A failure is not remembered: it
-- goes to those who waited, and the next call asks again; while the old keys serve, some seconds later.
--
-- Invariants: whoever waits comes to an end, whatever becomes of the one who asks. nginx drops timers of which too many run:
-- then one who waits asks. It may be killed, or never return: then its flight is left after a lease. No code of the user's
-- runs between an answer and its landing.
-- @module resty.ivs.refresh

local failure = require "ivs.failure"
local identity = require "resty.ivs.cache.identity"
local phases = require "resty.ivs.phases"
local semaphore = require "ngx.semaphore"

local refresh = {}

local ADVISORY = 15 * 60 -- seconds before the keys expire, from which on the core wants new ones
local MANDATORY = 10 * 60
local PAUSE = 5 -- between two tries while the old keys still serve
local PATIENCE = 5 * 60 -- what a call waits
local MAX_GIVEN_UP = 3 -- askings that have not come back, above which no other is begun
local START = 1 -- after which an asking is begun by one who waits, where no timer has come to it
local SHORTEST = 0.01 -- a wait that nginx rounds to none would not let anybody else run

--- Seconds after which an asking that has not ended is no longer waited for; the longest that a provider is allowed
-- (ivs.credentials.process). A member for the specs, which have less time.
refresh.lease = 60

local Refresh = { __name = "ivs.refresh" }
Refresh.__index = Refresh

--- @tab machine the client of ivs.core
-- @tab offer { http, sleep, run }, for the providers
-- @tab stats whose `credential_refreshes` is counted up
-- @func[opt] note and
-- @func[opt] tell of the journal
function refresh.new(machine, offer, stats, note, tell)
  return setmetatable({ machine = machine, offer = offer, stats = stats, note = note, tell = tell, next_try = 0,
    begun = 0, landed = 0, given_up = {} }, Refresh)
end

-- The answer -------------------------------------------------------------------------------------------------------------

--- Asks the provider, and gives the client what it got. May raise what the provider, or its table, raises.
-- @return keys; or nil and an error; and in any case what there is to be logged
local function fetch(self, flight)
  local machine = self.machine
  local provider = machine:provider()
  if not provider then return nil, "the client was closed meanwhile" end
  local keys, err = provider(self.offer)
  if not keys then return nil, err, "no new credentials: " end
  if flight.number < self.landed then return keys end -- too late: newer keys have come meanwhile
  local taken, problem = machine:take_credentials(keys)
  if taken then self.landed = flight.number end
  if not taken then return keys, problem, "the credentials that were given can't be used: " end
  self.account_id = identity.account_of(keys.access_key_id)
  return keys
end

--- Logs what went wrong. Last of all, since the text may be made by the user's code, and the logger is.
local function report(self, words, err)
  if not self.note then return end
  local good, text = pcall(tostring, err)
  if words then self.note("warn", words .. (good and type(text) == "string" and text or "an error that is no text")) end
  self.tell()
end

--- Lets everybody go who waits.
local function land(self, flight, keys, err)
  flight.keys, flight.err, flight.done = keys, err, true
  if self.flight == flight then self.flight = nil end
  if flight.waiting > 0 then flight.semaphore:post(flight.waiting) end
end

--- Carries a flight out, unless another does.
local function ask(_, self, flight)
  if flight.begun then return end
  flight.begun = true
  self.stats.credential_refreshes = self.stats.credential_refreshes + 1
  local had_keys = self.machine:credentials_left() ~= nil
  local good, keys, err, words = pcall(fetch, self, flight)
  if not good then keys, err, words = nil, keys, "no new credentials: " end
  local left = self.machine:credentials_left()
  -- what the next call would find wanting again need not be asked for by each call
  if had_keys and not (left and left > ADVISORY) then self.next_try = ngx.now() + PAUSE end
  land(self, flight, keys, not keys and err or nil)
  report(self, words, err)
end

--- Puts down the flight whose lease is over, if there is one. A provider that never comes back must not use up all of the
-- worker's timers.
local function may_ask_again(self, now)
  local left = {}
  for _, flight in ipairs(self.given_up) do
    if not flight.done and now >= flight.since and now - flight.since < PATIENCE then left[#left + 1] = flight end
  end
  if self.flight and not self.flight.done then left[#left + 1] = self.flight end
  self.given_up, self.flight = left, nil
  return #left < MAX_GIVEN_UP
end

-- Those who wait ---------------------------------------------------------------------------------------------------------

--- Has new keys asked for: by a timer, for all; where there is none (the worker ends, or has no timer left) by this light
-- thread, for itself alone, since nobody would know if it were killed.
-- @return the flight; or nil: too many askings have not come back
local function start(self)
  local now = ngx.now()
  if not may_ask_again(self, now) then return nil end
  self.begun = self.begun + 1
  local flight = { number = self.begun, semaphore = semaphore.new(0), waiting = 0,
    since = now, overdue = now + START, lease_end = now + refresh.lease }
  if ngx.timer.at(0, ask, self, flight) then
    self.flight = flight
  else
    self.next_try = now + PAUSE
    ask(false, self, flight)
  end
  return flight
end

-- Here and in `await` the same times are compared, so that no rounding makes a flight that is not waited for be joined again.

local function in_flight(self)
  local flight = self.flight
  if flight and ngx.now() < flight.lease_end then return flight end
end

--- Whether no timer has come to a flight.
local function is_dropped(flight)
  return not flight.begun and ngx.now() >= flight.overdue
end

--- Sleeps until a flight has landed or its lease is over, and carries it out if nobody does.
-- @return nothing; or an error object: nobody can sleep here
local function await(self, flight, deadline)
  while not flight.done do
    if is_dropped(flight) then return ask(false, self, flight) end
    local left = (flight.begun and math.min(deadline, flight.lease_end) or flight.overdue) - ngx.now()
    if flight.begun and left <= 0 then return end
    flight.waiting = flight.waiting + 1
    local woken, problem = flight.semaphore:wait(math.max(left, SHORTEST))
    flight.waiting = flight.waiting - 1
    if not woken and problem ~= "timeout" then
      local _, err = phases.check()
      return err or failure.new("config", "InvalidConfigError", "credentials can't be waited for here: " .. tostring(problem))
    end
  end
end

--- Whether the provider itself has called us, through a call of the client that it gives its keys to. Its light thread alone
-- would not tell: nginx uses those of requests that have ended again.
local function is_called_by_provider(self)
  local level = 2
  while true do
    local info = debug.getinfo(level, "f")
    if not info then return false end
    if info.func == ask then
      local _, whose = debug.getlocal(level, 2)
      if whose == self then return true end
    end
    level = level + 1
  end
end

--- @return keys; or nil and an error
local function obtain(self)
  if is_called_by_provider(self) then
    return nil, failure.new("credentials", "CredentialRetrievalError", "the function that gives the credentials calls the "
      .. "client that it gives them to, which can't answer without them: let it use another client")
  end
  local deadline = ngx.now() + PATIENCE
  repeat
    local flight = in_flight(self) or start(self)
    if not flight then
      return nil, failure.new("credentials", "CredentialRetrievalError",
        "the source of credentials has been asked several times and has not come back", { retryable = true })
    end
    local err = await(self, flight, deadline)
    if flight.done then return flight.keys, failure.copy(flight.err) end
    if err then return nil, err end
  until ngx.now() >= deadline
  return nil, failure.new("credentials", "CredentialRetrievalError",
    ("no credentials came within %d seconds"):format(PATIENCE), { retryable = true })
end

-- What the driver calls --------------------------------------------------------------------------------------------------

--- For a call at its step "credentials".
-- @return keys; or nil and why there are none, or none yet: with the old keys the call goes on all the same
function Refresh:keys()
  local left = self.machine:credentials_left() or 0
  local pause = self.next_try - ngx.now()
  local paused = pause > 0 and pause <= PAUSE -- more: the clock has been set back
  if left > MANDATORY or paused and left > PAUSE then
    local flight = in_flight(self)
    if not paused and (not flight or is_dropped(flight)) then start(self) end
    return nil, "the keys in use serve until new ones have come"
  end
  return obtain(self)
end

--- Asks anew, whatever there is.
-- @return true; or nil and an error object
function Refresh:renew()
  return self.machine:take_credentials(obtain(self))
end

--- Whose keys they are, in a text that a rotation does not change: the account, or the access key where it tells none.
-- @return text; or nil and an error object, in particular where nobody knows yet and the phase is one that can't wait
function Refresh:account()
  if not self.account_id then
    local good, err = phases.check()
    if good then good, err = self:renew() end
    if not good then return nil, err end
  end
  return self.account_id
end

return refresh
