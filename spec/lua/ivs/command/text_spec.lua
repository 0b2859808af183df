--- Widths in terminal columns, compared with Python's tables of the Unicode standard; cuts and line breaks.

local oracle = require "support.oracle"
local text = require "ivs.command.text"

local SAMPLES = {
  "plain", "équipe", "部署", "配信チーム", "e\204\129", "한국어", "カタカナ", "ﾊﾝｶｸ", "Ｆｕｌｌ", "→", "…", "😀", "Ω≈ç√", "שלום",
  "a\226\128\139b", "🚀 go", "ก็", "नमस्ते", "", " ",
}

describe("the width of text", function()
  it("is what Unicode's East Asian Width and categories say", function()
    for _, pair in ipairs(oracle.run("width", { SAMPLES })[1]) do assert.equal(pair[2], text.width(pair[1]), pair[1]) end
  end)

  it("is right for every assigned code point", function()
    local wrong = {}
    for _, pair in ipairs(oracle.run("width", { "every" })[1]) do
      -- the soft hyphen is shown as a hyphen
      if text.width(pair[1]) ~= pair[2] and pair[1] ~= "\194\173" then wrong[#wrong + 1] = pair[1] end
    end
    assert.same({}, wrong)
  end)
end)

describe("cut text", function()
  it("is unchanged if it fits", function()
    assert.equal("部署", text.cut("部署", 4, nil, "…"))
  end)

  it("keeps its beginning, or its end, with an ellipsis for the rest", function()
    assert.equal("abc…", text.cut("abcdefgh", 4, nil, "…"))
    assert.equal("…fgh", text.cut("abcdefgh", 4, "end", "…"))
    assert.equal("a...", text.cut("abcdefgh", 4, nil, "..."))
    assert.equal("ab", text.cut("abcdefgh", 2, nil, "..."))
  end)

  it("never splits a character, and never exceeds the columns with a wide one", function()
    for columns = 1, 9 do
      for _, keep in ipairs { "beginning", "end" } do
        local cut = text.cut("配信チーム", columns, keep, "…")
        assert.is_true(text.width(cut) <= columns, cut)
        assert.is_nil(require("ivs.printable").escape(cut):find("\239\191\189", 1, true), cut)
      end
    end
  end)
end)

describe("wrapped text", function()
  it("breaks at spaces, and within a word that is longer than a line", function()
    assert.same({ "one two", "three" }, text.wrap("one two three", 8))
    assert.same({ "abcd", "efgh", "ij k" }, text.wrap("abcdefghij k", 4))
    assert.same({ "" }, text.wrap("", 4))
  end)

  it("loses no character, even if a wide one does not fit", function()
    assert.same({ "配", "信" }, text.wrap("配信", 1))
  end)
end)

describe("text for a locale that is not UTF-8", function()
  it("is ASCII", function()
    assert.equal("...MPLE ?quipe ??", text.ascii("…MPLE équipe 部署"))
  end)
end)
