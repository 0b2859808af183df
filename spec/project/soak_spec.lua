--- The soak: its limits can fail, and a short run of each scenario keeps them.

local interpreter = require "support.interpreter"
local limits = require "soak.limits"
local nginx = require "support.nginx"
local shell = require "emulator.shell"

--- Measurements that keep all limits.
local function kept()
  return { lost = 0, cached_errors = 0, unexplained = 0, longest_cached = 0.1, longest = 3, longest_allowed = 60, oldest = 9,
    oldest_allowed = 10, most_of_one = 20, most_of_one_allowed = 25, most = 40, most_allowed = 50, throttled = 0, calls_for_warm_up = 600,
    warm_up_allowed = 600, running = 30, pending = 2, growth = 1.5, crashed = 0, logged = 0 }
end

describe("the soak's limits", function()
  it("are kept by measurements that are not above them", function()
    local rows, all_kept = limits.judge(kept())
    assert.is_true(all_kept)
    assert.equal(14 + 1, #rows)
    assert.is_nil(limits.text(rows):find "FAILED")
  end)

  for name, value in pairs { lost = 1, cached_errors = 1, unexplained = 1, longest_cached = 1.2, longest = 61, oldest = 11,
    most_of_one = 26, most = 51, throttled = 1, calls_for_warm_up = 601, running = 101, pending = 201, growth = 17, crashed = 1, logged = 1 } do
    it("are not kept if " .. name .. " is above its own", function()
      local measured = kept()
      measured[name] = value
      local rows, all_kept = limits.judge(measured)
      assert.is_false(all_kept)
      local _, failed = limits.text(rows):gsub("FAILED", "")
      assert.equal(1, failed)
    end)
  end

  it("have no row for what was not measured", function()
    assert.equal(1, #limits.judge { lost = 0 })
  end)
end)

if not (nginx.available and jit) then return end -- nginx runs LuaJIT, whatever runs this: once is enough

describe("a short soak", function()
  local function run(words)
    return shell.run(("LUA_PATH=%s LUA_CPATH=%s exec %s spec/soak/run.lua %s 2>&1"):format(shell.quote(package.path),
      shell.quote(package.cpath), shell.quote(interpreter.path()), words))
  end

  it("storm measures what its clients see", function()
    local text = run "storm 10"
    local requests = tonumber(text:match "requests (%d+)")
    assert.is_true(requests and requests > 500, text)
    assert.truthy(text:find("running timers of a worker +[1-9]"), text)
    for _, row in ipairs { "requests without a response", "errors although an answer was cached", "workers that crashed" } do
      assert.truthy(text:find(row .. "%s+0  <=%s+0  ok"), text)
    end
  end)

  it("pace measures what the service sees", function()
    local text = run "pace 3 12"
    assert.truthy(text:find("calls for the first answers%s+12  <=%s+12  ok"), text)
    assert.truthy(text:find("calls that the service throttled for their rate%s+0  <=%s+0  ok"), text)
  end)

  it("of an unknown name is an error", function()
    local text, status = run "calm"
    assert.same({ "a soak is storm or pace, not calm\n", 2 }, { text, status })
  end)
end)
