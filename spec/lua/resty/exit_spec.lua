--- Inside nginx, a logger or a transport that ends its request (ngx.exit, ngx.redirect, ngx.exec): it ends that request or, with a cache,
-- the timer that fetches. The next request has neither to wait nor to fail.

local nginx = require "support.nginx"

if not nginx.available then return end

local INIT = [[
local function leave()
  local how = way
  way = nil -- the next request's function does not leave
  if how == "exit" then ngx.exit(418) elseif how == "redirect" then ngx.redirect "/elsewhere" elseif how == "exec" then ngx.exec "/elsewhere" end
end

local function client(who, cached)
  return require("resty.ivs").client { region = "us-west-2", env = {}, max_attempts = 1,
    credentials = { access_key_id = "AKID", secret_access_key = "spec" }, cache = cached and { dict = "cache", max_tps = false } or nil,
    logger = who == "logger" and leave or nil,
    transport = function()
      if who == "transport" then leave() end
      return { status = 200, body = '{"recordingConfiguration":{"state":"ACTIVE"}}' }
    end }
end

clients = { logger = client("logger"), transport = client("transport"), cached_logger = client("logger", true),
  cached_transport = client("transport", true) }

local semaphore = require "ngx.semaphore"
local wait = semaphore.wait

--- Counts the waits of each request that have ended with nothing.
function semaphore.wait(...)
  local woken, why = wait(...)
  if not woken then ngx.ctx.waited = (ngx.ctx.waited or 0) + 1 end
  return woken, why
end

--- The state that a client gets, and the number of such waits.
function told(name, arn)
  local response, err = clients[name]:get_recording_configuration(arn)
  return response and response.recordingConfiguration.state or tostring(err), ngx.ctx.waited or 0
end
]]

local WAYS = { exit = 418, redirect = 302, exec = 200 }

describe("inside nginx, a function that ends its request costs the next one nothing:", function()
  local site

  lazy_setup(function()
    site = nginx.start { init = INIT, http = "lua_shared_dict cache 1m;", locations = {
      ["/leave"] = { content = "way = ngx.var.arg_way ngx.print((told(ngx.var.arg_client, ngx.var.arg_arn)))" },
      ["/elsewhere"] = { content = "ngx.print 'elsewhere'" } } }
  end)

  lazy_teardown(function() assert.same({}, site:stop()) end)

  for _, name in ipairs { "logger", "transport" } do
    for way, status in pairs(WAYS) do
      it(("a %s that calls ngx.%s"):format(name, way), function()
        local _, got = site:get(("/leave?client=%s&way=%s&arn=%s"):format(name, way, way))
        assert.equal(status, got)
        assert.same({ "ACTIVE", 0 }, site:run("return { told(%q, %q) }", name, way))
      end)
    end

    it(("a %s that calls ngx.exit in the timer of a cache"):format(name), function()
      local client = "cached_" .. name
      -- the request whose fetch was ended fetches for itself
      assert.equal("ACTIVE", (site:get(("/leave?client=%s&way=exit&arn=%s"):format(client, name))))
      assert.same({ "ACTIVE", 0 }, site:run([[
        way = "exit"
        local lost = ngx.thread.spawn(told, %q, %q) -- it waits for the timer
        repeat ngx.sleep(0.001) until not way -- the timer has been ended
        ngx.thread.kill(lost)
        ngx.ctx.waited = nil
        return { told(%q, %q) }]], client, "next-" .. name, client, "next-" .. name))
    end)
  end
end)
