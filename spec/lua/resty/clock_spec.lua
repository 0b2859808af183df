--- Inside nginx, what setting the machine's clock does to time limits: nothing. The clock of the nginx is really set (set_clock.c).

local hostile = require "support.hostile_calls"
local hostile_server = require "support.hostile_server"
local nginx = require "support.nginx"
local shell = require "emulator.shell"

if not nginx.available then return end

local HOUR = 3600
local SUPPORT = debug.getinfo(1, "S").source:match "^@(.*)lua/resty/" .. "support/"

--- Sets the clock when the server has received the request, and returns the call's result and by how much the clock was moved.
local CALL = [[
local record, clock, seconds = %q, %q, %d
local before = os.time()
local setting = ngx.thread.spawn(function()
  repeat
    ngx.sleep(0.01)
    local file = io.open(record)
    local text = file:read "*a"
    file:close()
  until text:find(" request ", 1, true)
  local file = io.open(clock, "w")
  file:write(seconds)
  file:close()
end)
local client = require("resty.ivs").client { region = "us-west-2", env = {}, max_attempts = 1, endpoint_url = %q, read_timeout = %d,
  credentials = { access_key_id = "AKID", secret_access_key = "spec" } }
local response, err = client:get_recording_configuration "arn"
ngx.thread.wait(setting)
return { response and response.recordingConfiguration.state or err.code, os.time() - before }
]]

describe("inside nginx, read_timeout", function()
  local site, wire

  before_each(function()
    wire = hostile_server.start()
    local library, clock = wire.directory .. "/set_clock.so", wire.directory .. "/clock"
    assert(shell.run(("cc -shared -fPIC -o %s %s -ldl 2>&1"):format(shell.quote(library), shell.quote(SUPPORT .. "set_clock.c"))) == "")
    site = nginx.start { environment = { LD_PRELOAD = library, IVS_CLOCK = clock } }
  end)

  after_each(function()
    site:stop()
    wire:stop()
  end)

  --- A response that is complete after `seconds`.
  local function call(seconds, moved, read_timeout)
    local answer = hostile.answer()
    wire:play { { "request" }, { "drip", answer, seconds / #answer }, { "hang" } }
    local told = site:run(CALL, wire.directory .. "/record", wire.directory .. "/clock", moved, wire.url, read_timeout)
    assert.is_true(math.abs(told[2] - moved) < HOUR / 2, "the clock was not set: " .. require("cjson").encode(told))
    return told[1]
  end

  it("ends a response that trickles in, although the clock is set back meanwhile", function()
    assert.equal("ReadTimeoutError", call(8, -HOUR, 1))
  end)

  it("does not end a response in time because the clock is set forward", function()
    assert.equal("ACTIVE", call(2, HOUR, hostile.PATIENCE))
  end)
end)
