--- The common set-up for the specs of providers that call a service and write a file: the service, a home directory, and whole
-- calls.
--
--     local scene = provider_scene.start()   …  scene:restart { ["POST /token"] = { body = "{}" } }   scene.server, scene.home
--     scene:context { profile = {…} }   scene:call(config)   scene:paths()   …  scene:stop()
--
-- Not for: providers without files (stand_in).

local assert = require "luassert"
local http_server = require "support.http_server"
local ivs = require "ivs"
local json = require "ivs.json"
local provider_context = require "support.provider_context"

local provider_scene = {}

--- The time of the contexts' clock.
provider_scene.NOW = 1700000000

--- The timestamp format of the files, for os.date.
provider_scene.ISO = "!%Y-%m-%dT%H:%M:%SZ"

provider_scene.CALL = "POST /GetRecordingConfiguration"

local ARN = "arn:aws:ivs:us-west-2:123456789012:recording-configuration/AbCdEf123456"

local Scene = { __name = "ivs.spec.provider_scene" }
Scene.__index = Scene

--- Starts the service.
function provider_scene.start()
  return setmetatable({ server = http_server.start() }, Scene)
end

--- Restarts with an empty home directory, these routes, and no recorded requests.
function Scene:restart(routes)
  self.server:reset(routes)
  if self.home then provider_context.remove_home(self.home) end
  self.home = provider_context.make_home()
  self.env = { HOME = self.home }
end

--- The context of a provider (provider_context.new) with the scene's environment and clock.
-- @tab given `profile`, `sso_sessions`, `region`
function Scene:context(given)
  return provider_context.new { env = self.env, now = provider_scene.NOW, profile = given.profile,
    sso_sessions = given.sso_sessions, region = given.region }
end

--- The requests so far, without their queries: "GET /path".
function Scene:paths()
  local found = {}
  for index, request in ipairs(self.server:requests()) do
    found[index] = request.method .. " " .. request.path:match("^[^?]*")
  end
  return found
end

--- A whole call of a client that finds its credentials through this config file. The server also responds for IVS.
function Scene:call(config)
  provider_context.write_file(self.home .. "/config", config)
  self.server:route(provider_scene.CALL, { body = json.encode { recordingConfiguration = { arn = ARN } } })
  self.env.AWS_CONFIG_FILE, self.env.AWS_SHARED_CREDENTIALS_FILE = self.home .. "/config", self.home .. "/none"
  local client = assert(ivs.client { env = self.env, region = "us-west-2", endpoint_url = self.server.url })
  local response, err = client:get_recording_configuration(ARN)
  client:close()
  return response, err
end

--- Stops the service and removes the home directory.
function Scene:stop()
  self.server:stop()
  if self.home then provider_context.remove_home(self.home) end
end

--- Asserts that a provider failed with this code and with these parts in its message, and that the message contains no secret.
-- @return the error
function provider_scene.assert_failed(secrets, credentials, err, code, ...)
  assert.is_nil(credentials)
  assert.equal("table", type(err), tostring(err))
  assert.equal(code, err.code, tostring(err))
  for _, part in ipairs { ... } do assert.truthy(err.message:find(part, 1, true), err.message) end
  for _, secret in ipairs(secrets) do assert.is_nil(err.message:find(secret, 1, true), err.message) end
  return err
end

return provider_scene
