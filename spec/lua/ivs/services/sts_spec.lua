--- STS: requests, endpoints, and how every kind of response is read (docs/protocol.md, "STS").
--
-- Forms and signatures are compared with botocore's, from one run of spec/oracle/sts.py. The answers come from a real
-- server. Where a call goes is asked of a context whose service_call only notes it.
-- Not for: which profile leads to which call (credentials/assume_role_spec, credentials/web_identity_spec).

local oracle = require "support.oracle"
local service_endpoints = require "ivs.services.endpoints"
local sts = require "ivs.services.sts"
local support = require "support.sts"

local CONFIG = "[profile r]\nrole_arn = " .. support.ROLE .. "\nsource_profile = base\n"
  .. "[profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = base-secret\n"
local ENV = { AWS_PROFILE = "r" }

local function shallow(...)
  local merged = {}
  for _, from in ipairs { ... } do
    for key, value in pairs(from) do merged[key] = value end
  end
  return merged
end

describe("the form", function()
  local CASES = {
    { "AssumeRole", { { "RoleArn", support.ROLE }, { "RoleSessionName", "ivs-session-1700000000" } } },
    { "AssumeRole", { { "RoleArn", "arn:aws:iam::123456789012:role/a b/Ünï~*'()!" },
      { "RoleSessionName", "a+b=c,d.e@f-g_h" }, { "ExternalId", "a&b=c;d%2F/\\\"" }, { "DurationSeconds", "3600" },
      { "SerialNumber", "GAHT12345678" }, { "TokenCode", "012345" } } },
    { "AssumeRoleWithWebIdentity", { { "RoleArn", support.ROLE }, { "RoleSessionName", "日本" },
      { "WebIdentityToken", "eyJh.eyJz_-.c2ln==" } } },
    { "GetCallerIdentity", {} },
  }

  it("is byte for byte botocore's", function()
    local asked = {}
    for index, case in ipairs(CASES) do
      local parameters = {}
      for _, pair in ipairs(case[2]) do
        parameters[pair[1]] = pair[1] == "DurationSeconds" and tonumber(pair[2]) or pair[2]
      end
      asked[index] = { action = case[1], parameters = parameters }
    end
    local function sorted(body)
      local pairs_of_form = {}
      for pair in body:gmatch("[^&]+") do pairs_of_form[#pairs_of_form + 1] = pair end
      table.sort(pairs_of_form) -- JSON objects come without an order
      return table.concat(pairs_of_form, "\n")
    end
    for index, expected in ipairs(oracle.run("sts", asked)) do
      assert.are.equal(sorted(expected.body), sorted(sts.form(CASES[index][1], CASES[index][2])))
    end
  end)
end)

describe("the endpoint of STS", function()
  --- What service_call is told for such an environment and profile; or the error.
  local function destination(given)
    local told
    local profile = { name = "r", values = given.profile or {} }
    local context = {
      env = function(name) return (given.env or {})[name] end,
      region = given.region, profile = profile, selected_profile = given.selected_profile,
      use_fips_endpoint = given.use_fips_endpoint,
      files = { services = given.services or {} },
      system = {},
      service_call = function(spec)
        told = spec
        return nil, { kind = "connection" }
      end,
    }
    local _, err = sts.assume(context, { action = "AssumeRole", parameters = {}, source = "spec" })
    return told and { told.region, told.endpoint_url } or err.code, err
  end

  local SECTION = { s = { sts = { endpoint_url = "http://c" } } }

  -- Observed of botocore 1.43.11 for the same settings.
  for name, case in pairs {
    ["the region's endpoint"] = { { region = "eu-west-1" }, { "eu-west-1" } },
    ["AWS_REGION where the client has none"] = { { env = { AWS_REGION = "eu-west-3" } }, { "eu-west-3" } },
    ["the profile's region, last"] = { { profile = { region = "us-east-2" } }, { "us-east-2" } },
    ["no region at all"] = { {}, { "us-east-1", "https://sts.amazonaws.com" } },
    ["no region, with an endpoint"] = { { env = { AWS_ENDPOINT_URL_STS = "http://a" } }, { "us-east-1", "http://a" } },
    ["an empty region of the profile"] = { { profile = { region = "" } }, { "us-east-1", "https://sts.amazonaws.com" } },
    -- botocore calls sts-fips.aws-global.amazonaws.com, a host that does not exist
    ["no region with FIPS"] = { { use_fips_endpoint = true }, "NoRegionError" },
    ["no region with dual-stack"] = { { env = { AWS_USE_DUALSTACK_ENDPOINT = "true" } }, "NoRegionError" },
    ["the pseudo region aws-global"] = { { region = "aws-global" }, { "us-east-1", "https://sts.amazonaws.com" } },
    ["legacy mode, by the variable"] = { { region = "eu-west-1", env = { AWS_STS_REGIONAL_ENDPOINTS = "legacy" } },
      { "us-east-1", "https://sts.amazonaws.com" } },
    ["legacy mode, by the profile"] = { { region = "us-west-2", profile = { sts_regional_endpoints = "legacy" } },
      { "us-east-1", "https://sts.amazonaws.com" } },
    ["legacy mode in a region that came later"] = { { region = "eu-south-1",
      profile = { sts_regional_endpoints = "legacy" } }, { "eu-south-1" } },
    ["legacy mode with FIPS"] = { { region = "us-west-2",
      env = { AWS_STS_REGIONAL_ENDPOINTS = "legacy", AWS_USE_FIPS_ENDPOINT = "true" } }, { "us-west-2" } },
    ["legacy mode with FIPS by an option"] = { { region = "us-west-2", use_fips_endpoint = true,
      env = { AWS_STS_REGIONAL_ENDPOINTS = "legacy" } }, { "us-west-2" } },
    ["legacy mode with dual-stack"] = { { region = "us-west-2", profile = { use_dualstack_endpoint = "true" },
      env = { AWS_STS_REGIONAL_ENDPOINTS = "legacy" } }, { "us-west-2" } },
    ["legacy mode with an endpoint"] = { { region = "us-west-2",
      env = { AWS_STS_REGIONAL_ENDPOINTS = "legacy", AWS_ENDPOINT_URL_STS = "http://a" } },
      { "us-west-2", "http://a" } },
    ["a mode that does not exist"] = { { region = "us-west-2", env = { AWS_STS_REGIONAL_ENDPOINTS = "LEGACY" } },
      "InvalidSTSRegionalEndpointsConfigError" },
    ["the variable of STS before that of all services"] = { { region = "us-west-2",
      env = { AWS_ENDPOINT_URL_STS = "http://a", AWS_ENDPOINT_URL = "http://b" } }, { "us-west-2", "http://a" } },
    ["the variable of all services before the files"] = { { region = "us-west-2", services = SECTION,
      env = { AWS_ENDPOINT_URL = "http://b" }, profile = { services = "s" } }, { "us-west-2", "http://b" } },
    ["the services section before the profile"] = { { region = "us-west-2", services = SECTION,
      profile = { services = "s", endpoint_url = "http://d" } }, { "us-west-2", "http://c" } },
    ["the profile, where the services section has another service"] = { { region = "us-west-2",
      services = { s = { ivs = { endpoint_url = "http://c" } } },
      profile = { services = "s", endpoint_url = "http://d" } }, { "us-west-2", "http://d" } },
    ["a services section that does not exist"] = { { region = "us-west-2", profile = { services = "s" } },
      "InvalidConfigError" },
    ["endpoints ignored by the variable"] = { { region = "us-west-2",
      env = { AWS_ENDPOINT_URL_STS = "http://a", AWS_IGNORE_CONFIGURED_ENDPOINT_URLS = "True" } }, { "us-west-2" } },
    ["endpoints ignored by the profile"] = { { region = "us-west-2", env = { AWS_ENDPOINT_URL_STS = "http://a" },
      profile = { ignore_configured_endpoint_urls = "TRUE" } }, { "us-west-2" } },
    ["the variable's false before the profile's true"] = { { region = "us-west-2",
      env = { AWS_ENDPOINT_URL_STS = "http://a", AWS_IGNORE_CONFIGURED_ENDPOINT_URLS = "false" },
      profile = { ignore_configured_endpoint_urls = "true" } }, { "us-west-2", "http://a" } },
    ["the selected profile's settings, not those of a source profile"] = { {
      profile = { region = "x", endpoint_url = "http://x" },
      selected_profile = { name = "s", values = { region = "us-east-2", endpoint_url = "http://d" } } },
      { "us-east-2", "http://d" } },
  } do
    it("is, for " .. name, function()
      assert.are.same(case[2], (destination(case[1])))
    end)
  end

  it("has a variable and a key for each service", function()
    for key, variable in pairs { sts = "STS", sso = "SSO", sso_oidc = "SSO_OIDC", signin = "SIGNIN" } do
      local env = { ["AWS_ENDPOINT_URL_" .. variable] = "http://" .. key }
      local context = { env = function(name) return env[name] end }
      assert.are.equal("http://" .. key, service_endpoints.endpoint_url(context, key))
      local files = { services = { s = { [key] = { endpoint_url = "http://file" } } } }
      context = { env = function() end, files = files, profile = { name = "r", values = { services = "s" } } }
      assert.are.equal("http://file", service_endpoints.endpoint_url(context, key))
    end
  end)
end)

describe("GetCallerIdentity", function()
  local MEMBERS = "<Arn>arn:aws:iam::123456789012:user/Alice</Arn><UserId>AIDACKCEVSQ6C2EXAMPLE</UserId><Account>123456789012</Account>"

  --- What is made of a body.
  local function identity(body)
    local context = { env = function() end, region = "us-west-2", files = { services = {} },
      service_call = function() return { status = 200, headers = {}, body = body } end }
    return sts.get_caller_identity(context, { access_key_id = "AKID", secret_access_key = "s" })
  end

  local function document(members)
    return ('<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>%s'
      .. "</GetCallerIdentityResult></GetCallerIdentityResponse>"):format(members)
  end

  it("returns account, ARN and user", function() -- the response of the API Reference's example
    assert.are.same({ account = "123456789012", arn = "arn:aws:iam::123456789012:user/Alice", user_id = "AIDACKCEVSQ6C2EXAMPLE" },
      identity(document(MEMBERS)))
  end)

  it("is an error if a member is missing or the document is another one", function()
    for _, body in ipairs { "", "<html>", document "", document((MEMBERS:gsub("<Account>.*", ""))), document(MEMBERS):sub(1, -9) } do
      local found, err = identity(body)
      assert.is_nil(found)
      assert.are.equal("ResponseParserError", err.code)
    end
  end)

  it("returns an error of the service", function()
    local context = { env = function() end, region = "us-west-2", files = { services = {} },
      service_call = function() return nil, { kind = "connection", code = "EndpointConnectionError" } end }
    assert.are.equal("EndpointConnectionError", select(2, sts.get_caller_identity(context, {})).code)
  end)
end)

describe("STS over the wire", function()
  local scene

  setup(function() scene = support.scene() end)
  teardown(function() scene:stop() end)

  local function call(given)
    return scene:call(shallow({ config = CONFIG, env = ENV }, given or {}))
  end

  local function requests()
    local asked, access_key_id, token = scene:arrived()
    return asked[#asked], access_key_id, token, #asked
  end

  it("gets a form signed as botocore signs it", function()
    scene:answer(support.keys("AssumeRole", "ONE"))
    assert(call())
    local first, access_key_id, token = requests()
    assert.are.equal("ASIAONE", access_key_id)
    assert.are.equal("token-ONE", token)
    scene:answer(support.keys("AssumeRole", "TWO"))
    assert(call { config = CONFIG .. "aws_session_token = base/token+=\n" })
    local second = requests()
    assert.are.equal("base/token+=", second.headers["x-amz-security-token"])
    local cases = {}
    for index, request in ipairs { first, second } do
      assert.are.equal("application/x-www-form-urlencoded; charset=utf-8", request.headers["content-type"])
      cases[index] = {
        url = scene.server.url .. "/", region = "us-west-2", headers = request.headers, body = request.body,
        access_key_id = "AKIDBASE", secret_access_key = "base-secret",
        session_token = request.headers["x-amz-security-token"],
      }
    end
    for index, expected in ipairs(oracle.run("sts", cases)) do
      assert.are.equal(expected.authorization, cases[index].headers.authorization)
      assert.is_truthy(expected.authorization:find("/us-west-2/sts/aws4_request", 1, true))
    end
  end)

  it("is called again after a retryable failure, at most three times", function()
    local _, _, _, before = requests()
    scene:answer({ close = true }, { status = 503 }, support.keys("AssumeRole", "AGAIN"))
    assert(call())
    local last, access_key_id, _, after = requests()
    assert.are.equal("ASIAAGAIN", access_key_id)
    assert.are.equal(3, after - before)
    assert.are.equal("attempt=3; max=3", last.headers["amz-sdk-request"])

    scene:answer(support.fault(400, "Throttling", "Rate exceeded"))
    local response, err = call { options = { max_attempts = 2 } }
    assert.is_nil(response)
    assert.are.equal("Throttling", err.code)
    assert.are.equal(2, select(4, requests()) - after)
  end)

  it("returns its own code and message for an error", function()
    scene:answer(support.fault(403, "AccessDenied", "User: x &amp; y is not authorized to perform: sts:AssumeRole"))
    local response, err = call()
    assert.is_nil(response)
    assert.are.same({ "service", "AccessDenied" }, { err.kind, err.code })
    assert.are.equal("User: x & y is not authorized to perform: sts:AssumeRole", err.message)
    assert.is_nil(tostring(err):find("base-secret", 1, true))
  end)

  it("reveals no secret that an error quotes", function()
    local message = "got tok/en=&amp;0123456789 and tok%2Fen%3D%260123456789\r\n" .. ("y"):rep(5000)
    scene:answer(support.fault(403, "AccessDenied", message))
    local _, err = call { config = CONFIG .. "aws_session_token = tok/en=&0123456789\n" }
    assert.are.equal("got " .. ("*"):rep(18) .. " and " .. ("*"):rep(24) .. " y", err.message:sub(1, 53))
    assert.is_true(#err.message <= 1000)
  end)

  it("reveals no token in an answer that is not a document, or in a code", function()
    local token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ2aWRlbyJ9.c2lnbmF0dXJl=="
    local sent = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ2aWRlbyJ9.c2lnbmF0dXJl%3D%3D"
    local file = scene:write("token", token)
    for _, answer in ipairs { { status = 400, body = "bad request: " .. sent }, { status = 502, body = "bad gateway " .. token },
      support.fault(400, "Invalid" .. token, "the token is " .. token), support.fault(400, token, ("x"):rep(480) .. token) } do
      scene:answer(answer)
      local response, err = scene:call { config = "[profile r]\nrole_arn = " .. support.ROLE .. "\nweb_identity_token_file = " .. file,
        env = ENV, options = { max_attempts = 1 } }
      assert.is_nil(response)
      assert.are.same({ "service", tostring(answer.status) }, { err.kind, err.code })
      for at = 1, #token - 15 do
        assert.is_nil((tostring(err) .. err.message):find(token:sub(at, at + 15), 1, true), err.message)
      end
    end
  end)

  it("returns the status if an error has no document", function()
    for _, body in ipairs { "", "<html><body>Bad gateway", "<ErrorResponse/>", '{"message":"no"}' } do
      scene:answer { status = 403, body = body }
      local _, err = call()
      assert.are.same({ "service", "403" }, { err.kind, err.code }, body)
    end
  end)

  local RESULT = "<AssumeRoleResult><Credentials>%s</Credentials></AssumeRoleResult>"
  local MEMBERS = "<AccessKeyId>ASIAODD</AccessKeyId><SecretAccessKey>very-secret</SecretAccessKey>"
    .. "<SessionToken>very-secret-token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>"

  local function document(members, before)
    return (before or "") .. "<R>" .. RESULT:format(members or MEMBERS) .. "</R>"
  end

  it("is parsed in other forms of the same document", function()
    local prefixed = document():gsub("<(/?)(%a)", "<%1s:%2"):gsub("<s:R>", "<s:R xmlns:s='https://sts.amazonaws.com/'>")
    for name, body in pairs {
      prefix = prefixed,
      declaration = document(nil, '\239\187\191<?xml version="1.0" encoding="UTF-8"?>\n<!-- <AccessKeyId>no -->'),
      cdata = document((MEMBERS:gsub("ASIAODD", "<![CDATA[ASIA]]><!-- -->O&#68;D"))),
      repeated = document(MEMBERS .. "<AccessKeyId>ASIATWO</AccessKeyId>"),
      unknown = document("<New><AccessKeyId>ASIANEW</AccessKeyId></New>" .. MEMBERS),
    } do
      scene:answer { body = body }
      local response, err = call()
      assert.is_truthy(response, name .. ": " .. tostring(err))
      local _, access_key_id = requests()
      assert.are.equal("ASIAODD", access_key_id, name)
    end
  end)

  local laughs = { '<!DOCTYPE R [<!ENTITY l0 "very-secret">' }
  for index = 1, 12 do
    laughs[#laughs + 1] = ('<!ENTITY l%d "%s">'):format(index, ("&l%d;"):format(index - 1):rep(10))
  end
  laughs = table.concat(laughs) .. "]>" .. document("<AccessKeyId>&l12;</AccessKeyId>")

  for name, case in pairs {
    ["an empty body"] = { "", "ResponseParserError" },
    ["a page"] = { "<!DOCTYPE html><html><body>Sign in", "ResponseParserError" },
    ["JSON"] = { '{"Credentials":{}}', "ResponseParserError" },
    ["half a document"] = { document():sub(1, -12), "ResponseParserError" },
    ["two documents"] = { document() .. document(), "ResponseParserError" },
    ["entities in entities"] = { laughs, "ResponseParserError" },
    ["an external entity"] = {
      document((MEMBERS:gsub("ASIAODD", "&x;")), '<!DOCTYPE R [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
      "ResponseParserError" },
    ["an entity that nobody declared"] = { document((MEMBERS:gsub("ASIAODD", "&x;"))), "ResponseParserError" },
    ["UTF-16"] = { "\255\254" .. document():gsub(".", "%0\0"), "ResponseParserError" },
    ["a deep document"] = { ("<a>"):rep(5000) .. ("</a>"):rep(5000), "ResponseParserError" },
    ["a large document"] = { document(MEMBERS .. ("<x/>"):rep(70000)), "ResponseParserError" },
    ["no credentials"] = { "<R><AssumeRoleResult/></R>", "CredentialRetrievalError" },
    ["credentials elsewhere"] = { "<R>" .. RESULT:format(MEMBERS):gsub("AssumeRoleR", "GetR") .. "</R>",
      "CredentialRetrievalError" },
    ["no secret"] = { document((MEMBERS:gsub("<Secret.-<Session", "<Session"))), "CredentialRetrievalError" },
    ["an empty token"] = { document((MEMBERS:gsub("very%-secret%-token", ""))), "CredentialRetrievalError" },
    ["a line end in the token"] = { document((MEMBERS:gsub("very%-secret%-token", "very-secret&#13;&#10;x: y"))),
      "CredentialRetrievalError" },
    ["no time"] = { document((MEMBERS:gsub("<Expiration>.*", ""))), "CredentialRetrievalError" },
    ["a time that is none"] = { document((MEMBERS:gsub("2099%-01", "soon"))), "CredentialRetrievalError" },
  } do
    it("is an error for a success with " .. name, function()
      scene:answer { body = case[1] }
      local response, err = call()
      assert.is_nil(response)
      assert.are.equal(case[2], err.code)
      assert.is_nil(tostring(err):find("very-secret", 1, true))
      assert.is_nil(tostring(err):find("base-secret", 1, true))
    end)
  end

  describe("without lua-expat", function()
    local loaded

    before_each(function()
      loaded, package.loaded.lxp = package.loaded.lxp, nil
      package.preload.lxp = function() error("module 'lxp' not found", 0) end
    end)
    after_each(function() package.preload.lxp, package.loaded.lxp = nil, loaded end)

    it("names what to install, for a success and for an error", function()
      for _, answer in ipairs { support.keys("AssumeRole", "NONE"), support.fault(403, "AccessDenied", "no") } do
        scene:answer(answer)
        local response, err = call()
        assert.is_nil(response)
        assert.are.same({ "credentials", "MissingDependencyException" }, { err.kind, err.code })
        assert.is_truthy(err.message:find("lua-expat", 1, true) and err.message:find("luaexpat", 1, true))
      end
    end)

    it("works for everything that needs no STS", function()
      assert(call { env = { AWS_PROFILE = "base" } })
    end)
  end)
end)
