--- ivs.stub, used through `ivs` and `ivs.core`; inside nginx: spec/lua/resty/stub_spec.

local cjson = require("cjson").new()
local core = require "ivs.core"
local ivs = require "ivs"
local store = require "emulator.store"
local stub = require "ivs.stub"

local A, B, C = store.arn "A", store.arn "B", store.arn "C"

local function client_of(service, options)
  options = options or {}
  options.max_attempts = options.max_attempts or 1
  return assert(ivs.client(service:options(options)))
end

local function get(client, arn)
  local response, err = client:get_recording_configuration(arn)
  return response and response.recordingConfiguration, err
end

describe("a stub", function()
  it("returns each answer that it was given", function()
    local given = {}
    for _, label in ipairs(store.labels) do given[store.configurations[label].arn] = store.configurations[label] end
    local client = client_of(stub.new(given))
    for arn, configuration in pairs(given) do assert.same(configuration, assert(get(client, arn))) end
  end)

  it("returns metadata with each response", function()
    local client = client_of(stub.new { [A] = {} })
    local one = assert(client:get_recording_configuration(A)).ResponseMetadata
    local other = assert(client:get_recording_configuration(A)).ResponseMetadata
    assert.same({ 200, 0, "application/json" }, { one.HTTPStatusCode, one.RetryAttempts, one.HTTPHeaders["content-type"] })
    assert.truthy(one.RequestId:find "^%x+%-%x+%-%x+%-%x+%-%x+$")
    assert.are_not.equal(one.RequestId, other.RequestId)
  end)

  it("fills in an absent arn, and keeps another one", function()
    local client = client_of(stub.new { [A] = { state = "ACTIVE" }, [B] = { arn = C }, [C] = { {}, { arn = A } } })
    assert.equal(A, get(client, A).arn)
    assert.equal(C, get(client, B).arn)
    assert.same({ C, A }, { get(client, C).arn, get(client, C).arn })
  end)

  it("returns an error by its code, with the service's status and message", function()
    local answers, statuses = {}, { AccessDeniedException = 403, ValidationException = 400, InternalServerException = 500,
      ThrottlingException = 429, ResourceNotFoundException = 404, PendingVerification = 403, SomethingNew = 400 }
    for code in pairs(statuses) do answers[store.arn(code)] = { error = code, message = "why \"" .. code .. "\" é" } end
    local client = client_of(stub.new(answers))
    for code, status in pairs(statuses) do
      local _, err = get(client, store.arn(code))
      assert.same({ "service", code, status, "why \"" .. code .. "\" é" }, { err.kind, err.code, err.status, err.message })
      assert.is_string(err.request_id)
    end
    local _, err = get(client_of(stub.new { [A] = { error = "AccessDeniedException" } }), A)
    assert.same({ "AccessDeniedException", "" }, { err.code, err.message })
  end)

  it("returns ResourceNotFoundException for another ARN", function()
    local _, err = get(client_of(stub.new { [A] = {} }), B)
    assert.same({ "service", "ResourceNotFoundException", 404 }, { err.kind, err.code, err.status })
    assert.truthy(err.message:find(B, 1, true))
  end)

  it("returns the answers of a list once each, the last one repeatedly", function()
    local service = stub.new { [A] = { { state = "CREATING" }, { error = "ThrottlingException" }, { state = "ACTIVE" } } }
    local client, seen = client_of(service), {}
    for _ = 1, 5 do
      local configuration, err = get(client, A)
      seen[#seen + 1] = configuration and configuration.state or err.code
    end
    assert.same({ "CREATING", "ThrottlingException", "ACTIVE", "ACTIVE", "ACTIVE" }, seen)
    client = client_of(stub.new { [A] = { { state = "ACTIVE" } } })
    assert.same({ "ACTIVE", "ACTIVE" }, { get(client, A).state, get(client, A).state })
  end)

  it("is called again by a client that retries", function()
    local service = stub.new { [A] = { { error = "InternalServerException" }, { state = "ACTIVE" } } }
    local response = assert(client_of(service, { max_attempts = 2 }):get_recording_configuration(A))
    assert.equal(1, response.ResponseMetadata.RetryAttempts)
    assert.equal(2, #service.requests)
  end)

  it("records the requests", function()
    local service = stub.new { [A] = {} }
    assert.same({}, service.requests)
    local client = client_of(service)
    get(client, A)
    get(client, B)
    assert.same({ { operation = "GetRecordingConfiguration", arn = A }, { operation = "GetRecordingConfiguration", arn = B } }, service.requests)
    client:get_recording_configuration {} -- is not sent
    assert.equal(2, #service.requests)
  end)

  it("is independent of the table that it was made from", function()
    local given = { [A] = { state = "ACTIVE", tags = { a = "b" } } }
    local client = client_of(stub.new(given))
    given[A].tags.a, given[A].state, given[B] = "c", "CREATING", {}
    assert.same({ arn = A, state = "ACTIVE", tags = { a = "b" } }, get(client, A))
    assert.is_nil((get(client, B)))
  end)
end)

describe("a stub's options", function()
  it("have a transport, a region and credentials, and nothing of this machine", function()
    local service = stub.new { [A] = {} }
    local options = service:options()
    assert.is_function(options.transport)
    assert.same({ "string", "string", "string" },
      { type(options.region), type(options.credentials.access_key_id), type(options.credentials.secret_access_key) })
    assert.same({}, options.env)
    assert(assert(ivs.client(options)):get_recording_configuration(A))
  end)

  it("may be overridden", function()
    local service = stub.new { [A] = {} }
    local asked = 0
    local client = assert(ivs.client(service:options { region = "eu-west-1", endpoint_url = "https://ivs.example.com/base?x=y",
      credentials = function() asked = asked + 1 return { access_key_id = "A", secret_access_key = "S" } end }))
    assert.equal("eu-west-1", client.region)
    assert(client:get_recording_configuration(A))
    assert.equal(1, asked)
    local transport = function() return nil, "cut" end
    assert.equal(transport, service:options({ transport = transport }).transport)
  end)
end)

-- What raises, and the texts that its message has to have.
local MISUSE = {
  { nil, "table" }, { "x", "table" }, { { [5] = {} }, "ARN" }, { { [A] = "ACTIVE" }, A },
  { { [A] = { stat = "ACTIVE" } }, "stat", '"state"', A },
  { { [A] = { thumbnailConfiguration = { targetInterval = 1 } } }, A .. ".thumbnailConfiguration", '"targetIntervalSeconds"' },
  { { [A] = { state = 5 } }, A .. ".state", "string" },
  { { [A] = { state = cjson.null } }, A .. ".state" },
  { { [A] = { tags = { a = 1 } } }, A .. ".tags.a" }, { { [A] = { tags = { "a" } } }, A .. ".tags" }, { { [A] = { tags = "a" } }, A .. ".tags" },
  { { [A] = { recordingReconnectWindowSeconds = "60" } }, "integer" }, { { [A] = { recordingReconnectWindowSeconds = 0.5 } }, "integer" },
  { { [A] = { renditionConfiguration = { renditions = "SD" } } }, A .. ".renditionConfiguration.renditions" },
  { { [A] = { renditionConfiguration = { renditions = { a = "SD" } } } }, A .. ".renditionConfiguration.renditions" },
  { { [A] = { renditionConfiguration = { renditions = { "SD", 5 } } } }, A .. ".renditionConfiguration.renditions[2]" },
  { { [A] = { renditionConfiguration = { renditions = { 5, "SD" } } } }, A .. ".renditionConfiguration.renditions[1]" },
  { { [A] = { renditionConfiguration = { renditions = { "SD", a = "HD" } } } }, A .. ".renditionConfiguration.renditions" },
  { { [A] = { renditionConfiguration = { renditions = { [3] = "HD" } } } }, A .. ".renditionConfiguration.renditions" },
  { { [A] = { destinationConfiguration = { s3 = "b" } } }, A .. ".destinationConfiguration.s3" },
  { { [A] = { [1.5] = "x" } }, A }, { { [A] = { [true] = "x" } }, A },
  { { [A] = { { state = "ACTIVE" }, { stat = "x" } } }, A .. "[2]", '"state"' }, { { [A] = { {}, "x" } }, A .. "[2]" },
  { { [A] = { {}, state = "x" } }, A },
  { { [A] = { error = 5 } }, A .. ".error" }, { { [A] = { error = "" } }, A .. ".error" }, { { [A] = { error = "a\r\nb: c" } }, A .. ".error" },
  { { [A] = { error = "X", message = 5 } }, A .. ".message" }, { { [A] = { error = "X", mesage = "m" } }, '"message"' },
  { { [A] = { error = "X", state = "ACTIVE" } }, "state" },
}

describe("a stub's author", function()
  it("gets an error at the line of the call", function()
    for index, case in ipairs(MISUSE) do
      local line = debug.getinfo(1, "l").currentline + 1
      local good, problem = pcall(function() return (stub.new(case[1])) end)
      assert.is_false(good, "case " .. index)
      assert.truthy(problem:find(("stub_spec.lua:%d: "):format(line), 1, true), problem)
      for at = 2, #case do assert.truthy(problem:find(case[at], 1, true), problem) end
    end
    local good, problem = pcall(function() return (stub.new({}):options(5)) end)
    assert.is_false(good)
    assert.truthy(problem:find "stub_spec%.lua:%d+: ", problem)
  end)

  it("gets an error without control characters", function()
    local _, problem = pcall(stub.new, { ["\27[31m"] = { ["\27[32m"] = 1 } })
    assert.is_nil(problem:find "%c")
  end)
end)

describe("a stub's list", function()
  --- The wire's own view: what the transport answers to the request.
  local function list(service, body)
    local answer = service:options().transport { method = "POST", url = "https://ivs.us-west-2.amazonaws.com/ListRecordingConfigurations",
      headers = {}, body = body }
    return cjson.decode(answer.body), answer
  end

  local function arns(result)
    local out = {}
    for index, summary in ipairs(result.recordingConfigurations) do out[index] = summary.arn end
    return out
  end

  it("has the members of a summary, sorted by ARN", function()
    local service = stub.new { [C] = {}, [A] = store.complete(A), [B] = { state = "CREATING", name = "b" } }
    local result, answer = list(service, "{}")
    assert.equal(200, answer.status)
    assert.same({ recordingConfigurations = {
      { arn = A, name = "live-sessions_archive", state = "ACTIVE", tags = store.complete(A).tags,
        destinationConfiguration = store.complete(A).destinationConfiguration },
      { arn = B, name = "b", state = "CREATING" }, { arn = C },
    } }, result)
    assert.same({ { operation = "ListRecordingConfigurations" } }, service.requests)
  end)

  it("comes in pages", function()
    local given = {}
    for index = 1, 7 do given[store.arn("N" .. index)] = {} end
    local service, pages, token = stub.new(given), {}, nil
    repeat
      local result = list(service, cjson.encode { maxResults = 3, nextToken = token })
      pages[#pages + 1], token = #result.recordingConfigurations, result.nextToken
      if token then assert.truthy(token:find "^[a-zA-Z0-9+/=_-]*$") end -- the model's pattern
    until not token
    assert.same({ 3, 3, 1 }, pages)
    assert.equal("ListRecordingConfigurations", service.requests[2].operation)
    assert.same({ 3, "string" }, { service.requests[2].maxResults, type(service.requests[2].nextToken) })
    assert.is_nil(list(service, cjson.encode { maxResults = 7 }).nextToken)
    assert.equal(1, #list(service, cjson.encode { maxResults = 1 }).recordingConfigurations)
  end)

  it("has at most 100 in a page", function()
    local given = {}
    for index = 1, 101 do given[store.arn("N" .. index)] = {} end
    local result = list(stub.new(given), '{"maxResults": null}')
    assert.equal(100, #result.recordingConfigurations)
    assert.is_string(result.nextToken)
  end)

  it("is empty as a list", function()
    local _, answer = list(stub.new {}, "{}")
    assert.truthy(answer.body:find('"recordingConfigurations": []', 1, true))
  end)

  it("is what a client's list and its iterator return", function()
    local service = stub.new { [A] = { name = "a", state = "ACTIVE" }, [B] = { state = "CREATING" } }
    local client = client_of(service)
    local page = assert(client:list_recording_configurations { maxResults = 1 })
    assert.same({ { arn = A, name = "a", state = "ACTIVE" } }, page.recordingConfigurations)
    local found = {}
    for summary, err in client:recording_configurations { maxResults = 1 } do found[#found + 1] = assert(summary, err).arn end
    assert.same({ A, B }, found)
    local operations = {}
    for at, request in ipairs(service.requests) do operations[at] = request.operation end
    assert.same({ "ListRecordingConfigurations", "ListRecordingConfigurations", "ListRecordingConfigurations" }, operations)
  end)

  it("refuses what the service refuses", function()
    for _, body in ipairs { '{"maxResults": 0}', '{"maxResults": 101}', '{"maxResults": "5"}', '{"maxResults": 1.5}', '{"nextToken": "x"}',
      '{"nextToken": 5}', "", "x", "5" } do
      local _, answer = list(stub.new { [A] = {} }, body)
      assert.same({ 400, "ValidationException" }, { answer.status, answer.headers["x-amzn-ErrorType"] }, body)
    end
  end)

  it("shows what a get would return next, and omits ARNs that return only errors", function()
    local service = stub.new { [A] = { { state = "CREATING" }, { error = "ThrottlingException" }, { state = "ACTIVE" } },
      [B] = { error = "AccessDeniedException" },
      [C] = { { state = "ACTIVE" }, { error = "ThrottlingException" }, { error = "ResourceNotFoundException" } } }
    assert.same({ A, C }, arns(list(service, "{}")))
    assert.equal("CREATING", list(service, "{}").recordingConfigurations[1].state)
    get(client_of(service), A)
    for _ = 1, 3 do get(client_of(service), C) end
    local result = list(service, "{}")
    assert.same({ A, C }, arns(result))
    assert.equal("ACTIVE", result.recordingConfigurations[1].state)
  end)

  it("and get are the only operations", function()
    local transport = stub.new({ [A] = {} }):options().transport
    for _, request in ipairs { { "GET", "/GetRecordingConfiguration" }, { "POST", "/GetChannel" }, { "POST", "/" }, { "POST", "" } } do
      local answer = transport { method = request[1], url = "https://ivs.us-west-2.amazonaws.com" .. request[2], headers = {}, body = "{}" }
      assert.same({ 404, "UnknownOperationException" }, { answer.status, answer.headers["x-amzn-ErrorType"] })
    end
  end)
end)

describe("a stub under ivs.core", function()
  it("is the transport in the client's connection settings", function()
    local service = stub.new { [A] = { state = "ACTIVE" }, [B] = { error = "AccessDeniedException", message = "no" } }
    local client = assert(core.client(service:options { max_attempts = 1 }))
    local transport = client:connection_settings().transport
    local function call(arn)
      local machine = client:call { arn = arn }
      local step, detail = machine:next()
      while step ~= "done" and step ~= "failed" do
        if step == "exchange" then
          step, detail = machine:next(transport(detail))
        else
          step, detail = machine:next(detail())
        end
      end
      return step, detail
    end
    local step, response = call(A)
    assert.same({ "done", "ACTIVE" }, { step, response.recordingConfiguration.state })
    local failed, err = call(B)
    assert.same({ "failed", "AccessDeniedException", "no" }, { failed, err.code, err.message })
    assert.equal(2, #service.requests)
  end)
end)
