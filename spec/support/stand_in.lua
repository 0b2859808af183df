--- The context of a provider without the C modules: HTTP over the curl command, programs over a shell.
--
--     local context = stand_in.context { env = {...}, profile = { name = "x", values = {...} }, connect_to = server }
--     … provider.retrieve(context) … context.asked, context.ran, context.slept
--
-- The clock is fixed at `now`. Sleeps, requests and commands are recorded; a sleep returns immediately. Codes and kinds of failures are
-- those of the real `http` (csrc/curl/error_map.c).
-- Not for: tests of `http` or `run` themselves.

local assert = require "luassert"
local failure = require "ivs.failure"
local shell = require "emulator.shell"

local cjson = require("cjson").new()

local stand_in = {}

local KINDS = {
  [6] = { "connection", "EndpointConnectionError" },
  [7] = { "connection", "EndpointConnectionError" },
  [18] = { "connection", "ConnectionClosedError" },
  [52] = { "connection", "ConnectionClosedError" },
  [56] = { "connection", "ConnectionClosedError" },
  [35] = { "tls", "SSLError" },
  [60] = { "tls", "SSLError" },
  [63] = { "response", "ResponseParserError" },
}

local function read(path)
  local file = io.open(path, "rb")
  if not file then return "" end
  local text = file:read("*a")
  file:close()
  return text
end

local function clean_up(directory, good, ...)
  shell.run("rm -rf -- " .. shell.quote(directory))
  if not good then error((...), 0) end
  return ...
end

--- Runs a function with a temporary directory, which is removed afterwards.
-- @func use called with the path
-- @return what it returned
function stand_in.with_directory(use)
  local directory = shell.run('mktemp -d "${TMPDIR:-/tmp}/ivs-stand-in.XXXXXX"'):match("^(/[^\n]+)\n$")
  return clean_up(directory, pcall(use, directory))
end

--- Writes a file, which is executable by default.
function stand_in.write(path, text, mode)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  shell.run(("chmod %s %s"):format(mode or "700", shell.quote(path)))
  return path
end

local function failed(code, connected, url)
  local kind, name = "connection", "HTTPClientError"
  if code == 28 then
    kind, name = "timeout", connected and "ReadTimeoutError" or "ConnectTimeoutError"
  elseif KINDS[code] then
    kind, name = KINDS[code][1], KINDS[code][2]
  end
  return nil, { kind = kind, code = name, message = ('%s: "%s" (curl says %d)'):format(name, url, code) }
end

local PATIENCE = 20 -- seconds that an exchange may take at least, on a busy machine, where no spec says how long

