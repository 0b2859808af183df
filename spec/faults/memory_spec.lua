--- Memory: allocations that fail, growth over many calls, and the order of finalizers.
--
-- spec/faults/memory/host.c makes one allocation after another fail; spec/faults/memory/growth.lua calls many times. The quick sweep of
-- loading the module steps over most allocations; IVS_MEMORY=full takes each, and a million calls.

local hostile_server = require "support.hostile_server"
local interpreter = require "support.interpreter"
local shell = require "emulator.shell"

local FULL = os.getenv "IVS_MEMORY" == "full"
local UNDER = os.getenv "UNDER" or ""
local BUILD = os.getenv "IVS_BUILD" or ".build"
local IS_LUAJIT = rawget(_G, "jit") ~= nil
local LUA = IS_LUAJIT and "luajit" or "lua" .. _VERSION:match("[%d.]+")
local GROWTH_ALLOWED = 1024 -- KiB, whatever the count; malloc alone keeps up to half of it
-- One allocation (32 bytes at least) left over by each call, or two by each client, would be more than that.
local CALLS, CLIENTS = FULL and "1000000" or "60000", "20000"

-- What a script finds before it.
local PRELUDE = [[
  local ivs, core = require "ivs", require "ivs.core"
  local ARN = "arn:aws:ivs:us-west-2:123456789012:recording-configuration/AbCdEf123456"
  local KEYS = { access_key_id = "AKID", secret_access_key = "secret" }
  local GOOD = { status = 200, body = '{"recordingConfiguration":{"state":"ACTIVE"}}' }
  local BROKEN = { status = 500, body = '' }
  local function client_of(module, options)
    local given = { region = "us-west-2", credentials = KEYS, env = {}, transport = function() return GOOD end }
    for name, value in pairs(options or {}) do given[name] = value end
    return assert(module.client(given))
  end
  --- Calls a function when this is collected, or the state is closed.
  local function finaliser(act)
    if newproxy then
      local proxy = newproxy(true)
      getmetatable(proxy).__gc = act
      return proxy
    end
    return setmetatable({}, { __gc = act })
  end
]]

local function run(script)
  local output, status = interpreter.run(PRELUDE .. script)
  assert.equal("", (output:gsub("fine\n", "")))
  assert.equal(0, status)
  assert.truthy(output:find "fine", "it did not come to its end")
end

--- Whether there is a library of this Lua to link the host with; one that was built by hand may be a program alone.
local function has_library()
  return shell.run("pkg-config --libs " .. LUA .. " 2>/dev/null"):find "%-l%a*lua" ~= nil
end

local function build_host()
  local path = BUILD .. "/" .. LUA .. "/memory-host"
  local flags = "-O1 -g -std=c11 -D_GNU_SOURCE"
  if IS_LUAJIT then flags = flags .. " -DIVS_LUAJIT" end
  if UNDER == "sanitize" then flags = flags .. " -DIVS_SANITIZED -fsanitize=address,undefined" end
  local output, status = shell.run(("exec 2>&1; ${CC:-cc} %s $(pkg-config --cflags %s) -o %s spec/faults/memory/host.c $(pkg-config --libs %s)")
    :format(flags, LUA, path, LUA) .. " -Wl,--no-as-needed -lcrypto -lm")
  assert(status == 0, output)
  return path
end

--- How many of Lua's own allocations the quick sweep steps over; those of the module, libcurl and libcrypto all fail in turn. The C code
-- is the same for every Lua, so one of them is swept more closely.
local STRIDE = UNDER == "sanitize" and 29 or LUA == "lua5.4" and 2 or 7

