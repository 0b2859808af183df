--- Tables at every width: aligned, no line wider than the terminal, what matters most still there.

local configuration = require "ivs.command.output.configuration"
local output_table = require "ivs.command.output.table"
local store = require "emulator.store"
local text = require "ivs.command.text"

local function terminal(columns, ascii)
  return { columns = columns, utf8 = not ascii, ellipsis = ascii and "..." or "…", paint = function(s) return s end }
end

local LIST = {}
for _, label in ipairs(store.labels) do LIST[#LIST + 1] = store.configurations[label] end

describe("a table", function()
  it("is never wider than the terminal", function()
    for columns = 20, 220, 3 do
      for _, line in ipairs(configuration.lines(LIST, terminal(columns))) do
        assert.is_true(text.width(line) <= columns, columns .. ": " .. line)
      end
    end
  end)

  it("is aligned: each value begins where its title does", function()
    for _, columns in ipairs { 40, 80, 132, 200 } do
      local lines = configuration.lines(LIST, terminal(columns))
      local at = lines[1]:find("STATE", 1, true)
      for index = 2, #lines do
        local before = lines[index]:find "ACTIVE" or lines[index]:find "CREAT"
        assert.equal(at, text.width(lines[index]:sub(1, before - 1)) + 1, lines[index])
      end
    end
  end)

  it("shows name, state and the end of the ARN at 40 columns", function()
    local lines = configuration.lines({ store.configurations.create_failed }, terminal(40))
    assert.truthy(lines[1]:find "^NAME +STATE +ARN", lines[1])
    assert.truthy(lines[2]:find "^bucket%-i.+CREATE_FAILED.+/FaIlEd000001$", lines[2])
  end)

  it("shortens the widest column, not all", function()
    local short = { arn = store.arn "a", state = "ACTIVE", name = "short", destinationConfiguration = { s3 = { bucketName = "bucket" } } }
    local long = { arn = store.arn "b", state = "ACTIVE", name = ("n"):rep(128) }
    local lines = configuration.lines({ short, long }, terminal(80))
    assert.truthy(lines[2]:find("bucket", 1, true), lines[2])
    assert.truthy(lines[3]:find("/b", 1, true), lines[3])
  end)

  it("is not shortened without a terminal", function()
    local lines = configuration.lines({ store.configurations.longest }, terminal(nil))
    assert.truthy(lines[2]:find(store.configurations.longest.name, 1, true))
    assert.truthy(lines[2]:find(store.configurations.longest.arn, 1, true))
  end)

  it("is ASCII if the locale is not UTF-8", function()
    for _, line in ipairs(configuration.lines(LIST, terminal(60, true))) do assert.is_nil(line:find "[\128-\255]", line) end
    for _, line in ipairs(configuration.record(store.configurations.standard_definition, terminal(60, true))) do
      assert.is_nil(line:find "[\128-\255]", line)
    end
  end)

  it("shows values that are absent, empty or of an unknown kind", function()
    local odd = { arn = "x", state = "DELETING", renditionConfiguration = {}, thumbnailConfiguration = {}, destinationConfiguration = {} }
    assert.equal(2, #configuration.lines({ odd }, terminal(80)))
    assert.is_true(#configuration.record({}, terminal(40)) >= 2)
  end)
end)

describe("a record", function()
  it("wraps values and loses nothing", function()
    for _, columns in ipairs { 40, 80, 200 } do
      local lines = configuration.record(store.configurations.longest, terminal(columns))
      local count = 0
      for _, line in ipairs(lines) do
        assert.is_true(text.width(line) <= columns, line)
        count = count + select(2, line:gsub("v", ""))
      end
      assert.is_true(count >= 256) -- the tag's value
    end
  end)
end)

describe("colors", function()
  it("do not affect the alignment", function()
    local painted = terminal(80)
    painted.paint = function(s, style) return style and "<" .. style .. ">" .. s .. "</>" or s end
    local lines = output_table.lines({ { key = "a", title = "A", useful = 5, always = true, style = function() return "green" end },
      { key = "b", title = "B", useful = 5, always = true } }, { { a = "x", b = "y" } }, painted)
    assert.same({ "<bold>A</>  <bold>B</>", "<green>x</>  y" }, lines)
  end)
end)
