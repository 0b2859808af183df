--- The phases in which a call can be made: those in which Lua can wait.
-- @module resty.ivs.phases

local failure = require "ivs.failure"

local phases = {}

local WAITING = {
  rewrite = true, server_rewrite = true, access = true, content = true, timer = true, preread = true,
  ssl_cert = true, ssl_session_fetch = true, ssl_client_hello = true,
}

--- @return true; or nil and an error object that names the phase
function phases.check()
  local phase = ngx.get_phase()
  if WAITING[phase] then return true end
  return nil, failure.new("config", "InvalidConfigError",
    ("Lua cannot wait in nginx's phase %s, so no call can be made there: make it in rewrite, access or content, "
      .. "or in a timer with ngx.timer.at(0, function() … end)"):format(phase))
end

return phases
