--- The services that exchange a login for credentials: their endpoints, and how their calls are retried.

local http_server = require "support.http_server"
local sign_in = require "ivs.services.sign_in"
local provider_context = require "support.provider_context"

--- botocore 1.43.11: its EndpointProvider over its data for sso, sso-oidc and signin, and its partitions.
local HOSTS = {
  { "sso", "us-east-1", "", "portal.sso.us-east-1.amazonaws.com" },
  { "sso", "us-east-1", "fips ", "portal.sso-fips.us-east-1.amazonaws.com" },
  { "sso", "us-east-1", "dualstack", "portal.sso.us-east-1.api.aws" },
  { "sso", "us-east-1", "fips dualstack", "portal.sso-fips.us-east-1.api.aws" },
  { "sso", "eu-central-1", "", "portal.sso.eu-central-1.amazonaws.com" },
  { "sso", "cn-north-1", "", "portal.sso.cn-north-1.amazonaws.com.cn" },
  { "sso", "cn-north-1", "fips ", "portal.sso-fips.cn-north-1.amazonaws.com.cn" },
  { "sso", "cn-north-1", "dualstack", "portal.sso.cn-north-1.api.amazonwebservices.com.cn" },
  { "sso", "cn-north-1", "fips dualstack", "portal.sso-fips.cn-north-1.api.amazonwebservices.com.cn" },
  { "sso", "us-gov-west-1", "", "portal.sso.us-gov-west-1.amazonaws.com" },
  { "sso", "us-gov-west-1", "fips ", "portal.sso.us-gov-west-1.amazonaws.com" },
  { "sso", "us-gov-west-1", "dualstack", "portal.sso.us-gov-west-1.api.aws" },
  { "sso", "us-gov-west-1", "fips dualstack", "portal.sso-fips.us-gov-west-1.api.aws" },
  { "sso", "eusc-de-east-1", "", "portal.sso.eusc-de-east-1.amazonaws.eu" },
  { "sso", "us-iso-east-1", "", "portal.sso.us-iso-east-1.c2s.ic.gov" },
  { "sso", "us-isob-east-1", "", "portal.sso.us-isob-east-1.sc2s.sgov.gov" },
  { "sso", "eu-isoe-west-1", "", "portal.sso.eu-isoe-west-1.cloud.adc-e.uk" },
  { "sso", "us-isof-south-1", "", "portal.sso.us-isof-south-1.csp.hci.ic.gov" },
  { "sso", "xx-new-9", "", "portal.sso.xx-new-9.amazonaws.com" },
  { "sso_oidc", "us-east-1", "", "oidc.us-east-1.amazonaws.com" },
  { "sso_oidc", "us-east-1", "fips ", "oidc-fips.us-east-1.amazonaws.com" },
  { "sso_oidc", "us-east-1", "dualstack", "oidc.us-east-1.api.aws" },
  { "sso_oidc", "us-east-1", "fips dualstack", "oidc-fips.us-east-1.api.aws" },
  { "sso_oidc", "eu-central-1", "", "oidc.eu-central-1.amazonaws.com" },
  { "sso_oidc", "cn-north-1", "", "oidc.cn-north-1.amazonaws.com.cn" },
  { "sso_oidc", "cn-north-1", "fips ", "oidc-fips.cn-north-1.amazonaws.com.cn" },
  { "sso_oidc", "cn-north-1", "dualstack", "oidc.cn-north-1.api.amazonwebservices.com.cn" },
  { "sso_oidc", "cn-north-1", "fips dualstack", "oidc-fips.cn-north-1.api.amazonwebservices.com.cn" },
  { "sso_oidc", "us-gov-west-1", "", "oidc.us-gov-west-1.amazonaws.com" },
  { "sso_oidc", "us-gov-west-1", "fips ", "oidc.us-gov-west-1.amazonaws.com" },
  { "sso_oidc", "us-gov-west-1", "dualstack", "oidc.us-gov-west-1.api.aws" },
  { "sso_oidc", "us-gov-west-1", "fips dualstack", "oidc-fips.us-gov-west-1.api.aws" },
  { "sso_oidc", "eusc-de-east-1", "", "oidc.eusc-de-east-1.amazonaws.eu" },
  { "sso_oidc", "us-iso-east-1", "", "oidc.us-iso-east-1.c2s.ic.gov" },
  { "sso_oidc", "us-isob-east-1", "", "oidc.us-isob-east-1.sc2s.sgov.gov" },
  { "sso_oidc", "eu-isoe-west-1", "", "oidc.eu-isoe-west-1.cloud.adc-e.uk" },
  { "sso_oidc", "us-isof-south-1", "", "oidc.us-isof-south-1.csp.hci.ic.gov" },
  { "sso_oidc", "xx-new-9", "", "oidc.xx-new-9.amazonaws.com" },
  { "signin", "us-east-1", "", "us-east-1.signin.aws.amazon.com" },
  { "signin", "us-east-1", "fips ", "signin-fips.us-east-1.amazonaws.com" },
  { "signin", "us-east-1", "dualstack", "signin.us-east-1.api.aws" },
  { "signin", "us-east-1", "fips dualstack", "signin-fips.us-east-1.api.aws" },
  { "signin", "eu-central-1", "", "eu-central-1.signin.aws.amazon.com" },
  { "signin", "cn-north-1", "", "cn-north-1.signin.amazonaws.cn" },
  { "signin", "cn-north-1", "fips ", "signin-fips.cn-north-1.amazonaws.com.cn" },
  { "signin", "cn-north-1", "dualstack", "signin.cn-north-1.api.amazonwebservices.com.cn" },
  { "signin", "cn-north-1", "fips dualstack", "signin-fips.cn-north-1.api.amazonwebservices.com.cn" },
  { "signin", "us-gov-west-1", "", "us-gov-west-1.signin.amazonaws-us-gov.com" },
  { "signin", "us-gov-west-1", "fips ", "signin-fips.us-gov-west-1.amazonaws.com" },
  { "signin", "us-gov-west-1", "dualstack", "signin.us-gov-west-1.api.aws" },
  { "signin", "us-gov-west-1", "fips dualstack", "signin-fips.us-gov-west-1.api.aws" },
  { "signin", "eusc-de-east-1", "", "signin.eusc-de-east-1.amazonaws.eu" },
  { "signin", "us-iso-east-1", "", "signin.us-iso-east-1.c2s.ic.gov" },
  { "signin", "us-isob-east-1", "", "signin.us-isob-east-1.sc2s.sgov.gov" },
  { "signin", "eu-isoe-west-1", "", "signin.eu-isoe-west-1.cloud.adc-e.uk" },
  { "signin", "us-isof-south-1", "", "signin.us-isof-south-1.csp.hci.ic.gov" },
  { "signin", "xx-new-9", "", "xx-new-9.signin.aws.amazon.com" },
}

