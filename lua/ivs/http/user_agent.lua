--- The User-Agent header, in the grammar that the AWS SDKs share (docs/protocol.md, "User agent").
-- @module ivs.http.user_agent

local user_agent = {}

-- The SDKs' metrics letters for what a client is set to.
local RETRY_MODE_METRIC = { legacy = "D", standard = "E", adaptive = "F" }
local ENDPOINT_OVERRIDE_METRIC = "N"

--- Characters outside RFC 9110's tokens (and the comma) become a hyphen each; `/` and `#` are the grammar's own.
local function token(text)
  text = tostring(text):gsub("[\192-\255][\128-\191]*", "-")
  return (text:gsub("[^%w!$%%&'*+%-.^_`|~,]", "-"))
end

local function language()
  local just_in_time = rawget(_G, "jit")
  if just_in_time then return "lang/luajit#" .. token(just_in_time.version:match("[%d.]+.*$") or "") end
  return "lang/lua#" .. token(_VERSION:match("[%d.]+") or "")
end

--- @tab native { version, os, release, machine }, from the C module
-- @tab settings the resolved settings
function user_agent.build(native, settings)
  local metrics = { RETRY_MODE_METRIC[settings.retry_mode] }
  if settings.endpoint_url then metrics[#metrics + 1] = ENDPOINT_OVERRIDE_METRIC end
  local parts = {
    "ivs-lua/" .. token(native.version),
    "ua/2.1",
    ("os/%s#%s"):format(token(native.os:lower()), token(native.release)),
    language(),
    "md/arch#" .. token(native.machine),
    "m/" .. table.concat(metrics, ","),
    "cfg/retry-mode#" .. token(settings.retry_mode),
  }
  if settings.sdk_ua_app_id then parts[#parts + 1] = "app/" .. token(settings.sdk_ua_app_id) end
  if settings.user_agent_extra then parts[#parts + 1] = settings.user_agent_extra end
  return table.concat(parts, " ")
end

return user_agent
