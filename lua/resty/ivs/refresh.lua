--- Fresh keys for a client: asked for once, however many calls want them.
--
-- The asking is done by a timer and not by the request that came first, so that a client that goes away does not take it
-- along. While the keys in use are good for another ten minutes, calls go on with them and nobody waits (BEHAVIOUR 8);
-- after that, and where there are none, calls wait for the one answer. A failure is not remembered: it goes to
-- those who waited, and the next call asks again.
-- @module resty.ivs.refresh

local failure = require "ivs.failure"
local semaphore = require "ngx.semaphore"

local refresh = {}

local MANDATORY = 10 * 60 -- seconds before the keys expire
local PAUSE = 5 -- between two tries while the old keys still serve
local PATIENCE = 5 * 60 -- what a call waits, and after which an asking that never ended is given up

local Refresh = { __name = "ivs.refresh" }
Refresh.__index = Refresh

--- @tab machine the client of ivs.core
-- @tab offer { http, sleep, run }, for the providers
-- @tab stats whose `credential_refreshes` is counted up
-- @func log `log(level, message)`
function refresh.new(machine, offer, stats, log)
  return setmetatable({ machine = machine, offer = offer, stats = stats, log = log, next_try = 0 }, Refresh)
end

--- What identifies an access key's account (the key holds it, in base 32, from its fifth character on), else the key.
local function owner_of(access_key_id)
  local coded = access_key_id:match("^A[KS]IA([A-Z2-7]+)$")
  if not coded or #coded ~= 16 then return access_key_id end
  local number = 0
  for at = 1, 9 do -- 45 of the first 48 bits; the account is what stands in bits 2 to 41
    local digit = coded:byte(at)
    number = number * 32 + (digit >= 65 and digit - 65 or digit - 24)
  end
  return ("%.0f"):format(math.floor(number / 16) % 2 ^ 40)
end

local function note_owner(self, keys)
  local id = type(keys) == "table" and rawget(keys, "access_key_id")
  if type(id) == "string" then self.owner = owner_of(id) end
end

--- Asks the provider and lets everybody go who waits for that.
local function ask(_, self, flight)
  self.stats.credential_refreshes = self.stats.credential_refreshes + 1
  local provider = self.machine:provider()
  local good, keys, err = false, "the client was closed meanwhile", nil
  if provider then good, keys, err = pcall(provider, self.offer) end
  if not good then keys, err = nil, keys end
  if keys then
    note_owner(self, keys)
    local taken, problem = self.machine:take_credentials(keys)
    if not taken then self.log("warn", "the credentials that were given can't be used: " .. tostring(problem)) end
  else
    self.next_try = ngx.now() + PAUSE
    self.log("warn", "no new credentials: " .. tostring(err))
  end
  flight.keys, flight.err, flight.done = keys, err, true
  if self.flight == flight then self.flight = nil end
  if flight.waiting > 0 then flight.semaphore:post(flight.waiting) end
end

local function start(self)
  local flight = { semaphore = semaphore.new(0), waiting = 0, began = ngx.now() }
  self.flight = flight
  if not ngx.timer.at(0, ask, self, flight) then ask(false, self, flight) end -- the worker ends, or has no timer left
  return flight
end

local function wait(flight)
  local deadline = ngx.now() + PATIENCE
  while not flight.done do
    local left = deadline - ngx.now()
    if left <= 0 then
      return nil, failure.new("credentials", "CredentialRetrievalError",
        ("no credentials came within %d seconds"):format(PATIENCE), { retryable = true })
    end
    flight.waiting = flight.waiting + 1
    flight.semaphore:wait(left)
    flight.waiting = flight.waiting - 1
  end
  return flight.keys, flight.err
end

local function in_flight(self)
  local flight = self.flight
  if flight and ngx.now() - flight.began > PATIENCE then return nil end
  return flight
end

--- For a call at its step "credentials".
-- @return keys; or nil and why there are none, or none yet: with the old keys the call goes on all the same
function Refresh:keys()
  local left = self.machine:credentials_left()
  local flight = in_flight(self)
  if left and left > MANDATORY then
    if not flight and ngx.now() >= self.next_try then start(self) end
    return nil, "the keys in use serve until new ones have come"
  end
  return wait(flight or start(self))
end

--- Asks anew, whatever there is.
-- @return keys; or nil and an error
function Refresh:renew()
  return wait(in_flight(self) or start(self))
end

--- Whose keys they are, in a text that a rotation does not change: the account, or the access key where it tells none.
-- @return text; or nil and an error
function Refresh:account()
  if not self.owner then
    local keys, err = self:renew()
    note_owner(self, keys)
    if not self.owner then return nil, err end
  end
  return self.owner
end

return refresh
