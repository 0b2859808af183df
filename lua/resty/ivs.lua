--- Amazon IVS recording configurations inside nginx: `require "ivs"`'s names, results and errors over cosockets
-- (docs/design.md, "resty.ivs").
--
--     local ivs = require "resty.ivs"
--     local client = ivs.client { region = "us-west-2", cache = { dict = "ivs", ttl = 30 } }
--     local response, err = client:get_recording_configuration { arn = ARN }
--
-- No call blocks the worker. `require` and `client` read nothing, so both are safe in init_by_lua; settings are resolved at the first
-- call, which can be made in the phases that have cosockets (resty/ivs/phases.lua).
-- Not for: programs outside nginx (require "ivs").
-- @module resty.ivs

local client = require "resty.ivs.client"
local core = require "ivs.core"

local ivs = { _VERSION = core._VERSION, exceptions = core.exceptions }

local default

--- This worker's, made at the first call.
local function default_client()
  default = default or client.new()
  return default
end

--- Makes a client. Misuse of the options raises; whatever else is wrong with them shows at the first call.
-- @tab[opt] options those of ivs.client (ivs.config.settings), and `cache`, `pool_size`, `keepalive_timeout`
-- @return the client
function ivs.client(options, extra)
  if extra ~= nil then error("bad argument #2 to 'client' (one argument expected: a table of options)", 2) end
  local made = client.new(options) -- no tail call: misuse is raised at the level of our caller
  return made
end

--- Fetches a recording configuration, over the default client.
-- @param params `{ arn = … }`, or the ARN
-- @return the response; or nil and an error object
function ivs.get_recording_configuration(params, extra)
  client.check_arguments("get_recording_configuration", params, extra)
  return default_client():get_recording_configuration(params)
end

--- One page of the list, over the default client.
-- @tab[opt] params `{ maxResults = …, nextToken = … }`
-- @return the response; or nil and an error object
function ivs.list_recording_configurations(params, extra)
  client.check_arguments("list_recording_configurations", params, extra)
  return default_client():list_recording_configurations(params)
end

--- An iterator over the items of all pages, over the default client.
-- @tab[opt] params of list_recording_configurations
-- @return an iterator: see `ivs.pagination`
function ivs.recording_configurations(params, extra)
  client.check_arguments("recording_configurations", params, extra)
  return default_client():recording_configurations(params)
end

return ivs
