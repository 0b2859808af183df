--- Checking many recording configurations through a client: a table in place of one, and a real one over ivs.stub.

local check = require "ivs.check"
local ivs = require "ivs"
local store = require "emulator.store"
local stub = require "ivs.stub"

local A, B, C = store.arn "A", store.arn "B", store.arn "C"

local function real_client(answers, options)
  local service = stub.new(answers)
  options = options or {}
  options.max_attempts = 1
  return assert(ivs.client(service:options(options))), service
end

--- A client with a batch, which records what it was asked; the contract's result, in the order of the ARNs.
local function batch_client(configurations, errors)
  local client = { asked = {} }
  function client:get_recording_configuration() error("asked one by one: " .. #self.asked) end
  function client:batch_get_recording_configuration(options)
    self.asked[#self.asked + 1] = options
    local result = { recordingConfigurations = {}, errors = {} }
    for index, arn in ipairs(options.arns) do
      local list = configurations[arn] and result.recordingConfigurations or result.errors
      list[#list + 1] = configurations[arn] or { arn = arn, code = "X", message = "m", error = errors[arn] }
      if options.on_progress then options.on_progress(index, #options.arns) end
    end
    return result
  end
  return client
end

--- `status` of each result, in one text.
local function statuses(report)
  local out = {}
  for index, result in ipairs(report.results) do out[index] = result.arn:match "/(.*)" .. " " .. result.status end
  return table.concat(out, ", ")
end

local CLIENTS = {
  ["one by one, over a real client"] = function()
    return real_client { [A] = { state = "ACTIVE" }, [B] = { state = "CREATING" }, [C] = { error = "AccessDeniedException", message = "no" } }
  end,
  ["in a batch"] = function()
    local err = { code = "AccessDeniedException", message = "no" }
    return batch_client({ [A] = { arn = A, state = "ACTIVE" }, [B] = { state = "CREATING" } }, { [C] = err })
  end,
}

for way, make_client in pairs(CLIENTS) do
  describe("a check " .. way, function()
    it("reports passed, failed and errors, in the order of the ARNs", function()
      local report = check.run(make_client(), { arns = { C, B, A }, expectation = { state = "ACTIVE" } })
      assert.equal("C error, B failed, A passed", statuses(report))
      assert.same({ 1, 1, 1 }, { report.passed, report.failed, report.errors })
      local failed, wrong = report.results[2], report.results[1]
      assert.same({ "state", "ACTIVE", "CREATING", 1 }, { failed.differences[1].path, failed.differences[1].expected,
        failed.differences[1].actual, #failed.differences })
      assert.is_nil(failed.error)
      assert.equal("AccessDeniedException", wrong.error.code)
      assert.same({ {}, {} }, { wrong.differences, report.results[3].differences })
    end)

    it("fetches and reports a duplicate ARN once", function()
      local told = {}
      local report = check.run(make_client(), { arns = { A, B, A, A }, expectation = {}, on_progress = function(done, total)
        told[#told + 1] = done .. "/" .. total
      end })
      assert.equal("A passed, B passed", statuses(report))
      assert.same({ "1/2", "2/2" }, told)
    end)

    it("returns an empty success for no ARNs", function()
      assert.same({ passed = 0, failed = 0, errors = 0, results = {} }, check.run(make_client(), { arns = {}, expectation = {} }))
    end)

    it("checks the ARNs of a snapshot if none are given", function()
      local snapshot = { recordingConfigurations = { { arn = B, state = "ACTIVE" }, { arn = A, state = "ACTIVE" }, { arn = B, state = "ACTIVE" } } }
      assert.equal("B failed, A passed", statuses(check.run(make_client(), { expectation = snapshot })))
      assert.equal("A passed", statuses(check.run(make_client(), { arns = { A }, expectation = snapshot })))
      assert.same({}, check.run(make_client(), { arns = {}, expectation = snapshot }).results)
    end)

    it("reports a configuration that the snapshot lacks as an error", function()
      local report = check.run(make_client(), { arns = { A, B }, expectation = { recordingConfigurations = { { arn = A, state = "ACTIVE" } } } })
      assert.equal("A passed, B error", statuses(report))
      assert.truthy(report.results[2].error.message:find(B, 1, true))
    end)

    it("does not catch an error of on_progress", function()
      local good, problem = pcall(check.run, make_client(), { arns = { A }, expectation = {}, on_progress = function() error("stop", 0) end })
      assert.same({ false, "stop" }, { good, problem })
    end)
  end)
end

describe("a check", function()
  it("fetches each ARN once", function()
    local client, service = real_client { [A] = {}, [B] = {} }
    check.run(client, { arns = { B, A, B }, expectation = {} })
    assert.same({ { operation = "GetRecordingConfiguration", arn = B }, { operation = "GetRecordingConfiguration", arn = A } }, service.requests)
  end)

  it("passes the options of the batch on", function()
    local client = batch_client({ [A] = {} }, {})
    check.run(client, { arns = { A }, expectation = {}, max_concurrency = 5, max_tps = false })
    check.run(client, { arns = { A }, expectation = "{}", max_tps = 2 })
    assert.same({ { arns = { A }, max_concurrency = 5, max_tps = false }, { arns = { A }, max_tps = 2 } }, client.asked)
  end)

  it("fails as a whole if no request could be sent", function()
    local client = real_client({ [A] = {} }, { credentials = function() return nil, "no keys here" end })
    local report, err = check.run(client, { arns = { A }, expectation = {} })
    assert.same({ nil, "credentials" }, { report, err.kind })
    client = real_client { [A] = {} }
    client:close()
    report, err = check.run(client, { arns = { A }, expectation = {} })
    assert.same({ nil, "ClientClosedError" }, { report, err.code })
    local whole = { batch_get_recording_configuration = function() return nil, "no" end }
    assert.same({ n = 2, nil, "no" }, { n = 2, check.run(whole, { arns = { A }, expectation = {} }) })
  end)

  it("keeps its results if the credentials expire meanwhile", function()
    local asked = 0
    local client = { get_recording_configuration = function()
      asked = asked + 1
      if asked == 1 then return { recordingConfiguration = {} } end
      return nil, { kind = "credentials", code = "NoCredentialsError", message = "gone" }
    end }
    assert.equal("A passed, B error", statuses(check.run(client, { arns = { A, B }, expectation = {} })))
  end)

  it("reports an error if a client returns neither a response nor an error", function()
    for _, fetch in ipairs { function() end, function() return {} end } do
      local report = check.run({ get_recording_configuration = fetch }, { arns = { A }, expectation = {} })
      assert.equal("A error", statuses(report))
      assert.is_string(report.results[1].error.message)
    end
    local short = { batch_get_recording_configuration = function() return { recordingConfigurations = {}, errors = {} } end }
    assert.equal("A error", statuses(check.run(short, { arns = { A }, expectation = {} })))
  end)

  it("raises for misuse at the caller's line, before a request is sent", function()
    local client, service = real_client { [A] = {} }
    local cases = {
      { client }, { client, "x" }, { client, {} }, { client, { arns = { A } } }, { client, { expectation = {} } },
      { client, { arns = A, expectation = {} } }, { client, { arns = { 5 }, expectation = {} } }, { client, { arns = { arn = A }, expectation = {} } },
      { client, { arns = { A }, expectation = {}, on_progres = print } }, { client, { arns = { A }, expectation = {}, on_progress = 5 } },
      { client, { arns = { A }, expectation = 5 } }, { {}, { arns = { A }, expectation = {} } }, { "x", { arns = { A }, expectation = {} } },
    }
    for index, case in ipairs(cases) do
      local good, problem = pcall(function() return (check.run(case[1], case[2])) end)
      assert.is_false(good, "case " .. index)
      assert.truthy(problem:find "run_spec%.lua:%d+: ", problem)
    end
    assert.truthy(select(2, pcall(check.run, client, cases[9][2])):find("on_progress", 1, true))
    assert.same({}, service.requests)
  end)
end)
