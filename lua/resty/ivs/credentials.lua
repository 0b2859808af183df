--- Credentials of a client, retrieved once for all calls that need them at the same time (single_flight.lua).
--
-- While the current credentials are valid for another ten minutes, calls use them and do not wait (docs/protocol.md, "Credential
-- refresh"); after that, and without credentials, calls wait for the one retrieval. A failure is not remembered: the calls that waited
-- get it, and the next call tries again; while the current credentials are still valid, only some seconds later.
--
-- Invariants: every wait ends, whatever happens to the retrieval. A retrieval may be killed, or never return; then another one is
-- started, a limited number of times. No code of the user's runs between a provider's answer and the end of the retrieval.
-- @module resty.ivs.credentials

local failure = require "ivs.failure"
local identity = require "resty.ivs.cache.identity"
local monotonic = require("ivs.core").private.monotonic
local phases = require "resty.ivs.phases"
local single_flight = require "resty.ivs.single_flight"

local credentials = {}

local ADVISORY = 15 * 60 -- seconds before the expiration, from which on the core asks for new credentials
local MANDATORY = 10 * 60 -- seconds before the expiration, from which on calls wait for them
local PAUSE = 5 -- seconds between two attempts while the current credentials are still valid
local LONGEST_WAIT = 5 * 60 -- seconds
local MAX_HANGING = 3 -- retrievals that have not returned; then no other one is started
local MAX_TRIES = 3 -- retrievals that one call waits for, if they are killed

--- Seconds after which calls no longer wait for a retrieval: the longest time that a provider may take (ivs.credentials.process). A
-- member for the specs.
credentials.lease = 60

local Credentials = { __name = "resty.ivs.credentials" }
Credentials.__index = Credentials

--- @tab given
--
-- - `machine`: the client of ivs.core
-- - `io`: { http, sleep, run }, for the providers
-- - `stats`: its `credential_refreshes` is incremented
-- - `static`: the table that is the option `credentials`, if it is one
-- - `write`, `flush`: of log.lua, if there is a logger
function credentials.new(given)
  return setmetatable({ machine = given.machine, io = given.io, stats = given.stats, write = given.write, flush = given.flush,
    account_id = given.static and identity.account_of(tostring(given.static.access_key_id)), next_try = 0, started = 0, stored = 0,
    hanging = {} }, Credentials)
end

-- Retrieval --------------------------------------------------------------------------------------------------------------

--- Calls the provider and stores the credentials in the client. May raise what the provider, or its table, raises.
-- @int number of the retrieval
-- @return credentials; or nil and an error; and third, the beginning of a log message
local function fetch(self, number)
  local machine = self.machine
  local provider = machine:provider()
  if not provider then return nil, "the client was closed meanwhile" end
  local found, err = provider(self.io)
  if not found then return nil, err, "no new credentials: " end
  if number < self.stored then return found end -- a later retrieval was faster
  local is_stored, problem = machine:take_credentials(found)
  if not is_stored then return found, problem, "the credentials that were given can't be used: " end
  self.stored = number
  self.account_id = identity.account_of(found.access_key_id)
  return found
end

--- Logs a failure. After everything else, since the logger, and perhaps the text's __tostring, is the user's code.
local function report(self, beginning, err)
  if not self.write then return end
  local ok, text = pcall(tostring, err)
  if beginning then self.write("warn", beginning .. (ok and type(text) == "string" and text or "an error that is no text")) end
  self.flush()
end

--- Carries a retrieval out.
local function retrieve(self, flight, number)
  self.stats.credential_refreshes = self.stats.credential_refreshes + 1
  local had_credentials = self.machine:credentials_left() ~= nil
  local found, err, beginning
  local ok, raised = flight:lead(function() found, err, beginning = fetch(self, number) end)
  if not ok then found, err, beginning = nil, raised, "no new credentials: " end
  local left = self.machine:credentials_left()
  -- otherwise each call would start another retrieval
  if had_credentials and not (left and left > ADVISORY) then self.next_try = monotonic() + PAUSE end
  if self.flight == flight then self.flight = nil end
  flight:finish { credentials = found, err = not found and err or nil }
  report(self, beginning, err)
end

--- Whether another retrieval may start: a provider that never returns must not use up the worker's timers.
local function may_start(self)
  local left = {}
  for _, flight in ipairs(self.hanging) do
    if flight:is_hanging(LONGEST_WAIT) then left[#left + 1] = flight end
  end
  self.hanging = left
  return #left < MAX_HANGING
end

--- Starts a retrieval in place of the current one, if there is one: in a timer; without one, or if the last timer was dropped, in this
-- light thread.
-- @return its flight; or nil: too many retrievals have not returned
local function start(self)
  local last = self.flight
  if last then self.hanging[#self.hanging + 1], self.flight = last, nil end
  if not may_start(self) then return nil end
  self.started = self.started + 1
  local flight, number = single_flight.new(credentials.lease), self.started
  if last then last:give_up(flight) end
  self.flight = flight
  local is_dropped = last and not last.is_started
  if is_dropped or not flight:lead_in_timer(retrieve, self, flight, number) then retrieve(self, flight, number) end
  return flight
end

-- Waiting calls ----------------------------------------------------------------------------------------------------------

--- @param[opt] abandoned a flight that was waited for in vain
local function current_flight(self, abandoned)
  local flight = self.flight
  if flight and flight ~= abandoned and not flight:is_abandoned() then return flight end
end

local function retrieval_failed(message, retryable)
  return failure.new("credentials", "CredentialRetrievalError", message, { retryable = retryable })
end

--- What it means that a flight has not finished.
-- @string why of Flight:wait
-- @return nothing if another one may be tried; otherwise an error object
local function error_of(why)
  if why == "abandoned" then return nil end
  if why == "deadlock" then
    return retrieval_failed("the function of the option `credentials` calls the client that waits for its credentials: let it use "
      .. "another client")
  elseif why == "timeout" then
    return retrieval_failed(("no credentials came within %d seconds"):format(LONGEST_WAIT), true)
  end
  return select(2, phases.check())
    or failure.new("config", "InvalidConfigError", "credentials can't be waited for here: " .. tostring(why))
end

--- @return credentials; or nil and an error
local function obtain(self)
  local deadline, flight = monotonic() + LONGEST_WAIT, nil
  for _ = 1, MAX_TRIES do
    flight = flight and flight.successor or current_flight(self, flight) or start(self)
    if not flight then break end
    local is_done, why = flight:wait(deadline)
    if is_done then return flight.result.credentials, failure.copy(flight.result.err) end
    local err = error_of(why)
    if err then return nil, err end
  end
  return nil, retrieval_failed("the source of credentials was asked several times and has not answered", true)
end

-- What the driver calls --------------------------------------------------------------------------------------------------

--- For a call at its step "credentials".
-- @return credentials; or nil and why there are no new ones: the call then uses the current ones, if they are valid
function Credentials:get()
  local left = self.machine:credentials_left() or 0
  local pause = self.next_try - monotonic()
  local is_paused = pause > 0
  if left > MANDATORY or is_paused and left > PAUSE then
    if not is_paused and not current_flight(self) then start(self) end
    return nil, "the current credentials are used until new ones have come"
  end
  return obtain(self)
end

--- Retrieves credentials, whatever there is.
-- @return true; or nil and an error object
function Credentials:renew()
  return self.machine:take_credentials(obtain(self))
end

--- The account of the credentials (identity.account_of), which a rotation does not change.
-- @return text; or nil and an error object, for example if it is not known yet and this phase cannot wait
function Credentials:account()
  if not self.account_id then
    local ok, err = phases.check()
    if ok then ok, err = self:renew() end
    if not ok then return nil, err end
  end
  return self.account_id
end

return credentials
