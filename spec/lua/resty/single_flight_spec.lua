--- resty.ivs.single_flight: leaders that are gone or take too long, and flights that wait for each other. (Flights of answers:
-- spec/lua/resty/background_spec; of credentials: spec/lua/resty/credentials_faults_spec.)

local nginx = require "support.nginx"

if not nginx.available then return end

describe("a flight", function()
  local site

  local function run(code) return site:run('local single_flight = require "resty.ivs.single_flight"\n' .. code) end

  lazy_setup(function() site = nginx.start {} end)

  lazy_teardown(function() assert.same({}, site:stop()) end)

  it("is not abandoned if its worker was busy for seconds", function()
    assert.same({ false, false, false }, run [[
      local flight = single_flight.new(60)
      local thread = ngx.thread.spawn(flight.lead, flight, function() ngx.sleep(30) end)
      local found = { flight:is_abandoned() }
      ngx.sleep(0.3)
      os.execute "sleep 2.5"
      ngx.update_time()
      found[2] = flight:is_abandoned()
      ngx.sleep(0.6)
      found[3] = flight:is_abandoned()
      ngx.thread.kill(thread)
      return found]])
  end)

  it("is abandoned when its leader was killed", function()
    assert.same({ true, false }, run [[
      local flight = single_flight.new(60)
      local thread = ngx.thread.spawn(flight.lead, flight, function() ngx.sleep(30) end)
      ngx.sleep(0.3)
      ngx.thread.kill(thread)
      for _ = 1, 200 do
        if flight:is_abandoned() then return { true, flight:is_hanging(60) } end
        ngx.sleep(0.2)
      end
      return { false }]])
  end)

  it("is abandoned when its lease is over, and its waiters are told so", function()
    assert.same({ false, "abandoned", true, false }, run [[
      local flight = single_flight.new(0.2)
      local thread = ngx.thread.spawn(flight.lead, flight, function() ngx.sleep(30) end)
      local found = { flight:wait() }
      found[3], found[4] = flight:is_hanging(60), flight:is_hanging(0)
      ngx.thread.kill(thread)
      return found]])
  end)

  it("that a timer does not lead in time is abandoned, and a timer that comes late does not lead it", function()
    assert.same({ false, "abandoned", 0 }, run [[
      local flight, led = single_flight.new(60), 0
      local found = { flight:wait() }
      flight:lead_in_timer(function() led = led + 1 end)
      flight:give_up()
      ngx.sleep(0.1)
      found[3] = led
      return found]])
  end)

  it("wakes all who wait for it with its result", function()
    assert.same({ 7, 7, 7 }, run [[
      local flight, threads, found = single_flight.new(60), {}, {}
      flight:lead_in_timer(function()
        flight:lead(function() ngx.sleep(0.05) end)
        flight:finish { value = 7 }
      end)
      for i = 1, 3 do threads[i] = ngx.thread.spawn(function() return flight:wait() and flight.result.value end) end
      for i = 1, 3 do found[i] = select(2, ngx.thread.wait(threads[i])) end
      return found]])
  end)

  it("is not waited for longer than a deadline", function()
    assert.same({ false, "timeout" }, run [[
      local flight = single_flight.new(60)
      local thread = ngx.thread.spawn(flight.lead, flight, function() ngx.sleep(30) end)
      local found = { flight:wait(require("ivs.core").private.monotonic() + 0.1) }
      ngx.thread.kill(thread)
      return found]])
  end)

  it("does not wait for itself: alone, from a light thread of its timer, or through others", function()
    assert.same({ "deadlock", "deadlock", "deadlock" }, run [[
      local found = {}
      local alone = single_flight.new(60)
      alone:lead(function() found[1] = select(2, alone:wait()) end)
      alone:finish {}

      local first, second = single_flight.new(60), single_flight.new(60)
      first:lead_in_timer(function()
        first:lead(function()
          ngx.thread.wait(ngx.thread.spawn(function() found[2] = select(2, first:wait()) end))
          second:wait()
        end)
        first:finish {}
      end)
      second:lead_in_timer(function()
        second:lead(function()
          ngx.sleep(0.1)
          found[3] = select(2, first:wait())
        end)
        second:finish {}
      end)
      first:wait()
      return found]])
  end)

  it("waits for another one that is led in its own light thread, and for one that waits for nothing", function()
    assert.same({ true, "deadlock", true }, run [[
      local outer, inner, other, found = single_flight.new(60), single_flight.new(60), single_flight.new(60), {}
      other:lead_in_timer(function()
        other:lead(function() ngx.sleep(0.05) end)
        other:finish {}
      end)
      outer:lead(function()
        found[1] = other:wait()
        inner:lead(function() found[2] = select(2, outer:wait()) end)
        inner:finish {}
        found[3] = inner:wait()
      end)
      outer:finish {}
      return found]])
  end)
end)
