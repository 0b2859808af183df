--- The words of a credential_process and of a section's name, compared with those of Python's shlex (spec/oracle/words.py).

local oracle = require "support.oracle"
local shlex = require "ivs.config.shlex"

-- Lines that people write, then every place where a quote or a backslash means something.
local LINES = {
  "", " ", "\t\r\n", "aws-vault exec prod --json", "/opt/bin/keys --user 'a b' --role \"c d\"",
  [[profile "my video"]], "profile ''", [[ a "b\"c\d" ]], [[a'b'\ c]],
  [["/path with spaces/tool" --flag="x y" '']], [[a"b"'c'd]], [[""]], [['']], [[a '' b]], [[a""]], [["" "" '']],
  [[\a]], [[a\ b]], [[\\]], [[\"]], [[\']], [["\""]], [["\\"]], [["\a"]], [["\$x"]], [["\`"]], [['\']], [['\'']],
  [['a\'b'c']], [['it'"'"'s']], [["it's"]], [['say "hi"']], [["a\]], [[a\]], [[\]], [["]], [[']], [[a "b]], [[a 'b]],
  [["a' b]], [[a#b]], [[# no comment]], [[a # b]], [[a;b|c&d>e<f(g)]], [[$HOME ${x} `y` *.lua ~/z [a-b] {c,d}]],
  "a\\\nb", "\"a\\\nb\"", "'a\nb'", "a\nb", "a\rb", "a\vb", "a\fb", "\v", "\f \v", "a\127b", "a\1b",
  "f\195\188r 'stra\195\159e' \"\226\130\172 5\"", "\240\159\148\145 \\\240\159\148\145", "a\\\195\188", "a\194\160b",
  [[--password=p\"w 'x'\''y']], [[a=b "c"=d 'e'f"g"h]], ("x"):rep(5000), ("'a b' "):rep(500), (" "):rep(1000) .. "a",
}

local ALPHABET = { "a", "bc", " ", " ", "\t", "\n", "'", "'", '"', '"', "\\", "\\", "$x", "#", "\195\188", "\f", ";" }

--- Lines of a generator of its own, so that each run and each Lua has the same ones.
local function generated(count)
  local state, lines = 20240711, {}
  local function next_number(limit)
    state = (state * 16807) % 2147483647
    return math.floor(state / 7) % limit + 1
  end
  for index = 1, count do
    local parts = {}
    for position = 1, next_number(14) do parts[position] = ALPHABET[next_number(#ALPHABET)] end
    lines[index] = table.concat(parts)
  end
  return lines
end

describe("words", function()
  it("are those of Python's shlex, with any quotes and escapes", function()
    local lines = generated(1000)
    for _, line in ipairs(LINES) do lines[#lines + 1] = line end
    local faults = 0
    for index, expected in ipairs(oracle.run("words", lines)) do
      local found, problem = shlex.split(lines[index])
      local shown = ("%q"):format(lines[index]:sub(1, 80))
      if expected.error then
        faults = faults + 1
        assert.is_nil(found, shown)
        assert.is_string(problem, shown)
      else
        assert.same(expected.words, found, shown)
      end
    end
    assert.is_true(faults > 100 and faults < 900, faults .. " of the lines are faulty")
  end)

  it("are refused if they contain a NUL", function()
    assert.same({ nil, "it holds a NUL byte" }, { shlex.split("a\0b") })
  end)

  it("are never quoted in an error message", function()
    for _, line in ipairs { "tool --password hunter2 'open", "tool hunter2\\", 'hunter2 "', "hunter2\0" } do
      local _, problem = shlex.split(line)
      assert.is_nil(problem:find("hunter2", 1, true))
    end
  end)
end)
