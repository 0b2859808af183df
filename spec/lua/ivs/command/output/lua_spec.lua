--- Lua chunks: they return what was printed, and hold no control character.

local output_lua = require "ivs.command.output.lua"

local function returned(text)
  return assert((loadstring or load)(text))()
end

describe("a Lua chunk", function()
  it("returns an equal value", function()
    local value = {
      list = { "a", "b", { c = 1 } }, empty = {}, number = 60, fraction = 0.1, big = 2 ^ 52, truth = true,
      ["end"] = "keyword", ["cost:center"] = 'quote " and \\ backslash', text = "équipe 配信", bytes = "\0\1\255\127 1\r\n\t0",
    }
    assert.same(value, returned(output_lua.chunk(value)))
  end)

  it("has every byte of a value, with control characters escaped", function()
    local all = {}
    for byte = 0, 255 do all[#all + 1] = string.char(byte) .. "0" end
    all[#all + 1] = "\194\155\226\128\174\226\128\168"
    local text = output_lua.chunk { table.concat(all) }
    assert.equal(table.concat(all), returned(text)[1])
    assert.is_nil(text:find "[%z\1-\9\11-\31\127]")
    assert.is_nil(text:find "\194[\128-\159]")
    assert.is_nil(text:find "[\128-\255]") -- nothing in there is text that is safe to print
  end)

  it("leaves text in other languages readable", function()
    assert.equal('return {\n  name = "配信",\n}\n', output_lua.chunk { name = "配信" })
  end)

  it("is the same for the same value", function()
    local first, second = { b = 1, a = 2, c = 3 }, {}
    for _, key in ipairs { "c", "b", "a" } do second[key] = first[key] end
    assert.equal(output_lua.chunk(first), output_lua.chunk(second))
  end)
end)
