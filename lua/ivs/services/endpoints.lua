--- Where the services that credentials come from are reached, as environment and files say (docs/protocol.md,
-- "Configured endpoints"). What is found here is not checked; whoever sends the request does that.
-- Not for: the endpoint of IVS itself (ivs.settings), or a service's own endpoint, where all is silent.
-- @module ivs.services.endpoints

local files = require "ivs.config.files"

local service_endpoints = {}

--- The selected profile's keys. While keys of another profile are looked for (a role's source), `context.profile` is
-- that one, and `context.selected_profile` is still the one whose settings hold.
local function selected_values(context)
  local profile = context.selected_profile or context.profile
  return profile and profile.values or {}
end

--- A setting that has no option: its variable, else the selected profile's key. Empty is silent.
-- @tab context
-- @string variable
-- @string key
-- @treturn string|nil
function service_endpoints.setting(context, variable, key)
  local text = context.env(variable) or selected_values(context)[key]
  return type(text) == "string" and text ~= "" and text or nil
end

--- Whether such a setting says true, in any case; no other word does.
function service_endpoints.flag(context, variable, key)
  return (service_endpoints.setting(context, variable, key) or ""):lower() == "true"
end

--- The endpoint configured for a service: AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, the services section's
-- `<service>.endpoint_url`, the profile's `endpoint_url`; none of them where configured endpoints are to be ignored.
-- @tab context
-- @string service_key "sts", "sso", "sso_oidc" or "signin"
-- @return the URL; or nil where all is silent; or nil and an error object
function service_endpoints.endpoint_url(context, service_key)
  if service_endpoints.flag(context, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls") then
    return nil
  end
  local url = context.env("AWS_ENDPOINT_URL_" .. service_key:upper()) or context.env("AWS_ENDPOINT_URL")
  if url then return url end
  local section, err = files.services_section(context.files, selected_values(context))
  if not section then return nil, err end
  local service = section[service_key]
  url = type(service) == "table" and service.endpoint_url
  if type(url) == "string" and url ~= "" then return url end
  url = selected_values(context).endpoint_url
  return type(url) == "string" and url ~= "" and url or nil
end

return service_endpoints
