--- When expiring credentials are refreshed, and which ones are used meanwhile (docs/protocol.md, "Credential refresh"): by a clock
-- that the test moves, over ivs.core, and once more with the blocking driver and a real endpoint.

local by_hand = require "support.by_hand"
local core = require "ivs.core"
local emulator_credentials = require "support.emulator_credentials"
local emulator_server = require "emulator.server"
local http_server = require "support.http_server"
local ivs = require "ivs"
local store = require "emulator.store"

local assert_absent, document = emulator_credentials.assert_absent, emulator_credentials.document
local ARN = store.configurations.complete.arn

describe("credentials that expire", function()
  describe("by the clock", function()
    local EXPIRY = by_hand.NOW + 3600

    --- A client over a container's endpoint that answers as `answer(now)` says, with a clock that the test moves.
    local function scene(answer)
      local state = { now = by_hand.NOW, asked = 0 }
      local client = assert(core.client({ region = "us-west-2", env = {
        AWS_CONTAINER_CREDENTIALS_FULL_URI = "http://127.0.0.1/keys", HOME = "/nonexistent" } },
        { time = function() return state.now end, random = function() return 1 end }))
      local function http()
        state.asked = state.asked + 1
        return answer(state)
      end
      --- One call; returns the access key that signed it, or nil and the error.
      function state.call()
        local call = client:call(ARN)
        local step, detail = call:next()
        local signer
        while step ~= "done" and step ~= "failed" do
          if step == "credentials" then
            step, detail = call:next(detail { http = http })
          else
            signer = detail.headers.Authorization:match("Credential=([^/]+)/")
            step, detail = call:next(by_hand.GOOD)
          end
        end
        return signer, step == "failed" and detail or nil
      end
      return state
    end

    local function numbered(state)
      return { status = 200, headers = {}, body = document(state.now + 3600, "ASIA" .. state.asked) }
    end

    it("are requested from 15 minutes before they expire, and not earlier", function()
      local state = scene(numbered)
      for _, row in ipairs { { 0, 1 }, { 2699, 1 }, { 2700, 2 }, { 2700 + 2699, 2 }, { 2700 + 2700, 3 } } do
        state.now = by_hand.NOW + row[1]
        assert.equal("ASIA" .. row[2], state.call())
      end
    end)

    it("are used until the second in which they expire if no refresh succeeds", function()
      local state = scene(function(state)
        if state.asked == 1 then return numbered(state) end
        return { status = 200, headers = {}, body = "{}" }
      end)
      assert.equal("ASIA1", state.call())
      for _, left in ipairs { 900, 600, 599, 1, 0.001 } do
        state.now = EXPIRY - left
        assert.equal("ASIA1", state.call())
      end
      assert.equal(6, state.asked)
      state.now = EXPIRY
      local signer, err = state.call()
      assert.is_nil(signer)
      assert.same({ "credentials", "CredentialRetrievalError", 0 }, { err.kind, err.code, err.attempts })
      assert.equal("container", err.causes[#err.causes].provider)
      assert_absent(err)
    end)

    it("are retrieved again after an error", function()
      local state = scene(function(state)
        if state.asked == 2 then return { status = 200, headers = {}, body = "{}" } end
        return numbered(state)
      end)
      assert.equal("ASIA1", state.call())
      state.now = EXPIRY + 1
      assert.is_nil((state.call()))
      assert.equal("ASIA3", state.call())
    end)

    it("may go backward", function()
      local state = scene(numbered)
      assert.equal("ASIA1", state.call())
      state.now = by_hand.NOW - 86400
      assert.equal("ASIA1", state.call())
    end)
  end)

  describe("over the blocking driver, of a container's endpoint,", function()
    local emulator, server

    setup(function() emulator = emulator_server.start() end)
    teardown(function() emulator:stop() end)
    before_each(function() server = http_server.start() end)
    after_each(function() server:stop() end)

    --- A client of the emulator with that endpoint for its keys.
    local function client_of_container(logger)
      return assert(ivs.client { logger = logger, env = {
        HOME = "/nonexistent", AWS_REGION = emulator.region, AWS_ENDPOINT_URL_IVS = emulator.endpoint_url,
        AWS_CA_BUNDLE = emulator.ca_bundle, AWS_CONTAINER_CREDENTIALS_FULL_URI = server.url .. "/keys" } })
    end

    it("are requested once while they are valid", function()
      server:route("GET /keys", { body = document(os.time() + 1000) })
      local client = client_of_container()
      for _ = 1, 3 do assert(client:get_recording_configuration(ARN)) end
      assert.equal(1, #server:requests())
    end)

    it("are requested again from 15 minutes before they expire, and the old ones are used while that fails", function()
      server:route("GET /keys", { { body = document(os.time() + 800) }, { body = "{}" } })
      local logged = {}
      local client = client_of_container(function(level, text) logged[#logged + 1] = level .. ": " .. text end)
      for _ = 1, 3 do assert(client:get_recording_configuration(ARN)) end
      assert.equal(3, #server:requests())
      assert_absent(logged)
      local told = false
      for _, line in ipairs(logged) do told = told or line:find("container-role", 1, true) ~= nil end
      assert.is_true(told, "the log says nothing of the refresh that failed")
    end)

    it("are replaced in signatures after the refresh", function()
      server:route("GET /keys", { { body = document(os.time() + 800, "ASIANOBODY") }, { body = document(os.time() + 3600) } })
      local client = client_of_container()
      assert.equal("UnrecognizedClientException", select(2, client:get_recording_configuration(ARN)).code)
      assert(client:get_recording_configuration(ARN))
    end)

    it("are refused if they have expired", function()
      server:route("GET /keys", { body = document(os.time() - 1) })
      local response, err = client_of_container():get_recording_configuration(ARN)
      assert.is_nil(response)
      assert.same({ "CredentialRetrievalError", "container" }, { err.code, err.causes[#err.causes].provider })
      assert.truthy(err.message:find("expired", 1, true))
      assert_absent(err)
    end)
  end)
end)
