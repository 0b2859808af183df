--- resty.ivs.batch: when the requests of a batch are sent, how many at a time, and how it ends. What it returns:
-- many_scenarios_spec.lua.

local nginx = require "support.nginx"
local sent_requests = require "support.sent_requests"
local shell = require "emulator.shell"

if not sent_requests.available then return end -- nginx runs LuaJIT, whatever runs this: once is enough

local with_site, GRAIN = sent_requests.with_site, sent_requests.GRAIN

describe("a batch inside nginx", function()
  it("sends evenly, each region paced by itself", function()
    with_site({}, function(site)
      local found = site:run [[
        local arns = {}
        for at = 1, 4 do
          for _, region in ipairs { "us-west-2", "us-east-1", "eu-west-1" } do arns[#arns + 1] = arn("a" .. at, region) end
        end
        local begun = ngx.now()
        local result = client():batch_get_recording_configuration { arns = arns, max_tps = 4 }
        local of, first, gaps = {}, {}, true
        for at, item in ipairs(sent()) do
          local region = item.arn:match "ivs:([^:]+)"
          of[region] = of[region] or {}
          table.insert(of[region], item.at)
          if at <= 3 then first[at] = region end
        end
        table.sort(first)
        local shortest = math.huge
        for _, times in pairs(of) do
          for at = 2, #times do shortest = math.min(shortest, times[at] - times[at - 1]) end
        end
        return { count = #result.recordingConfigurations, first = table.concat(first, " "), shortest = shortest, took = ngx.now() - begun }]]
      assert.equal(12, found.count)
      assert.equal("eu-west-1 us-east-1 us-west-2", found.first) -- no region waits for another
      assert.is_true(found.took >= 3 / 4 - GRAIN, found.took)
      assert.is_true(found.shortest >= 1 / 8, found.shortest) -- a busy machine may delay one of them
    end)
  end)

  it("keeps no region waiting for the light threads that another region's pace holds", function()
    with_site({}, function(site)
      assert.same({ "us-east-1", "us-west-2" }, site:run [[
        local arns = names("a", 20, "us-west-2")
        arns[21] = arn("b", "us-east-1")
        pcall(client().batch_get_recording_configuration, client(), { arns = arns, max_tps = 1, max_concurrency = 4,
          on_progress = function(done) if done == 2 then error "enough" end end })
        local regions = {}
        for at, item in ipairs(sent()) do regions[at] = item.arn:match "ivs:([^:]+)" end
        table.sort(regions)
        return regions]])
    end)
  end)

  it("takes more regions than there are light threads in turns", function()
    with_site({}, function(site)
      local found = site:run [[
        local arns = {}
        for at = 1, 300 do arns[at] = arn("a", "xx-region-" .. at) end
        for at = 1, 300 do arns[300 + at] = arn("b", "xx-region-" .. at) end
        local result = client():batch_get_recording_configuration { arns = arns, max_tps = 1000, max_concurrency = 2 }
        local seen, before, turn = {}, 0, nil
        for _, item in ipairs(sent()) do
          local region = item.arn:match "ivs:([^:]+)"
          if not seen[region] then before = before + 1 end
          if seen[region] and not turn then turn = before end
          seen[region] = true
        end
        return { count = #result.recordingConfigurations, errors = #result.errors, turn = turn }]]
      assert.same({ 600, 0 }, { found.count, found.errors })
      assert.is_true(found.turn >= 200, found.turn) -- requests of one millisecond have no order
    end)
  end)

  it("has an error for a success without a recording configuration", function()
    with_site({}, function(site)
      local told = { "a1 ResponseParserError", "a2 -" }
      assert.same({ configurations = 1, errors = { "a1 response ResponseParserError GetRecordingConfiguration" }, told = told }, site:run [[
        local told = {}
        local made = client(nil, { transport = function(request)
          return { status = 200, body = request.body:find "a1" and "{}" or '{"recordingConfiguration":{"name":"n"}}' }
        end })
        local result = made:batch_get_recording_configuration { arns = names("a", 2), max_tps = false, max_concurrency = 1,
          on_result = function(name, configuration, err)
            told[#told + 1] = name:match "[^/]*$" .. " " .. (configuration and "-" or err and err.code or "nothing")
          end }
        local errors = {}
        for at, item in ipairs(result.errors) do
          errors[at] = table.concat({ item.arn:match "[^/]*$", item.error.kind, item.code, item.error.operation_name }, " ")
        end
        local count = 0
        for _ in pairs(result.recordingConfigurations) do count = count + 1 end
        return { configurations = count, errors = errors, told = told }]])
    end)
  end)

  it("sends 3 a second by default", function()
    with_site({}, function(site)
      local span = site:run [[
        note_begin()
        client():batch_get_recording_configuration { arns = names("a", 4) }
        return span(sent())]]
      assert.is_true(span >= 1 - GRAIN, span)
    end)
  end)

  it("reads the cache first, which takes no token", function()
    with_site({}, function(site)
      local found = site:run [[
        local made = client { max_tps = false }
        made:batch_get_recording_configuration { arns = names("a", 100), max_tps = false }
        local arns = names("a", 100)
        table.insert(arns, 50, arn "new")
        local result = made:batch_get_recording_configuration { arns = arns, max_tps = 0.01 }
        return { count = #result.recordingConfigurations, requests = #sent(), hits = made:stats().cache.hit }]]
      assert.same({ count = 101, requests = 101, hits = 100 }, found) -- with tokens it would take hours
    end)
  end)

  it("has at most max_concurrency calls under way, including refreshes of stale answers", function()
    with_site({}, function(site)
      local found = site:run [[
        delay = 0.02
        local arns, uncached = names("a", 60), client()
        uncached:batch_get_recording_configuration { arns = arns, max_tps = false, max_concurrency = 5 }
        local plain = most
        local made = client { ttl = 0.1, max_tps = false }
        made:batch_get_recording_configuration { arns = arns, max_tps = false, max_concurrency = 16 }
        ngx.sleep(0.2)
        most = 0
        local stale = made:batch_get_recording_configuration { arns = arns, max_tps = false, max_concurrency = 3 }
        for _ = 1, 500 do
          if ngx.timer.running_count() + ngx.timer.pending_count() <= 1 and #sent() > 120 then break end
          ngx.sleep(0.02)
        end
        return { plain = plain, refreshing = most, stale = #stale.recordingConfigurations, requests = #sent() }]]
      local refreshes = found.requests - 120
      assert.is_true(refreshes >= 1 and refreshes <= 60, refreshes .. " refreshes")
      found.requests = nil
      assert.same({ plain = 5, refreshing = 3, stale = 60 }, found)
    end)
  end)

  it("waits once for a credentials function that many calls need", function()
    with_site({}, function(site)
      assert.same({ asked = 1, count = 20 }, site:run [[
        local asked = 0
        local made = client(nil, { credentials = function()
          asked = asked + 1
          ngx.sleep(0.1)
          return { access_key_id = "AKIAIOSFODNN7EXAMPLE", secret_access_key = "s" }
        end })
        local result = made:batch_get_recording_configuration { arns = names("a", 20), max_tps = false }
        return { asked = asked, count = #result.recordingConfigurations }]])
    end)
  end)

  it("starts no further call after a callback has raised an error, and leaves no light thread", function()
    with_site({}, function(site)
      local found = site:run [[
        delay = 0.01
        local ok, problem = pcall(client().batch_get_recording_configuration, client(), { arns = names("a", 400), max_tps = false,
          max_concurrency = 4, on_progress = function(done) if done == 8 then error("enough", 0) end end })
        local count = #sent()
        ngx.sleep(0.3)
        return { problem = tostring(problem), is_bounded = count <= 8 + 4, is_quiet = #sent() == count }]]
      assert.same({ problem = "enough", is_bounded = true, is_quiet = true }, found)
    end)
  end)

  it("lets a callback wait, and end the request", function()
    with_site({ locations = { ["/exit"] = { content = [[
      delay = 0.01
      client():batch_get_recording_configuration { arns = names("exit", 400), max_tps = false, max_concurrency = 4,
        on_progress = function(done)
          ngx.sleep(0.001)
          if done == 8 then
            ngx.print "over"
            ngx.exit(200)
          end
        end }]] } } }, function(site)
      assert.equal("over", (site:get "/exit"))
      local count = site:run "return #sent()"
      shell.run "sleep 0.3"
      assert.is_true(count < 400 and site:run "return #sent()" <= count + 4)
    end)
  end)

  it("stops when its client disconnects", function()
    with_site({ locations = { ["/abort"] = { more = "lua_check_client_abort on;", content = [[
      delay = 0.05
      client { max_tps = false }:batch_get_recording_configuration { arns = names("abort", 400), max_tps = false,
        max_concurrency = 2 }]] } } }, function(site)
      shell.run(("curl -s -m 0.5 %s/abort >/dev/null 2>&1"):format(site.url))
      local count = site:run "return #sent()"
      for _ = 1, 100 do
        local before = count
        shell.run "sleep 0.3"
        count = site:run "return #sent()"
        if count == before then break end
      end
      assert.is_true(count > 0 and count < 300, count)
    end)
  end)

  it("lets the worker do other work while the cache answers", function()
    with_site({}, function(site)
      local turns = site:run [[
        local made, turns, is_over = client { max_tps = false }, 0, false
        local arns = names("a", 500)
        made:batch_get_recording_configuration { arns = arns, max_tps = false }
        local counting = ngx.thread.spawn(function()
          while not is_over do
            turns = turns + 1
            ngx.sleep(0.001)
          end
        end)
        turns = 0
        made:batch_get_recording_configuration { arns = arns, max_concurrency = 1 }
        is_over = true
        ngx.thread.wait(counting)
        return turns]]
      assert.is_true(turns >= 4, turns) -- about one for each 100 answers; none if nobody else had a turn
    end)
  end)

  it("names the phases in which it cannot be made", function()
    local site = nginx.start { http = "lua_shared_dict cache 1m;", locations = { ["/"] = { content = "ngx.print 'ok'",
      header_filter = [[
        local _, err = require("resty.ivs").client():batch_get_recording_configuration { arns = { "a" } }
        ngx.header["X-Code"] = err.code .. " " .. err.message]] } } }
    local head = shell.run(("curl -s -o /dev/null -D - %s/"):format(site.url))
    assert.same({}, site:stop())
    assert.is_truthy(head:find("X-Code: InvalidConfigError Lua cannot wait in nginx's phase header_filter", 1, true), head)
  end)
end)
