--- ListRecordingConfigurations inside nginx (support/list_scenarios.lua), and its cache.

local endpoint = require "support.endpoint"
local list_scenarios = require "support.list_scenarios"
local nginx = require "support.nginx"
local server = require "emulator.server"

if not nginx.available then return end

local RUN = [[
  local options = %s
  return require("support.list_scenarios").run(require("resty.ivs").client, options)
]]

local CACHED = [[
  local options, stub = %s, require "ivs.stub"
  local A, B = "arn:aws:ivs:us-west-2:1:recording-configuration/A", "arn:aws:ivs:us-west-2:1:recording-configuration/B"
  local service = stub.new { [A] = { state = "ACTIVE" }, [B] = { state = "ACTIVE" } }
  local function new_client(more)
    local given = service:options { cache = { dict = "ivs", max_tps = false } }
    for name, value in pairs(more or {}) do given[name] = value end
    return require("resty.ivs").client(given)
  end
  local client, seen = new_client(), {}
  local function list(which, params)
    local response, err = which:list_recording_configurations(params)
    if not response then return { err.code, err.operation_name, #service.requests } end
    return { response.ResponseMetadata.Cache, #response.recordingConfigurations, #service.requests }
  end
  seen.first = list(client)
  seen.again = list(client, {})
  seen.other_client = list(new_client())
  seen.sized = list(client, { maxResults = 1 })
  seen.sized_again = list(client, { maxResults = 1 })
  seen.token = client:list_recording_configurations({ maxResults = 1 }).nextToken
  seen.second = list(client, { maxResults = 1, nextToken = seen.token })
  seen.second_again = list(client, { maxResults = 1, nextToken = seen.token })
  seen.without_size = list(client, { nextToken = seen.token })
  seen.region = list(new_client { region = "eu-west-1" })
  seen.refused = list(client, { nextToken = "nobody's" })
  seen.refused_again = list(client, { nextToken = "nobody's" })
  seen.misspelt = list(client, { maxresults = 1 })
  seen.through_metatable = list(client, setmetatable({}, { __index = { maxResults = 1 } }))
  local count = 0
  for item in client:recording_configurations { maxResults = 1 } do count = count + (item and 1 or 100) end
  seen.iterated = { count, #service.requests }
  seen.get = { client:get_recording_configuration(A).ResponseMetadata.Cache, client:get_recording_configuration(A).ResponseMetadata.Cache }
  return seen
]]

describe("a list of recording configurations inside nginx", function()
  local emulator, site, found, cached

  lazy_setup(function()
    emulator = server.start()
    site = nginx.start { http = ("lua_ssl_trusted_certificate %s; lua_shared_dict ivs 1m;"):format(emulator.ca_bundle) }
    local options = endpoint.options(emulator)
    options.ca_bundle = nil -- nginx has lua_ssl_trusted_certificate
    found = site:run(RUN, options)
    cached = site:run(CACHED, {})
  end)

  lazy_teardown(function()
    site:stop()
    emulator:stop()
  end)

  for _, name in ipairs(list_scenarios.names()) do
    it(name, function() assert.equal("as expected", found[name]) end)
  end

  it("is cached by its arguments, whichever client asks", function()
    assert.same({ "miss", 2, 1 }, cached.first)
    assert.same({ "hit", 2, 1 }, cached.again)
    assert.same({ "hit", 2, 1 }, cached.other_client)
    assert.same({ "miss", 1, 2 }, cached.sized)
    assert.same({ "hit", 1, 2 }, cached.sized_again)
    assert.same({ "miss", 1, 3 }, cached.second)
    assert.same({ "hit", 1, 3 }, cached.second_again)
    assert.same({ "miss", 1, 4 }, cached.without_size)
    assert.same({ "miss", 2, 5 }, cached.region)
    assert.same({ "hit", 1 }, { cached.through_metatable[1], cached.through_metatable[2] })
  end)

  it("is not cached if it fails", function()
    assert.same({ "ValidationException", "ListRecordingConfigurations", 6 }, cached.refused)
    assert.same({ "ValidationException", "ListRecordingConfigurations", 7 }, cached.refused_again)
    assert.same({ "ParamValidationError", "ListRecordingConfigurations", 7 }, cached.misspelt)
  end)

  it("gives the iterator its pages from the cache", function()
    assert.same({ 2, 7 }, cached.iterated)
  end)

  it("shares the cache with the configurations themselves", function()
    assert.same({ "miss", "hit" }, cached.get)
  end)
end)
