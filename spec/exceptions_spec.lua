-- ivs.exceptions names every code that the module can give, and raises for a name it does not have.

local ivs = require "ivs"
local readme = require "support.readme"

local function sources()
  local pipe = assert(io.popen("find '" .. readme.root .. "/lua' '" .. readme.root .. "/csrc' -name '*.lua' -o -name '*.c'"))
  local paths = {}
  for path in pipe:lines() do paths[#paths + 1] = path end
  pipe:close()
  return paths
end

describe("ivs.exceptions", function()
  it("maps each code to itself", function()
    assert.equal("ResourceNotFoundException", ivs.exceptions.ResourceNotFoundException)
    for name, code in pairs(ivs.exceptions) do assert.equal(name, code) end
  end)

  it("raises for a misspelt name, at the place that wrote it", function()
    local good, message = pcall(function() return ivs.exceptions.ResorceNotFound end)
    assert.is_false(good)
    assert.is_truthy(message:find("exceptions_spec.lua:%d+: .*ResorceNotFound"))
  end)

  it("can't be written to", function()
    assert.is_false(pcall(function() ivs.exceptions.Mine = "Mine" end))
  end)

  it("has every code that stands in the sources", function()
    local found = 0
    for _, path in ipairs(sources()) do
      local file = assert(io.open(path))
      for code in file:read("*a"):gmatch('"(%u[%w]+)"') do
        if code:find("Error$") or code:find("Exception$") or code:find("NotFound$") or code:find("^Login%u") then
          found = found + 1
          assert.equal(code, rawget(ivs.exceptions, code), path)
        end
      end
      file:close()
    end
    assert.is_true(found > 50)
  end)
end)
