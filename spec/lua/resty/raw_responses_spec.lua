--- What a call inside nginx makes of every raw response in support/raw_responses.lua: the kind, code and number of attempts that
-- it has over libcurl (spec/call/raw_responses_spec.lua), except in rows that state the reason.

local hostile_server = require "support.hostile_server"
local nginx = require "support.nginx"
local raw_responses = require "support.raw_responses"
local shell = require "emulator.shell"

if not nginx.available then return end

raw_responses.add_compressed(shell.run)

local RUN = [[
  local client = require("resty.ivs").client { region = "us-west-2", env = {}, endpoint_url = %q, max_attempts = 2,
    credentials = { access_key_id = "AKID", secret_access_key = "spec" } }
  return require("support.raw_responses").describe(client:get_recording_configuration "arn")
]]

describe("over cosockets, a response:", function()
  local server, site

  lazy_setup(function()
    server = hostile_server.start()
    site = nginx.start { http = "lua_socket_log_errors off;" }
  end)
  lazy_teardown(function()
    local errors = site:stop()
    server:stop()
    assert.same({}, errors)
  end)

  for _, row in ipairs(raw_responses.list) do
    it(row[1], function()
      server:play { { "request" }, { "send", row[2] }, { "close" } }
      assert.equal(row[3], site:run(RUN, server.url))
    end)
  end
end)
