--- The reports of a check, each read back by a parser that is not ours: TAP by prove(1), its YAML by PyYAML, JUnit by expat, JSON by
-- lua-cjson.

local check = require "ivs.check"
local cjson = require("cjson").new()
local failure = require "ivs.failure"
local lxp = require "lxp"
local oracle = require "support.oracle"
local shell = require "emulator.shell"
local store = require "emulator.store"

local HOSTILE = "a\27[31m\n\r\t#<&\"'>\\]]>\194\155\127\226\128\168 -- $(x) éß部😀\0"
local GOOD, BAD, GONE, ODD = store.arn "GOOD", store.arn "BAD", store.arn "GONE", "arn # SKIP " .. HOSTILE

local CONFIGURATIONS = {
  [GOOD] = { state = "ACTIVE", tags = {}, thumbnailConfiguration = { storage = { "LATEST" } } },
  [BAD] = { state = HOSTILE, tags = { [HOSTILE] = HOSTILE }, thumbnailConfiguration = { storage = {} }, name = HOSTILE },
}
local ERRORS = {
  [GONE] = failure.new("service", "ResourceNotFoundException", HOSTILE, { status = 404, headers = { a = "b" }, attempts = 2 }),
  [ODD] = HOSTILE,
}

local CLIENT = { get_recording_configuration = function(_, params)
  local configuration = CONFIGURATIONS[params.arn]
  return configuration and { recordingConfiguration = configuration }, ERRORS[params.arn]
end }

local EXPECTATION = { state = { ["$any"] = { "ACTIVE" } }, tags = { ["$exactly"] = {} }, thumbnailConfiguration = { storage = { "LATEST" } } }

local function report_of(...)
  return check.run(CLIENT, { arns = { ... }, expectation = EXPECTATION })
end

--- No control character but the lines' own end, raw, in UTF-8 or as a lone byte.
local function assert_printable(text)
  assert.is_nil(text:find "[%z\1-\9\11-\31\127]")
  assert.is_nil(text:find "\194[\128-\159]")
  assert.is_nil(text:find("\226\128\168", 1, true))
end

