--- One call of another AWS service (STS) on the call machine that makes the IVS calls, with the same signer and retries.
-- @module ivs.services.call

local service = {}

--- The client's settings that such a call inherits.
local INHERITED = { "user_agent", "retry_mode", "max_attempts", "connect_timeout", "read_timeout",
  "max_response_bytes", "use_fips_endpoint", "use_dualstack_endpoint" }

--- The machine's settings for one call.
local function machine_settings(settings, spec)
  local out = {}
  for _, name in ipairs(INHERITED) do out[name] = settings[name] end
  for _, name in ipairs { "service", "operation", "content_type", "region", "endpoint_url", "credentials",
    "transient_code", "secrets" } do
    out[name] = spec[name]
  end
  if out.endpoint_url then out.use_fips_endpoint, out.use_dualstack_endpoint = false, false end
  return out
end

--- Carries out the step "decode": a success is left to the caller; of an error the machine gets code and message.
local function decode(spec, response)
  if response.status >= 200 and response.status < 300 then return true end
  return nil, spec.read_error(response.status, response.headers, response.body)
end

--- @tab context of a provider (`http`, `sleep`)
-- @tab machine { service_call, settings, clock }, from the client
-- @tab spec { service, operation, region, endpoint_url?, content_type, body, credentials? (none: unsigned),
-- transient_code? (a code of this service that is worth another attempt),
-- secrets? (a list of texts in the body that no message may hold),
-- read_error = function(status, headers, body) → code, message }
-- @return { status, headers, body }; or nil and an error object
function service.call(context, machine, spec)
  local call, err = machine.service_call(machine_settings(machine.settings, spec), spec.body, machine.clock)
  if not call then return nil, err end
  local step, detail = call:next()
  while true do
    if step == "exchange" then
      step, detail = call:next(context.http(detail))
    elseif step == "decode" then
      step, detail = call:next(decode(spec, detail))
    elseif step == "sleep" then
      context.sleep(detail)
      step, detail = call:next()
    elseif step == "done" then
      return detail
    else
      return nil, detail
    end
  end
end

return service
