--- Credentials of a client, retrieved once for all calls that need them at the same time.
--
-- A timer retrieves them, not the request that came first, so a client that goes away does not end the retrieval. While the current
-- credentials are valid for another ten minutes, calls use them and do not wait (docs/protocol.md, "Credential refresh"); after that,
-- and without credentials, calls wait for the one retrieval. A failure is not remembered: the calls that waited get it, and the next
-- call tries again; while the current credentials are still valid, only some seconds later.
--
-- Invariants: every wait ends, whatever happens to the retrieval. nginx drops timers if too many of them run; then a waiting call
-- retrieves. A retrieval may be killed, or never return; then it is abandoned after its lease. No code of the user's runs between a
-- provider's answer and the end of the retrieval.
-- @module resty.ivs.refresh

local failure = require "ivs.failure"
local identity = require "resty.ivs.cache.identity"
local monotonic = require("ivs.core").private.monotonic
local phases = require "resty.ivs.phases"
local semaphore = require "ngx.semaphore"

local refresh = {}

local ADVISORY = 15 * 60 -- seconds before the expiration, from which on the core asks for new credentials
local MANDATORY = 10 * 60 -- seconds before the expiration, from which on calls wait for them
local PAUSE = 5 -- seconds between two attempts while the current credentials are still valid
local LONGEST_WAIT = 5 * 60 -- seconds
local MAX_ABANDONED = 3 -- retrievals that have not returned; then no other one is started
local START = 1 -- seconds after which a waiting call retrieves, if the timer has not run
local SHORTEST = 0.01 -- seconds; nginx rounds a shorter wait to none, and then nothing else gets to run

--- Seconds after which calls no longer wait for a retrieval: the longest time that a provider may take (ivs.credentials.process). A
-- member for the specs.
refresh.lease = 60

local Refresh = { __name = "ivs.refresh" }
Refresh.__index = Refresh

--- @tab machine the client of ivs.core
-- @tab io { http, sleep, run }, for the providers
-- @tab stats whose `credential_refreshes` is incremented
-- @func[opt] write and
-- @func[opt] flush of log.lua
function refresh.new(machine, io, stats, write, flush)
  return setmetatable({ machine = machine, io = io, stats = stats, write = write, flush = flush, next_try = 0,
    started = 0, stored = 0, abandoned = {} }, Refresh)
end

-- Retrieval --------------------------------------------------------------------------------------------------------------

--- Calls the provider and stores the credentials in the client. May raise what the provider, or its table, raises.
-- @return credentials; or nil and an error; and third, the beginning of a log message
local function fetch(self, retrieval)
  local machine = self.machine
  local provider = machine:provider()
  if not provider then return nil, "the client was closed meanwhile" end
  local credentials, err = provider(self.io)
  if not credentials then return nil, err, "no new credentials: " end
  if retrieval.number < self.stored then return credentials end -- a later retrieval was faster
  local is_stored, problem = machine:take_credentials(credentials)
  if is_stored then self.stored = retrieval.number end
  if not is_stored then return credentials, problem, "the credentials that were given can't be used: " end
  self.account_id = identity.account_of(credentials.access_key_id)
  return credentials
end

--- Logs a failure. After everything else, since the logger, and perhaps the text's __tostring, is the user's code.
local function report(self, beginning, err)
  if not self.write then return end
  local ok, text = pcall(tostring, err)
  if beginning then self.write("warn", beginning .. (ok and type(text) == "string" and text or "an error that is no text")) end
  self.flush()
end

--- Ends a retrieval and wakes those who wait for it.
local function finish(self, retrieval, credentials, err)
  retrieval.credentials, retrieval.err, retrieval.is_done = credentials, err, true
  if self.retrieval == retrieval then self.retrieval = nil end
  if retrieval.waiting > 0 then retrieval.semaphore:post(retrieval.waiting) end
end

--- Carries a retrieval out, unless another light thread does. is_called_by_provider finds `self` in its second parameter.
local function retrieve(_, self, retrieval)
  if retrieval.is_started then return end
  retrieval.is_started = true
  self.stats.credential_refreshes = self.stats.credential_refreshes + 1
  local had_credentials = self.machine:credentials_left() ~= nil
  local ok, credentials, err, beginning = pcall(fetch, self, retrieval)
  if not ok then credentials, err, beginning = nil, credentials, "no new credentials: " end
  local left = self.machine:credentials_left()
  -- otherwise each call would start another retrieval
  if had_credentials and not (left and left > ADVISORY) then self.next_try = monotonic() + PAUSE end
  finish(self, retrieval, credentials, not credentials and err or nil)
  report(self, beginning, err)
end

