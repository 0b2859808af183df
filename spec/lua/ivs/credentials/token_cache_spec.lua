--- Token files: validated when read, replaced as a whole, renewed before they expire.

local provider_context = require "support.provider_context"
local shell = require "emulator.shell"
local token_cache = require "ivs.credentials.token_cache"

local NOW = 1700000000

describe("token_cache", function()
  local home, path, context

  before_each(function()
    home = provider_context.make_home()
    path = token_cache.path(home .. "/", "abc")
    context = provider_context.new { env = { HOME = home }, now = NOW }
  end)

  after_each(function() provider_context.remove_home(home) end)

  local function refused(text)
    if text then provider_context.write_file(path, text) end
    local document, why = token_cache.read(context, path)
    assert.is_nil(document)
    assert.truthy(why:find(path, 1, true), why)
    assert.is_nil(why:find("s3cr3t", 1, true), why)
    return why
  end

  it("makes the path from directory and hash", function()
    assert.equal("/a/b/abc.json", token_cache.path("/a/b", "abc"))
    assert.equal("/a/b/abc.json", token_cache.path("/a/b//", "abc"))
  end)

  it("reads a document", function()
    provider_context.write_file(path, '{"accessToken":"t","n":null}')
    assert.equal("t", token_cache.read(context, path).accessToken)
  end)

  it("names the file that is missing", function()
    assert.truthy(refused():find("No such file", 1, true))
  end)

  it("names the file that is half written, empty, or not an object, and quotes nothing of it", function()
    for _, text in ipairs { '{"accessToken": "s3cr3t', "", "null", '"s3cr3t"', "17", "s3cr3t\0" } do
      assert.truthy(refused(text):find("JSON", 1, true))
    end
  end)

  it("refuses a file that is too large", function()
    refused('{"accessToken":"' .. ("s3cr3t"):rep(50000) .. '"}')
  end)

  it("refuses a directory in the file's place", function()
    shell.run("mkdir " .. path)
    refused()
  end)

  it("refuses a file of another user, and accepts one of root's", function()
    provider_context.write_file(path, '{"accessToken":"s3cr3t"}')
    local own = context.system.euid()
    context.system.euid = function() return own + 1 end
    context.system.file_owner = function() return 65534 end
    local why = refused()
    assert.truthy(why:find("65534", 1, true), why)
    context.system.file_owner = function() return 0 end
    assert.truthy(token_cache.read(context, path))
  end)

  it("writes a document that only its owner can read, and leaves no temporary file", function()
    provider_context.write_file(path, "old")
    token_cache.write(context, path, { accessToken = "new" })
    assert.equal("new", token_cache.read(context, path).accessToken)
    assert.equal("600\n", (shell.run("stat -c %a " .. path)))
    assert.equal("abc.json\n", (shell.run("ls -A " .. home)))
  end)

  it("logs that writing failed, and goes on", function()
    local nowhere = home .. "/none/abc.json"
    token_cache.write(context, nowhere, { accessToken = "s3cr3t" })
    assert.equal(1, #context.logged)
    assert.truthy(context.logged[1]:find(nowhere, 1, true))
    assert.is_nil(context.logged[1]:find("s3cr3t", 1, true))
    context.log = nil
    token_cache.write(context, nowhere, {})
  end)

  it("accepts only texts without control characters for headers", function()
    local document = { good = "a b", empty = "", broken = "a\r\nb", number = 1, null = context.json_null }
    assert.equal("a b", token_cache.text(document, "good"))
    for _, name in ipairs { "empty", "broken", "number", "null", "absent" } do
      assert.is_nil(token_cache.text(document, name))
    end
  end)

  it("reads the times of every AWS CLI", function()
    local document = { new = "2023-11-14T22:13:20Z", old = "2023-11-14T22:13:20UTC", zone = "2023-11-15T00:13:20+02:00",
      broken = "soon", number = 5 }
    for _, name in ipairs { "new", "old", "zone" } do
      assert.equal(NOW, token_cache.time(context, document, name))
    end
    for _, name in ipairs { "broken", "number", "absent" } do
      assert.is_nil(token_cache.time(context, document, name))
    end
  end)

  it("converts a lifetime to a timestamp, and refuses an invalid one", function()
    local text, seconds = token_cache.expiry(context, 3600)
    assert.equal("2023-11-14T23:13:20Z", text)
    assert.equal(NOW + 3600, seconds)
    for _, lifetime in ipairs { 0, -1, 1e300, math.huge, "60", 0 / 0 } do
      assert.is_nil(token_cache.expiry(context, lifetime))
    end
  end)

  describe("current", function()
    local stored, renewals

    before_each(function() stored, renewals = { expires_at = NOW + 60 }, 0 end)

    local function current(renewed, why)
      return token_cache.current(context, function() return stored, "not there" end, function()
        renewals = renewals + 1
        return renewed, why
      end, 300)
    end

    it("does not renew a token before the margin", function()
      stored.expires_at = NOW + 300
      assert.equal(stored, current())
      assert.equal(0, renewals)
    end)

    it("returns the renewed token", function()
      local renewed = { expires_at = NOW + 900 }
      assert.equal(renewed, current(renewed))
    end)

    it("uses the old token while it is valid", function()
      assert.equal(stored, current(nil, "the service is away"))
      assert.equal(1, renewals)
    end)

    it("uses what another process has written meanwhile", function()
      local first, second = { expires_at = NOW - 1 }, { expires_at = NOW + 900 }
      local reads = { first, second }
      local token = token_cache.current(context, function() return table.remove(reads, 1) end,
        function() return nil, "the refresh token was used already" end, 300)
      assert.equal(second, token)
    end)

    it("reports why an expired token could not be renewed", function()
      stored.expires_at = NOW
      local token, why, expired = current(nil, "the service is away")
      assert.is_nil(token)
      assert.equal("the service is away", why)
      assert.equal(stored, expired)
    end)

    it("returns the error of the load", function()
      stored = nil
      local token, why, expired = current()
      assert.is_nil(token)
      assert.equal("not there", why)
      assert.is_nil(expired)
    end)
  end)
end)
