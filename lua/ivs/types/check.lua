---@meta ivs.check

-- `require "ivs.check"`.

---Compares recording configurations with what they should be, and reports the result for people and for CI.
---@class ivs.check
local check = {}

---Compares one recording configuration. Raises for an invalid expectation.
---@param configuration ivs.RecordingConfiguration
---@param expectation ivs.Expectation
---@return ivs.Difference[]|nil differences empty if all is as expected; nil if a snapshot lacks the ARN
---@return ivs.Error|nil err which
function check.compare(configuration, expectation) end

---Reads an expectation.
---@param text_or_path string JSON (it begins with `{`), or the path of a file of JSON
---@return ivs.Expectation|nil expectation nil if it cannot be read
---@return ivs.Error|nil err why
function check.load(text_or_path) end

---The ARNs that a snapshot names, in its order. Raises for an invalid expectation.
---@param expectation ivs.Expectation
---@return string[]|nil arns nil if the expectation is not a snapshot
function check.arns(expectation) end

---Fetches recording configurations and compares each. Raises for misuse and an invalid expectation, before anything is fetched.
---@param client ivs.Client of `ivs` or `resty.ivs`
---@param options ivs.CheckOptions
---@return ivs.Report|nil report nil if no request could be sent
---@return ivs.Error|nil err why
function check.run(client, options) end

---The report as TAP version 13.
---@param report ivs.Report
---@return string text
function check.tap(report) end

---The report as JUnit XML.
---@param report ivs.Report
---@return string text
function check.junit(report) end

---The report as JSON.
---@param report ivs.Report
---@return string text
function check.json(report) end

---The members that matter, as a table, as JSON, or as the path of a file of JSON; or a snapshot (what `ivs get --output json` prints). Rules are
---tables with one key: `$matches` (a Lua pattern), `$any` (a list), `$absent` (true), `$exactly` (a table: no member more).
---@alias ivs.Expectation table|string

---What to check.
---@class ivs.CheckOptions
---@field expectation ivs.Expectation what is expected
---@field arns? string[] which; a snapshot names them itself
---@field on_progress? fun(done:integer,total:integer) called when an ARN is settled
---@field max_concurrency? integer of the batch; default 16
---@field max_tps? number|false of the batch; default 3

---A member that is not as expected.
---@class ivs.Difference
---@field path string such as `thumbnailConfiguration.targetIntervalSeconds`
---@field expected any
---@field actual any nil if it is absent
---@field message string for a person

---The result of a run.
---@class ivs.Report
---@field passed integer
---@field failed integer
---@field errors integer
---@field results ivs.CheckResult[] in the order of the ARNs

---The result for one ARN.
---@class ivs.CheckResult
---@field arn string
---@field status "passed"|"failed"|"error"
---@field differences? ivs.Difference[]
---@field error? ivs.Error

return check