describe("a report in JSON", function()
  local text, value

  lazy_setup(function()
    text = check.json(report_of(GOOD, BAD, GONE, ODD))
    value = cjson.decode(text)
  end)

  it("has the counts and a result for each ARN", function()
    assert.same({ 1, 1, 2, 4 }, { value.passed, value.failed, value.errors, #value.results })
    assert.same({ arn = GOOD, status = "passed", differences = {} }, value.results[1])
    assert.same({ "failed", "error", "error" }, { value.results[2].status, value.results[3].status, value.results[4].status })
  end)

  it("has the differences with all four members, null for what is absent", function()
    local by_path = {}
    for _, difference in ipairs(value.results[2].differences) do
      assert.is_string(difference.message)
      difference.message, by_path[difference.path], difference.path = nil, difference, nil
    end
    assert.same({
      state = { expected = { ["$any"] = { "ACTIVE" } }, actual = HOSTILE },
      ["tags." .. HOSTILE] = { expected = cjson.null, actual = HOSTILE },
      ["thumbnailConfiguration.storage"] = { expected = { "LATEST" }, actual = {} },
    }, by_path)
  end)

  it("has the error's code and message", function()
    assert.same({ "ResourceNotFoundException", HOSTILE, 404 },
      { value.results[3].error.code, value.results[3].error.message, value.results[3].error.status })
    assert.equal(HOSTILE, value.results[4].error.message)
  end)

  it("writes empty lists as [] and has no raw control character", function()
    assert.truthy(text:find('"actual": []', 1, true))
    assert.truthy(text:find('"differences": []', 1, true))
    assert.truthy(check.json(report_of()):find('"results": []', 1, true))
    assert_printable(text)
  end)

  it("counts one difference as one", function()
    local report = check.run(CLIENT, { arns = { BAD }, expectation = { state = "ACTIVE" } })
    assert.truthy(check.tap(report):find("1 difference\"", 1, true))
    assert.truthy(check.junit(report):find("1 difference\"", 1, true))
    assert.truthy(check.tap(report_of(BAD)):find("3 differences\"", 1, true))
  end)

  it("is the same for the same report", function() assert.equal(text, check.json(report_of(GOOD, BAD, GONE, ODD))) end)
end)

describe("a report in TAP", function()
  local text

  lazy_setup(function() text = check.tap(report_of(GOOD, BAD, GONE, ODD)) end)

  --- What prove(1) says of it, and its exit status.
  local function prove(tap)
    local path = os.tmpname()
    local file = assert(io.open(path, "wb"))
    file:write(tap)
    file:close()
    local said, status = shell.run("exec 2>&1; prove --verbose --exec cat " .. shell.quote(path))
    os.remove(path)
    return said, status
  end

  it("is version 13 with a plan and a test for each ARN", function()
    local lines = {}
    for line in text:gmatch "[^\n]+" do
      if not line:find "^ " then lines[#lines + 1] = line:match "^not ok %d+" or line:match "^ok %d+" or line end
    end
    assert.same({ "TAP version 13", "1..4", "ok 1", "not ok 2", "not ok 3", "not ok 4" }, lines)
    assert.truthy(text:find("\nok 1 - " .. GOOD .. "\n", 1, true))
  end)

  it("is read by prove: none skipped, the failed ones named", function()
    local said, status = prove(text)
    assert.equal(1, status)
    assert.truthy(said:find("Failed 3/4 subtests", 1, true), said)
    assert.truthy(said:find("Failed tests:  2-4", 1, true), said)
    assert.is_nil(said:lower():find("parse errors", 1, true), said)
    said, status = prove(check.tap(report_of(GOOD)))
    assert.equal(0, status, said)
    said, status = prove(check.tap(report_of()))
    assert.equal(0, status, said)
  end)

  it("has a YAML block with the differences or the error", function()
    local blocks = {}
    for block in text:gmatch "\n  %-%-%-\n(.-)\n  %.%.%.\n" do blocks[#blocks + 1] = block end
    local documents = oracle.run("yaml_documents", blocks)
    assert.equal(3, #documents)
    local failed = documents[1].value
    assert.same({ "fail", 3 }, { failed.severity, #failed.differences })
    local json = cjson.decode(check.json(report_of(BAD))).results[1].differences
    assert.same(json, failed.differences)
    assert.same({ "error", "ResourceNotFoundException", tostring(ERRORS[GONE]) },
      { documents[2].value.severity, documents[2].value.code, documents[2].value.message })
    assert.equal(HOSTILE, documents[3].value.message)
  end)

  it("has no raw control character", function() assert_printable(text) end)
end)

describe("a report in JUnit's XML", function()
  --- The elements in their order, `{ name, attributes, text, parent }`.
  local function parse(xml)
    local elements, open = {}, {}
    local parser = lxp.new {
      StartElement = function(_, name, attributes)
        local element = { name = name, text = "", parent = open[#open] and open[#open].name }
        element.attributes = {}
        for key, value in pairs(attributes) do
          if type(key) == "string" then element.attributes[key] = value end
        end
        elements[#elements + 1], open[#open + 1] = element, element
      end,
      EndElement = function() open[#open] = nil end,
      CharacterData = function(_, text)
        open[#open].text = open[#open].text .. text
      end,
    }
    assert(parser:parse(xml))
    assert(parser:parse())
    parser:close()
    return elements
  end

  it("is a testsuite with the counts, and a testcase for each ARN", function()
    local elements = parse(check.junit(report_of(GOOD, BAD, GONE, ODD)))
    assert.equal("testsuite", elements[1].name)
    local attributes = elements[1].attributes
    assert.same({ "4", "1", "2" }, { attributes.tests, attributes.failures, attributes.errors })
    local names = {}
    for at = 2, #elements do names[#names + 1] = elements[at].parent .. "/" .. elements[at].name end
    assert.equal("testsuite/testcase testsuite/testcase testcase/failure testsuite/testcase testcase/error testsuite/testcase testcase/error",
      table.concat(names, " "))
    assert.equal(GOOD, elements[2].attributes.name)
    assert.equal(BAD, elements[3].attributes.name)
  end)

  it("has each difference on a line of the failure", function()
    local failed = parse(check.junit(report_of(BAD)))[3]
    local messages = {}
    for line in failed.text:gmatch "[^\n]+" do messages[#messages + 1] = line end
    local differences = report_of(BAD).results[1].differences
    assert.equal(#differences, #messages)
    for at, difference in ipairs(differences) do assert.equal(difference.message, messages[at]) end
    assert.truthy(failed.attributes.message:find("3", 1, true))
  end)

  it("has the error's code and text", function()
    local wrong = parse(check.junit(report_of(GONE)))[3]
    assert.equal("ResourceNotFoundException", wrong.attributes.type)
    assert.truthy(wrong.attributes.message:find("#<&\"'>", 1, true))
    assert.equal(wrong.attributes.message, wrong.text)
  end)

  it("has no raw control character", function() assert_printable(check.junit(report_of(GOOD, BAD, GONE, ODD))) end)

  it("may be empty", function() assert.equal(1, #parse(check.junit(report_of()))) end)
end)

describe("a report's writer", function()
  it("accepts an error that is a plain table, with or without its members", function()
    for _, case in ipairs { { { code = "X", message = "why" }, "X: why" }, { {}, "error: no message" },
      { setmetatable({ code = "X", message = "why" }, {}), "X: why" } } do
      local report = check.run({ get_recording_configuration = function() return nil, case[1] end }, { arns = { GOOD }, expectation = {} })
      assert.truthy(check.tap(report):find('message: "' .. case[2] .. '"', 1, true))
      assert.truthy(check.junit(report):find('message="' .. case[2] .. '"', 1, true))
      assert.equal(case[1].message, cjson.decode(check.json(report)).results[1].error.message)
    end
  end)

  it("raises at the caller's line for a value that is not a report", function()
    for _, name in ipairs { "tap", "junit", "json" } do
      for _, value in ipairs { {}, { results = 5 }, "x", 5 } do
        local good, problem = pcall(function() return (check[name](value)) end)
        assert.is_false(good)
        assert.truthy(problem:find "reports_spec%.lua:%d+: ", problem)
      end
    end
  end)
end)
