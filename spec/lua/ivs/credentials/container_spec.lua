--- Credentials from a container's endpoint, a real server here.

local container = require "ivs.credentials.container"
local failure = require "ivs.failure"
local http_server = require "support.http_server"
local stand_in = require "support.stand_in"
local whole_call = require "support.whole_call"

local RELATIVE, FULL = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"
local TOKEN, TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"

local DOCUMENT = [[{"RoleArn": "arn:aws:iam::123456789012:role/task", "AccessKeyId": "AKIDEXAMPLE",
  "SecretAccessKey": "hunter2", "Token": "to/ken=", "Expiration": "2030-01-02T03:04:05Z"}]]
local KEYS = { access_key_id = "AKIDEXAMPLE", secret_access_key = "hunter2", session_token = "to/ken=",
  expiration = 1893553445 }
local SECRETS = { "hunter2", "AKIDEXAMPLE", "to/ken=", "bearer", "guid" }

-- Hosts that plain http may go to, and what only looks like one of them.
local ALLOWED = { "127.0.0.1", "127.0.0.1:8080", "127.255.3.254", "localhost", "LOCALHOST:1", "[::1]", "[::1]:80",
  "[0:0:0:0:0:0:0:1]", "169.254.170.2", "169.254.170.23:80", "[fd00:ec2::23]", "[FD00:EC2::23]:80" }
local REFUSED = { "example.com", "169.254.170.3", "169.254.169.254", "128.0.0.1", "10.0.0.1", "127.0.0.1.example.com",
  "localhost.example.com", "xlocalhost", "127.0.0.256", "0127.0.0.1", "127.1", "2130706433", "0x7f.0.0.1", "127.0.0",
  "[::2]", "[::]", "[fd00:ec2::24]", "[::ffff:127.0.0.1]", "[fe80::1]", "169.254.170.23.", "0.0.0.0" }
local NO_URLS = { "/relative", "localhost/x", "//localhost/x", "ftp://localhost/", "file:///etc/passwd", "http:///x",
  "http://user@localhost/", "http://localhost@example.com/", "http://localhost:80@example.com/", "http://localhost /",
  "http://localhost\\@example.com/", "http://localhost/\r\nX-Evil: 1", "http://localhost\n", "http://localhost:port/",
  "http://localhost:70000/", "http://[::1/", "http://::1/", "http://loc\195\164lhost/",
  "https://user:bearer@example.com/",
  "javascript://localhost/", "http://%6cocalhost/", "http://localhost%00.example.com/", "http://[::1%25lo]/" }

