--- The progress bar, over a clock of the spec's own.

local progress = require "ivs.command.progress"

local function bar(columns, no_pace)
  local scene = { time = 100, written = {} }
  local update, finish = progress.new({ columns = columns, now = function() return scene.time end,
    write = function(s) scene.written[#scene.written + 1] = s end }, no_pace)
  function scene.update(seconds, done, total)
    scene.time = 100 + seconds
    update(done, total)
    return scene.written[#scene.written]
  end
  scene.finish = finish
  return scene
end

describe("the progress bar", function()
  it("appears after a second of work", function()
    local scene = bar(80)
    assert.is_nil(scene.update(0.9, 1, 10))
    assert.truthy(scene.update(1.1, 2, 10))
  end)

  it("shows done and total, the pace, the time left", function()
    local scene = bar(80)
    assert.equal("\r[##########--------------------] 20/60  2.0/s  20 s left\27[K", scene.update(10, 20, 60))
    assert.equal("\r[" .. ("#"):rep(15) .. ("-"):rep(15) .. "] 300/600  1.0/s  5 min left\27[K", scene.update(300, 300, 600))
    assert.equal("\r[" .. ("#"):rep(30) .. "] 600/600  2.0/s\27[K", scene.update(300, 600, 600))
  end)

  it("shows no pace if that predicts nothing", function()
    assert.equal("\r[##########--------------------] 1/3\27[K", bar(80, true).update(10, 1, 3))
  end)

  it("fits any terminal, without wrapping", function()
    for columns = 10, 120 do
      local shown = bar(columns).update(5, 1234, 50000)
      assert.is_true(#shown:gsub("^\r", ""):gsub("\27%[K$", "") < columns + 1, shown)
    end
  end)

  it("is drawn at most ten times a second, and at the end", function()
    local scene = bar(80)
    scene.update(1.5, 1, 9)
    scene.update(1.55, 2, 9)
    assert.equal(1, #scene.written)
    scene.update(1.56, 9, 9)
    assert.equal(2, #scene.written)
  end)

  it("is removed, if it was drawn", function()
    local scene = bar(80)
    scene.finish()
    assert.same({}, scene.written)
    scene.update(2, 1, 9)
    scene.finish()
    assert.equal("\r\27[K", scene.written[2])
  end)

  it("is never drawn without a terminal", function()
    assert.is_nil(bar(nil).update(5, 1, 10))
  end)
end)
