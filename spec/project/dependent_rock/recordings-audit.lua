#!/usr/bin/env lua
--- What somebody else's rock can be: a command over ivs.check, in about 30 lines.
--
--     recordings-audit [TAP|JUNIT]

local check = require "ivs.check"
local ivs = require "ivs"

local EXPECTATION = { state = "ACTIVE", tags = { environment = { ["$any"] = { "production", "staging" } } } }
local FORMS = { TAP = check.tap, JUNIT = check.junit }

local function fail(err)
  io.stderr:write("recordings-audit: ", tostring(err), "\n")
  os.exit(3)
end

local client, err = ivs.client { user_agent_extra = "recordings-audit/1.0" }
if not client then fail(err) end

local arns = {}
for summary, problem in client:recording_configurations() do
  if not summary then fail(problem) end
  arns[#arns + 1] = summary.arn
end

local report
report, err = check.run(client, { arns = arns, expectation = EXPECTATION, max_tps = false })
if not report then fail(err) end

local form = FORMS[arg[1] or ""]
io.write(form and form(report) or ("%d passed, %d failed, %d errors\n"):format(report.passed, report.failed, report.errors))
os.exit(report.failed + report.errors == 0 and 0 or 1)
