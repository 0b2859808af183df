--- A context for the specs of credential providers that call services and write files: HTTP over the curl command, files and keys
-- over lfs, io and the openssl command, clock and sleep of the spec.
--
-- It uses no C code of this package except the table of partitions, so that a provider's spec tests only the provider. The specs
-- of the C functions show that they have the same results. Not for: whole calls (a client with `env` has the real context).

local digest = require "openssl.digest"
local lfs = require "lfs"

local core = require "ivs.core"
local files = require "ivs.config.files"
local json = require "ivs.json"
local failure = require "ivs.failure"
local shell = require "emulator.shell"

local provider_context = {}

local function to_hex(bytes)
  return (bytes:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

local function read_file(path, max_bytes)
  local file, why, number = io.open(path, "rb")
  if not file then return nil, why:match(": ([^:]*)$"), number end
  local text, problem = file:read("*a")
  file:close()
  if not text then return nil, problem end
  if #text > max_bytes then return nil, "File too large", 27 end
  return text
end

local function write_file(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local function write_private(path, text)
  local temporary = path .. ".new"
  local file, why = io.open(temporary, "wb")
  if not file then return nil, why end
  file:write(text)
  file:close()
  shell.run("chmod 600 " .. shell.quote(temporary))
  return os.rename(temporary, path)
end

local function base64url(bytes)
  local path = os.tmpname()
  write_file(path, bytes)
  local text = shell.run("base64 -w0 " .. path)
  os.remove(path)
  return (text:gsub("=", ""):gsub("+", "-"):gsub("/", "_"))
end

--- Runs a command with the files of the key and the text. Returns its standard output, or nil if it fails.
local function openssl(command, pem, text)
  local key, data = os.tmpname(), os.tmpname()
  write_file(key, pem)
  write_file(data, text or "")
  local output, status = shell.run(("exec 2>/dev/null; openssl " .. command):gsub("KEY", key):gsub("DATA", data) .. "")
  os.remove(key)
  os.remove(data)
  if status == 0 and output ~= "" then return output end
end

--- A DER INTEGER as 32 bytes, and the position of its end.
local function take_integer(der, at)
  local size = der:byte(at + 1)
  local bytes = der:sub(at + 2, at + 1 + size):gsub("^%z+", "")
  return ("\0"):rep(32 - #bytes) .. bytes, at + 2 + size
end

local function es256_sign(pem, text)
  local der = openssl("dgst -sha256 -sign KEY DATA", pem, text)
  if not der then return nil, "not a key" end
  local r, after = take_integer(der, 3)
  return r .. take_integer(der, after)
end

local function es256_public(pem)
  local der = openssl("pkey -in KEY -pubout -outform DER", pem)
  if not der or #der ~= 91 then return nil, "not a P-256 key" end
  return der:sub(-64, -33), der:sub(-32)
end

local function days_from_date(year, month, day)
  if month <= 2 then year, month = year - 1, month + 12 end
  return 365 * year + math.floor(year / 4) - math.floor(year / 100) + math.floor(year / 400)
    + math.floor((153 * (month - 3) + 2) / 5) + day - 719469
end

local function parse_time(text)
  local year, month, day, hour, minute, second, zone =
    text:match("^(%d%d%d%d)%-(%d%d)%-(%d%d)[T ](%d%d):(%d%d):([%d.]+)(.*)$")
  if not year then return nil end
  local seconds = days_from_date(tonumber(year), tonumber(month), tonumber(day)) * 86400
    + hour * 3600 + minute * 60 + second
  local sign, hours, minutes = zone:match("^([+-])(%d%d):?(%d%d)$")
  if sign then return seconds - (sign .. "1") * (hours * 3600 + minutes * 60) end
  if zone == "" or zone == "Z" or zone == "UTC" then return seconds end
end

local function mask_url(text)
  local scheme, rest = text:match("^(%a[%w+.-]*://)(.*)$")
  return ((scheme or "") .. (rest or text):gsub("^.*@", "***@")):gsub("%c", "?") .. ""
end

local serial = 0

local function uuid()
  serial = serial + 1
  return ("%08x-0000-4000-8000-%012x"):format((serial * 2654435761) % 4294967296, serial)
end

local function system()
  return {
    sha1 = function(text) return to_hex(digest.new("sha1"):final(text)) end,
    sha256 = function(text) return to_hex(digest.new("sha256"):final(text)) end,
    base64url = base64url, uuid = uuid, parse_time = parse_time,
    mask_url = mask_url, partition = core.private.system.partition, es256_sign = es256_sign, es256_public = es256_public,
    read_file = read_file, write_private = write_private,
    file_owner = function(path)
      local uid, why = lfs.attributes(path, "uid")
      if uid then return uid end
      return nil, why:match(": ([^:]*)$") or why
    end,
    euid = function() return tonumber((shell.run("id -u"))) end,
  }
end

--- The exit statuses of curl that occur in the specs.
local FAULTS = {
  [7] = { "connection", "EndpointConnectionError" },
  [28] = { "timeout", "ReadTimeoutError" },
  [52] = { "connection", "ConnectionClosedError" },
  [56] = { "connection", "ConnectionClosedError" },
}

local function config_line(name, value)
  return ("%s = \"%s\"\n"):format(name, value:gsub("[\\\"]", "\\%0"):gsub("\n", "\\n"))
end

local function read_response(text)
  local head, body = text:match("^(.-\r\n)\r\n(.*)$")
  local headers = {}
  for name, value in head:gmatch("\n([^:\r\n]+): *([^\r\n]*)") do headers[name:lower()] = value end
  return { status = tonumber(head:match("^HTTP/%S+ (%d+)")), headers = headers, body = body }
end

--- `http(request)`, like that of a driver.
local function http(request)
  local config = config_line("request", request.method) .. config_line("url", request.url)
  for name, value in pairs(request.headers or {}) do
    assert(not value:find("%c"), "a header with a control character reached http")
    config = config .. config_line("header", name .. ": " .. value)
  end
  if request.body then config = config .. config_line("data-binary", request.body) end
  local path = os.tmpname()
  write_file(path, config)
  local text, status = shell.run("curl -q -s -i --noproxy '*' --max-time 20 --config " .. path)
  os.remove(path)
  if status == 0 then return read_response(text) end
  local fault = FAULTS[status] or { "connection", "HTTPClientError" }
  return nil, failure.new(fault[1], fault[2], "curl ended with " .. status, { retryable = true })
end

--- An empty home directory. Remove it with `remove_home`.
function provider_context.make_home()
  return (shell.run('mktemp -d "${TMPDIR:-/tmp}/ivs-home.XXXXXX"'):gsub("\n", ""))
end

function provider_context.remove_home(home)
  shell.run("rm -rf -- " .. shell.quote(home))
end

--- Creates a context.
-- @tab options `env` (a table, `HOME` in it), `now` (seconds since 1970), `profile` (its values), `sso_sessions`,
-- `region`
-- @return context, with the additional lists `slept` and `logged`
function provider_context.new(options)
  local env = options.env
  local context = { slept = {}, logged = {}, region = options.region, system = system(), http = http }
  function context.env(name)
    if env[name] ~= "" then return env[name] end
  end
  function context.time() return options.now end
  function context.sleep(seconds) context.slept[#context.slept + 1] = seconds end
  function context.expand(path) return files.expand(path, context.env) end
  function context.log(level, message) context.logged[#context.logged + 1] = level .. ": " .. message end
  context.json_decode, context.json_encode, context.json_null = json.decode, json.encode, json.null
  local profile = options.profile and { name = options.profile_name or "video", values = options.profile }
  context.profile = profile
  context.files = {
    profiles = { video = profile }, sso_sessions = options.sso_sessions or {}, services = {},
    config_path = env.HOME .. "/.aws/config", credentials_path = env.HOME .. "/.aws/credentials",
  }
  return context
end

provider_context.read_file = function(path) return (read_file(path, 1024 * 1024)) end
provider_context.write_file = write_file

return provider_context
