--- Text that is safe to print: which characters are escaped or replaced, and that escaping loses nothing.

local cjson = require("cjson").new()
local lxp = require "lxp"
local printable = require "ivs.printable"

--- UTF-8 of a code point (RFC 3629), which not every Lua has.
local function utf8_of(point)
  local function continuation(shift) return 0x80 + math.floor(point / 2 ^ shift) % 64 end
  if point < 0x80 then return string.char(point) end
  if point < 0x800 then return string.char(0xC0 + math.floor(point / 64), continuation(0)) end
  if point < 0x10000 then return string.char(0xE0 + math.floor(point / 4096), continuation(6), continuation(0)) end
  return string.char(0xF0 + math.floor(point / 262144), continuation(12), continuation(6), continuation(0))
end

local function each_character(visit)
  for point = 0, 0xFFFF do
    if point < 0xD800 or point > 0xDFFF then visit(utf8_of(point), point) end
  end
  for _, point in ipairs { 0x10000, 0x1F600, 0x10FFFF } do visit(utf8_of(point), point) end
end

describe("printable text", function()
  it("has no control character of C0, DEL or C1, and no line separator", function()
    each_character(function(character, point)
      local is_control = point < 0x20 or point == 0x7F or point >= 0x80 and point <= 0x9F or point == 0x2028 or point == 0x2029
      if is_control then assert.truthy(printable.escape(character):find "^\\[bfnrtu][0-9a-f]*$") end
    end)
  end)

  it("keeps letters of every script as they are", function()
    local text = "équipe 部署 Ελληνικά 😀 a\\b\"c"
    assert.equal(text, printable.escape(text))
  end)

  it("loses nothing: a JSON parser reads back what was escaped", function()
    each_character(function(character)
      if character ~= '"' and character ~= "\\" then
        assert.equal(character, cjson.decode('["' .. printable.escape(character) .. '"]')[1])
      end
    end)
  end)

  it("is accepted by an XML parser", function()
    local text = {}
    each_character(function(character)
      if character ~= "<" and character ~= "&" then text[#text + 1] = printable.escape(character) end
    end)
    assert(lxp.new({}):parse("<x>" .. table.concat(text):gsub("]]>", "") .. "</x>"))
  end)

  it("reorders no line", function()
    assert.equal("\\u202egpj.exe \\u2066", printable.escape("\226\128\174gpj.exe \226\129\166"))
  end)

  it("has U+FFFD for each byte that is not UTF-8", function()
    local replacement = "\239\191\189"
    -- RFC 3629: a lone continuation, an overlong form, a surrogate, a code point above U+10FFFF, a cut sequence
    for bytes, count in pairs { ["\155"] = 1, ["\192\155"] = 2, ["\224\130\155"] = 3, ["\237\160\128"] = 3, ["\244\144\128\128"] = 4,
      ["\226\130"] = 2, ["\255\254"] = 2 } do
      assert.equal("a" .. replacement:rep(count) .. "z", printable.escape("a" .. bytes .. "z"))
    end
  end)
end)

describe("a line", function()
  it("has a space for line ends and tabs, and a question mark for each other unsafe character", function()
    each_character(function(character, point)
      local line = printable.line("a" .. character .. "z")
      if point >= 9 and point <= 13 then -- TAB, LF, VT, FF, CR (ECMA-48)
        assert.equal("a z", line)
      elseif printable.escape(character):find "^\\[bfnrtu][0-9a-f]*$" then
        assert.equal("a?z", line)
      else
        assert.equal("a" .. character .. "z", line)
      end
    end)
    assert.equal("bad token ??", printable.line "bad\r\n\ttoken \155\0")
  end)

  it("is cut between characters, with an ellipsis", function()
    local euro = "\226\130\172" -- three bytes
    for max_bytes, kept in pairs { [0] = 0, [2] = 0, [3] = 1, [4] = 1, [5] = 1, [6] = 2 } do
      assert.equal(euro:rep(kept) .. "…", printable.line(euro:rep(3), max_bytes))
    end
    assert.equal(euro:rep(3), printable.line(euro:rep(3), 9))
    assert.equal("ab…", printable.line("abc", 2))
  end)

  it("is made of any value", function()
    assert.equal("12", printable.line(12))
    assert.equal("nil", printable.line(nil))
  end)
end)
