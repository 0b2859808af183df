--- Percent-encoding, compared with Python's urllib.parse for every byte, and URLs in messages.

local oracle = require "support.oracle"
local url = require "ivs.http.url"

local TEXTS = { "", "a-b._~ /&=+", "\195\169 \226\130\172", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8" }
for byte = 0, 127 do TEXTS[#TEXTS + 1] = string.char(byte) end

describe("ivs.http.url", function()
  it("encodes as Python's quote and quote_plus do", function()
    for index, expected in ipairs(oracle.run("quote", TEXTS)) do
      local text = TEXTS[index]
      assert.equal(expected.query, url.encode(text))
      assert.equal(expected.form, url.encode_form(text))
      assert.equal(expected.trace_id, url.encode(text, "=;:+&%[%]{}\"',"))
    end
  end)

  it("encodes bytes that are not UTF-8", function()
    for byte = 128, 255 do assert.equal(("%%%02X"):format(byte), url.encode(string.char(byte))) end
  end)

  it("shows a URL in a message by its origin", function()
    local text = "http://169.254.170.2/v2/credentials/half-a-secret"
    local parts = url.parse(text)
    assert.equal("no route to http://169.254.170.2 (1)", url.hide_path("no route to " .. text .. " (1)", text, parts))
    assert.equal("no route", url.hide_path("no route", text, parts))
  end)

  it("shows host and port", function()
    assert.equal("[::1]:8080", url.authority "http://[::1]:8080/x?y")
    assert.equal("example.com", url.authority "https://example.com")
  end)
end)
