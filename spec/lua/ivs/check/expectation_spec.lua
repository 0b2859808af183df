--- Invalid expectations and their messages; expectations from text and files; snapshots.

local check = require "ivs.check"
local cjson = require("cjson").new()
local store = require "emulator.store"

local ARN, OTHER = store.arn "AbCdEf123456", store.arn "MiNiMaL00001"

local function deep()
  local value = "ACTIVE"
  for _ = 1, 200 do value = { ["$any"] = { value } } end
  return { state = value }
end

local function cyclic()
  local value = {}
  value["$any"] = { value }
  return { state = value }
end

-- An expectation and the texts that its message has to have.
local INVALID = {
  { { thumbnailConfigration = {} }, "thumbnailConfigration", "thumbnailConfiguration" },
  { { thumbnailConfiguration = { targetInterval = 60 } }, "targetInterval", "thumbnailConfiguration", "targetIntervalSeconds" },
  { { destinationConfiguration = { s3 = { bucket = "b" } } }, "bucketName" },
  { { Name = "x" }, '"name"' },
  { { foo = 1 }, "foo", "recordingReconnectWindowSeconds" },
  { { state = { ["$match"] = "x" } }, "$match", "$matches", "state" },
  { { tags = { a = { ["$exact"] = {} } } }, "$exactly" },
  { { state = { ["$regex"] = "x" } }, "$regex", "$absent", "$any", "$exactly", "$matches" },
  { { name = { ["$matches"] = "live[" } }, "name", "live[" },
  { { name = { ["$matches"] = 5 } }, "name" },
  { { tags = { ["$matches"] = "x" } }, "tags", "$matches" },
  { { state = { ["$any"] = {} } }, "$any" },
  { { state = { ["$any"] = "ACTIVE" } }, "$any" },
  { { state = { ["$any"] = { "ACTIVE", { ["$matches"] = "%" } } } }, "state" },
  { { name = { ["$absent"] = false } }, "$absent" },
  { { ["$absent"] = true }, "$absent" },
  { { tags = { ["$exactly"] = "x" } }, "$exactly" },
  { { thumbnailConfiguration = { ["$any"] = {}, storage = {} } }, "$any", "only key" },
  { { state = { name = "x" } }, "state" },
  { { thumbnailConfiguration = "INTERVAL" }, "thumbnailConfiguration" },
  { { renditionConfiguration = { renditions = "SD" } }, "renditionConfiguration.renditions" },
  { { renditionConfiguration = { renditions = { a = "SD" } } }, "renditionConfiguration.renditions" },
  { { tags = { "a", "b" } }, "tags" }, { { tags = { "a" } }, "tags", "write an object" }, { { thumbnailConfiguration = { 5 } }, "write an object" },
  { { tags = { "a", b = "c" } }, "names and numbers" },
  { { name = print }, "function" },
  { { "ACTIVE" }, "not a list" }, { { renditionConfiguration = { renditions = { "SD", nil, nil, "HD" } } }, "holes" },
  { deep(), "deep" }, { cyclic(), "deep" },
  { { recordingConfigurations = "x" }, "recordingConfigurations" },
  { { recordingConfigurations = {}, error = {} }, "error", '"errors"' },
  { { recordingConfigurations = { { state = "ACTIVE" } } }, "recordingConfigurations[1]", "arn" },
  { { recordingConfigurations = { { arn = ARN, stat = "ACTIVE" } } }, "recordingConfigurations[1]", '"state"' },
}

local function with_file(text, visit)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  local good, problem = pcall(visit, path)
  os.remove(path)
  if not good then error(problem, 0) end
end

describe("an invalid expectation", function()
  it("makes compare and run raise at the caller's line, with the nearest name", function()
    local client = { get_recording_configuration = function() error "asked" end }
    for index, case in ipairs(INVALID) do
      for _, call in ipairs {
        function() return (check.compare({}, case[1])) end,
        function() return (check.run(client, { arns = { ARN }, expectation = case[1] })) end,
      } do
        local good, problem = pcall(call)
        assert.is_false(good, "case " .. index)
        assert.truthy(problem:find "expectation_spec%.lua:%d+: ", problem)
        for at = 2, #case do assert.truthy(problem:find(case[at], 1, true), problem) end
      end
    end
  end)

  it("makes load return nil and an error", function()
    local texts = { "{", '{"name": ', '{"nme": "x"}', '{"name": {"$matches": "["}}', '{"state": {"$is": 1}}', "{}x", "{}\0x", '{"name": "\0"}' }
    for _, text in ipairs(texts) do
      local loaded, err = check.load(text)
      assert.is_nil(loaded)
      assert.is_string(err.kind .. err.code .. err.message)
    end
    local _, err = check.load '{"nme": "x"}'
    assert.truthy(err.message:find('"name"', 1, true))
    assert.equal("ParamValidationError", err.code)
  end)

  it("may be a value other than a table", function()
    for _, value in ipairs { 5, true, print } do assert.is_false(pcall(check.compare, {}, value)) end
    assert.is_false(pcall(check.compare, {}))
    assert.is_false(pcall(check.compare, {}, "/nonexistent"))
    assert.is_false(pcall(check.compare, "x", {}))
    assert.is_false(pcall(check.load, {}))
    assert.is_false(pcall(check.load))
  end)
end)