local function command_line(request, directory, options)
  local connect_to = options.connect_to
  local is_given = options.timeout or (options.env or {}).AWS_METADATA_SERVICE_TIMEOUT
  local least = is_given and 0 or PATIENCE
  local words = { "curl", "-q", "-sS", "--globoff", "--noproxy", "*", "-X", request.method, "-A", "ivs-spec",
    "--connect-timeout", tostring(math.max(request.connect_timeout, least)),
    "--max-time", tostring(options.timeout or math.max(request.read_timeout, least)),
    "--max-filesize", tostring(request.max_bytes), "-o", directory .. "/body", "-D", directory .. "/head",
    "-w", "%{http_code} %{time_connect}" }
  for name, value in pairs(request.headers or {}) do
    words[#words + 1] = "-H"
    words[#words + 1] = name .. ": " .. value
  end
  if connect_to then
    words[#words + 1] = "--connect-to"
    words[#words + 1] = ("::%s:%d"):format(connect_to.host, connect_to.port)
  end
  words[#words + 1] = request.url
  for index, word in ipairs(words) do words[index] = shell.quote(word) end
  return table.concat(words, " ")
end

local function exchange(request, options)
  return stand_in.with_directory(function(directory)
    local output, code = shell.run("exec 2>/dev/null; " .. command_line(request, directory, options))
    local status, connected = output:match("^(%d+) ([%d.,]+)")
    if code ~= 0 then return failed(code, tonumber((connected or "0"):match("^[%d.]+")) > 0, request.url) end
    local headers = {}
    for name, value in read(directory .. "/head"):gmatch("\n([^:\r\n]+): *([^\r\n]*)") do
      headers[name:lower()] = value
    end
    return { status = tonumber(status), headers = headers, body = read(directory .. "/body") }
  end)
end

local function execute(argv, options, environment)
  return stand_in.with_directory(function(directory)
    local words = {}
    for index, word in ipairs(argv) do words[index] = shell.quote(word) end
    local command = ('env -i PATH="$PATH" %s timeout -s KILL %s %s </dev/null >%s/out 2>%s/err')
      :format(environment or "", tostring(options.timeout), table.concat(words, " "), directory, directory)
    -- the shell outlives the program, and only its exit status reports a signal
    local _, status = shell.run("exec 2>/dev/null; " .. command .. "; exit $?")
    local stdout, stderr = read(directory .. "/out"), read(directory .. "/err")
    if status == 137 then return nil, "it did not end in time" end
    if status == 127 or status == 126 then return nil, "No such file or directory" end
    if #stdout > options.max_bytes or #stderr > options.max_bytes then return nil, "it printed too much" end
    if status > 128 then return { signal = status - 128, stdout = stdout, stderr = stderr } end
    return { status = status, stdout = stdout, stderr = stderr }
  end)
end

-- Seconds since 1970 of `2030-01-02T03:04:05[.5]Z` or with an offset; nil for anything else.
local function parse_time(text)
  local year, month, day, hour, minute, second, zone =
    text:match("^(%d%d%d%d)-(%d%d)-(%d%d)T(%d%d):(%d%d):(%d%d)%.?%d*([Z+-].*)$")
  if not year then return nil end
  local sign, zone_hours, zone_minutes = zone:match("^([+-])(%d%d):(%d%d)$")
  if zone ~= "Z" and not sign then return nil end
  year, month = tonumber(year), tonumber(month)
  local shifted = month > 2 and year or year - 1
  local day_of_year = math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  local days = shifted * 365 + math.floor(shifted / 4) - math.floor(shifted / 100) + math.floor(shifted / 400)
    + day_of_year - 719468
  local offset = sign and (sign == "-" and -60 or 60) * (zone_hours * 60 + zone_minutes) or 0
  return ((days * 24 + hour) * 60 + minute) * 60 + second - offset
end

local function read_file(path, max_bytes)
  local file, message, code = io.open(path, "rb")
  if not file then return nil, (message:gsub("^.*: ", "")), code end
  local text = file:read("*a")
  file:close()
  if not text then return nil, "Is a directory", 21 end
  if #text > max_bytes then return nil, "it is too big" end
  return text
end

local function uuid()
  local file = assert(io.open("/dev/urandom", "rb"))
  local bytes = file:read(16)
  file:close()
  return (bytes:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

--- A context.
-- @tab[opt] options `env` (name to value), `profile`, `files`, `now` (seconds since 1970), `connect_to` (a server of
--   http_server: receives all requests, independent of their URL), `timeout` (seconds, instead of the provider's),
--   `environment` (variables of the programs, as `A=b C=d`), `http` (instead of curl)
function stand_in.context(options)
  options = options or {}
  local context = { asked = {}, ran = {}, slept = {}, profile = options.profile, files = options.files or {} }
  context.json_null = cjson.null
  local function mask_url(url) return (url:gsub("//.*@", "//***@"):gsub("%c", "?")) end
  context.system = { mask_url = mask_url, parse_time = parse_time, read_file = read_file, uuid = uuid }

  function context.env(name)
    local value = (options.env or {})[name]
    return value ~= "" and value or nil
  end

  function context.time() return options.now or 1800000000 end

  function context.sleep(seconds) context.slept[#context.slept + 1] = seconds end

  function context.json_decode(text)
    local good, value = pcall(cjson.decode, text)
    if good then return value end
    return nil, "malformed JSON"
  end

  function context.http(request)
    context.asked[#context.asked + 1] = request
    return (options.http or exchange)(request, options)
  end

  function context.run(argv, limits)
    context.ran[#context.ran + 1] = { argv = argv, timeout = limits.timeout, max_bytes = limits.max_bytes }
    local bounded = { timeout = options.timeout or limits.timeout, max_bytes = limits.max_bytes }
    return execute(argv, bounded, options.environment)
  end

  return context
end

--- Asserts that a provider failed with CredentialRetrievalError, with these parts in its message, and without a secret.
-- @string method the provider's name in the message
function stand_in.assert_failed(method, secrets, credentials, err, ...)
  assert.is_nil(credentials)
  assert.is_true(failure.is(err), tostring(err))
  assert.same({ "credentials", "CredentialRetrievalError" }, { err.kind, err.code })
  local start = ("Error when retrieving credentials from %s: "):format(method)
  assert.equal(start, err.message:sub(1, #start))
  for _, part in ipairs { ... } do assert.truthy(err.message:find(part, 1, true), err.message) end
  for _, secret in ipairs(secrets) do assert.is_nil(err.message:find(secret, 1, true), err.message) end
  assert.is_nil(err.message:find("%c"), err.message)
end

return stand_in
