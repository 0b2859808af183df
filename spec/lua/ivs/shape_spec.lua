--- The shape of the responses in Lua, compared with botocore's model of the service (spec/oracle/shape.py), which may be older and
-- lack members, and with the emulator's configuration that has every member.

local oracle = require "support.oracle"
local shape = require "ivs.shape"
local store = require "emulator.store"

--- Every node that the model has, ours has with the same type.
local function assert_includes(node, model, path)
  assert.equal(model.type, node and node.type, path)
  if model.element then assert_includes(node.element, model.element, path .. "[]") end
  for name, member in pairs(model.members or {}) do assert_includes(node.members[name], member, path .. "." .. name) end
end

--- Every value has the type of its node, and every member of the node is there.
local function assert_describes(node, value, path)
  if node.type == "structure" then
    for name, member in pairs(node.members) do assert_describes(member, value[name], path .. "." .. name) end
    for name in pairs(value) do assert.is_table(node.members[name], path .. "." .. name) end
  elseif node.element then
    assert.is_table(value, path)
    for key, element in pairs(value) do
      assert.equal(node.type == "list" and "number" or "string", type(key), path)
      assert_describes(node.element, element, path .. "[]")
    end
  else
    assert.equal(node.type == "integer" and "number" or "string", type(value), path)
  end
end

describe("the shape of", function()
  it("the results includes botocore's model", function()
    local models = oracle.run("shape", { "GetRecordingConfiguration", "ListRecordingConfigurations" })
    assert_includes(shape.get_result, models[1], "get")
    assert_includes(shape.list_result, models[2], "list")
  end)

  it("a recording configuration has the members of a complete one", function()
    assert_describes(shape.configuration, store.configurations.complete, "configuration")
  end)

  it("a member is found by its path; what follows `tags.` is one name", function()
    assert.equal("list", shape.at(shape.configuration, "thumbnailConfiguration.storage").type)
    assert.equal("string", shape.at(shape.configuration, "tags.cost.center").type)
    assert.equal(shape.configuration, shape.at(shape.configuration, ""))
    assert.is_nil(shape.at(shape.configuration, "thumbnailConfiguration.none"))
    assert.is_nil(shape.at(shape.configuration, "none.state"))
  end)
end)
