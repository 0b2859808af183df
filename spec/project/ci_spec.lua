--- .github/workflows/ci.yml: YAML that names only goals of the Makefile, versions of libcurl that CONTRIBUTING.md names, and the same way to
-- build them.

local json = require "cjson"
local readme = require "support.readme"
local shell = require "emulator.shell"

describe("the workflow of a public forge", function()
  local workflow

  lazy_setup(function()
    -- `on` is a boolean in YAML 1.1; GitHub reads it as a text
    local text, status = shell.run([[$(command -v /usr/bin/python3 || command -v python3) -c '
import json, yaml
print(json.dumps(yaml.load(open(".github/workflows/ci.yml"), Loader=yaml.BaseLoader)))']])
    assert.equal(0, status)
    workflow = json.decode(text)
  end)

  it("runs goals of the Makefile only, all that a change has to pass among them", function()
    local goals, makefile = {}, readme.text "Makefile"
    for _, goal in ipairs(workflow.jobs.make.strategy.matrix.goal) do goals[goal] = true end
    for _, job in pairs(workflow.jobs) do
      for _, step in ipairs(job.steps) do
        for goal in ("\n" .. (step.run or "")):gmatch "\n *make (%l+)" do goals[goal] = true end
      end
    end
    for goal in pairs(goals) do assert.truthy(("\n" .. makefile):find("\n" .. goal .. ":", 1, true), goal) end
    for _, goal in ipairs { "lint", "test", "sanitize", "valgrind", "docs" } do assert.is_true(goals[goal], goal) end
  end)

  it("tests with the oldest libcurl that is supported, built with the options of CONTRIBUTING.md", function()
    local contributing = readme.text "CONTRIBUTING.md"
    local oldest = contributing:match "git checkout (curl%-%S+)"
    assert.same({ oldest, "master" }, workflow.jobs.libcurl.strategy.matrix.version)
    local function options(text)
      local set = {}
      for option in text:gmatch "%-D([%u_%d]+=%u+)%f[%s\n]" do set[option] = true end
      return set
    end
    local used = {}
    for _, step in ipairs(workflow.jobs.libcurl.steps) do
      for option in pairs(options(step.run or "")) do used[option] = true end
    end
    assert.same(options(contributing), used)
  end)

  it("has a container, a limit of time and read-only permissions", function()
    assert.same({ contents = "read" }, workflow.permissions)
    for name, job in pairs(workflow.jobs) do
      assert.equal("debian:12", job.container, name)
      assert.truthy(tonumber(job["timeout-minutes"]), name)
    end
    assert.truthy(workflow.on.push and workflow.on.schedule)
  end)
end)
