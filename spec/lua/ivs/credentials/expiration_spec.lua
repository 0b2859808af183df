--- Expirations: the texts that are timestamps, compared with dateutil, which botocore uses (oracle/expiration.py), and the one
-- type in which client:credentials() returns them, for every source.

local ivs = require "ivs"
local oracle = require "support.oracle"

local DATES = { "2099-01-02", "20990102", "2096-02-29", "2099-12-31" }
local CLOCKS = { "03:04", "03:04:05", "0304", "030405", "03:04:05.25", "030405.25", "03:04:05,5", "23:59:59", "00:00:00.123456" }
local ZONES = { "", "Z", "z", "UTC", " UTC", "GMT", "+00:00", "-00:00", "+0130", "+01:30", "-0800", "+14:00", "+05", " +0100",
  " Z" }

-- No time, neither to dateutil nor to us.
local REFUSED = { "", "soon", "2099-13-01T00:00:00Z", "2099-02-29T00:00:00Z", "2099-00-10T00:00Z", "2099-01-32T00:00:00Z",
  "2099-01-01T24:00:00Z", "2099-01-01T23:60Z", "20990101T246000Z", "2099-01-01T00:00:00+24:00", "2099-01-01T00:00:00+01:00:00",
  "2099-01-01T00:00:00Zulu", "2099-01-01T00:00:00utc", "2099-01-01TT00:00:00Z", "2099-01-01X00:00:00Z" }

--- The expiration that a client tells for such a text; or nil and the error.
local function told_for(text)
  local client, err = ivs.client { region = "us-west-2", env = {},
    credentials = { access_key_id = "AKIDEXAMPLE", secret_access_key = "s", expiration = text } }
  if not client then return nil, err end
  local told
  told, err = client:credentials()
  client:close()
  return told and told.expiration, err
end

describe("an expiration", function()
  it("is each form of ISO 8601 that botocore accepts", function()
    local texts = {}
    for _, date in ipairs(DATES) do
      for _, separator in ipairs { "T", "t", " " } do
        for _, clock in ipairs(CLOCKS) do
          for _, zone in ipairs(ZONES) do texts[#texts + 1] = date .. separator .. clock .. zone end
        end
      end
    end
    texts[#texts + 1] = "  2099-01-02T03:04:05Z  "
    for index, expected in ipairs(oracle.run("expiration", texts)) do
      assert.is_number(expected.seconds, "dateutil refuses " .. texts[index])
      local seconds, err = told_for(texts[index])
      assert.is_number(seconds, texts[index] .. ": " .. tostring(err))
      assert.is_true(math.abs(expected.seconds - seconds) < 1e-5, texts[index])
    end
  end)

  it("is refused if botocore refuses it", function()
    for index, expected in ipairs(oracle.run("expiration", REFUSED)) do
      assert.is_nil(expected.seconds, "dateutil takes " .. REFUSED[index])
      local seconds, err = told_for(REFUSED[index])
      assert.is_nil(seconds, REFUSED[index])
      assert.equal("CredentialRetrievalError", err.code)
    end
  end)

  it("is returned as seconds since 1970, for seconds and text", function()
    local function told_by(credentials)
      local client = assert(ivs.client { region = "us-west-2", env = {}, credentials = credentials })
      local expiration = assert(client:credentials()).expiration
      client:close()
      return expiration
    end
    for _, given in ipairs { 4071006245, "2099-01-02T03:04:05Z", "2099-01-02T04:04:05+01:00", "20990102T030405Z" } do
      local keys = { access_key_id = "AKIDEXAMPLE", secret_access_key = "s", expiration = given }
      assert.equal(4071006245, told_by(keys))
      assert.equal(4071006245, told_by(function() return keys end))
    end
    assert.is_nil(told_by { access_key_id = "AKIDEXAMPLE", secret_access_key = "s" })
  end)
end)