describe("an expectation is read", function()
  local TEXT = '{"state": {"$any": ["ACTIVE", "CREATING"]}, "name": null, "thumbnailConfiguration": {"storage": []}}'
  local VALUE = { state = { ["$any"] = { "ACTIVE", "CREATING" } }, thumbnailConfiguration = { storage = {} } }

  it("from JSON that begins with {, after white space or a byte order mark", function()
    for _, before in ipairs { "", " \r\n\t", "\239\187\191", "\239\187\191\n" } do assert.same(VALUE, check.load(before .. TEXT)) end
  end)

  it("from a file", function()
    for _, before in ipairs { "", "\n", "\239\187\191" } do
      with_file(before .. TEXT .. "\r\n", function(path) assert.same(VALUE, check.load(path)) end)
    end
  end)

  it("not from a file that does not exist, cannot be read, or is not a JSON object", function()
    for _, path in ipairs { "/nonexistent/want.json", "/", "", "/dev/null", "a\0b", "[]" } do
      local loaded, err = check.load(path)
      assert.is_nil(loaded)
      assert.equal("config", err.kind)
      assert.truthy(err.message:find(path:gsub("%z.*", ""), 1, true), err.message)
    end
    for _, content in ipairs { "", "[]", '["x"]', "null", '"{}"', "5", "\255\254{\0}\0", "{} {}", '{"nme": 1}' } do
      with_file(content, function(path)
        local loaded, err = check.load(path)
        assert.is_nil(loaded)
        assert.truthy(err.message:find(path, 1, true), err.message)
      end)
    end
  end)

  it("only from the file with exactly that name", function()
    with_file(TEXT, function(path) assert.is_nil((check.load(path .. "\0x"))) end)
  end)

  it("from a file that has something", function()
    with_file("", function(path)
      local _, err = check.load(path)
      assert.truthy(err.message:find("JSON object", 1, true), err.message)
    end)
  end)

  it("with a message that names the file once and has no control character", function()
    local _, err = check.load "/nonexistent/\27[31m\n"
    assert.is_nil(tostring(err):find "%c")
    _, err = check.load "/nonexistent/want.json"
    local _, count = err.message:gsub("want%.json", "")
    assert.equal(1, count)
  end)
end)

describe("a snapshot", function()
  local function snapshot(...) return { recordingConfigurations = { ... }, errors = { { arn = "x", code = "y" } } } end
  local complete = store.complete(ARN)

  local function paths(actual, expectation)
    local out = {}
    for index, difference in ipairs(assert(check.compare(actual, expectation))) do out[index] = difference.path end
    return table.concat(out, " ")
  end

  it("compares each configuration with the one that has its ARN", function()
    local want = snapshot(store.complete(OTHER), complete)
    assert.same({}, check.compare(store.complete(ARN), want))
    assert.same({}, check.compare(store.complete(OTHER), cjson.encode(want):gsub('"storage":{}', '"storage":[]')))
    local changed = store.complete(ARN)
    changed.state = "CREATING"
    assert.equal("state", paths(changed, want))
    for _, label in ipairs(store.labels) do
      assert.same({}, check.compare(store.configurations[label], snapshot(store.configurations[label])))
    end
  end)

  it("compares every member: one that the snapshot lacks is a difference", function()
    local want = snapshot(store.configurations.minimal)
    local more = { arn = OTHER, state = "ACTIVE", destinationConfiguration = { s3 = { bucketName = "ivs" } }, name = "new",
      thumbnailConfiguration = { recordingMode = "DISABLED" }, tags = { a = "b" } }
    assert.equal("name tags thumbnailConfiguration", paths(more, want))
    local changed = store.complete(ARN)
    changed.tags.new, changed.tags.note, changed.thumbnailConfiguration.storage = "x", nil, nil
    assert.equal("tags.new tags.note thumbnailConfiguration.storage", paths(changed, snapshot(complete)))
  end)

  it("that lacks the ARN is an error, not a difference", function()
    local differences, err = check.compare(complete, snapshot(store.configurations.minimal))
    assert.is_nil(differences)
    assert.truthy(err.message:find(ARN, 1, true))
    differences, err = check.compare({}, snapshot())
    assert.is_nil(differences)
    assert.is_string(err.message)
  end)
end)