describe("ivs.services.sign_in", function()
  describe("endpoint", function()
    local function endpoint(service, region, env)
      env.HOME = "/nonexistent"
      return sign_in.resolve_endpoint(provider_context.new { env = env }, service, region)
    end

    for _, row in ipairs(HOSTS) do
      it(("is botocore's for %s in %s %s"):format(row[1], row[2], row[3]), function()
        assert.equal("https://" .. row[4], endpoint(row[1], row[2], {
          AWS_USE_FIPS_ENDPOINT = row[3]:find("fips") and "true",
          AWS_USE_DUALSTACK_ENDPOINT = row[3]:find("dualstack") and "true",
        }))
      end)
    end

    it("is the configured one, without a slash at its end", function()
      for service, variable in pairs { sso = "SSO", sso_oidc = "SSO_OIDC", signin = "SIGNIN" } do
        local env = { ["AWS_ENDPOINT_URL_" .. variable] = "http://127.0.0.1:8/x/" }
        assert.equal("http://127.0.0.1:8/x", endpoint(service, nil, env))
      end
    end)

    it("refuses a configured one that is not a URL, or has a user, a query or a fragment, without showing its password", function()
      for _, url in ipairs { "localhost", "ftp://h", "http://u:s3cr3t@h", "http://h?x=1", "http://h\r\nx: 1" } do
        local found, err = endpoint("sso", "us-east-1", { AWS_ENDPOINT_URL_SSO = url })
        assert.is_nil(found)
        assert.equal("InvalidEndpointError", err.code)
        assert.is_nil(err.message:find("s3cr3t", 1, true))
      end
    end)

    it("needs a region that can be part of a host name", function()
      assert.equal("NoRegionError", select(2, endpoint("signin", nil, {})).code)
      for _, region in ipairs { "a.b", "us-east-1/x", "u@h", "", "-x", ("a"):rep(64), "x\r\ny" } do
        assert.equal("InvalidRegionError", select(2, endpoint("signin", region, {})).code)
      end
    end)
  end)

  describe("call", function()
    local SECRET = "s3cr3t-0123456789"
    local server, context, tries

    before_each(function()
      server = http_server.start {}
      context = provider_context.new { env = { HOME = "/nonexistent" } }
      tries = 0
    end)

    after_each(function() server:stop() end)

    local function call(...)
      server:route("GET /x", { ... })
      return sign_in.call(context, function()
        tries = tries + 1
        return { method = "GET", url = server.url .. "/x", headers = {} }
      end, { SECRET, "" })
    end

    it("returns the fields of a success", function()
      local answer = call { body = '{"a":1}' }
      assert.equal(200, answer.status)
      assert.equal(1, answer.fields.a)
      assert.equal(1, tries)
    end)

    it("repeats what is retryable, up to three times, with growing delays", function()
      local passing = { { status = 429 }, { status = 500 }, { status = 503 }, { close = true }, { body = "<html>" } }
      for _, first in ipairs(passing) do
        local answer = call(first, first, { body = "{}" })
        assert.truthy(answer.fields)
      end
      assert.equal(15, tries)
      assert.equal(10, #context.slept)
      for index, seconds in ipairs(context.slept) do
        assert.truthy(seconds >= 0 and seconds <= (index <= 2 and 2 or 0.1))
      end
    end)

    it("returns an error after three attempts", function()
      assert.equal(503, call({ status = 503 }).status)
      assert.equal(3, tries)
    end)

    it("does not repeat what is not retryable", function()
      assert.equal(403, call({ status = 403 }).status)
      assert.equal(1, tries)
    end)

    it("names the host when there is no answer, and keeps the kind", function()
      local answer, err = call { close = true }
      assert.is_nil(answer)
      assert.equal("connection", err.kind)
      assert.is_true(err.retryable)
      assert.truthy(err.message:find(server.url:match("//(.*)"), 1, true))
      assert.equal(3, tries)
    end)

    it("does not repeat a failure of TLS", function()
      context.http = function()
        return nil, require("ivs.failure").new("tls", "SSLError", "the certificate has expired")
      end
      local _, err = call()
      assert.equal("tls", err.kind)
      assert.equal(1, tries)
    end)

    it("reads codes and messages as REST JSON writes them", function()
      local function described(answer)
        return (sign_in.describe(call(answer)):gsub("^127%.0%.0%.1:%d+ ", ""))
      end
      local header = { ["x-amzn-ErrorType"] = "ForbiddenException:http://internal/" }
      assert.equal("answered 403 (ForbiddenException): No access",
        described { status = 403, headers = header, body = '{"message":"No access"}' })
      assert.equal("answered 400 (InvalidGrantException): old",
        described { status = 400, body = '{"__type":"a#InvalidGrantException","error":"x","error_description":"old"}' })
      assert.equal("answered 400 (invalid_grant)", described { status = 400, body = '{"error":"invalid_grant"}' })
      assert.equal("answered 404", described { status = 404, body = "<html>not here</html>" })
      assert.equal("answered 404", described { status = 404, body = '{"message":{},"code":7}' })
    end)

    it("redacts secrets and control characters in the service's text, and limits its length", function()
      local answer = call { status = 400, body = '{"message":"bad\\r\\ntoken ' .. SECRET .. " " .. ("x"):rep(1000) .. '"}' }
      assert.equal("bad token ***************** x", answer.message:sub(1, 29))
      assert.equal(500 + #"…", #answer.message)
    end)

    it("leaves no part of a secret at the end of a cut message", function()
      for before = 470, 505 do
        local answer = call { status = 400, body = '{"message":"' .. ("x"):rep(before) .. SECRET .. '"}' }
        assert.equal(("x"):rep(math.min(before, 500)), (answer.message:gsub("%*", ""):gsub("…", "")))
      end
    end)

    it("replaces a code that contains a secret by the status, and keeps other codes", function()
      for _, body in ipairs { '{"code":"Bad' .. SECRET .. '"}', '{"__type":"ns#' .. SECRET .. ':http://x/"}',
        '{"error":"' .. SECRET .. '#Bad"}', '{"error":"' .. ("E"):rep(120) .. SECRET .. '"}' } do
        assert.equal("400", call({ status = 400, body = body }).code)
      end
      local answer = sign_in.call(context, function() return { method = "GET", url = server.url .. "/x", headers = {} } end,
        { "InvalidGrant" })
      assert.equal("400", answer.code)
      server:route("GET /x", { { status = 400, body = '{"error":"InvalidGrantException"}' } })
      answer = sign_in.call(context, function() return { method = "GET", url = server.url .. "/x", headers = {} } end,
        { "InvalidGrant" })
      assert.equal("InvalidGrantException", answer.code)
    end)

    it("reveals no secret in the code of a transport's error", function()
      local code
      context.http = function() return nil, require("ivs.failure").new("tls", code, "m") end
      code = "E" .. SECRET
      local _, err = call()
      assert.same({ "tls", "HTTPClientError" }, { err.kind, err.code })
      code = "SSLError"
      assert.equal("SSLError", select(2, call()).code)
    end)

    it("redacts the secrets of earlier attempts, too", function()
      local secrets = {}
      context.http = function()
        return { status = 500, headers = {}, body = '{"message":"seen ' .. table.concat(secrets, " ") .. '"}' }
      end
      local answer = sign_in.call(context, function()
        secrets[#secrets + 1] = ("proof"):rep(4) .. #secrets
        return { method = "POST", url = server.url .. "/x", headers = { DPoP = secrets[#secrets] } }
      end, secrets)
      assert.equal(3, #secrets)
      local stars = ("*"):rep(21)
      assert.equal("seen " .. table.concat({ stars, stars, stars }, " "), answer.message)
    end)
  end)
end)
