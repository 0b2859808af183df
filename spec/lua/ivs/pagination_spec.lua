--- The iterator over the pages of a list, compared with botocore's paginator (spec/oracle/pages.py) over the same pages.

local failure = require "ivs.failure"
local oracle = require "support.oracle"
local pagination = require "ivs.pagination"

local CASES = {
  ["one page"] = { { items = { "a", "b" } } },
  ["no items"] = { { items = {} } },
  ["three pages"] = { { items = { "a" }, token = "1" }, { items = { "b", "c" }, token = "2" }, { items = { "d" } } },
  ["an empty page between"] = { { items = { "a" }, token = "1" }, { items = {}, token = "2" }, { items = { "b" } } },
  ["an empty last page"] = { { items = { "a" }, token = "1" }, { items = {} } },
  ["an empty token"] = { { items = { "a" }, token = "" }, { items = { "b" } } },
  ["a token twice running"] = { { items = { "a" }, token = "1" }, { items = { "b" }, token = "1" }, { items = { "c" } } },
  ["a token twice running, without items"] = { { items = {}, token = "1" }, { items = {}, token = "1" }, { items = { "c" } } },
  ["tokens in turn"] = { { items = { "a" }, token = "1" }, { items = { "b" }, token = "2" }, { items = { "c" }, token = "1" },
    { items = { "d" }, token = "2" }, { items = { "e" } } },
}

--- A list of these pages, and the queries that it was asked with.
local function list_of(pages)
  local queries = {}
  return function(query)
    local copy = {}
    for name, value in pairs(query) do copy[name] = value end
    queries[#queries + 1] = copy
    local page = pages[#queries]
    if page.err then return nil, page.err end
    local items = {}
    for at, name in ipairs(page.items) do items[at] = { arn = name } end
    return { recordingConfigurations = items, nextToken = page.token }
  end, queries
end

local function run(pages, params)
  local list, queries = list_of(pages)
  local found = { items = {}, tokens = {} }
  for item, err in pagination.iterate(list, params) do
    if item then
      assert.is_nil(found.error, "an item after a failure")
      found.items[#found.items + 1] = item.arn
    else
      found.error, found.err = err.code, err
    end
  end
  for at, query in ipairs(queries) do found.tokens[at] = query.nextToken or "" end
  return found, queries
end

describe("the iterator over a list", function()
  it("returns the items of botocore's paginator, sends its tokens, and ends with its errors", function()
    local names, cases = {}, {}
    for name, pages in pairs(CASES) do names[#names + 1], cases[#cases + 1] = name, pages end
    for at, expected in ipairs(oracle.run("pages", cases)) do
      local found = run(cases[at])
      found.err = nil
      assert.same(expected, found, names[at])
    end
  end)

  it("ends with an error object if a token comes twice in succession", function()
    local err = run(CASES["a token twice running"]).err
    assert.is_true(failure.is(err))
    assert.same({ "response", "PaginationError", "ListRecordingConfigurations", false },
      { err.kind, err.code, err.operation_name, err.retryable })
    assert.equal(require("ivs").exceptions.PaginationError, err.code)
    assert.truthy(err.message:find("Error during pagination: The same next token was received twice", 1, true))
  end)

  it("returns false and the error after a failure, and then nothing", function()
    local err = failure.new("service", "AccessDeniedException", "no")
    local step = pagination.iterate((list_of { { items = { "a" }, token = "1" }, { err = err } }))
    assert.equal("a", step().arn)
    local item, problem = step()
    assert.equal(false, item)
    assert.equal(err, problem)
    for _ = 1, 3 do assert.is_nil((step())) end
  end)

  it("makes no request before its first step, and none for a page that is not reached", function()
    local list, queries = list_of(CASES["three pages"])
    local step = pagination.iterate(list)
    assert.equal(0, #queries)
    step()
    assert.equal(1, #queries)
    step()
    assert.equal(2, #queries)
    step()
    assert.equal(2, #queries)
  end)

  it("uses the caller's parameters for each page, and does not change them", function()
    local params = { maxResults = 5, nextToken = "from here" }
    local _, queries = run(CASES["three pages"], params)
    assert.same({ { maxResults = 5, nextToken = "from here" }, { maxResults = 5, nextToken = "1" }, { maxResults = 5, nextToken = "2" } },
      queries)
    assert.same({ maxResults = 5, nextToken = "from here" }, params)
  end)
end)
