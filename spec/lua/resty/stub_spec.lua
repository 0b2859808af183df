--- ivs.stub and ivs.check inside nginx, through resty.ivs.

local nginx = require "support.nginx"
local store = require "emulator.store"

if not nginx.available then return end

local A, B, C = store.arn "A", store.arn "B", store.arn "C"

describe("inside nginx, a stub", function()
  local site

  lazy_setup(function() site = nginx.start {} end)

  lazy_teardown(function() assert.same({}, site:stop()) end)

  it("answers resty.ivs, and records requests", function()
    local told = site:run([[
      local a, b, c = %q, %q, %q
      local service = require("ivs.stub").new { [a] = { { state = "CREATING" }, { state = "ACTIVE" } },
        [b] = { error = "AccessDeniedException", message = "no" } }
      local client = require("resty.ivs").client(service:options { max_attempts = 1 })
      local found = {}
      for at, arn in ipairs { a, a, a, b, c } do
        local response, err = client:get_recording_configuration(arn)
        found[at] = response and response.recordingConfiguration.state or err.code .. ": " .. tostring(err.status)
      end
      return { found = found, requests = #service.requests, first = service.requests[1] }]], A, B, C)
    assert.same({
      found = { "CREATING", "ACTIVE", "ACTIVE", "AccessDeniedException: 403", "ResourceNotFoundException: 404" },
      requests = 5, first = { operation = "GetRecordingConfiguration", arn = A },
    }, told)
  end)

  it("answers a list, too", function()
    local told = site:run([[
      local a, b = %q, %q
      local service = require("ivs.stub").new { [a] = { state = "ACTIVE" }, [b] = { state = "CREATING" } }
      local client, found = require("resty.ivs").client(service:options { max_attempts = 1 }), {}
      for summary in client:recording_configurations { maxResults = 1 } do found[#found + 1] = summary.arn .. " " .. summary.state end
      return { found = found, operation = service.requests[1].operation }]], A, B)
    assert.same({ found = { A .. " ACTIVE", B .. " CREATING" }, operation = "ListRecordingConfigurations" }, told)
  end)

  it("works with ivs.check", function()
    local told = site:run([[
      local check = require "ivs.check"
      local a, b, c = %q, %q, %q
      local service = require("ivs.stub").new { [a] = { state = "ACTIVE" }, [b] = { state = "CREATING" } }
      local client = require("resty.ivs").client(service:options { max_attempts = 1 })
      local report = check.run(client, { arns = { a, b, c }, expectation = { state = "ACTIVE" } })
      return { report.passed, report.failed, report.errors, #check.tap(report), #check.junit(report), #check.json(report) }]], A, B, C)
    assert.same({ 1, 1, 1 }, { told[1], told[2], told[3] })
    for at = 4, 6 do assert.is_true(told[at] > 100) end
  end)
end)