describe("the container endpoint", function()
  local server

  setup(function() server = http_server.start() end)
  teardown(function() server:stop() end)

  --- Retrieves credentials where the server gives these answers; returns the requests that it saw, too.
  local function retrieve(answers, options)
    options = options or {}
    options.env = options.env or { [FULL] = server.url .. "/guid" }
    server:route("GET /guid", answers)
    local before = #server:requests()
    local context = stand_in.context(options)
    local keys, err = container.retrieve(context)
    local seen = server:requests()
    return keys, err, { (table.unpack or unpack)(seen, before + 1) }, context -- luacheck: ignore 143
  end

  local function with(env)
    env[FULL] = env[FULL] or server.url .. "/guid"
    return { env = env }
  end

  local function assert_broken(...) stand_in.assert_failed("container-role", SECRETS, ...) end

  it("reveals no piece of the token, whatever quotes it", function()
    local token = "Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJwb2QifQ"
    for _, case in ipairs {
      { { status = 403, body = '{"code":"AccessDenied","message":"no: ' .. token:sub(8) .. '"}' } },
      { { status = 403, body = '{"message":"' .. ("x"):rep(480) .. token .. '"}' } },
      { {}, function(request) return nil, failure.new("connection", "HTTPClientError", "sent " .. request.headers.Authorization) end },
    } do
      local options = with { [TOKEN] = token }
      options.http = case[2]
      local keys, err = retrieve({ case[1] }, options)
      assert_broken(keys, err, "********")
      for at = 1, #token - 15 do assert.is_nil(err.message:find(token:sub(at, at + 15), 1, true), err.message) end
    end
  end)

  it("is called only if a variable names it", function()
    local env = { [TOKEN] = "bearer", [RELATIVE] = "", [FULL] = "" }
    local keys, why = container.retrieve(stand_in.context { env = env })
    assert.is_nil(keys)
    assert.equal("neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set", why)
  end)

  it("returns the credentials of its document", function()
    local keys, err, requests, context = retrieve { body = DOCUMENT }
    assert.is_nil(err)
    assert.same(KEYS, keys)
    assert.equal(1, #requests)
    assert.equal("GET", requests[1].method)
    assert.equal("application/json", requests[1].headers.accept)
    assert.is_nil(requests[1].headers.authorization)
    assert.same({}, context.slept)
  end)

  it("is never called through a proxy, has a timeout of 2 seconds and a limit for the response", function()
    local _, _, _, context = retrieve { body = DOCUMENT }
    local request = context.asked[1]
    assert.is_true(request.direct)
    assert.equal(2, request.connect_timeout)
    assert.equal(2, request.read_timeout)
    assert.equal(64 * 1024, request.max_bytes)
  end)

  it("is ECS's if the URI is relative, which overrides a full one", function()
    local keys, err, requests = retrieve({ body = DOCUMENT }, {
      env = { [RELATIVE] = "/guid?a=b%20c", [FULL] = "http://example.com/" }, connect_to = server,
    })
    assert.is_nil(err)
    assert.same(KEYS, keys)
    assert.equal("/guid?a=b%20c", requests[1].path)
    assert.equal("169.254.170.2", requests[1].headers.host)
  end)

  it("is refused if the relative URI would name another host", function()
    for _, uri in ipairs { ".example.com/", "@example.com/guid", ":80/", "guid", "/a b", "/a\r\nX-Evil: 1", "\\x" } do
      local context = stand_in.context { env = { [RELATIVE] = uri } }
      local keys, err = container.retrieve(context)
      assert_broken(keys, err, RELATIVE)
      assert.same({}, context.asked)
    end
  end)

  it("may be any host of the allowlist over plain http", function()
    for _, host in ipairs(ALLOWED) do
      local keys, err, requests = retrieve({ body = DOCUMENT }, {
        env = { [FULL] = "http://" .. host .. "/guid", [TOKEN] = "bearer" }, connect_to = server,
      })
      assert.same(KEYS, keys, host .. " " .. tostring(err))
      assert.equal("bearer", requests[1].headers.authorization)
    end
  end)

  it("may not be another host over plain http, and no token is sent there", function()
    for _, host in ipairs(REFUSED) do
      local context = stand_in.context { env = { [FULL] = "http://" .. host .. "/guid", [TOKEN] = "bearer" } }
      local keys, err = container.retrieve(context)
      assert_broken(keys, err, "Unsupported host", FULL)
      assert.same({}, context.asked, host)
    end
  end)

  it("may be any host over https", function()
    for _, host in ipairs { "example.com", "10.0.0.1:8443", "[2001:db8::1]" } do
      local context = stand_in.context {
        env = { [FULL] = "https://" .. host .. "/guid" },
        http = function() return { status = 200, headers = {}, body = DOCUMENT } end,
      }
      assert.same(KEYS, (container.retrieve(context)))
      assert.equal("https://" .. host .. "/guid", context.asked[1].url)
    end
  end)

  it("has to be an http or https URL without a user", function()
    for _, url in ipairs(NO_URLS) do
      local context = stand_in.context { env = { [FULL] = url, [TOKEN] = "bearer" } }
      local keys, err = container.retrieve(context)
      assert_broken(keys, err, FULL)
      assert.same({}, context.asked, url)
    end
  end)

  it("receives the token", function()
    local _, _, requests = retrieve({ body = DOCUMENT }, with { [TOKEN] = "Basic bearer==" })
    assert.equal("Basic bearer==", requests[1].headers.authorization)
  end)

  it("receives the token of the file, which overrides the variable and is read each time", function()
    stand_in.with_directory(function(directory)
      local env = { [TOKEN_FILE] = directory .. "/token", [TOKEN] = "other" }
      for _, token in ipairs { "bearer1", "bearer2" } do
        stand_in.write(env[TOKEN_FILE], token)
        local _, _, requests = retrieve({ body = DOCUMENT }, with(env))
        assert.equal(token, requests[1].headers.authorization)
      end
    end)
  end)

  it("receives the token without a trailing newline", function()
    stand_in.with_directory(function(directory)
      local path = stand_in.write(directory .. "/token", "bearer\n")
      local _, _, requests = retrieve({ body = DOCUMENT }, with { [TOKEN_FILE] = path })
      assert.equal("bearer", requests[1].headers.authorization)
    end)
    local _, _, requests = retrieve({ body = DOCUMENT }, with { [TOKEN] = "bearer\n" })
    assert.equal("bearer", requests[1].headers.authorization)
  end)

  it("receives no token that would break out of its header", function()
    for _, token in ipairs { "bearer\r\nX-Evil: 1", "bearer\n\n", "bearer\r", "\nbearer", "bearer\r\n", "bearer\0x",
      "\n\n" } do
      stand_in.with_directory(function(directory)
        local path = stand_in.write(directory .. "/token", token)
        for variable, value in pairs { [TOKEN] = token, [TOKEN_FILE] = path } do
          local keys, err, requests = retrieve({ body = DOCUMENT }, with { [variable] = value })
          assert_broken(keys, err, variable, "not a legal header value")
          assert.same({}, requests)
        end
      end)
    end
  end)

  it("is not called if the token's file cannot be read", function()
    stand_in.with_directory(function(directory)
      local empty = stand_in.write(directory .. "/token", "\n")
      for path, part in pairs { ["/nonexistent/token"] = "No such file or directory", [directory] = "directory",
        [empty] = "empty file" } do
        local keys, err, requests = retrieve({ body = DOCUMENT }, with { [TOKEN_FILE] = path, [TOKEN] = "bearer" })
        assert_broken(keys, err, TOKEN_FILE, path, part)
        assert.same({}, requests)
      end
    end)
  end)

  it("is called three times, a second apart, if it fails", function()
    local keys, err, requests, context = retrieve { { status = 500 }, { body = "<html>" }, { body = DOCUMENT } }
    assert.is_nil(err)
    assert.same(KEYS, keys)
    assert.equal(3, #requests)
    assert.same({ 1, 1 }, context.slept)
  end)

  it("is an error if it fails three times", function()
    local origin = "http://127.0.0.1:" .. server.port
    for name, case in pairs {
      ["an error"] = { { status = 500, body = "hunter2" }, "status 500" },
      ["not found"] = { { status = 404, body = "<html>hunter2</html>" }, "status 404" },
      ["a redirect"] = { { status = 302, headers = { Location = "/elsewhere" } }, "status 302" },
      ["an error document"] = {
        { status = 403, body = '{"code": "AccessDenied", "message": "no\\nrole", "k": "hunter2"}' },
        "status 403: AccessDenied: no role",
      },
      ["HTML"] = { { body = "<html>hunter2</html>" }, "did not answer with a JSON object" },
      ["half a document"] = { { body = DOCUMENT:sub(1, -3) }, "did not answer with a JSON object" },
      ["nothing"] = { { body = "" }, "did not answer with a JSON object" },
      ["text"] = { { body = '"hunter2"' }, "did not answer with a JSON object" },
      ["a megabyte"] = { { body = (" "):rep(1048576) .. DOCUMENT }, "ResponseParserError" },
      ["a reset"] = { { close = true }, "ConnectionClosedError" },
    } do
      local keys, err, requests, context = retrieve(case[1])
      assert_broken(keys, err, case[2], origin)
      assert.is_true(err.retryable, name)
      assert.equal(3, #requests, name)
      assert.same({ 1, 1 }, context.slept, name)
    end
  end)

  it("is an error if it hangs", function()
    local keys, err, requests, context = retrieve({ body = DOCUMENT, delay = 5 }, { timeout = 0.2 })
    assert_broken(keys, err, "ReadTimeoutError", server.url)
    assert.equal(3, #requests)
    assert.same({ 1, 1 }, context.slept)
  end)

  it("is an error if nothing listens", function()
    local gone = http_server.start()
    gone:stop()
    local keys, err = container.retrieve(stand_in.context { env = { [FULL] = gone.url .. "/guid" } })
    assert_broken(keys, err, "EndpointConnectionError", gone.url)
  end)

  it("is not called again if its certificate is refused", function()
    local context = stand_in.context {
      env = { [FULL] = "https://example.com/guid" },
      http = function(request)
        return nil, failure.new("tls", "SSLError", "SSL validation failed for " .. request.url)
      end,
    }
    local keys, err = container.retrieve(context)
    assert_broken(keys, err, "SSL validation failed for https://example.com")
    assert.equal(1, #context.asked)
  end)

  it("is an error if its document lacks a member, and is not called again", function()
    for _, name in ipairs { "AccessKeyId", "SecretAccessKey", "Token", "Expiration" } do
      local keys, err, requests = retrieve { body = (DOCUMENT:gsub('"' .. name .. '"', '"Other"')) }
      assert_broken(keys, err, ("Missing required key in response: '%s'"):format(name))
      assert.equal(1, #requests)
    end
    local keys, err = retrieve { body = "[]" }
    assert_broken(keys, err, "Missing required key in response: 'AccessKeyId'")
  end)

  it("is an error with the code and the message of an error document", function()
    for _, names in ipairs { { "code", "message" }, { "Code", "Message" } } do
      local keys, err = retrieve { body = ('{"%s": "NoRole", "%s": "there is none"}'):format(names[1], names[2]) }
      assert_broken(keys, err, "NoRole: there is none")
    end
  end)

  it("is an error if its document has members of a wrong type, or ones that would break out of a header", function()
    for _, name in ipairs { "AccessKeyId", "SecretAccessKey", "Token", "Expiration" } do
      for _, value in ipairs { "5", "true", "{}", '"hunter2\\r\\nX-Evil: 1"' } do
        local keys, err = retrieve { body = (DOCUMENT:gsub('("' .. name .. '": )"[^"]*"', "%1" .. value)) }
        assert_broken(keys, err, name)
      end
    end
    local keys, err = retrieve { body = (DOCUMENT:gsub("2030%-01%-02T03:04:05Z", "tomorrow")) }
    assert_broken(keys, err, "Expiration")
  end)

  it("may return credentials without a token, as null", function()
    local keys = retrieve { body = (DOCUMENT:gsub('"to/ken="', "null")) }
    assert.equal("AKIDEXAMPLE", keys.access_key_id)
    assert.is_nil(keys.session_token)
  end)

  it("is an error if its credentials have expired", function()
    local keys, err = retrieve({ body = DOCUMENT }, { now = 1893553446 })
    assert_broken(keys, err, "have expired")
  end)

  it("may be on ::1", function()
    local six = http_server.start { host = "::1", routes = { ["GET /guid"] = { body = DOCUMENT } } }
    local keys, err = container.retrieve(stand_in.context { env = { [FULL] = six.url .. "/guid" } })
    six:stop()
    assert.same(KEYS, keys, tostring(err))
  end)

  it("works in a whole call, bypassing a configured proxy", function()
    server:route("GET /guid", { { status = 500 }, { body = whole_call.document "Token" } })
    local response, err, told = whole_call.make {
      [FULL] = server.url .. "/guid", [TOKEN] = "bearer", http_proxy = "http://127.0.0.1:1",
    }
    assert.equal("ACTIVE", response and response.recordingConfiguration.state, tostring(err))
    assert.equal("container", told.provider)
  end)

  it("ends the chain of a whole call if it fails", function()
    server:route("GET /guid", { status = 503 })
    local response, err = whole_call.make { [FULL] = server.url .. "/guid" }
    assert_broken(response, err, "status 503")
    assert.equal("container", err.causes[#err.causes].provider)
  end)
end)