--- Sweeps all scenarios. Returns what went wrong, as one text, and the sweeps: "scenario owner" → processes.
local function sweep()
  local body = '{"recordingConfiguration":{"state":"ACTIVE"}}'
  local server = hostile_server.start()
  server:play { { "request" }, { "send", ("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"):format(#body, body) }, { "again" } }
  -- LeakSanitizer's tracer can crash in the forked children ("Tracer caught signal 11"). The plain sweep finds leaks without it: the
  -- host counts the blocks itself.
  local command = ("exec 2>&1; ASAN_OPTIONS=detect_leaks=0 "
    .. "IVS_SERVER=%s http_proxy=%s LUA_PATH=%s LUA_CPATH=%s %s%s spec/faults/memory/scenarios.lua"):format(server.url, server.url,
    shell.quote(package.path), shell.quote(package.cpath), build_host(), FULL and "" or " --stride " .. STRIDE)
  local output, status = shell.run(command)
  server:stop()
  local troubles, sweeps = {}, {}
  for line in output:gmatch "[^\n]+" do
    local scenario, owner, count = line:match "^SWEPT (%S+) (%S+) %S+ (%d+):"
    if scenario then
      sweeps[scenario .. " " .. owner] = (sweeps[scenario .. " " .. owner] or 0) + tonumber(count)
    else
      troubles[#troubles + 1] = line
    end
  end
  if status ~= 0 and #troubles == 0 then troubles[1] = "status " .. status end
  return table.concat(troubles, "\n"):sub(1, 4000), sweeps
end

if UNDER ~= "valgrind" and not (IS_LUAJIT and UNDER == "sanitize") then
  describe("an allocation that fails", function()
    it("returns an error or raises, leaks nothing, and the same client works afterwards", function()
      if not has_library() then return pending("no library of " .. LUA .. " to link with") end
      local troubles, sweeps = sweep()
      assert.equal("", troubles)
      local expected = UNDER ~= "sanitize" and { ["call module"] = 30, ["retry module"] = 30, ["error module"] = 30,
        ["by_hand module"] = 30, ["list module"] = 30, ["shared module"] = 10,
        ["wiped module"] = 15, ["client module"] = 10, ["call crypto"] = 20, ["wire curl"] = 20,
        ["proxied curl"] = 20, ["answered module"] = 20, ["batch module"] = 30, ["batch_wire module"] = 30 } or {}
      if not IS_LUAJIT then
        for _, name in ipairs { "require", "client", "call", "retry", "error", "by_hand", "list", "shared", "wire" } do
          expected[name .. " lua"] = UNDER == "sanitize" and 9 or LUA == "lua5.4" and 80 or 25
        end
      end
      for name, least in pairs(expected) do
        assert.is_true((sweeps[name] or 0) >= least, ("%s: only %s"):format(name, sweeps[name]))
      end
    end)
  end)
end

if UNDER == "" then
  describe("many calls and clients", function()
    it("do not grow in memory", function()
      local output, status = shell.run(("exec 2>&1; CALLS=%s CLIENTS=%s LUA_PATH=%s LUA_CPATH=%s %s spec/faults/memory/growth.lua"):format(
        CALLS, CLIENTS, shell.quote(package.path), shell.quote(package.cpath), interpreter.path()))
      assert.equal(0, status, output)
      for _, what in ipairs { "calls", "clients" } do
        local grown = tonumber(output:match(what .. " %d+ (-?%d+)"))
        assert.is_true(grown and grown <= GROWTH_ALLOWED, output)
      end
    end)
  end)
end

describe("a state that is closed", function()
  it("in the middle of calls ends them", function()
    run [[
      calls = {}
      for module = 1, 2 do
        local client = client_of(module == 1 and core or ivs)
        for index = 1, 5 do
          local call = core.client({ region = "us-west-2", credentials = KEYS, env = {} }):call(ARN)
          calls[#calls + 1] = { client, call }
          if index > 1 then call:next() end
          if index > 2 then call:next(BROKEN) end
          if index > 3 then call:next() end
          if index > 4 then call:next(GOOD) end
        end
      end
      print "fine"]]
  end)

  it("with a coroutine suspended within a call ends it", function()
    run [[
      local clock = { time = function() return 1700000000 end, random = function() return 0 end }
      threads = {}
      for _, stop in ipairs { "credentials", "exchange", "sleep" } do
        threads[#threads + 1] = coroutine.create(function()
          local client = assert(core.client({ region = "us-west-2", env = {}, credentials = function() return KEYS end }, clock))
          local call = client:call(ARN)
          local step, detail = call:next()
          while step ~= "done" do
            if step == stop then coroutine.yield(step) end
            if step == "credentials" then step, detail = call:next(detail())
            elseif step == "exchange" then step, detail = call:next(BROKEN)
            else step, detail = call:next() end
          end
        end)
        local good, step = coroutine.resume(threads[#threads])
        assert(good and step == stop, step)
      end
      print "fine"]]
  end)

  it("from within a transport function ends its call", function()
    run [[
      io.stdout:setvbuf "no"
      local client = client_of(ivs, { transport = function() print "fine" os.exit(0, true) end })
      client:get_recording_configuration(ARN)]]
  end)

  it("collects the default client", function()
    run [[
      local response, err = ivs.get_recording_configuration { arn = 5 }
      assert(not response and err.code)
      print "fine"]]
  end)
end)

describe("finalizers", function()
  it("may run in any order", function()
    run [[
      for order = 1, 12 do
        local client = client_of(core)
        local call = client:call(ARN)
        call:next()
        local _, err = call:next { status = 404, body = "{}" }
        local other = client:call(ARN)
        other:next()
        local things = { client, call, other, err }
        things.cycle = things
        local first = order % 4 + 1
        things[first] = nil
        if order > 6 then things.cycle = nil end
        client, call, other, err = nil, nil, nil, nil
        collectgarbage()
        things = nil
        collectgarbage()
      end
      print "fine"]]
  end)

  it("of others may use objects that have been finalized already", function()
    run [[
      local used = 0
      for round = 1, 8 do
        local client = client_of(round % 2 == 0 and ivs or core)
        local call = client_of(core):call(ARN)
        if round > 4 then call:next() end
        local err = select(2, client_of(ivs, { max_attempts = 1, transport = function() return BROKEN end })
          :get_recording_configuration(ARN))
        local function use()
          used = used + 1
          assert(tostring(client) and tostring(err) and client.region == "us-west-2")
          if client.get_recording_configuration then
            local response, failure = client:get_recording_configuration(ARN)
            assert(response or failure.code == "ClientClosedError")
          end
          local step, detail = call:next(GOOD)
          assert(step == "exchange" or step == "done" or detail.code == "ClientClosedError")
          client:close()
          client:close()
        end
        local one = { finaliser(use), client, call }
        one[4] = finaliser(function() return one and use() end)
      end
      collectgarbage()
      collectgarbage()
      assert(used > 0)
      print "fine"]]
  end)
end)

describe("a closed client", function()
  it("returns an error from every method", function()
    run [[
      local client, by_hand = client_of(ivs), client_of(core)
      local begun, fresh = by_hand:call(ARN), by_hand:call(ARN)
      begun:next()
      for _ = 1, 3 do
        client:close()
        by_hand:close()
        assert(tostring(client) == "ivs.client (closed)" and client.region == "us-west-2")
        assert(client.endpoint_url and client.nothing == nil)
        for _, argument in ipairs { ARN, { arn = ARN }, { arn = 5 }, {} } do
          local response, err = client:get_recording_configuration(argument)
          assert(response == nil and err.code == "ClientClosedError" and err.kind == "cancelled")
        end
        local keys, err = client:credentials()
        assert(keys == nil and err.code == "ClientClosedError")
        for _, call in ipairs { begun, fresh, by_hand:call(ARN) } do
          local step, failure = call:next(GOOD)
          assert(step == "failed" and failure.code == "ClientClosedError")
        end
        collectgarbage()
      end
      print "fine"]]
  end)
end)
