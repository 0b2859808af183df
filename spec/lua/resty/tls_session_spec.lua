--- TLS sessions inside nginx: resumed, and never in place of a verification. The server is an nginx that closes each connection after
-- one response, and says in it whether the handshake resumed a session ($ssl_session_reused: "r", or "." for a full handshake).

local certificates = require "support.certificates"
local nginx = require "support.nginx"
local redis_server = require "support.redis_server"
local shell = require "emulator.shell"

if not nginx.available then return end

local SERVER = [[server {
  listen 127.0.0.1:%d ssl;
  ssl_certificate %s/%s.pem;
  ssl_certificate_key %s/%s.key;
  keepalive_timeout 0;
  location / {
    default_type application/json;
    return 200 '{"recordingConfiguration":{"name":"$ssl_session_reused"}}';
  }
}]]

local INIT = [[
function new(port, verify)
  return require("resty.ivs").client { region = "us-west-2", env = {}, endpoint_url = "https://localhost:" .. port, max_attempts = 1,
    verify = verify, credentials = { access_key_id = "AKID", secret_access_key = "spec" } }
end
function call(client)
  local response, err = client:get_recording_configuration "arn"
  return response and response.recordingConfiguration.name or err.code
end
]]

describe("inside nginx, a TLS session", function()
  local directory, server, site, trusted, untrusted

  lazy_setup(function()
    directory = shell.run('mktemp -d "${TMPDIR:-/tmp}/ivs-sessions.XXXXXX"'):match "[^\n]+"
    certificates.make(directory)
    trusted, untrusted = redis_server.free_port(), redis_server.free_port()
    server = nginx.start { http = SERVER:format(trusted, directory, "server", directory, "server")
      .. SERVER:format(untrusted, directory, "unknown", directory, "unknown") }
    site = nginx.start { init = INIT, http = ("lua_socket_log_errors off; lua_ssl_trusted_certificate %s/ca.pem;"):format(directory) }
  end)

  lazy_teardown(function()
    site:stop()
    server:stop()
    shell.run("rm -rf -- " .. shell.quote(directory))
  end)

  it("is resumed by the client that began it, and by no other one", function()
    assert.same({ ".", "r", "r", ".", "r" }, site:run([[
      local one, other = new(%d), new(%d)
      return { call(one), call(one), call(one), call(other), call(other) }]], trusted, trusted))
  end)

  it("that began without verification does not help a client that verifies", function()
    assert.same({ ".", "r", "SSLError", "SSLError", "r" }, site:run([[
      local careless, careful = new(%d, false), new(%d)
      return { call(careless), call(careless), call(careful), call(careful), call(careless) }]], untrusted, untrusted))
  end)

  it("is replaced by one with a verified certificate when it is old, however often it was resumed", function()
    assert.same({ ".", "r", ".", "r" }, site:run([[
      local connection, client = require "resty.ivs.http.connection", new(%d)
      local found, usual = { call(client), call(client) }, connection.longest_session
      connection.longest_session = 0
      found[3] = call(client)
      connection.longest_session = usual
      found[4] = call(client)
      return found]], trusted))
  end)

  it("that the server no longer knows is replaced without a failure", function()
    assert.same({ ".", "r" }, site:run("client = new(%d) return { call(client), call(client) }", trusted))
    local worker = server:workers()[1]
    server:signal "HUP" -- the new worker has other keys for its tickets
    for _ = 1, 2000 do
      local workers = server:workers()
      if #workers == 1 and workers[1] ~= worker then break end
      shell.run "sleep 0.01"
    end
    assert.same({ ".", "r" }, site:run "return { call(client), call(client) }")
  end)
end)
