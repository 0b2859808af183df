-- STS of the emulator, with botocore as the client. One run of botocore_client.py makes all calls, in order.

local cjson = require "cjson"
local botocore = require "emulator.botocore"
local server = require "emulator.server"
local shell = require "emulator.shell"
local store = require "emulator.store"

local ARN = store.configurations.complete.arn
local ROLE = "arn:aws:iam::123456789012:role/team/video"
local FORM = "application/x-www-form-urlencoded; charset=utf-8"
local EMPTY = cjson.decode "{}" -- an empty table is written as an object

local function base64url(text)
  return (shell.run("printf %s " .. shell.quote(text) .. " | base64 -w 0"):gsub("+", "-"):gsub("/", "_"):gsub("=", ""))
end

local function json_web_token(claims)
  return base64url '{"alg":"RS256"}' .. "." .. base64url(cjson.encode(claims)) .. ".c2lnbmF0dXJl"
end

local function claims(expiration)
  return { sub = "system:serviceaccount:video:check", iss = "https://oidc.example.com/id/<1>&2", aud = "sts.amazonaws.com",
    exp = expiration }
end

describe("the emulator's STS", function()
  local emulator, results, before, after

  local function assume(changes)
    local parameters = { RoleArn = ROLE, RoleSessionName = "cutter" }
    for name, value in pairs(changes or {}) do
      parameters[name] = value ~= false and value or nil
    end
    return { sts = "assume_role", parameters = parameters }
  end

  local function web_identity(token, role)
    return { sts = "assume_role_with_web_identity",
      parameters = { RoleArn = role or ROLE, RoleSessionName = "pod", WebIdentityToken = token } }
  end

  local function with(call, members)
    for name, value in pairs(members) do
      call[name] = value
    end
    return call
  end

  local function assert_error(name, code, status, message)
    local result = results[name]
    assert.same({ code, status }, { result.code, result.status }, name)
    assert.truthy(result.message:find(message, 1, true), result.message)
    assert.truthy(result.request_id:match("^%x+%-%x+%-4%x+%-a%x+%-%x+$"), result.request_id)
  end

  setup(function()
    local job = botocore.job()
    job:add("user", { sts = "get_caller_identity" })
    job:add("temporary", { sts = "get_caller_identity" }, store.keys.temporary)
    job:add("role", assume())
    job:add("role's identity", { sts = "get_caller_identity", credentials_of = "role" })
    job:add("role's call", { arn = ARN, credentials_of = "role" })
    job:add("role's list", { list = EMPTY, credentials_of = "role" })
    job:add("role's call without token", { arn = ARN, credentials_of = "role", session_token = false })
    job:add("role's call with another token", { arn = ARN, credentials_of = "role", session_token = "other" })
    job:add("role's denied call", { arn = store.arn "access-denied", credentials_of = "role" })
    job:add("other account", assume { RoleArn = "arn:aws:iam::210987654321:role/video" })
    job:add("other account's identity", { sts = "get_caller_identity", credentials_of = "other account" })
    job:add("other account's list", { list = EMPTY, credentials_of = "other account" })
    job:add("role of a role", with(assume { RoleSessionName = "next" }, { credentials_of = "role" }))
    job:add("duration", assume { DurationSeconds = 900 })
    job:add("short", assume { RoleArn = "arn:aws:iam::123456789012:role/lasts-0" })
    job:add("short's call", { arn = ARN, credentials_of = "short" })
    job:add("short's identity", { sts = "get_caller_identity", credentials_of = "short" })
    job:add("denied", assume { RoleArn = "arn:aws:iam::123456789012:role/team/denied" })
    job:add("denied to a role", with(assume { RoleArn = "arn:aws:iam::123456789012:role/denied-2" }, { credentials_of = "role" }))
    job:add("no role", assume { RoleArn = false })
    job:add("no session name", assume { RoleSessionName = false })
    job:add("user as role", assume { RoleArn = "arn:aws:iam::123456789012:user/somebody" })
    job:add("session name", assume { RoleSessionName = "a/b" })
    job:add("short session name", assume { RoleSessionName = "a" })
    job:add("short duration", assume { DurationSeconds = 899 })
    job:add("long duration", assume { DurationSeconds = 43201 })
    job:add("web identity", web_identity(json_web_token(claims(os.time() + 3600))))
    job:add("web identity's identity", { sts = "get_caller_identity", credentials_of = "web identity" })
    job:add("web identity's call", { arn = ARN, credentials_of = "web identity" })
    job:add("expired web identity", web_identity(json_web_token(claims(1))))
    job:add("no web identity", web_identity "not-a-token")
    job:add("denied web identity", web_identity(json_web_token(claims()), "arn:aws:iam::123456789012:role/denied"))
    job:add("unknown key", { sts = "get_caller_identity", access_key_id = "AKIAI44QH8DHBEXAMPLE" })
    job:add("wrong secret", { sts = "get_caller_identity", secret_access_key = "wrong" })
    job:add("expired key", { sts = "get_caller_identity" }, store.keys.expired)
    local function form(name, body, changes)
      job:add(name, { send = with({ path = "/", body = body, service = "sts", headers = { ["Content-Type"] = FORM } }, changes or {}) })
    end
    form("signed for ivs", "Action=GetCallerIdentity&Version=2011-06-15", { service = "ivs" })
    form("unsigned", "Action=GetCallerIdentity&Version=2011-06-15", { unsigned = true })
    form("other action", "Action=GetUser&Version=2011-06-15")
    form("other version", "Action=GetCallerIdentity&Version=2010-05-08")
    form("no form", "\0{%zz&&==")
    form("odd values", "Action=AssumeRole&Version=2011-06-15&RoleArn&RoleSessionName=ab&RoleSessionName=cd&DurationSeconds=1h")
    emulator = server.start()
    before = os.time()
    results = job:run(emulator)
    after = os.time()
  end)

  teardown(function()
    emulator:stop()
  end)

  it("returns the identity that signed a call", function()
    assert.same({ Account = "123456789012", Arn = "arn:aws:iam::123456789012:user/emulator", UserId = "AIDAEXAMPLEEMULATOR00" },
      results.user.response)
    assert.equal("arn:aws:sts::123456789012:assumed-role/emulator/temporary", results.temporary.response.Arn)
  end)

  it("returns credentials for a role, of the role's account, with an ARN without path", function()
    local arn = "arn:aws:sts::123456789012:assumed-role/video/cutter"
    assert.equal(arn, results.role.response.AssumedRoleUser.Arn)
    assert.equal(arn, results["role's identity"].response.Arn)
    assert.same(results.role.response.AssumedRoleUser.AssumedRoleId, results["role's identity"].response.UserId)
    assert.equal("210987654321", results["other account's identity"].response.Account)
    assert.equal("arn:aws:sts::123456789012:assumed-role/video/next", results["role of a role"].response.AssumedRoleUser.Arn)
  end)

  it("makes credentials in AWS's form, different ones each time", function()
    local keys = results.role.response.Credentials
    assert.truthy(keys.AccessKeyId:match("^ASIA[A-Z2-7]+$") and #keys.AccessKeyId == 20, keys.AccessKeyId)
    assert.equal(40, #keys.SecretAccessKey)
    assert.truthy(#keys.SessionToken > 300)
    assert.are_not.equal(keys.AccessKeyId, results.duration.response.Credentials.AccessKeyId)
    assert.are_not.equal(keys.SecretAccessKey, results.duration.response.Credentials.SecretAccessKey)
  end)

  -- DurationSeconds in AWS STS's AssumeRole: 3600 unless told.
  it("returns when the credentials expire", function()
    for name, seconds in pairs { role = 3600, duration = 900 } do
      local text = results[name].response.Credentials.Expiration
      local earliest = os.date("!%Y-%m-%dT%H:%M:%S+00:00", before + seconds)
      local latest = os.date("!%Y-%m-%dT%H:%M:%S+00:00", after + seconds)
      assert.truthy(earliest <= text and text <= latest, text)
    end
  end)

  it("issues credentials that IVS accepts, for the list of the role's account", function()
    assert.same({ recordingConfiguration = store.configurations.complete }, results["role's call"].response)
    assert.equal(#store.labels, #results["role's list"].response.recordingConfigurations)
    assert.same({ recordingConfigurations = {} }, results["other account's list"].response)
  end)

  it("issues credentials that are accepted with their session token only", function()
    for _, name in ipairs { "role's call without token", "role's call with another token" } do
      assert_error(name, "UnrecognizedClientException", 403, "The security token included in the request is invalid")
    end
  end)

  it("issues credentials whose role IVS names when it denies access", function()
    assert_error("role's denied call", "AccessDeniedException", 403, "User: arn:aws:sts::123456789012:assumed-role/video/cutter is")
  end)

  it("lets credentials expire", function()
    assert.equal("ExpiredTokenException", results["short's call"].code)
    assert_error("short's identity", "ExpiredToken", 403, "is expired")
  end)

  it("refuses a role named \"denied\", and names the user", function()
    assert_error("denied", "AccessDenied", 403, "User: arn:aws:iam::123456789012:user/emulator is not authorized to perform: "
      .. "sts:AssumeRole on resource: arn:aws:iam::123456789012:role/team/denied")
    assert_error("denied to a role", "AccessDenied", 403, "User: arn:aws:sts::123456789012:assumed-role/video/cutter is not")
  end)

  it("returns ValidationError for parameters out of bounds", function()
    assert_error("no role", "ValidationError", 400, "Value null at 'roleArn' failed to satisfy constraint: Member must not be null")
    assert_error("no session name", "ValidationError", 400, "Value null at 'roleSessionName'")
    assert_error("user as role", "ValidationError", 400, "arn:aws:iam::123456789012:user/somebody is invalid")
    assert_error("session name", "ValidationError", 400, "Value 'a/b' at 'roleSessionName' failed to satisfy constraint: Member must "
      .. "satisfy regular expression pattern: [\\w+=,.@-]*")
    assert_error("short session name", "ValidationError", 400, "length greater than or equal to 2")
    assert_error("short duration", "ValidationError", 400, "value greater than or equal to 900")
    assert_error("long duration", "ValidationError", 400, "value less than or equal to 43200")
  end)

  it("exchanges a web identity, unsigned, for credentials that IVS accepts", function()
    local response = results["web identity"].response
    assert.equal("system:serviceaccount:video:check", response.SubjectFromWebIdentityToken)
    assert.equal("https://oidc.example.com/id/<1>&2", response.Provider)
    assert.equal("sts.amazonaws.com", response.Audience)
    assert.equal("arn:aws:sts::123456789012:assumed-role/video/pod", results["web identity's identity"].response.Arn)
    assert.equal(200, results["web identity's call"].status)
  end)

  it("refuses a web identity that has expired or is invalid", function()
    assert_error("expired web identity", "ExpiredTokenException", 400, "Token expired")
    assert_error("no web identity", "InvalidIdentityToken", 400, "not a valid JWT")
    assert_error("denied web identity", "AccessDenied", 403, "Not authorized to perform sts:AssumeRoleWithWebIdentity")
  end)

  -- AWS Security Token Service API Reference, Common Errors.
  it("reports signature errors as the Query protocol does", function()
    assert_error("unknown key", "InvalidClientTokenId", 403, "The security token included in the request is invalid")
    assert_error("wrong secret", "SignatureDoesNotMatch", 403, "does not match the signature you provided")
    assert_error("expired key", "ExpiredToken", 403, "is expired")
    for name, expected in pairs {
      ["signed for ivs"] = { 403, "SignatureDoesNotMatch" }, unsigned = { 403, "MissingAuthenticationToken" },
      ["other action"] = { 400, "InvalidAction" }, ["other version"] = { 400, "InvalidAction" }, ["no form"] = { 400, "InvalidAction" },
      ["odd values"] = { 400, "ValidationError" },
    } do
      assert.equal(expected[1], results[name].status, name)
      assert.truthy(results[name].body:find("<Code>" .. expected[2] .. "</Code>", 1, true), results[name].body)
      assert.equal("text/xml", results[name].headers["content-type"])
    end
    assert.truthy(results["odd values"].body:find("3 validation errors detected: ", 1, true))
  end)
end)
