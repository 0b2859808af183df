--- The kind `internal`: failures inside this process. For memory that runs out see memory_spec and unit_spec.

local by_hand = require "support.by_hand"
local interpreter = require "support.interpreter"
local ivs = require "ivs"

local ARN = by_hand.ARN

describe("a failure of the kind internal", function()
  it("is returned if libcrypto lacks the algorithms of a signature", function()
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write("openssl_conf = init\n[init]\nproviders = list\n[list]\nnull = null\n[null]\nactivate = 1\n")
    file:close()
    local output, status = interpreter.run([[
      for _, name in ipairs { "ivs", "ivs.core" } do
        local module = require(name)
        local client, err = module.client { region = "us-west-2", env = {},
          credentials = { access_key_id = "AKID", secret_access_key = "secret" } }
        assert(client == nil and err.code == module.exceptions.CryptoError)
        print(err.kind, err.code, err.retryable, (err.message:gsub(";.*", "")))
      end]], { OPENSSL_CONF = path })
    os.remove(path)
    local line = "internal\tCryptoError\tfalse\tlibcrypto failed while preparing SHA-256\n"
    assert.equal(line .. line, output)
    assert.equal(0, status)
  end)

  it("is returned if memory runs out in a function of the caller", function()
    local function fail(options)
      local given = { region = "us-west-2", env = {}, credentials = by_hand.KEYS, max_attempts = 3,
        transport = function() return by_hand.GOOD end }
      for name, value in pairs(options) do given[name] = value end
      local client = assert(ivs.client(given))
      local response, err = client:get_recording_configuration(ARN)
      assert.is_nil(response)
      return { err.kind, err.code, err.retryable }
    end
    local expected = { "internal", "OutOfMemoryError", true }
    local sent = 0
    assert.same(expected, fail { credentials = function() error("not enough memory", 0) end })
    assert.same(expected, fail { transport = function()
      sent = sent + 1
      return nil, "not enough memory"
    end })
    assert.equal(1, sent)
    assert.same(expected, fail { transport = function()
      return nil, { kind = "connection", code = "OutOfMemoryError", message = "no memory for the socket" }
    end })
  end)

  it("is not returned for a service's code of the same name", function()
    local client = assert(ivs.client { region = "us-west-2", env = {}, credentials = by_hand.KEYS, max_attempts = 1,
      transport = function() return by_hand.refusal(500, "OutOfMemoryError") end })
    local _, err = client:get_recording_configuration(ARN)
    assert.same({ "service", "OutOfMemoryError" }, { err.kind, err.code })
  end)
end)
