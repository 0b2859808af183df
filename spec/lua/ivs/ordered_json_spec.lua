--- JSON with sorted keys, read back by lua-cjson.

local cjson = require("cjson").new()
local ordered_json = require "ivs.ordered_json"
local shape = require "ivs.shape"
local store = require "emulator.store"

describe("ordered JSON", function()
  it("decodes to the given value", function()
    for _, label in ipairs(store.labels) do
      local configuration = store.configurations[label]
      for _, indent in ipairs { false, "  ", "\t" } do
        local text = ordered_json.encode(configuration, { indent = indent or nil, shape = shape.configuration })
        assert.same(configuration, cjson.decode(text), label)
      end
    end
    assert.same({ 0.5, -3, 1e300, true, false, "a\"b\\c\n\0" }, cjson.decode(ordered_json.encode { 0.5, -3, 1e300, true, false, "a\"b\\c\n\0" }))
  end)

  it("sorts the keys", function()
    local names = { "z", "a", "B", "é", "10", "9" }
    local one, other = {}, {}
    for at = 1, #names do one[names[at]], other[names[#names + 1 - at]] = 1, 1 end
    assert.equal('{"10": 1, "9": 1, "B": 1, "a": 1, "z": 1, "é": 1}', ordered_json.encode(one))
    assert.equal(ordered_json.encode(one), ordered_json.encode(other))
  end)

  it("writes an empty list as [] and an empty map as {}", function()
    local text = ordered_json.encode({ tags = {}, renditionConfiguration = { renditions = {} }, thumbnailConfiguration = {} },
      { shape = shape.configuration })
    assert.equal('{"renditionConfiguration": {"renditions": []}, "tags": {}, "thumbnailConfiguration": {}}', text)
  end)

  it("writes a fraction with the fewest digits that identify it", function()
    assert.equal("[0.1, 0.5, -2.75, 0.30000000000000004]", ordered_json.encode { 0.1, 0.5, -2.75, 0.1 + 0.2 })
  end)

  it("indents", function()
    assert.equal('{\n  "a": [\n    1,\n    {}\n  ],\n  "b": {\n    "c": null\n  }\n}',
      ordered_json.encode({ a = { 1, {} }, b = { c = cjson.null } }, { indent = "  " }))
  end)

  it("writes whole numbers without a fraction, and refuses numbers that JSON lacks", function()
    assert.equal("[60, 60, 0, -7, null, null, null]", ordered_json.encode { 60, 120 / 2, 0, -7, 0 / 0, 1 / 0, -1 / 0 })
  end)

  it("has no raw control character", function()
    assert.equal('["\\u001b[31m", "\\u009b31m", "\\u007f"]', ordered_json.encode { "\27[31m", "\194\15531m", "\127" })
  end)
end)
