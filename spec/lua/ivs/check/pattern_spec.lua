--- Malformed Lua patterns, found without a text to match: compared with what string.find says when it gets to the malformed part.

local pattern = require "ivs.check.pattern"

-- Each with a text that makes string.find read the pattern to the malformed part.
local MALFORMED = {
  { "%", "a" }, { "a%", "a" }, { "[", "a" }, { "[a", "a" }, { "a[^", "aa" }, { "[]", "]" }, { "[^]", "a" }, { "[%]", "]" }, { "[a%", "a" },
  { "(", "a" }, { "(a", "a" }, { "((a)", "a" }, { ".)", "a" }, { "%a)", "a" }, { "(a))", "a" }, { "%b", "a" }, { "%ba", "a" },
  { "%f", "a" }, { "%fa", "a" }, { "%1", "a" }, { "(a%1)", "aa" }, { "(a)%2", "aa" }, { "%0", "a" }, { ("()"):rep(33), "a" },
  { "x[a", "xa" }, { "abc[", "abcd" }, { "(a)(b", "ab" },
}

local WELL_FORMED = {
  "", "a", ".", "%.", "^live%-", "%d+$", "[%w_]+", "[]]", "[^]]", "[a-]", "[%]]", "[[]", "(a)(b)", "((a)b)", "()", "()a()", "(a)%1", "%bxy",
  "%f[%w]a", "%%", "a-", "a*b?", "^$", "$^", "*", "+a", "]", "-", ")", "a)", ("()"):rep(32), "[%a%]x]", "(a[)]b)", "ü+",
}

local TEXTS = { "", "a", "b", "ab", "aab", "abba", "a]b", "(a)", "[a]", "%a", "a1b", "f1", "^a$", "bb(a[1])f" }

--- Texts of a generator of its own, so that each run and each Lua has the same ones.
local function generated(count)
  local pieces = { "%", "(", ")", "[", "]", "^", "$", "-", "*", "a", "b", "1", "f", "%a", "[a", "(a)", "%b", "%f", "%1" }
  local state, out = 20240711, {}
  local function draw(limit)
    state = (state * 16807) % 2147483647
    return math.floor(state / 7) % limit + 1
  end
  for index = 1, count do
    local parts = {}
    for position = 1, draw(6) do parts[position] = pieces[draw(#pieces)] end
    out[index] = table.concat(parts)
  end
  return out
end

describe("a Lua pattern", function()
  it("is malformed if string.find says so", function()
    for _, case in ipairs(MALFORMED) do
      assert.is_false(pcall(string.find, case[2], case[1]), case[1]) -- the oracle
      assert.is_string(pattern.problem(case[1]), case[1])
    end
  end)

  it("that is well-formed has no error", function()
    for _, text in ipairs(WELL_FORMED) do
      for _, subject in ipairs(TEXTS) do assert(pcall(string.find, subject, text)) end
      assert.is_nil(pattern.problem(text), text)
    end
  end)

  it("without an error never makes string.find raise", function()
    local well_formed = 0
    for _, text in ipairs(generated(3000)) do
      if not pattern.problem(text) then
        well_formed = well_formed + 1
        for _, subject in ipairs(TEXTS) do assert.is_true(pcall(string.find, subject, text), text) end
      end
    end
    assert.is_true(well_formed > 300)
  end)
end)
