--- docs/performance.md has the goals of spec/bench/goals.lua, and says of each whether it is reached.

local goals = require "bench.goals"
local readme = require "support.readme"

describe("docs/performance.md", function()
  local rows = {}

  lazy_setup(function()
    for work, yardstick, goal, first, second in readme.text("docs/performance.md")
      :gmatch "\n| ([^|]-) | ([^|]-) | ([%d.]+) | ([%d.-]+) | ([%d.-]+) |%f[\n]" do
      rows[work .. " : " .. yardstick] = { goal = goal, reached = { tonumber(first), tonumber(second) } }
    end
  end)

  it("has each goal, and no other", function()
    local expected, found = {}, {}
    for _, row in pairs(goals) do expected[row[1] .. " : " .. row[2]] = ("%.2f"):format(row[3]) end
    for name, row in pairs(rows) do found[name] = row.goal end
    assert.same(expected, found)
  end)

  it("is what the README's table was taken from", function()
    local count = 0
    for work, yardstick, measured in readme.text():match("## Performance\n(.-)\n## "):gmatch "\n| ([^|]-) | ([^|]-) | ([%d.]+)[^|]* |" do
      local row = rows[work .. " : " .. yardstick]
      assert.truthy(row, work)
      assert.is_true(tonumber(measured) == row.reached[1] or tonumber(measured) == row.reached[2], work)
      count = count + 1
    end
    assert.is_true(count >= 6, count)
  end)
end)
