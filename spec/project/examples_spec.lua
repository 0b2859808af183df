--- The examples run: examples/nginx as it is, but for its port, its paths and the emulator's authority; the other loop.

local interpreter = require "support.interpreter"
local json = require "cjson"
local nginx = require "support.nginx"
local processes = require "support.processes"
local server = require "emulator.server"
local shell = require "emulator.shell"
local store = require "emulator.store"

if not nginx.available then return end

local COMPLETE = store.configurations.complete
local CREATING, MINIMAL = store.configurations.creating, store.configurations.minimal

local PREPARE = [[
exec 2>&1
directory=$(mktemp -d "${TMPDIR:-/tmp}/ivs-example.XXXXXX") && cp -R examples/nginx/. "$directory" && rm -rf "$directory/run" \
  && mkdir "$directory/run" && echo "$PPID" && id -u && pwd -P && echo "$directory"]]

-- What nginx says goes into `output`; it runs on when this shell ends.
local LAUNCH = [[
exec 2>&1
cd %s || exit
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
env -i PATH="$PATH" %s nginx -e stderr -p "$PWD" -c nginx.conf >output 2>&1 </dev/null &
pid=$!
ticks=0
until curl -s -o /dev/null http://127.0.0.1:%d/ || [ $ticks -ge 1200 ] || ! kill -0 $pid 2>/dev/null; do
  ticks=$((ticks + 1)); sleep 0.05
done
kill -0 $pid 2>/dev/null || { cat output; exit 1; }
echo $pid]]

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local function words(variables)
  local out = {}
  for name, value in pairs(variables) do out[#out + 1] = name .. "=" .. shell.quote(value) end
  return table.concat(out, " ")
end

--- Replaces a text that has to be there.
local function replaced(text, what, by)
  local first, last = text:find(what, 1, true)
  assert(first, "the example's nginx.conf no longer has: " .. what)
  return text:sub(1, first - 1) .. by .. text:sub(last + 1)
end

local function start(emulator, variables)
  local said = shell.run(PREPARE)
  local owner, user, root, prefix = said:match "^(%d+)\n(%d+)\n([^\n]+)\n([^\n]+)\n$"
  assert(prefix, said)
  local spare = nginx.start {} -- for a port that is free
  local port = spare.port
  spare:stop()
  local text = read(prefix .. "/nginx.conf")
  text = replaced(text, "127.0.0.1:8080", "127.0.0.1:" .. port)
  text = replaced(text, "$prefix/../../lua/?.lua", ("%s/lua/?.lua;%s/spec/?.lua"):format(root, root))
  text = replaced(text, "$prefix/../../.build/luajit/?.so", ("%s/%s/luajit/?.so"):format(root, os.getenv "IVS_BUILD" or ".build"))
  text = replaced(text, "init_worker_by_lua_block {", ("init_worker_by_lua_block { require('emulator.guard').start(%s) "):format(owner))
  if user == "0" then text = "user root root;\n" .. text end
  write(prefix .. "/nginx.conf", text)
  write(prefix .. "/run/emulator.conf", ("lua_ssl_trusted_certificate %s;\n"):format(emulator.ca_bundle))
  local environment = emulator:environment()
  for name, value in pairs(variables) do environment[name] = value end
  local output, status = shell.run(LAUNCH:format(shell.quote(prefix), words(environment), port))
  local pid = status == 0 and tonumber(output)
  if not pid then shell.run("rm -rf -- " .. shell.quote(prefix)) end
  assert(pid, output)
  return { pid = pid, prefix = prefix, url = "http://127.0.0.1:" .. port }
end

local function stop(site)
  processes.stop(site.pid, "TERM", site.prefix)
end

describe("examples/nginx", function()
  local emulator, site

  local function get(path, from)
    local said = shell.run("curl -s --max-time 30 -w '\\n%{http_code} %{content_type}' "
      .. shell.quote((from or site).url .. path))
    local body, status, kind = said:match "^(.*)\n(%d+) ([^\n]*)$"
    return body, tonumber(status), kind
  end

  lazy_setup(function()
    emulator = server.start()
    site = start(emulator, { IVS_ARNS = COMPLETE.arn .. " " .. CREATING.arn, IVS_GATED_ARN = COMPLETE.arn })
  end)

  lazy_teardown(function()
    if site then stop(site) end
    emulator:stop()
  end)

  it("answers with a recording's state as JSON", function()
    local body, status, kind = get("/recording?arn=" .. CREATING.arn)
    assert.same({ 200, "application/json; charset=utf-8" }, { status, kind })
    local answer = json.decode(body)
    assert.same({ CREATING.arn, "CREATING" }, { answer.arn, answer.state })
  end)

  it("answers with the error's status", function()
    local expected = { unknown = 404, ["access-denied"] = 403, throttled = 429, ["internal-error"] = 502 }
    for name, status in pairs(expected) do
      local body, found = get("/recording?arn=" .. store.arn(name))
      assert.equal(status, found, name)
      assert.is_string(json.decode(body).error.code)
    end
    for _, query in ipairs { "", "?arn", "?arn=", "?arn=x", "?arn=x%0Ay" } do
      assert.equal(400, select(2, get("/recording" .. query)), query)
    end
  end)

  it("lets requests through only while the recording is ACTIVE", function()
    local body, status = get "/gated/"
    assert.equal(200, status)
    assert.truthy(body:find("is active", 1, true))
    local headers = shell.run("curl -sI " .. site.url .. "/gated/")
    assert.truthy(headers:find("Cache-Control: no-store", 1, true), headers)
    assert.truthy(headers:find("X-Content-Type-Options: nosniff", 1, true), headers)
    for arn, expected in pairs { [CREATING.arn] = 503, [store.arn "unknown"] = 404, [store.arn "internal-error"] = 502, [""] = 400 } do
      local closed = start(emulator, { IVS_GATED_ARN = arn })
      local good, why = pcall(function()
        for _, path in ipairs { "/gated/", "/gated/index.html" } do
          body, status = get(path, closed)
          assert.equal(expected, status, arn)
          assert.falsy(body:find("is active", 1, true))
        end
      end)
      stop(closed)
      if not good then error(why, 0) end
    end
  end)

  it("has a dashboard that loads nothing from other sites and inserts nothing as HTML", function()
    local body, status, kind = get "/?arn=x"
    assert.same({ 200, "text/html; charset=utf-8" }, { status, kind })
    assert.truthy(body:find "<title>IVS recordings</title>")
    for path, expected in pairs { ["/dashboard.css"] = "text/css; charset=utf-8", ["/dashboard.js"] = "text/javascript; charset=utf-8" } do
      assert.truthy(body:find('"' .. path .. '"', 1, true))
      local text, its_status, its_kind = get(path)
      assert.same({ 200, expected }, { its_status, its_kind })
      assert.falsy(text:find "innerHTML" or text:find "https?://" or text:find "insertAdjacentHTML" or text:find "eval%(")
    end
    assert.truthy(shell.run("curl -sI " .. site.url .. "/"):find("Content-Security-Policy: default-src 'none'", 1, true))
  end)

  --- The first line of the dashboard's data; and the others, in their order.
  local function listed(path)
    local body, status, kind = get(path)
    assert.same({ 200, "application/x-ndjson; charset=utf-8" }, { status, kind })
    local rows = {}
    for line in body:gmatch "[^\n]+" do rows[#rows + 1] = json.decode(line) end
    return table.remove(rows, 1), rows
  end

  local function by_arn(rows)
    local found = {}
    for _, row in ipairs(rows) do found[row.arn] = row end
    return found
  end

  it("feeds the dashboard: the recordings of the query, else of IVS_ARNS", function()
    local head, rows = listed "/recordings"
    assert.same({ arns = { COMPLETE.arn, CREATING.arn }, left_out = 0, most = 100 }, head)
    assert.equal(2, #rows)
    local complete, creating = by_arn(rows)[COMPLETE.arn], by_arn(rows)[CREATING.arn]
    assert.same({ COMPLETE.name, "ACTIVE", COMPLETE.destinationConfiguration.s3.bucketName, COMPLETE.recordingReconnectWindowSeconds },
      { complete.name, complete.state, complete.bucket, complete.reconnect_seconds })
    assert.same(COMPLETE.tags, complete.tags)
    assert.same({ "FULL_HD HD SD LOWEST_RESOLUTION", "INTERVAL", 60 },
      { complete.renditions, complete.thumbnail_mode, complete.thumbnail_seconds })
    assert.same({ "CREATING", "ALL", "DISABLED" }, { creating.state, creating.rendition_selection, creating.thumbnail_mode })

    local unknown = store.arn "unknown"
    head, rows = listed(("/recordings?arn=%s&arn=%s&arn=%s"):format(unknown, MINIMAL.arn, MINIMAL.arn))
    assert.same({ unknown, MINIMAL.arn }, head.arns)
    local found = by_arn(rows)
    assert.same({ 2, 404, "ResourceNotFoundException", "ACTIVE", "ivs" },
      { #rows, found[unknown].status, found[unknown].error.code, found[MINIMAL.arn].state, found[MINIMAL.arn].bucket })
    assert.equal(400, select(2, get "/recordings?arn="))
  end)

  it("sends each row as soon as it is known", function()
    local slow, path = store.arn "slow-3000", site.prefix .. "/rows"
    -- what has come when the slow one has not been answered
    shell.run(("curl -sN --max-time 2 -o %s '%s/recordings?arn=%s&arn=%s'"):format(path, site.url, slow, COMPLETE.arn))
    local body = read(path)
    assert.truthy(body:find(COMPLETE.name, 1, true), body)
    assert.falsy(body:find('"state":"%u+".*"state":"%u+"'), body)
    local _, rows = listed(("/recordings?arn=%s&arn=%s"):format(slow, COMPLETE.arn))
    assert.equal(2, #rows)
  end)

  it("answers for each ARN that was asked for: with its recording, why there is none, or that it was left out", function()
    local query = {}
    for number = 1, 120 do query[number] = "arn=" .. store.arn("unknown-" .. number) end
    local head, rows = listed("/recordings?" .. table.concat(query, "&"))
    assert.same({ 100, 20, 100 }, { #head.arns, head.left_out, #rows })
    local codes = {}
    for _, row in ipairs(rows) do
      if row.error.code == "ThrottlingException" then assert.equal(429, row.status) end -- nothing was sent: too many wait for their turn
      codes[row.error.code] = (tonumber(codes[row.error.code]) or 0) + 1
    end
    local names = {}
    for name in pairs(codes) do names[#names + 1] = name end
    table.sort(names)
    assert.same({ "ResourceNotFoundException", "ThrottlingException" }, names)
  end)

  it("sends the age of an answer to the dashboard, which shows it for cached answers", function()
    local arn = emulator:script("aged", { status = 200, body = json.encode { recordingConfiguration = { arn = "x", state = "ACTIVE" } } })
    local path = "/recordings?arn=" .. arn
    local function row() return select(2, listed(path))[1] end
    local first = row()
    assert.same({ "miss", 0 }, { first.cache, first.age })
    shell.run "sleep 0.2"
    local second = row()
    assert.equal("hit", second.cache)
    assert.is_true(second.age >= 0.2, second.age)
    local alone = json.decode((get("/recording?arn=" .. arn)))
    assert.is_true(alone.cache == "hit" and alone.age >= second.age)
    assert.truthy((get "/dashboard.js"):find("${Math.floor(recording.age)} s ago", 1, true))
  end)

  it("counts for Prometheus, in its text format", function()
    --- The samples by name and labels; checks each line against the format (Prometheus documentation, "Exposition formats").
    local function scrape()
      local body, status, kind = get "/metrics"
      assert.same({ 200, "text/plain; version=0.0.4; charset=utf-8" }, { status, kind })
      local samples, types = {}, {}
      for line in body:gmatch "[^\n]+" do
        local name, kind_of_metric = line:match "^# TYPE ([%a_:][%w_:]*) (%l+)$"
        if name then
          assert.is_nil(types[name], line)
          types[name] = kind_of_metric
        elseif not line:find "^# HELP [%a_:][%w_:]* .+$" then
          local sample, labels, value = line:match '^([%a_:][%w_:]*)({[%a_][%w_]*="[^"\\]*"}) (%d+)$'
          assert.equal("counter", types[sample], line)
          assert.is_nil(samples[sample .. labels], line)
          samples[sample .. labels] = tonumber(value)
        end
      end
      return samples
    end
    local function total(samples, name)
      local sum = 0
      for sample, value in pairs(samples) do
        if sample:find(name .. "{", 1, true) then sum = sum + value end
      end
      return sum
    end
    local before = scrape()
    get("/recording?arn=" .. store.configurations.standard_definition.arn)
    get("/recording?arn=" .. store.configurations.standard_definition.arn)
    local after
    for _ = 1, 1000 do -- another worker may have been asked, which publishes every few seconds
      after = scrape()
      if total(after, "ivs_client_calls_total") >= total(before, "ivs_client_calls_total") + 2 then break end
      shell.run "sleep 0.02"
    end
    local function grown(sample) return after[sample] - before[sample] end
    assert.same({ 1, 1 }, { grown 'ivs_cache_events_total{event="miss"}', grown 'ivs_cache_events_total{event="hit"}' })
    -- at least: a worker may publish only now what it did before the first scrape
    assert.is_true(total(after, "ivs_client_calls_total") >= total(before, "ivs_client_calls_total") + 2)
    assert.is_true(total(after, "ivs_client_attempts_total") >= total(before, "ivs_client_attempts_total") + 1)
    for _, name in ipairs { "retries", "throttles", "errors", "credential_refreshes" } do
      assert.is_true(total(after, "ivs_client_" .. name .. "_total") >= 0)
    end
  end)

  it("answers other pages with 404", function() assert.equal(404, select(2, get "/nginx.conf")) end)
end)

describe("examples/on_cqueues.lua", function()
  local emulator

  lazy_setup(function() emulator = server.start() end)
  lazy_teardown(function() emulator:stop() end)

  local function run(arns, changes)
    local environment = emulator:environment()
    environment.HOME = "/nonexistent"
    for name, value in pairs(changes or {}) do environment[name] = value end
    return interpreter.run(("arg = require('cjson').decode(%q); dofile 'examples/on_cqueues.lua'"):format(json.encode(arns)), environment)
  end

  it("makes several calls at once, over TLS, and retries", function()
    local arns = { COMPLETE.arn, CREATING.arn, store.arn "flaky-1" }
    for number = 1, 8 do arns[#arns + 1] = store.arn("slow-" .. 3000 + number) end
    local began = os.time()
    local said, status = run(arns)
    assert.equal(0, status, said)
    for _, arn in ipairs(arns) do
      assert.truthy(said:find(arn .. "\t" .. (arn == CREATING.arn and "CREATING" or "ACTIVE") .. "\n", 1, true), said)
    end
    assert.truthy(os.time() - began < 20, "one after the other these take 24 s")
  end)

  it("prints the service's errors", function()
    local said, status = run { store.arn "unknown", COMPLETE.arn }
    assert.equal(1, status)
    assert.truthy(said:find("unknown\tAn error occurred (ResourceNotFoundException)", 1, true), said)
    assert.truthy(said:find(COMPLETE.arn .. "\tACTIVE", 1, true), said)
  end)

  it("refuses a certificate of another authority, and one for another name", function()
    local said, status = run({ COMPLETE.arn }, { AWS_CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt", AWS_MAX_ATTEMPTS = "1" })
    assert.equal(1, status)
    assert.truthy(said:find("SSLError", 1, true), said)
    local named = ([[
      local socket = require "cqueues.socket"
      local connect = socket.connect
      socket.connect = function(to) to.host = "127.0.0.1"; return connect(to) end -- whatever its name
      arg = { %q }
      dofile "examples/on_cqueues.lua"]]):format(COMPLETE.arn)
    local environment = emulator:environment()
    environment.HOME, environment.AWS_MAX_ATTEMPTS = "/nonexistent", "1"
    assert.equal(0, select(2, interpreter.run(named, environment)))
    environment.AWS_ENDPOINT_URL_IVS = environment.AWS_ENDPOINT_URL_IVS:gsub("localhost", "another.example")
    said, status = interpreter.run(named, environment)
    assert.equal(1, status)
    assert.truthy(said:find("SSLError", 1, true), said)
  end)
end)
