--- Misuse of the API: it raises at the caller's line, and suggests what was probably meant.

local core = require "ivs.core"
local ivs = require "ivs"

local ARN = "arn:aws:ivs:us-west-2:123456789012:recording-configuration/AbCdEf123456"
local KEYS = { access_key_id = "AKIDEXAMPLE", secret_access_key = "secret" }

--- Where the function that calls this one stands: each misuse is written on the line of its `here()`.
local function here()
  local info = debug.getinfo(2, "Sl")
  return info.short_src .. ":" .. info.currentline .. ": "
end

--- Runs what has to raise. It calls the function that it is given first, on the line of the misuse.
local function misuse(run)
  local line
  local good, message = pcall(run, function(place) line = place end)
  assert.is_false(good)
  assert.equal(line, message:sub(1, #line), message)
  return message:sub(#line + 1)
end

local function options(more)
  local made = { region = "us-west-2", env = {}, credentials = KEYS, transport = function() return { status = 200, body = "{}" } end }
  for name, value in pairs(more or {}) do made[name] = value end
  return made
end

for name, module in pairs { ivs = ivs, ["ivs.core"] = core } do
  describe(name .. ", given an unknown option,", function()
    local function refusal(given)
      return misuse(function(at) at(here()) local client = module.client(given) return client end)
    end

    it("names the nearest one", function()
      for wrong, meant in pairs { regoin = "region", Profile = "profile", max_attempt = "max_attempts", loger = "logger",
        connection_timeout = "connect_timeout", ca_bundel = "ca_bundle", verfy = "verify" } do
        assert.equal(("unknown option '%s'; did you mean '%s'?"):format(wrong, meant), refusal { [wrong] = "x" })
      end
      assert.equal("unknown option 'zzzzzz'", refusal { zzzzzz = 1 })
    end)

    it("knows boto3's names", function()
      for theirs, use in pairs {
        region_name = "region", aws_access_key_id = "credentials = { access_key_id = … }",
        aws_secret_access_key = "credentials = { secret_access_key = … }", aws_session_token = "credentials = { session_token = … }",
        endpoint = "endpoint_url", timeout = "connect_timeout and read_timeout", retries = "retry_mode and max_attempts",
        max_tries = "max_attempts", profile_name = "profile",
      } do
        assert.equal(("unknown option '%s'; use %s"):format(theirs, use), refusal { [theirs] = "x" })
      end
    end)

    it("knows the members of `credentials` outside and inside of it", function()
      assert.equal("unknown option 'session_token'; use credentials = { session_token = … }", refusal { session_token = "x" })
      for wrong, meant in pairs { sesion_token = "session_token", SessionToken = "session_token", secret_key = "secret_access_key",
        aws_access_key_id = "access_key_id", expires = "expiration" } do
        local message = refusal { credentials = { access_key_id = "AKIDEXAMPLE", secret_access_key = "secret", [wrong] = "hunter2" } }
        assert.equal(("unknown option 'credentials.%s'; did you mean '%s'?"):format(wrong, meant), message)
      end
      assert.equal("unknown option 'credentials.1'", refusal { credentials = { "AKIDEXAMPLE", "secret" } })
    end)
  end)
end

describe("a call", function()
  local client = assert(ivs.client(options()))
  local bare = assert(core.client(options()))

  it("that takes one argument refuses a second", function()
    local two = "bad argument #2 to '%s' (one argument expected: "
    local CASES = {
      [two:format "get_recording_configuration"] = { function(at) at(here()) client:get_recording_configuration(ARN, {}) end,
        function(at) at(here()) client:get_recording_configuration({ arn = ARN }, false) end,
        function(at) at(here()) ivs.get_recording_configuration(ARN, 1) end },
      [two:format "call"] = { function(at) at(here()) bare:call(ARN, {}) end },
      [two:format "client"] = { function(at) at(here()) ivs.client({}, {}) end },
      ["bad argument #3 to 'client' ("] = { function(at) at(here()) core.client({}, {}, {}) end },
    }
    for start, cases in pairs(CASES) do
      for _, case in ipairs(cases) do
        local message = misuse(case)
        assert.equal(start, message:sub(1, #start), message)
      end
    end
    assert(client:get_recording_configuration(ARN, nil))
  end)

  it("made with a dot raises an error that asks for a colon", function()
    local CASES = {
      ["client:get_recording_configuration("] = { function(at) at(here()) client.get_recording_configuration { arn = ARN } end,
        function(at) at(here()) client.get_recording_configuration(ARN) end,
        function(at) at(here()) client.get_recording_configuration() end },
      ["client:credentials("] = { function(at) at(here()) client.credentials() end },
      ["client:close("] = { function(at) at(here()) client.close() end },
      ["client:call("] = { function(at) at(here()) bare.call { arn = ARN } end },
      ["call:next("] = { function(at) at(here()) bare:call(ARN).next() end },
    }
    for colon, cases in pairs(CASES) do
      for _, case in ipairs(cases) do
        local message = misuse(case)
        assert.truthy(message:find("call it with a colon: " .. colon, 1, true), message)
      end
    end
  end)
end)
