--- A stand-in for STS and IVS, and AWS files that refer to it, for the specs of assumed roles.
--
--     local scene = sts.scene { "POST /" = … }   scene:files { config = "…" }   scene:call { AWS_PROFILE = "r" }
--
-- Not for: the rules of STS; the spec sets every response.

local http_server = require "support.http_server"
local ivs = require "ivs"
local shell = require "emulator.shell"

local sts = {}

sts.ROLE = "arn:aws:iam::123456789012:role/video"
sts.ARN = "arn:aws:ivs:us-west-2:123456789012:recording-configuration/AbCdEf123456"
sts.EXPIRATION = "2099-01-01T00:00:00Z"

--- A response of STS with credentials.
-- @tparam string action
-- @tparam string name determines the credentials: ASIA<name>, secret-<name>, token-<name>
function sts.keys(action, name)
  return { headers = { ["Content-Type"] = "text/xml" }, body = ([[
<%sResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <%sResult>
    <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/video/s</Arn></AssumedRoleUser>
    <Credentials>
      <AccessKeyId>ASIA%s</AccessKeyId>
      <SecretAccessKey>secret-%s</SecretAccessKey>
      <SessionToken>token-%s</SessionToken>
      <Expiration>%s</Expiration>
    </Credentials>
  </%sResult>
  <ResponseMetadata><RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId></ResponseMetadata>
</%sResponse>]]):format(action, action, name, name, name, sts.EXPIRATION, action, action) }
end

--- An error response of STS.
function sts.fault(status, code, message)
  return { status = status, headers = { ["Content-Type"] = "text/xml" }, body = ([[
<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error>
  <RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId>
</ErrorResponse>]]):format(code, message) }
end

--- A form as a table.
function sts.fields(body)
  local fields = {}
  for name, value in body:gmatch("([^&=]+)=([^&]*)") do
    fields[name] = value:gsub("+", " "):gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
  end
  return fields
end

local Scene = { __name = "ivs.spec.sts_scene" }
Scene.__index = Scene

--- Starts the server; `answers` are the responses of STS.
function sts.scene(answers)
  local server = http_server.start { routes = {
    ["POST /"] = answers or {},
    ["POST /GetRecordingConfiguration"] = {
      { headers = { ["Content-Type"] = "application/json" }, body = '{"recordingConfiguration":{"state":"ACTIVE"}}' },
    },
  } }
  local directory = shell.run('mktemp -d "${TMPDIR:-/tmp}/ivs-sts.XXXXXX"'):match("^(%S+)\n$")
  return setmetatable({ server = server, directory = directory }, Scene)
end

--- Writes a file into the scene's directory and returns its path.
function Scene:write(name, text)
  local path = self.directory .. "/" .. name
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  return path
end

--- Replaces the responses of STS.
function Scene:answer(...)
  self.server:route("POST /", { ... })
end

--- Clears the recorded requests.
function Scene:restart(...)
  self.server:forget()
  self:answer(...)
end

--- A client with files of these texts.
-- @tparam table given `config`, `credentials` (texts), `env` (more variables), `options` (more options)
function Scene:client(given)
  local env = {
    HOME = self.directory,
    AWS_CONFIG_FILE = self:write("config", given.config or ""),
    AWS_SHARED_CREDENTIALS_FILE = self:write("credentials", given.credentials or ""),
    AWS_REGION = "us-west-2",
    AWS_ENDPOINT_URL = self.server.url,
    AWS_EC2_METADATA_DISABLED = "true",
  }
  for name, value in pairs(given.env or {}) do env[name] = value or nil end
  local options = { env = env }
  for name, value in pairs(given.options or {}) do options[name] = value end
  return assert(ivs.client(options))
end

--- One call of IVS with such a client.
function Scene:call(given)
  local client = self:client(given)
  local response, err = client:get_recording_configuration { arn = sts.ARN }
  client:close()
  return response, err
end

--- The requests to STS, and the access key ID and the session token of the requests to IVS.
function Scene:arrived()
  local asked, last = {}, nil
  for _, request in ipairs(self.server:requests()) do
    if request.path == "/" then
      request.fields = sts.fields(request.body)
      asked[#asked + 1] = request
    else
      last = request
    end
  end
  local access_key_id = last and last.headers.authorization:match("Credential=([^/]+)/")
  return asked, access_key_id, last and last.headers["x-amz-security-token"]
end

--- Stops the server and removes its files.
function Scene:stop()
  self.server:stop()
  shell.run("rm -rf -- " .. shell.quote(self.directory))
end

return sts
