--- The matrix: compares ivs with botocore in the same environment, with the same files and the same server.
--
-- A case is data: `name`, `env` (variables in addition to BASE; false removes one), `config` and `credentials` (texts of the
-- files in HOME/.aws), `files` (more files below HOME), `options` (of `ivs.client`), `routes` (of http_server, below the
-- case's own path), `oracle` (options only for botocore), `differs` if the two must differ: `{ row = its entry in
-- matrix.differences, ... = the result of ivs }`. In all texts @URL@ is the case's server and @HOME@ its home directory.
--
-- Invariants: each case has its own home directory and path, which are created again for each of the two programs; the
-- environment of this process is not used. Not for: the details of a source's requests (each provider's spec).

local http_server = require "support.http_server"
local ivs = require "ivs"
local oracle = require "support.oracle"
local shell = require "emulator.shell"

local matrix = {}

matrix.ARN = "arn:aws:ivs:eu-west-1:123456789012:recording-configuration/AbCdEf123456" -- a region that no case names

local BASE = {
  HOME = "@HOME@", PATH = "/usr/local/bin:/usr/bin:/bin", AWS_DEFAULT_REGION = "us-west-2",
  AWS_ENDPOINT_URL_IVS = "@URL@", AWS_ENDPOINT_URL_STS = "@URL@", AWS_ENDPOINT_URL_SSO = "@URL@",
  AWS_ENDPOINT_URL_SSO_OIDC = "@URL@", AWS_ENDPOINT_URL_SIGNIN = "@URL@", AWS_EC2_METADATA_SERVICE_ENDPOINT = "@URL@", AWS_METADATA_SERVICE_TIMEOUT = "20",
}

--- The allowed differences and their reasons.
matrix.differences = {
  region = "only AWS_DEFAULT_REGION is read; the region inside the ARN",
  fips = "FIPS or dual-stack with endpoint_url is dropped in silence",
  proxy = "env proxies are used for IMDS",
  younger = "what botocore 1.29 does not know yet and 1.43 does",
  python = "an exception of Python's or another library's, where we have one of botocore's names",
  empty = "an empty value counts as absent; botocore takes some of them as they are",
  late = "a source that is not asked is not judged; botocore reads metadata's settings before it asks any",
}

local GOOD = { headers = { ["Content-Type"] = "application/json" }, body = '{"recordingConfiguration":{"state":"ACTIVE"}}' }

--- All cases, in the order of their files.
function matrix.cases()
  local cases = {}
  for _, name in ipairs { "files", "roles", "services", "settings" } do
    for _, case in ipairs(require("support.matrix." .. name)) do cases[#cases + 1] = case end
  end
  return cases
end

-- Set-up --------------------------------------------------------------------------------------------------------------

--- A copy with the placeholders replaced, without the members that are false.
local function filled(value, places)
  if type(value) == "string" then return (value:gsub("@(%u+)@", places)) end
  if type(value) ~= "table" then return value end
  local copy = {}
  for name, member in pairs(value) do
    if member ~= false then copy[name] = filled(member, places) end
  end
  return copy
end

local function merged(...)
  local all = {}
  for _, part in ipairs { ... } do
    for name, value in pairs(part) do all[name] = value end
  end
  return all
end

local function prepare(case, path, root, server)
  local places = { URL = server.url .. path, HOME = root .. path,
    LOCALHOST = server.url:gsub("127%.0%.0%.1", "localhost") .. path }
  local files = merged(case.files or {})
  files[".aws/config"], files[".aws/credentials"] = case.config, case.credentials
  return { case = case, path = path, home = places.HOME, files = filled(files, places),
    env = filled(merged(BASE, case.env or {}), places), options = filled(case.options or {}, places),
    oracle = filled(case.oracle or case.options or {}, places) }
end

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

--- Creates all home directories again.
local function make_homes(root, set_ups)
  local directories = {}
  for _, set_up in ipairs(set_ups) do
    for path in pairs(set_up.files) do directories[(set_up.home .. "/" .. path):match("^(.*)/")] = true end
    directories[set_up.home] = true
  end
  local words = {}
  for directory in pairs(directories) do words[#words + 1] = shell.quote(directory) end
  shell.run("cd " .. shell.quote(root) .. " && rm -rf -- * && mkdir -p " .. table.concat(words, " "))
  for _, set_up in ipairs(set_ups) do
    for path, text in pairs(set_up.files) do write(set_up.home .. "/" .. path, text) end
  end
end

local function routes_of(cases)
  local routes = {}
  for index, case in ipairs(cases) do
    local path = "/c" .. index
    routes["POST " .. path .. "/GetRecordingConfiguration"] = GOOD
    for route, answer in pairs(case.routes or {}) do
      routes[(route:gsub(" /", " " .. path .. "/", 1))] = answer
      -- botocore omits the slash of an empty base path
      if route == "POST /" then routes["POST " .. path] = answer end
    end
  end
  return routes
end

--- Restarts the lists of responses.
local function rewind(server, routes)
  for route, answer in pairs(routes) do
    if answer[2] then server:route(route, answer) end
  end
end

-- Requests ----------------------------------------------------------------------------------------------------------

local function proof(request)
  local headers = request.headers
  return (headers.authorization or ""):match("Credential=([^/]+)/") or headers.authorization
    or headers["x-amz-sso_bearer_token"] or headers["x-aws-ec2-metadata-token"] or "nothing"
end

--- Adds a request to the results of a case: for the call its access key ID, token, region and path; for a credential source the
-- request's line, without repetitions (the two programs retry differently often).
local function note(seen, request, path)
  local id, region = (request.headers.authorization or ""):match("Credential=([^/]+)/%d+/([^/]+)/ivs/")
  if id then
    seen.access_key_id, seen.session_token = id, request.headers["x-amz-security-token"]
    seen.region, seen.at = region, path
    return
  end
  local line = ("%s %s: %s"):format(request.method, path:match("^[^?]*"), proof(request))
  if seen.shown[#seen.shown] ~= line then seen.shown[#seen.shown + 1] = line end
end

--- The server's new requests since the last call, by case.
local function take_record(server, set_ups)
  local by_path, found = {}, {}
  for index, set_up in ipairs(set_ups) do
    found[index] = { shown = {} }
    by_path[set_up.path] = found[index]
  end
  for _, request in ipairs(server:requests()) do
    local case, path = request.path:gsub("^http://[^/]*", ""):match("^(/c%d+)(.*)$")
    if case then note(by_path[case], request, path ~= "" and path or "/") end
  end
  server:forget()
  return found
end

-- The two programs
-- -----------------------------------------------------------------------------------------------------------------

local function ask_botocore(server, set_ups)
  local questions = {}
  for index, set_up in ipairs(set_ups) do questions[index] = { env = set_up.env, options = set_up.oracle } end
  local results = oracle.run("matrix", questions)
  local found = take_record(server, set_ups)
  for index, result in ipairs(results) do
    found[index].code, found[index].text = result.code or result.exception, result.text
    found[index].is_own = result.is_own
  end
  return found
end

--- A client for a set-up; its log lines are added to the list.
local function make_client(set_up, logged)
  local options = merged(set_up.options)
  local code = options.mfa_code
  options.mfa_code, options.mfa_prompt = nil, code and function() return code end
  options.env = set_up.env
  function options.logger(level, message) logged[#logged + 1] = level .. ": " .. message end
  return ivs.client(options)
end

local function ask_ivs(server, set_ups)
  local outcomes = {}
  for index, set_up in ipairs(set_ups) do
    local logged, response = {}, nil
    local client, err = make_client(set_up, logged)
    if client then
      response, err = client:get_recording_configuration(matrix.ARN)
      client:close()
    end
    assert(response or err)
    outcomes[index] = { err = err, logged = logged }
  end
  local found = take_record(server, set_ups)
  for index, outcome in ipairs(outcomes) do
    found[index].err, found[index].logged = outcome.err, outcome.logged
    found[index].code = outcome.err and outcome.err.code
  end
  return found
end

--- The diagnosis of each set-up whose call succeeded.
local function ask_diagnoses(set_ups, found)
  for index, set_up in ipairs(set_ups) do
    if not found[index].err then
      local client = assert(make_client(set_up, found[index].logged))
      found[index].told = assert(client:credentials())
      client:close()
    end
  end
end

--- Runs all cases.
-- @treturn table a list of `{ case, botocore, ivs }`; the two have `access_key_id`, `session_token`, `region`, `at` (the
--   path) of the received call, `shown` (a line for each request to a credential source), `code` of the failure;
--   ivs also `err`, `told` (the diagnosis) and `logged`, botocore `text` and
--   `is_own` (the class is botocore's, not Python's)
function matrix.run()
  local cases = matrix.cases()
  local routes = routes_of(cases)
  local server = http_server.start { routes = routes }
  local root = shell.run('mktemp -d "${TMPDIR:-/tmp}/ivs-matrix.XXXXXX"'):match("^(/[^\n]+)\n$")
  local fine, results = pcall(function()
    local set_ups, both = {}, {}
    for index, case in ipairs(cases) do set_ups[index] = prepare(case, "/c" .. index, root, server) end
    make_homes(root, set_ups)
    local expected = ask_botocore(server, set_ups)
    make_homes(root, set_ups)
    rewind(server, routes)
    local found = ask_ivs(server, set_ups)
    make_homes(root, set_ups)
    rewind(server, routes)
    ask_diagnoses(set_ups, found)
    for index, case in ipairs(cases) do both[index] = { case = case, botocore = expected[index], ivs = found[index] } end
    return both
  end)
  server:stop()
  shell.run("rm -rf -- " .. shell.quote(root))
  if not fine then error(results, 0) end
  return results
end

return matrix
