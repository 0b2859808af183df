-- ivs.exceptions names every code that the module can give, and raises for a name it does not have.

local ivs = require "ivs"
local readme = require "support.readme"

--- Iterates over the sources: path and text.
local function sources()
  local pipe = assert(io.popen("find '" .. readme.root .. "/lua' '" .. readme.root .. "/csrc' -name '*.lua' -o -name '*.c'"))
  local next_path = pipe:lines()
  return function()
    local path = next_path()
    if not path then return pipe:close() and nil end
    local file = assert(io.open(path))
    local text = file:read("*a")
    file:close()
    return path, text
  end
end

describe("ivs.exceptions", function()
  it("maps each code to itself", function()
    assert.equal("ResourceNotFoundException", ivs.exceptions.ResourceNotFoundException)
    assert.equal("WaiterError", ivs.exceptions.WaiterError)
  end)

  it("can be listed where this Lua has __pairs", function()
    local _, own = pairs(setmetatable({}, { __pairs = function() return next, "own" end }))
    if own ~= "own" then return end
    local count = 0
    for name, code in pairs(ivs.exceptions) do
      assert.equal(name, code)
      count = count + 1
    end
    assert.is_true(count > 50)
  end)

  it("raises for a misspelled name, at the line that uses it", function()
    local good, message = pcall(function() return ivs.exceptions.ResorceNotFound end)
    assert.is_false(good)
    assert.is_truthy(message:find("exceptions_spec.lua:%d+: .*ResorceNotFound"))
  end)

  it("is read-only", function()
    for _, name in ipairs { "Mine", "NoRegionError", 1 } do
      local good, message = pcall(function() ivs.exceptions[name] = "Mine" end)
      assert.is_false(good)
      assert.truthy(message:find("exceptions_spec.lua:%d+: .*read%-only"), message)
    end
    assert.equal("NoRegionError", ivs.exceptions.NoRegionError)
    assert.is_false((pcall(setmetatable, ivs.exceptions, {})))
    assert.equal(false, getmetatable(ivs.exceptions))
    local _, state = pairs(ivs.exceptions)
    assert.is_nil(rawget(state, "NoRegionError")) -- pairs does not give the list itself away either
  end)

  it("has every code that is in the sources", function()
    local found = 0
    for path, text in sources() do
      for code in text:gmatch '"(%u[%w]+)"' do
        if code:find("Error$") or code:find("Exception$") or code:find("NotFound$") or code:find("^Login%u") then
          found = found + 1
          local known, value = pcall(function() return ivs.exceptions[code] end)
          assert.is_true(known and value == code, path .. ": " .. code)
        end
      end
    end
    assert.is_true(found > 50)
  end)

  it("has no client-side code that is never used", function()
    local file = assert(io.open(readme.root .. "/csrc/core/failure.h"))
    local list = file:read("*a"):match "#define IVS_CLIENT_CODES(.-)\n\n"
    file:close()
    local all = {}
    for _, text in sources() do all[#all + 1] = text end
    all = table.concat(all)
    local count = 0
    for code in list:gmatch "X%((%u%w+)%)" do
      count = count + 1
      -- a waiter's error is named for those who write one over a client
      assert.truthy(code == "WaiterError" or all:find('"' .. code .. '"', 1, true), code)
    end
    assert.is_true(count > 30)
  end)
end)
