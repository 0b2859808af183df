--- Comparing a recording configuration with an expectation: what is a difference, and where.

local check = require "ivs.check"
local cjson = require("cjson").new()
local store = require "emulator.store"

local ARN = store.arn "AbCdEf123456"

local function configuration(changes)
  local out = store.complete(ARN)
  for name, value in pairs(changes or {}) do out[name] = value or nil end
  return out
end

--- The paths of the differences, in one text.
local function paths(actual, expectation)
  local out = {}
  for index, difference in ipairs(assert(check.compare(actual, expectation))) do out[index] = difference.path end
  return table.concat(out, " ")
end

describe("an expectation", function()
  it("compares the members that it names, and no others", function()
    assert.same({}, check.compare(configuration(), {}))
    assert.same({}, check.compare(configuration(), { state = "ACTIVE", thumbnailConfiguration = { targetIntervalSeconds = 60 } }))
    assert.same({}, check.compare({}, {}))
  end)

  it("reports a difference with path, expected, actual and a message with all three", function()
    local actual = configuration { thumbnailConfiguration = { targetIntervalSeconds = 30 } }
    local differences = check.compare(actual, { thumbnailConfiguration = { targetIntervalSeconds = 60 } })
    local message = differences[1].message
    differences[1].message = nil
    assert.same({ { path = "thumbnailConfiguration.targetIntervalSeconds", expected = 60, actual = 30 } }, differences)
    for _, part in ipairs { "thumbnailConfiguration.targetIntervalSeconds", "60", "30" } do
      assert.truthy(message:find(part, 1, true), message)
    end
  end)

  it("may be JSON text", function()
    assert.equal("state", paths(configuration(), '\239\187\191 {"state": "CREATING", "name": "live-sessions_archive"}'))
  end)

  it("compares scalars by value and type, each at its path", function()
    local expectation = { state = "CREATE_FAILED", name = "x", recordingReconnectWindowSeconds = "300",
      destinationConfiguration = { s3 = { bucketName = "other" } } }
    assert.equal("destinationConfiguration.s3.bucketName name recordingReconnectWindowSeconds state", paths(configuration(), expectation))
    assert.equal("", paths(configuration(), { recordingReconnectWindowSeconds = 300.0 }))
  end)

  it("treats an absent member as different", function()
    local differences = check.compare(configuration { name = false }, { name = "x" })
    assert.same({ "name", "x", nil, 1 }, { differences[1].path, differences[1].expected, differences[1].actual, #differences })
  end)

  it("compares lists in any order, at their own path", function()
    local actual = configuration { renditionConfiguration = { renditions = { "SD", "HD" } } }
    local function with(renditions) return { renditionConfiguration = { renditions = renditions } } end
    assert.same({}, check.compare(actual, with { "HD", "SD" }))
    for _, other in ipairs { { "HD" }, { "HD", "SD", "FULL_HD" }, { "HD", "FULL_HD" }, { "HD", "HD" }, {} } do
      local differences = check.compare(actual, with(other))
      assert.same({ 1, "renditionConfiguration.renditions", other, { "SD", "HD" } },
        { #differences, differences[1].path, differences[1].expected, differences[1].actual })
    end
    assert.same({}, check.compare({ renditionConfiguration = { renditions = {} } }, with {}))
    local twice = configuration { renditionConfiguration = { renditions = { "HD", "HD" } } }
    assert.same({}, check.compare(twice, with { "HD", "HD" }))
    assert.equal(1, #check.compare(twice, with { "HD", "SD" }))
  end)

  it("compares the tags that it names, and no others", function()
    assert.same({}, check.compare(configuration(), { tags = { team = "video" } }))
    assert.equal("tags.cost:center tags.new", paths(configuration(), { tags = { ["cost:center"] = "1", new = "x", team = "video" } }))
  end)

  it("reports an absent structure once, at the structure's path", function()
    local actual = configuration { thumbnailConfiguration = false, destinationConfiguration = {} }
    local differences = check.compare(actual, { thumbnailConfiguration = { recordingMode = "INTERVAL", storage = { "LATEST" } },
      destinationConfiguration = { s3 = { bucketName = "b" } } })
    assert.equal(2, #differences)
    assert.same({ "destinationConfiguration.s3", { bucketName = "b" } }, { differences[1].path, differences[1].expected })
    assert.same({ "thumbnailConfiguration", { recordingMode = "INTERVAL", storage = { "LATEST" } } },
      { differences[2].path, differences[2].expected })
    assert.is_nil(differences[2].actual)
  end)

  it("ignores null", function()
    local null = cjson.null
    assert.same({}, check.compare(configuration(), { name = null, tags = { team = null }, thumbnailConfiguration = null }))
    assert.same({}, check.compare(configuration(), '{"name": null, "thumbnailConfiguration": {"storage": ["LATEST", null, "SEQUENTIAL"]}}'))
    assert.equal("tags.environment", paths(configuration { tags = { environment = "x" } }, { tags = { ["$exactly"] = { environment = null } } }))
  end)

  it("is not changed, nor is the configuration", function()
    local expectation = { tags = { ["$exactly"] = { team = "video" } }, name = cjson.null, thumbnailConfiguration = { storage = { "LATEST" } } }
    local actual = configuration()
    check.compare(actual, expectation)
    assert.same({ tags = { ["$exactly"] = { team = "video" } }, name = cjson.null, thumbnailConfiguration = { storage = { "LATEST" } } }, expectation)
    assert.same(configuration(), actual)
  end)

  it("has messages of one line without control characters", function()
    local text = "a\27[31m\n\194\155b\127"
    local differences = check.compare(configuration { name = text, tags = { [text] = text } },
      { name = "x", tags = { ["$exactly"] = {} }, state = { ["$matches"] = "\27" } })
    assert.equal(3, #differences)
    for _, difference in ipairs(differences) do
      assert.is_nil(difference.message:find "[%z\1-\31\127]")
      assert.is_nil(difference.message:find("\194\155", 1, true))
    end
    assert.same({ "tags." .. text, text }, { differences[3].path, differences[3].actual }) -- as data it is what it was
  end)
end)

describe("the rule", function()
  it("$matches finds a Lua pattern anywhere, as string.find does", function()
    for pattern, is_found in pairs { ["sessions"] = true, ["^live%-"] = true, ["archive$"] = true, ["^archive"] = false, ["%d"] = false,
      [""] = true, ["_(%a+)"] = true } do
      assert.equal(string.find("live-sessions_archive", pattern) ~= nil, is_found)
      assert.equal(is_found and "" or "name", paths(configuration(), { name = { ["$matches"] = pattern } }))
    end
    assert.equal("", paths(configuration(), { recordingReconnectWindowSeconds = { ["$matches"] = "^3%d%d$" } }))
    assert.equal("", paths(configuration { recordingReconnectWindowSeconds = 600 / 2 }, { recordingReconnectWindowSeconds = { ["$matches"] = "^300$" } }))
    assert.equal("name", paths(configuration { name = false }, { name = { ["$matches"] = "" } }))
  end)

  it("$any accepts each of its alternatives: scalars, lists, objects and rules", function()
    local function state(...) return { state = { ["$any"] = { ... } } } end
    assert.equal("", paths(configuration(), state("CREATING", "ACTIVE")))
    assert.equal("state", paths(configuration(), state("CREATING", "CREATE_FAILED")))
    assert.equal("", paths(configuration(), state("CREATING", { ["$matches"] = "^ACT" })))
    assert.equal("", paths(configuration { name = false }, { name = { ["$any"] = { { ["$absent"] = true }, "x" } } }))
    local function thumbnails(...) return { thumbnailConfiguration = { ["$any"] = { ... } } } end
    assert.equal("", paths(configuration(), thumbnails({ recordingMode = "DISABLED" }, { targetIntervalSeconds = 60 })))
    assert.equal("thumbnailConfiguration", paths(configuration(), thumbnails({ recordingMode = "DISABLED" }, { targetIntervalSeconds = 1 })))
    assert.equal("", paths(configuration(), { thumbnailConfiguration = { storage = { ["$any"] = { { "LATEST" }, { "LATEST", "SEQUENTIAL" } } } } }))
    local differences = check.compare(configuration(), state("CREATING"))
    assert.same({ ["$any"] = { "CREATING" } }, differences[1].expected)
  end)

  it("$absent accepts no value, for members, structures and tags", function()
    local absent = { ["$absent"] = true }
    assert.equal("name tags.team thumbnailConfiguration", paths(configuration(), { name = absent, tags = { team = absent, none = absent },
      thumbnailConfiguration = absent }))
    local bare = { arn = ARN, tags = {} }
    assert.equal("", paths(bare, { name = absent, tags = { team = absent }, thumbnailConfiguration = { storage = absent } }))
  end)

  it("$exactly allows no other members, and reports each one at its own path", function()
    local function tags(expected) return { tags = { ["$exactly"] = expected } } end
    assert.equal("tags.cost:center tags.note", paths(configuration(), tags { team = "video", environment = "production" }))
    assert.equal("", paths(configuration(), tags(configuration().tags)))
    assert.equal("tags.new", paths(configuration { tags = {} }, tags { new = "x" }))
    assert.equal("tags", paths(configuration { tags = false }, tags {}))
    assert.equal("thumbnailConfiguration.resolution thumbnailConfiguration.storage", paths(configuration(),
      { thumbnailConfiguration = { ["$exactly"] = { recordingMode = "INTERVAL", targetIntervalSeconds = 60 } } }))
    local differences = check.compare(configuration { tags = { a = "b" } }, tags {})
    assert.same({ "tags.a", nil, "b" }, { differences[1].path, differences[1].expected, differences[1].actual })
    assert.truthy(differences[1].message:find("not expected", 1, true))
    differences = check.compare(configuration { tags = false }, tags { a = "b" })
    assert.truthy(differences[1].message:find('expected {"a": "b"}', 1, true))
  end)

  it("$exactly applies to nested objects, too", function()
    assert.equal("tags.a", paths({ arn = ARN, tags = { a = "b" } }, { ["$exactly"] = { arn = ARN, tags = {} } }))
    assert.equal("state", paths({ arn = ARN, state = "ACTIVE" }, { ["$exactly"] = { arn = ARN } }))
  end)

  it("may be an item of a list, where each value of the list is used once", function()
    local function compare(actual, expected)
      return paths({ renditionConfiguration = { renditions = actual } }, { renditionConfiguration = { renditions = expected } })
    end
    local hd, any = { ["$matches"] = "HD$" }, { ["$any"] = { "FULL_HD", "SD" } }
    assert.equal("", compare({ "SD", "FULL_HD", "HD" }, { hd, any, "HD" }))
    assert.equal("", compare({ "HD", "FULL_HD" }, { any, hd })) -- only one assignment fits
    assert.equal("", compare({ "FULL_HD", "HD" }, { hd, any }))
    assert.equal("renditionConfiguration.renditions", compare({ "SD", "FULL_HD" }, { "FULL_HD", hd }))
    assert.equal("renditionConfiguration.renditions", compare({ "HD" }, { hd, hd }))
    assert.equal("", compare({ "HD", "HD", "HD" }, { hd, "HD", hd }))
  end)

  it("may be the whole expectation", function()
    assert.equal("", paths(configuration(), { ["$any"] = { { state = "CREATING" }, { state = "ACTIVE" } } }))
    assert.equal("", check.compare(configuration(), { ["$any"] = { { state = "CREATING" } } })[1].path)
  end)
end)
