--- Which proxy a client uses: the option, the variables (docs/protocol.md, "Proxies"), invalid values. The hosts that it is used
-- for are in spec/csrc/curl/no_proxy_spec.

local provider_context = require "support.provider_context"
local settings = require "ivs.config.settings"

describe("the setting of a proxy", function()
  local A, B = "http://a.example:1", "http://b.example:2"

  --- The proxy of a client with this environment and these options; or nil, and an error if there is one.
  local function proxy(env, options)
    local given = { env = env, credentials = { access_key_id = "AKIDEXAMPLE", secret_access_key = "secret" } }
    for name, value in pairs(options or {}) do given[name] = value end
    local found, err = settings.resolve(given, { system = provider_context.new({ env = { HOME = "/nonexistent" } }).system,
      version = "0", os = "Linux", release = "1", machine = "x86_64" })
    return found and found.proxy, err
  end

  it("is the variable of the endpoint's scheme, lower case before upper case", function()
    assert.equal(A, proxy { https_proxy = A })
    assert.equal(A, proxy { HTTPS_PROXY = A })
    assert.equal(A, proxy { https_proxy = A, HTTPS_PROXY = B })
    assert.is_nil(proxy { http_proxy = A })
    local plain = { endpoint_url = "http://127.0.0.1:1" }
    assert.equal(A, proxy({ http_proxy = A, HTTP_PROXY = B }, plain))
    assert.is_nil(proxy({ https_proxy = A }, plain))
  end)

  it("is none if the lowercase variable is empty", function()
    assert.is_nil(proxy { https_proxy = "", HTTPS_PROXY = B })
  end)

  it("is not HTTP_PROXY in a CGI process, where a client's header may set it", function()
    local plain = { endpoint_url = "http://127.0.0.1:1" }
    assert.is_nil(proxy({ HTTP_PROXY = A, REQUEST_METHOD = "GET" }, plain))
    assert.equal(A, proxy({ http_proxy = A, REQUEST_METHOD = "GET" }, plain))
    assert.equal(A, proxy { HTTPS_PROXY = A, REQUEST_METHOD = "GET" })
  end)

  it("is the option before the variables, and never ALL_PROXY", function()
    assert.equal(A, proxy({ https_proxy = B }, { proxy = A }))
    assert.is_nil(proxy { ALL_PROXY = A, all_proxy = A })
  end)

  it("may be a host alone, may have a user and a password, a path, IPv6", function()
    assert.equal("http://a.example:1", proxy { https_proxy = "a.example:1" })
    for _, url in ipairs { "https://a.example", "http://me:secret@a.example:1", "http://me:p%40ss@a.example:1",
      "http://[::1]:3128" } do
      assert.equal(url, proxy { https_proxy = url })
    end
    assert.equal("http://a.example:1", proxy { https_proxy = "http://a.example:1/" })
  end)

  it("that is invalid is InvalidProxiesConfigError, without the password in the message", function()
    for _, url in ipairs { "http://", "http://me:S3CR3T@", "ftp://me:S3CR3T@a.example", "socks5://me:S3CR3T@a.example:1",
      "http://me:S3CR3T@a example:1", "http://me:S3CR3T@a.example\r\nX: y", "me:S3CR3T@a b", "http://me:S3/CR3T@a b",
      "http://me:x@S3CR3T@a b", "http://me:S3?CR3T@a b", "http://me:S3#CR3T@a b", "http://me:S3 CR3T@a.example:1",
      "http://me:S3CR3T@a.example:99999", "http://me:S3CR3T@a:b:c", "http://me:S3CR3T@[::1" } do
      for _, case in ipairs { { { https_proxy = url } }, { {}, { proxy = url } } } do
        local found, err = proxy(case[1], case[2])
        assert.is_nil(found, url)
        assert.same({ "config", "InvalidProxiesConfigError" }, { err.kind, err.code })
        for _, secret in ipairs { "S3CR3T", "S3", "CR3T" } do
          assert.is_nil(err.message:find(secret, 1, true), err.message)
        end
        assert.is_nil(err.message:find("%c"))
      end
    end
  end)
end)
