--- The phases in which a call can be made: those in which Lua can wait, with every nginx that lua-nginx-module supports.
--
-- - ssl_client_hello is not one: without OpenResty's patch for nginx, a wait there ends the connection
--   (openresty/lua-resty-core#438)
-- - ssl_session_fetch neither: a wait there needs OpenResty's patch for OpenSSL (openresty/lua-resty-core#55)
-- - preread belongs to nginx's stream module, for which this driver is not made
-- @module resty.ivs.phases

local failure = require "ivs.failure"

local phases = {}

--- By the name that ngx.get_phase returns: server_rewrite is that of server_rewrite_by_lua, ssl_cert that of ssl_certificate_by_lua.
local WAITING = { rewrite = true, server_rewrite = true, access = true, content = true, timer = true, ssl_cert = true }

--- @return true; or nil and an error object that names the phase
function phases.check()
  local phase = ngx.get_phase()
  if WAITING[phase] then return true end
  return nil, failure.new("config", "InvalidConfigError",
    ("Lua cannot wait in nginx's phase %s, so no call can be made there: make it in rewrite, access or content, "
      .. "or in a timer with ngx.timer.at(0, function() … end)"):format(phase))
end

return phases
