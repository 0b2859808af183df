--- The endpoints of the services that credentials come from, as environment and files configure them (docs/protocol.md,
-- "Configured endpoints"). The caller checks the URL.
-- Not for: the endpoint of IVS (ivs.config.settings), or a service's own endpoint if none is configured.
-- @module ivs.services.endpoints

local files = require "ivs.config.files"

local endpoints = {}

--- The values of the selected profile. `context.profile` may be another one: the source profile of a role.
local function selected_values(context)
  local profile = context.selected_profile or context.profile
  return profile and profile.values or {}
end

--- A setting that has no option: its variable, else the selected profile's key. An empty value counts as unset.
-- @tab context
-- @string variable
-- @string key
-- @treturn string|nil
function endpoints.setting(context, variable, key)
  local text = context.env(variable) or selected_values(context)[key]
  return type(text) == "string" and text ~= "" and text or nil
end

--- Whether such a setting is "true", in any case. Every other value counts as false.
function endpoints.flag(context, variable, key)
  return (endpoints.setting(context, variable, key) or ""):lower() == "true"
end

--- The endpoint configured for a service, in order: AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, the services section's
-- `<service>.endpoint_url`, the profile's `endpoint_url`. There is none if configured endpoints are to be ignored.
-- @tab context
-- @string service_key "sts", "sso", "sso_oidc" or "signin"
-- @return the URL; or nil if none is configured; or nil and an error object
function endpoints.endpoint_url(context, service_key)
  if endpoints.flag(context, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls") then
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

return endpoints
