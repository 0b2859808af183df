--- The nearest of several names: every single slip of a typist leads back to the name that was meant.

local nearest = require "ivs.nearest"

local NAMES = { "arn", "destinationConfiguration", "name", "recordingReconnectWindowSeconds", "renditionConfiguration", "state", "tags",
  "thumbnailConfiguration" }
local RULES = { "$absent", "$any", "$exactly", "$matches" }

--- The name with one letter left out, doubled, replaced or swapped with the next, at each position.
local function slips(name)
  local out = {}
  for at = 1, #name do
    local before, letter, after = name:sub(1, at - 1), name:sub(at, at), name:sub(at + 1)
    out[#out + 1] = before .. after
    out[#out + 1] = before .. letter .. letter .. after
    out[#out + 1] = before .. "#" .. after
    out[#out + 1] = before .. after:sub(1, 1) .. letter .. after:sub(2)
  end
  return out
end

describe("the nearest name", function()
  it("is the one that was meant, for every slip of one letter", function()
    for _, names in ipairs { NAMES, RULES } do
      for _, name in ipairs(names) do
        for _, slip in ipairs(slips(name)) do assert.equal(name, nearest.of(slip, names), slip) end
      end
    end
  end)

  it("does not depend on the case of letters", function()
    assert.equal("thumbnailConfiguration", nearest.of("thumbnailconfiguration", NAMES))
    assert.equal("state", nearest.of("STATE", NAMES))
  end)

  it("is one that the text begins", function()
    assert.equal("destinationConfiguration", nearest.of("destination", NAMES))
    assert.equal("$matches", nearest.of("$match", RULES))
  end)

  it("is none if all are far away", function()
    for _, far in ipairs { "", "x", "bucket", "$regex", ("state"):rep(100), "\0" } do assert.is_nil(nearest.of(far, NAMES), far) end
    assert.is_nil(nearest.of("at", { "arn" }))
    assert.is_nil(nearest.of("state", {}))
  end)
end)
