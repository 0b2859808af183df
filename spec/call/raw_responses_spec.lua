--- What a call over libcurl makes of every raw response in support/raw_responses.lua. spec/lua/resty/raw_responses_spec.lua has the
-- same rows read through cosockets.

local hostile_server = require "support.hostile_server"
local ivs = require "ivs"
local raw_responses = require "support.raw_responses"
local shell = require "emulator.shell"

raw_responses.add_compressed(shell.run)

describe("over libcurl, a response:", function()
  local server

  lazy_setup(function() server = hostile_server.start() end)
  lazy_teardown(function() server:stop() end)

  for _, row in ipairs(raw_responses.list) do
    it(row[1], function()
      server:play { { "request" }, { "send", row[2] }, { "close" } }
      local client = assert(ivs.client { region = "us-west-2", env = {}, endpoint_url = server.url, max_attempts = 2,
        credentials = { access_key_id = "AKID", secret_access_key = "spec" } })
      local found = raw_responses.describe(client:get_recording_configuration "arn")
      client:close()
      local others = type(row.curl) == "table" and row.curl or { row.curl }
      for _, other in ipairs(others) do
        if found == other then return end -- row.why
      end
      assert.equal(row[3], found)
    end)
  end

  it("that the drivers read differently has a reason in each case", function()
    for _, row in ipairs(raw_responses.list) do assert.equal(row.curl ~= nil, type(row.why) == "string", row[1]) end
  end)
end)
