--- batch_get_recording_configuration: what it returns, whom it asks, and what it refuses (the pace: batch_pace_spec, how it ends:
-- batch_end_spec).

local calls = require "support.hostile_calls"
local emulator_server = require "emulator.server"
local endpoint = require "support.endpoint"
local hostile_server = require "support.hostile_server"
local ivs = require "ivs"
local json = require "emulator.json"
local store = require "emulator.store"

local KEYS = { access_key_id = "AKIAIOSFODNN7EXAMPLE", secret_access_key = "secret" }

local function body_of(request) return (assert(request.body:match '"arn": "([^"]*)"')) end

--- A client whose transport answers each ARN with a configuration of that ARN, or as `answers` says.
local function stubbed(options, answers)
  local asked = {}
  local given = { region = "us-west-2", env = {}, credentials = KEYS, max_attempts = 1, transport = function(request)
    local arn = body_of(request)
    asked[#asked + 1] = arn
    local answer = answers and answers[arn]
    return answer or { status = 200, body = json.encode { recordingConfiguration = { arn = arn, state = "ACTIVE" } } }
  end }
  for name, value in pairs(options or {}) do given[name] = value end
  return assert(ivs.client(given)), asked
end

local function arns(count, prefix)
  local list = {}
  for index = 1, count do list[index] = store.arn((prefix or "A") .. index) end
  return list
end

local function arns_of(list)
  local found = {}
  for index, entry in ipairs(list) do found[index] = entry.arn end
  return found
end

describe("a batch", function()
  local emulator, before

  lazy_setup(function()
    before = calls.leftovers()
    emulator = emulator_server.start()
  end)
  lazy_teardown(function()
    emulator:stop()
    assert.equal(before, calls.leftovers())
  end)

  it("returns what single calls return, in the order of the ARNs, each once", function()
    local wanted, expected, failing = {}, {}, {}
    for index, label in ipairs(store.labels) do
      wanted[#wanted + 1] = store.configurations[label].arn
      if index % 4 == 0 then wanted[#wanted + 1] = store.arn("access-denied-" .. index) end
      if index % 5 == 0 then wanted[#wanted + 1] = wanted[1] end
    end
    wanted[#wanted + 1] = "arn:aws:ivs:us-west-2:123456789012:channel/x"
    local client = assert(ivs.client(endpoint.options(emulator)))
    local is_known = {}
    for _, arn in ipairs(wanted) do
      if not is_known[arn] then
        is_known[arn] = true
        local response, err = client:get_recording_configuration(arn)
        if response then expected[#expected + 1] = response.recordingConfiguration else failing[#failing + 1] = { arn = arn, err = err } end
      end
    end
    local result = assert(client:batch_get_recording_configuration { arns = wanted, max_tps = false })
    client:close()
    assert.same(expected, result.recordingConfigurations)
    assert.equal(#failing, #result.errors)
    for index, entry in ipairs(result.errors) do
      local alone = failing[index]
      assert.same({ alone.arn, alone.err.code, alone.err.message }, { entry.arn, entry.code, entry.message })
      assert.equal(tostring(alone.err), tostring(entry.error))
      assert.equal(getmetatable(alone.err), getmetatable(entry.error))
      assert.equal(alone.err.status, entry.error.status)
    end
  end)

  it("keeps to max_concurrency, over connections that it reuses", function()
    local list = {}
    for index = 1, 12 do list[index] = store.arn("slow-50-" .. index) end
    local client = assert(ivs.client(endpoint.options(emulator)))
    local first = emulator:requests()
    local result = assert(client:batch_get_recording_configuration { arns = list, max_concurrency = 3, max_tps = false })
    client:close()
    assert.equal(12, #result.recordingConfigurations)
    local connections, count = {}, 0
    for index, line in ipairs(emulator:request_log()) do
      local connection = index > first and line:match '"connection":(%d+)'
      if connection and not connections[connection] then connections[connection], count = true, count + 1 end
    end
    assert.is_true(count <= 3, count .. " connections")
  end)

  it("is not affected by a slow call, a lost connection or a broken body", function()
    local slow = store.arn("slow-60000")
    local lost, broken = emulator:script("lost", { close = true }), emulator:script("broken", { body = "<html>" })
    local fine = store.configurations.complete
    local client = assert(ivs.client(endpoint.options(emulator, { max_attempts = 1, read_timeout = 3 })))
    local result = assert(client:batch_get_recording_configuration { arns = { slow, lost, broken, fine.arn }, max_tps = false })
    client:close()
    assert.same({ fine }, result.recordingConfigurations)
    local codes = {}
    for index, entry in ipairs(result.errors) do codes[index] = entry.code end
    assert.same({ "ReadTimeoutError", "ConnectionClosedError", "ResponseParserError" }, codes)
    assert.same({ slow, lost, broken }, arns_of(result.errors))
  end)

  it("has the connection's error for each ARN", function()
    for _, case in ipairs { { "EndpointConnectionError", { endpoint_url = "http://127.0.0.1:1" } },
      { "ProxyConnectionError", { proxy = "http://127.0.0.1:1" } } } do
      local options = endpoint.options(emulator, { max_attempts = 1 })
      for name, value in pairs(case[2]) do options[name] = value end
      local client = assert(ivs.client(options))
      local result = assert(client:batch_get_recording_configuration { arns = arns(5), max_tps = false })
      client:close()
      assert.equal(0, #result.recordingConfigurations)
      assert.same(arns(5), arns_of(result.errors))
      for _, entry in ipairs(result.errors) do assert.equal(case[1], entry.code) end
    end
  end)

  it("does not read unexpected data as the next response", function()
    local server = hostile_server.start()
    local good = calls.answer()
    server:play { { "request" }, { "send", good }, { "wait", 0.1 }, { "send", calls.answer '{"recordingConfiguration":{"state":"WRONG"}}' },
      { "again", 2 } }
    local client = calls.client(server)
    local result = assert(client:batch_get_recording_configuration { arns = arns(3), max_concurrency = 1, max_tps = 4 })
    client:close()
    server:stop()
    assert.equal(3, #result.recordingConfigurations)
    for _, configuration in ipairs(result.recordingConfigurations) do assert.equal("ACTIVE", configuration.state) end
  end)
end)

describe("a batch by a transport function", function()
  it("reports each ARN once, when it is settled", function()
    local list = arns(40)
    list[41], list[42] = list[1], list[7]
    local client, asked = stubbed({}, { [list[3]] = { status = 404, headers = { ["x-amzn-errortype"] = "ResourceNotFoundException" },
      body = "{}" } })
    local progress, told = {}, {}
    local result = assert(client:batch_get_recording_configuration { arns = list, max_tps = false,
      on_progress = function(...) progress[#progress + 1] = { ... } end,
      on_result = function(arn, configuration, err) told[#told + 1] = { arn, configuration, err } end })
    assert.equal(40, #asked)
    assert.equal(40, #progress)
    for index, pair in ipairs(progress) do assert.same({ index, 40 }, pair) end
    assert.equal(40, #told)
    for _, each in ipairs(told) do
      if each[1] == list[3] then
        assert.is_nil(each[2])
        assert.equal(result.errors[1].error, each[3])
      else
        assert.equal(each[1], each[2].arn)
        assert.is_nil(each[3])
      end
    end
    assert.same({ 39, 1 }, { #result.recordingConfigurations, #result.errors })
  end)

  it("of no ARNs is empty and sends nothing", function()
    local client = stubbed { credentials = function() error "asked" end, transport = function() error "sent" end }
    local result = assert(client:batch_get_recording_configuration { arns = {}, on_progress = function() error "told" end })
    assert.same({ recordingConfigurations = {}, errors = {} }, result)
  end)

  it("takes the region from each ARN, unless the client has one", function()
    local hosts = {}
    local transport = function(request)
      hosts[#hosts + 1] = request.headers.Host
      return { status = 200, body = '{"recordingConfiguration":{}}' }
    end
    local list = { store.arn("a", nil, "us-west-2"), store.arn("b", nil, "eu-west-1"), store.arn("c", nil, "us-west-2"), "none" }
    local client = assert(ivs.client { env = {}, credentials = KEYS, transport = transport })
    local result = assert(client:batch_get_recording_configuration { arns = list, max_tps = false })
    table.sort(hosts)
    assert.same({ "ivs.eu-west-1.amazonaws.com", "ivs.us-west-2.amazonaws.com", "ivs.us-west-2.amazonaws.com" }, hosts)
    assert.equal(3, #result.recordingConfigurations)
    assert.same({ "none", "NoRegionError" }, { result.errors[1].arn, result.errors[1].code })
    hosts = {}
    client = assert(ivs.client { env = {}, credentials = KEYS, region = "ap-south-1", transport = transport })
    assert(client:batch_get_recording_configuration { arns = list, max_tps = false })
    for _, host in ipairs(hosts) do assert.equal("ivs.ap-south-1.amazonaws.com", host) end
    assert.equal(4, #hosts)
  end)

  it("returns an error for a response without a recording configuration, and for an ARN that is not UTF-8", function()
    local list = arns(3)
    list[4] = "arn:aws:ivs:us-west-2:1:x/\255"
    local client = stubbed({}, { [list[2]] = { status = 200, body = "{}" } })
    local result = assert(client:batch_get_recording_configuration { arns = list, max_tps = false })
    assert.same({ list[1], list[3] }, arns_of(result.recordingConfigurations))
    assert.same({ list[2], list[4] }, arns_of(result.errors))
    assert.same({ "ResponseParserError", "ParamValidationError" }, { result.errors[1].code, result.errors[2].code })
  end)

  it("does not affect the client's single calls", function()
    local client = stubbed()
    for _ = 1, 3 do
      assert(client:batch_get_recording_configuration { arns = arns(20), max_tps = false })
      assert.equal("ACTIVE", client:get_recording_configuration(arns(1)[1]).recordingConfiguration.state)
    end
  end)
end)

describe("the credentials of a batch", function()
  local function counted(give)
    local count = 0
    return function() return count end, function()
      count = count + 1
      return give(count)
    end
  end

  it("are requested once", function()
    local count, give = counted(function() return KEYS end)
    local client = stubbed { credentials = give }
    assert.equal(40, #assert(client:batch_get_recording_configuration { arns = arns(40), max_tps = false }).recordingConfigurations)
    assert.equal(1, count())
  end)

  it("are requested once if they expire soon and the source has no newer ones", function()
    local soon = os.time() + 300
    local count, give = counted(function() return { access_key_id = "A", secret_access_key = "s", expiration = soon } end)
    local client = stubbed { credentials = give }
    assert.equal(40, #assert(client:batch_get_recording_configuration { arns = arns(40), max_tps = false }).recordingConfigurations)
    assert.equal(1, count())
  end)

  it("are refreshed when they expire during the batch", function()
    local now = ivs.private.system.now
    local used = {}
    local count, give = counted(function(number)
      return { access_key_id = "AKID" .. number, secret_access_key = "s", expiration = number == 1 and now() + 0.5 or now() + 3600 }
    end)
    local client = stubbed { credentials = give, transport = function(request)
      used[request.headers.Authorization:match "Credential=([^/]*)"] = true
      return { status = 200, body = '{"recordingConfiguration":{}}' }
    end }
    local result = assert(client:batch_get_recording_configuration { arns = arns(20), max_tps = 20 })
    assert.same({ 20, 0, 2 }, { #result.recordingConfigurations, #result.errors, count() })
    assert.same({ AKID1 = true, AKID2 = true }, used)
  end)

  it("that cannot be refreshed make the rest fail, and not what has been fetched", function()
    local now = ivs.private.system.now
    local count, give = counted(function(number)
      if number > 1 then return nil, "the vault is shut" end
      return { access_key_id = "AKID", secret_access_key = "s", expiration = now() + 0.5 }
    end)
    local client, told = stubbed { credentials = give }, 0
    local result = assert(client:batch_get_recording_configuration { arns = arns(60), max_tps = 20,
      on_progress = function(done) told = done end })
    assert.is_true(#result.recordingConfigurations > 0 and #result.errors > 0)
    assert.same({ 60, 60, 2 }, { #result.recordingConfigurations + #result.errors, told, count() })
    for _, entry in ipairs(result.errors) do
      assert.same({ "CredentialRetrievalError", "the vault is shut" }, { entry.code, entry.message })
    end
  end)

  it("that are missing make the whole batch fail", function()
    local count, give = counted(function() return nil, "the vault is shut" end)
    local client, asked = stubbed { credentials = give }
    local result, err = client:batch_get_recording_configuration { arns = arns(9), on_progress = function() error "told" end }
    assert.is_nil(result)
    assert.same({ "CredentialRetrievalError", "the vault is shut", 1, 0 }, { err.code, err.message, count(), #asked })
  end)
end)

describe("a batch that is misused", function()
  local client = stubbed()
  local function message(params, ...)
    local called, problem = pcall(client.batch_get_recording_configuration, client, params, ...)
    assert.is_false(called)
    return problem
  end

  it("raises at the caller's level and says what to do", function()
    local arn = store.arn("x")
    for problem, params in pairs {
      ["table expected, { arns = { … } }, got nil"] = false,
      ["'arns' has to be a list of strings, got nil"] = {},
      ["'arns' has to be a list of strings, got string"] = { arns = arn },
      ["arns[2] has to be a string, got number"] = { arns = { arn, 5 } },
      ["'arns' has to be a list of strings; it has the key arn"] = { arns = { arn = arn } },
      ["unknown member 'max_concurency'; did you mean 'max_concurrency'?"] = { arns = {}, max_concurency = 1 },
      ["'max_concurrency' has to be an integer from 1 to 256, got 0"] = { arns = {}, max_concurrency = 0 },
      ["'max_concurrency' has to be an integer from 1 to 256, got 1.5"] = { arns = {}, max_concurrency = 1.5 },
      ["'max_concurrency' has to be an integer from 1 to 256, got 257"] = { arns = {}, max_concurrency = 257 },
      ["'max_concurrency' has to be an integer, got string"] = { arns = {}, max_concurrency = "16" },
      ["'max_tps' has to be a number above 0, or false for no limit, got 0"] = { arns = {}, max_tps = 0 },
      ["'max_tps' has to be a number above 0, or false for no limit, got -1"] = { arns = {}, max_tps = -1 },
      ["'max_tps' has to be a number above 0, or false for no limit, got true"] = { arns = {}, max_tps = true },
      ["'on_progress' has to be a function, got table"] = { arns = {}, on_progress = {} },
      ["'on_result' has to be a function, got boolean"] = { arns = {}, on_result = true },
    } do
      assert.truthy(message(params or nil):find(problem, 1, true), message(params or nil))
    end
    assert.truthy(message({ arns = {}, max_tps = 0 / 0 }):find("'max_tps' has to be a number above 0", 1, true))
    assert.truthy(message({ arns = { nil, arn } }):find("arns", 1, true))
    assert.truthy(message({ arns = {} }, 5):find("one argument expected", 1, true))
    local line = debug.getinfo(1, "l").currentline + 1
    local _, problem = pcall(function() client:batch_get_recording_configuration { arns = 5 } end)
    assert.truthy(problem:find("batch_spec.lua:" .. line .. ":", 1, true), problem)
    assert.truthy(select(2, pcall(client.batch_get_recording_configuration, { arns = {} })):find("colon", 1, true))
  end)

  it("returns an error if the client is closed", function()
    local closed = stubbed()
    closed:close()
    local result, err = closed:batch_get_recording_configuration { arns = arns(1) }
    assert.is_nil(result)
    assert.equal("ClientClosedError", err.code)
  end)
end)
