--- The credentials of a client: the option, as a table or a function, and the environment (docs/protocol.md, "Credential sources").
-- Every problem with them is an error object, and nothing is sent. The refresh before they expire is in spec/call/refresh_spec.

local ivs = require "ivs"
local store = require "emulator.store"

local ARN = store.configurations.complete.arn
local GOOD = { status = 200, body = '{"recordingConfiguration":{"state":"ACTIVE"}}' }

--- No source of credentials but those of the test: no file, no metadata service.
local function environment(more)
  local variables = { AWS_EC2_METADATA_DISABLED = "true", AWS_CONFIG_FILE = "/nonexistent/config", HOME = "/nonexistent",
    AWS_SHARED_CREDENTIALS_FILE = "/nonexistent/credentials" }
  for name, value in pairs(more or {}) do variables[name] = value end
  return variables
end

--- Keeps the requests of a client with these credentials and this environment.
local function client_with(credentials, env)
  local sent = {}
  local client, err = ivs.client { region = "us-west-2", credentials = credentials, env = environment(env),
    transport = function(request)
      sent[#sent + 1] = request
      return GOOD
    end }
  return client, sent, err
end

local function key_of(request)
  return request.headers.Authorization:match("Credential=([^/]+)/")
end

--- What a call with these credentials fails with; nothing may have been sent.
local function failure(credentials, env)
  local client, sent, err = client_with(credentials, env)
  if client then
    local response
    response, err = client:get_recording_configuration(ARN)
    assert.is_nil(response)
  end
  assert.equal(0, #sent)
  assert.same({ "credentials", 0 }, { err.kind, err.attempts })
  return err
end

local function keys_until(seconds, id)
  return { access_key_id = id or "AKIDFUNCTION", secret_access_key = "s", expiration = os.time() + seconds }
end

describe("credentials in the environment", function()
  it("sign the call", function()
    local client, sent = client_with(nil, { AWS_ACCESS_KEY_ID = "AKIDENV", AWS_SECRET_ACCESS_KEY = "s" })
    assert(client:get_recording_configuration(ARN))
    assert.equal("AKIDENV", key_of(sent[1]))
    assert.is_nil(sent[1].headers["X-Amz-Security-Token"])
  end)

  it("have a token, by the old name before the new one", function()
    local client, sent = client_with(nil, { AWS_ACCESS_KEY_ID = "A", AWS_SECRET_ACCESS_KEY = "s", AWS_SESSION_TOKEN = "new" })
    assert(client:get_recording_configuration(ARN))
    assert.equal("new", sent[1].headers["X-Amz-Security-Token"])
    client, sent = client_with(nil, { AWS_ACCESS_KEY_ID = "A", AWS_SECRET_ACCESS_KEY = "s", AWS_SESSION_TOKEN = "new",
      AWS_SECURITY_TOKEN = "old" })
    assert(client:get_recording_configuration(ARN))
    assert.equal("old", sent[1].headers["X-Amz-Security-Token"])
  end)

  it("are not read if the option has some", function()
    local client, sent = client_with({ access_key_id = "AKIDOPTION", secret_access_key = "s" },
      { AWS_ACCESS_KEY_ID = "AKIDENV", AWS_SECRET_ACCESS_KEY = "s", AWS_SESSION_TOKEN = "t" })
    assert(client:get_recording_configuration(ARN))
    assert.equal("AKIDOPTION", key_of(sent[1]))
    assert.is_nil(sent[1].headers["X-Amz-Security-Token"])
  end)

  it("are refused if one of the pair is missing", function()
    for _, env in ipairs { { AWS_ACCESS_KEY_ID = "A" }, { AWS_ACCESS_KEY_ID = "A", AWS_SECRET_ACCESS_KEY = "" } } do
      local err = failure(nil, env)
      assert.equal("PartialCredentialsError", err.code)
      assert.truthy(err.message:find("AWS_SECRET_ACCESS_KEY", 1, true), err.message)
    end
  end)

  it("that are missing are NoCredentialsError, with each source and its reason", function()
    for _, env in ipairs { {}, { AWS_ACCESS_KEY_ID = "" }, { AWS_SECRET_ACCESS_KEY = "s" } } do
      local err = failure(nil, env)
      assert.equal(ivs.exceptions.NoCredentialsError, err.code)
      assert.truthy(err.message:find("^Unable to locate credentials"), err.message)
      assert.is_true(#err.causes >= 1)
      for _, cause in ipairs(err.causes) do
        assert.same({ "string", "string" }, { type(cause.provider), type(cause.message) })
        assert.truthy(tostring(err):find(cause.message, 1, true))
      end
      assert.truthy(err.causes[1].message:find("AWS_ACCESS_KEY_ID", 1, true))
    end
  end)

  it("that were missing once are found at the next call", function()
    local env = environment()
    local client = assert(ivs.client { region = "us-west-2", env = env, transport = function() return GOOD end })
    assert.equal("NoCredentialsError", select(2, client:get_recording_configuration(ARN)).code)
    env.AWS_ACCESS_KEY_ID, env.AWS_SECRET_ACCESS_KEY = "A", "s"
    assert(client:get_recording_configuration(ARN))
  end)

  it("that have expired are refused", function()
    failure(nil, { AWS_ACCESS_KEY_ID = "A", AWS_SECRET_ACCESS_KEY = "s", AWS_CREDENTIAL_EXPIRATION = "2020-01-01T00:00:00Z" })
  end)
end)

describe("a table of credentials", function()
  it("is refused when the client is made, if one of the pair is missing", function()
    for missing, keys in pairs { secret_access_key = { access_key_id = "A" }, access_key_id = { secret_access_key = "s" } } do
      local client, _, err = client_with(keys)
      assert.is_nil(client)
      assert.same({ "credentials", "PartialCredentialsError" }, { err.kind, err.code })
      assert.truthy(err.message:find(missing, 1, true), err.message)
      keys[missing] = ""
      assert.is_nil((client_with(keys)))
    end
    assert.is_nil((client_with {}))
  end)

  it("is refused if a member has a wrong type or form", function()
    for name, values in pairs { access_key_id = { 5, true, {} }, secret_access_key = { 5, {} }, session_token = { 5, {} },
      expiration = { "soon", -1, {}, true, 0 / 0, math.huge, "2024-13-01T00:00:00Z" } } do
      for _, value in ipairs(values) do
        local keys = { access_key_id = "A", secret_access_key = "S3cr3t" }
        keys[name] = value
        assert.is_nil(tostring(failure(keys)):find("S3cr3t", 1, true))
      end
    end
  end)

  it("may have an expiration, as text or as seconds, and is refused from then on", function()
    for _, time in ipairs { "2020-01-01T00:00:00Z", "2020-01-01T00:00:00.000+02:00", 1577836800, os.time() - 1 } do
      local err = failure { access_key_id = "A", secret_access_key = "s", expiration = time }
      assert.truthy(err.message:find("expired", 1, true), err.message)
    end
    for _, time in ipairs { "2999-01-01T00:00:00Z", "2999-01-01T00:00:00+0200", os.time() + 3600, os.time() + 60 } do
      local client = client_with { access_key_id = "A", secret_access_key = "s", expiration = time }
      assert(client:get_recording_configuration(ARN))
    end
  end)

  it("is copied: the caller may change it afterwards", function()
    local keys = { access_key_id = "AKIDFIRST", secret_access_key = "s" }
    local client, sent = client_with(keys)
    keys.access_key_id = "AKIDSECOND"
    assert(client:get_recording_configuration(ARN))
    assert.equal("AKIDFIRST", key_of(sent[1]))
  end)
end)

describe("a function that returns credentials", function()
  it("is called when credentials are needed, and not again while they are valid", function()
    local asked = 0
    local client, sent = client_with(function()
      asked = asked + 1
      return keys_until(16 * 60)
    end)
    assert.equal(0, asked)
    for _ = 1, 3 do assert(client:get_recording_configuration(ARN)) end
    assert.equal(1, asked)
    assert.equal("AKIDFUNCTION", key_of(sent[3]))
  end)

  it("is called again from 15 minutes before they expire", function()
    local asked = 0
    local client, sent = client_with(function()
      asked = asked + 1
      return keys_until(14 * 60, "AKID" .. asked)
    end)
    for _ = 1, 3 do assert(client:get_recording_configuration(ARN)) end
    assert.same({ 3, "AKID3" }, { asked, key_of(sent[3]) })
  end)

  it("may fail while the old credentials are valid", function()
    local asked = 0
    local client, sent = client_with(function()
      asked = asked + 1
      if asked == 1 then return keys_until(14 * 60) end
      error("down")
    end)
    for _ = 1, 3 do assert(client:get_recording_configuration(ARN)) end
    assert.same({ 3, "AKIDFUNCTION" }, { asked, key_of(sent[3]) })
  end)

  it("that returns something other than credentials makes the call fail", function()
    for _, given in ipairs { 5, "AKID", true, false, print, {}, { access_key_id = 5, secret_access_key = "s" },
      { access_key_id = "A", secret_access_key = "s", expiration = "soon" }, { "A", "s" } } do
      local err = failure(function() return given end)
      assert.truthy(err.code == "CredentialRetrievalError" or err.code == "PartialCredentialsError", err.code)
      assert.is_true(#err.message > 0)
    end
    for _, half in ipairs { { access_key_id = "A" }, { secret_access_key = "s" },
      { access_key_id = "", secret_access_key = "s" } } do
      assert.equal("PartialCredentialsError", failure(function() return half end).code)
    end
    local err = failure(function() return keys_until(-1) end)
    assert.same({ "CredentialRetrievalError", "The provided credentials have expired" },
      { err.code, err.message:match("^[^;]+") })
  end)

  it("that raises or returns a reason makes the call fail with that reason", function()
    local err = failure(function() error("the vault is sealed", 0) end)
    assert.same({ "CredentialRetrievalError", "the vault is sealed" }, { err.code, err.message })
    err = failure(function() return nil, "the vault is sealed" end)
    assert.same({ "CredentialRetrievalError", "the vault is sealed" }, { err.code, err.message })
    for _, reason in ipairs { function() end, function() error() end, function() error({}) end,
      function() return nil, {} end, function() return nil, 5 end } do
      err = failure(reason)
      assert.equal("CredentialRetrievalError", err.code)
      assert.is_true(#err.message > 0)
    end
    local given = { kind = "credentials", code = "TokenRetrievalError", message = "m",
      causes = { { provider = "p", message = "q" } } }
    err = failure(function() return nil, given end)
    assert.same({ "TokenRetrievalError", "m", given.causes }, { err.code, err.message, err.causes })
  end)

  it("fails with its own causes, not with those of an earlier call", function()
    local asked = 0
    local client = client_with(function()
      asked = asked + 1
      if asked == 1 then return nil, { code = "X", message = "m", causes = { { provider = "p", message = "q" } } } end
      return nil, "another reason"
    end)
    assert.equal(1, #select(2, client:get_recording_configuration(ARN)).causes)
    assert.is_nil(select(2, client:get_recording_configuration(ARN)).causes)
  end)

  it("is called again after a failure", function()
    local asked = 0
    local client = client_with(function()
      asked = asked + 1
      if asked == 1 then return nil, "not yet" end
      return keys_until(3600)
    end)
    assert.is_nil((client:get_recording_configuration(ARN)))
    assert(client:get_recording_configuration(ARN))
    assert.equal(2, asked)
  end)

  it("may call the client itself", function()
    local client, depth = nil, 0
    client = client_with(function()
      depth = depth + 1
      if depth == 1 then assert(client:get_recording_configuration(ARN)) end
      return keys_until(3600)
    end)
    assert(client:get_recording_configuration(ARN))
    assert(client:get_recording_configuration(ARN))
  end)

  it("may return credentials with metamethods", function()
    local junk = {}
    local client, sent = client_with(function()
      return setmetatable({}, { __index = function(_, name)
        if name == "expiration" then return nil end
        local text = ("%s-%d"):format(name, #junk):rep(8)
        collectgarbage()
        for index = 1, 200 do junk[index] = ("junk%d"):format(index):rep(24) end
        return text
      end })
    end)
    assert(client:get_recording_configuration(ARN))
    assert.equal(("access_key_id-0"):rep(8), key_of(sent[1]))
  end)
end)
