--- The grammar of the shared AWS files, where botocore is no oracle: lines and kinds of errors, no secret in their
-- messages, sizes. The values of valid files are compared with botocore in files_spec.lua.

local ini = require "ivs.config.ini"

local SECRET = "hunter2"

-- The text, the line of the fault, and a word of what is told.
local FAULTS = {
  ["a setting before any section"] = { "# mine\nkey = hunter2\n", 2, "before the first" },
  ["a word in a section"] = { "[a]\nb = c\n\nhunter2\n", 4, "not a [section]" },
  ["an unclosed section"] = { "[a]\n[hunter2\n", 2, "not a [section]" },
  ["a section without a name"] = { "[a]\n[]\n", 2, "not a [section]" },
  ["a section a second time"] = { "[hunter2]\na = b\n[b]\n[hunter2]\n", 4, "already in line 1" },
  ["a section a second time, with a comment"] = { "[hunter2]\n[hunter2] # more\n", 2, "already in line 1" },
  ["a key a second time"] = { "[a]\nhunter2 = b\nc = d\nhunter2 = e\n", 4, "key" },
  ["a key a second time, in upper case"] = { "[a]\nhunter2 = b\n\n\nHUNTER2: e\n", 5, "key" },
  ["a key a second time in a second [DEFAULT]"] = { "[DEFAULT]\na = b\n[DEFAULT]\na = hunter2\n", 4, "key" },
  ["no key before ="] = { "[a]\n= hunter2\n", 2, "no key before the '='" },
  ["no key before :"] = { "[a]\n: hunter2\n", 2, "no key before the ':'" },
  ["a nested line without ="] = { "[a]\nb =\n  c = d\n\n  # hunter2\n  hunter2\n", 6, "nested" },
  ["a byte order mark"] = { "\239\187\191[a]\nhunter2 = b\n", 1, "byte order mark" },
  ["a NUL byte in a value"] = { "[a]\nb = hunter2\0\n", 2, "NUL" },
  ["UTF-16 without a mark"] = { ("[default]\nkey = hunter2\n"):gsub(".", "%0\0"), 1, "NUL" },
  ["UTF-16 with a mark"] = { "\255\254[\0a\0]\0\n\0", 1, "NUL" },
  ["Latin-1"] = { "[a]\nb = c\nc = caf\233 hunter2\n", 3, "UTF-8" },
  ["Latin-1 in a comment"] = { "[a]\n# caf\233\n", 2, "UTF-8" },
  ["an overlong form"] = { "[a]\nb = \192\175\n", 2, "UTF-8" },
  ["an overlong form of three bytes"] = { "[a]\nb = \224\128\175\n", 2, "UTF-8" },
  ["a surrogate"] = { "[a]\nb = \237\160\128\n", 2, "UTF-8" },
  ["a character past the last"] = { "[a]\nb = \244\144\128\128\n", 2, "UTF-8" },
  ["a lonely continuation byte"] = { "[a]\nb = \128\n", 2, "UTF-8" },
  ["a character cut off"] = { "[a]\nb = \226\130", 2, "UTF-8" },
  ["lines that end in CR LF"] = { "[a]\r\nb = c\r\n\r\nhunter2\r\n", 4, "not a [section]" },
  ["lines that end in CR"] = { "[a]\rb = c\r\rhunter2\r", 4, "not a [section]" },
  ["blank lines before the fault"] = { "\n\n\n[a]\n\n\n   \n\nhunter2", 9, "not a [section]" },
}

--- Seconds of processor time that parsing takes, and what came of it.
local function timed(text)
  local start = os.clock()
  local sections, line, what = ini.parse(text)
  return os.clock() - start, sections, line, what
end

describe("ivs.config.ini", function()
  for name, case in pairs(FAULTS) do
    it("names the line of " .. name .. " and quotes nothing of it", function()
      local sections, line, what = ini.parse((case[1]))
      assert.is_nil(sections)
      local expected_line, expected_word = case[#case - 1], case[#case]
      assert.equal(expected_line, line)
      assert.truthy(what:find(expected_word, 1, true), what)
      assert.is_nil(what:lower():find(SECRET, 1, true), what)
    end)
  end

  it("does not raise for random bytes", function()
    local seed = 20260101
    for _ = 1, 300 do
      local bytes = {}
      for index = 1, 200 do
        seed = (seed * 16807) % 2147483647
        bytes[index] = string.char(seed % 256)
      end
      local junk = table.concat(bytes)
      assert.is_nil((ini.parse(junk)))
      ini.parse("[default]\n" .. junk)
    end
  end)

  it("keeps the order of the sections and accepts a file without a last newline", function()
    local sections = ini.parse("[b]\n[a]\nkey = value")
    assert.same({ { name = "b", values = {} }, { name = "a", values = { key = "value" } } }, sections)
  end)

  local function assert_linear(name, text)
    local seconds = timed(text)
    if os.getenv("IVS_SHOW_TIMES") then print(("%s %s: %.2f s"):format(_VERSION, name, seconds)) end
    -- a quadratic step would take an hour; under valgrind, or on a busy machine, this has room
    assert.is_true(seconds < (os.getenv "UNDER" == "valgrind" and 120 or 20), name .. " took " .. seconds .. " s")
  end

  it("parses 10 MB of settings, and of profiles, in about a second", function()
    local settings, profiles = { "[default]\n" }, {}
    for index = 1, 440000 do settings[index + 1] = ("key_%d = some value\n"):format(index) end
    for index = 1, 190000 do profiles[index] = ("[profile p%d]\nregion = us-west-2\nkey = b\n\n"):format(index) end
    assert_linear("settings", table.concat(settings))
    assert_linear("profiles", table.concat(profiles))
  end)

  local MONSTERS = {
    comments = { "[a]\n", "# comment comment\n", 50000 }, nested = { "[a]\nb =\n", "  key = other\n", 70000 },
    continuations = { "[a]\nb =c\n", "  key\n", 150000 }, blanks = { "[a]\nb =", "\n", 1000000 },
    spaces = { "[a]\nb =", " ", 1000000 }, ["wide spaces"] = { "[a]\nb =", "\194\160", 500000 },
    value = { "[a]\nb =", "x ", 500000 }, brackets = { "[a]\n", "[", 1000000 }, letters = { "[a]\n", "a", 1000000 },
    delimiters = { "[a]\nb", "=", 1000000 }, characters = { "[a]\nb=", "\230\151\165", 300000 },
    bytes = { "[a]\nb=", "\128", 1000000 }, lines = { "", "\r\n", 500000 },
  }

  for name, monster in pairs(MONSTERS) do
    it("takes linear time for a megabyte of " .. name, function()
      assert_linear(name, monster[1] .. monster[2]:rep(monster[3]) .. "\n  c = d\n")
    end)
  end
end)