--- Abandons the current retrieval, if there is one. Returns whether another one may start: a provider that never returns must not use
-- up the worker's timers.
local function may_start(self, now)
  local left = {}
  for _, retrieval in ipairs(self.abandoned) do
    if not retrieval.is_done and now >= retrieval.since and now - retrieval.since < LONGEST_WAIT then left[#left + 1] = retrieval end
  end
  if self.retrieval and not self.retrieval.is_done then left[#left + 1] = self.retrieval end
  self.abandoned, self.retrieval = left, nil
  return #left < MAX_ABANDONED
end

-- Waiting calls ----------------------------------------------------------------------------------------------------------

--- Starts a retrieval: in a timer, for all calls; without one (the worker exits, or has no timer left) in this light thread and for
-- itself alone, since nobody would notice if it were killed.
-- @return the retrieval; or nil: too many retrievals have not returned
local function start(self)
  local now = monotonic()
  if not may_start(self, now) then return nil end
  self.started = self.started + 1
  local retrieval = { number = self.started, semaphore = semaphore.new(0), waiting = 0,
    since = now, overdue = now + START, lease_end = now + refresh.lease }
  if ngx.timer.at(0, retrieve, self, retrieval) then
    self.retrieval = retrieval
  else
    self.next_try = now + PAUSE
    retrieve(false, self, retrieval)
  end
  return retrieval
end

-- Here and in `await` the same times are compared, so that rounding never makes a call join a retrieval that it has just abandoned.

local function current_retrieval(self)
  local retrieval = self.retrieval
  if retrieval and monotonic() < retrieval.lease_end then return retrieval end
end

--- Whether nginx has dropped the timer of a retrieval.
local function is_dropped(retrieval)
  return not retrieval.is_started and monotonic() >= retrieval.overdue
end

--- Sleeps until a retrieval has ended or its lease is over, and carries it out if its timer was dropped.
-- @return nothing; or an error object: this phase cannot sleep
local function await(self, retrieval, deadline)
  while not retrieval.is_done do
    if is_dropped(retrieval) then return retrieve(false, self, retrieval) end
    local left = (retrieval.is_started and math.min(deadline, retrieval.lease_end) or retrieval.overdue) - monotonic()
    if retrieval.is_started and left <= 0 then return end
    retrieval.waiting = retrieval.waiting + 1
    local woken, problem = retrieval.semaphore:wait(math.max(left, SHORTEST))
    retrieval.waiting = retrieval.waiting - 1
    if not woken and problem ~= "timeout" then
      local _, err = phases.check()
      return err or failure.new("config", "InvalidConfigError", "credentials can't be waited for here: " .. tostring(problem))
    end
  end
end

--- Whether this is a call that the provider itself makes of the client that waits for its credentials. The light thread is no sign of
-- that: nginx reuses those of requests that have ended.
local function is_called_by_provider(self)
  local level = 2
  while true do
    local info = debug.getinfo(level, "f")
    if not info then return false end
    if info.func == retrieve then
      local _, whose = debug.getlocal(level, 2)
      if whose == self then return true end
    end
    level = level + 1
  end
end

--- @return credentials; or nil and an error
local function obtain(self)
  if is_called_by_provider(self) then
    return nil, failure.new("credentials", "CredentialRetrievalError", "the function of the option `credentials` calls the "
      .. "client that waits for its credentials: let it use another client")
  end
  local deadline = monotonic() + LONGEST_WAIT
  repeat
    local retrieval = current_retrieval(self) or start(self)
    if not retrieval then
      return nil, failure.new("credentials", "CredentialRetrievalError",
        "the source of credentials was asked several times and has not answered", { retryable = true })
    end
    local err = await(self, retrieval, deadline)
    if retrieval.is_done then return retrieval.credentials, failure.copy(retrieval.err) end
    if err then return nil, err end
  until monotonic() >= deadline
  return nil, failure.new("credentials", "CredentialRetrievalError",
    ("no credentials came within %d seconds"):format(LONGEST_WAIT), { retryable = true })
end

-- What the driver calls --------------------------------------------------------------------------------------------------

--- For a call at its step "credentials".
-- @return credentials; or nil and why there are no new ones: the call then uses the current ones, if they are valid
function Refresh:credentials()
  local left = self.machine:credentials_left() or 0
  local pause = self.next_try - monotonic()
  local is_paused = pause > 0
  if left > MANDATORY or is_paused and left > PAUSE then
    local retrieval = current_retrieval(self)
    if not is_paused and (not retrieval or is_dropped(retrieval)) then start(self) end
    return nil, "the current credentials are used until new ones have come"
  end
  return obtain(self)
end

--- Retrieves credentials, whatever there is.
-- @return true; or nil and an error object
function Refresh:renew()
  return self.machine:take_credentials(obtain(self))
end

--- The account of the credentials (identity.account_of), which a rotation does not change.
-- @return text; or nil and an error object, for example if it is not known yet and this phase cannot wait
function Refresh:account()
  if not self.account_id then
    local ok, err = phases.check()
    if ok then ok, err = self:renew() end
    if not ok then return nil, err end
  end
  return self.account_id
end

return refresh
