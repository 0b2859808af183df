--- ListRecordingConfigurations as callers of `ivs`, and of `ivs.core` in a loop of their own, get it (support/list_scenarios.lua).
-- Inside nginx: spec/lua/resty/list_spec.lua.

local core = require "ivs.core"
local endpoint = require "support.endpoint"
local fetcher = require "support.fetcher"
local interpreter = require "support.interpreter"
local ivs = require "ivs"
local list_scenarios = require "support.list_scenarios"
local pagination = require "ivs.pagination"
local server = require "emulator.server"
local store = require "emulator.store"

--- A loop over ivs.core that sends with `http`, as a client with the methods of `ivs`.
local function new_looping_client(http)
  return function(options)
    local client, err = core.client(options)
    if not client then return nil, err end
    local function carry_out(call)
      local send = client:connection_settings() and client:connection_settings().transport or http
      local step, detail = call:next()
      while step ~= "done" and step ~= "failed" do
        if step == "exchange" then
          step, detail = call:next(send(detail))
        elseif step == "credentials" then
          step, detail = call:next(detail {})
        else
          step, detail = call:next()
        end
      end
      if step == "done" then return detail end
      return nil, detail
    end
    local function get(_, params) return carry_out(client:get_recording_configuration(params)) end
    local function list(_, params) return carry_out(client:list_recording_configurations(params)) end
    return {
      get_recording_configuration = get, list_recording_configurations = list,
      recording_configurations = function(self, params)
        return pagination.iterate(function(query) return self:list_recording_configurations(query) end, params)
      end,
      close = function() client:close() end,
    }
  end
end

describe("a list of recording configurations", function()
  local emulator, outcomes, fetching

  lazy_setup(function()
    emulator = server.start()
    local http
    fetching, http = fetcher.client { ca_bundle = emulator.ca_bundle }
    local options = endpoint.options(emulator)
    outcomes = {
      ivs = list_scenarios.run(ivs.client, options),
      ["ivs.core"] = list_scenarios.run(new_looping_client(http), options),
    }
  end)

  lazy_teardown(function()
    fetching:close()
    emulator:stop()
  end)

  for _, module in ipairs { "ivs", "ivs.core" } do
    for _, name in ipairs(list_scenarios.names()) do
      it("through " .. module .. ": " .. name, function() assert.equal("as expected", outcomes[module][name]) end)
    end
  end

  it("uses the default client, whose failures are returned by the call and by the iterator's first step", function()
    local output = interpreter.run([[
      local ivs = require "ivs"
      local count = 0
      for item, err in ivs.recording_configurations { maxResults = 5 } do
        assert(item, err)
        count = count + 1
      end
      print(count, #assert(ivs.list_recording_configurations()).recordingConfigurations)]], {
      AWS_ENDPOINT_URL = emulator.endpoint_url, AWS_CA_BUNDLE = emulator.ca_bundle, AWS_REGION = emulator.region,
      AWS_ACCESS_KEY_ID = emulator.access_key_id, AWS_SECRET_ACCESS_KEY = emulator.secret_access_key,
    })
    assert.equal(("%d\t%d\n"):format(#store.labels, #store.labels), output)
    output = interpreter.run([[
      local ivs = require "ivs"
      local _, err = ivs.list_recording_configurations()
      print(err.code, err.operation_name)
      for item, problem in ivs.recording_configurations() do print(item, problem.code, problem.operation_name) end]],
      { AWS_RETRY_MODE = "none" })
    assert.equal("InvalidRetryModeError\tListRecordingConfigurations\nfalse\tInvalidRetryModeError\tListRecordingConfigurations\n",
      output)
  end)
end)
