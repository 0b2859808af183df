--- Keys that a program prints: `credential_process` of the profile (docs/protocol.md, "Credential process").
-- The program runs without a shell, for a minute at most. What it prints on stdout is a secret, whatever it is, and
-- appears in no message; what it prints on stderr is its message.
-- @module ivs.credentials.process

local failure = require "ivs.failure"
local key_document = require "ivs.credentials.document"
local words = require "ivs.config.shlex"
local redaction = require "ivs.redaction"

local process = { name = "process" }

local TIMEOUT = 60 -- seconds; somebody may have to touch a key or type a code
local MAX_BYTES = 64 * 1024
local MAX_WORDS = 255

local function fail(...)
  return nil, failure.new("credentials", "CredentialRetrievalError",
    "Error when retrieving credentials from custom-process: " .. table.concat({ ... }))
end

-- How the program ended, for a message.
local function ending(result)
  if result.signal then return "killed by signal " .. result.signal end
  return "exit status " .. tostring(result.status)
end

local function run(context, source, command)
  local argv, problem = words.split(command)
  if not argv then return fail(source, " cannot be split into words: ", problem) end
  if #argv == 0 then return fail(source, " is empty") end
  if #argv > MAX_WORDS then return fail(source, " has more than ", MAX_WORDS, " words") end
  local result, message = context.run(argv, { timeout = TIMEOUT, max_bytes = MAX_BYTES })
  if not result then return fail(source, ": ", redaction.printable(tostring(message))) end
  if result.status == 0 then return result.stdout end
  local said = redaction.harmless(result.stderr or "", { result.stdout })
  if said == "" then return fail(source, " printed no message (", ending(result), ")") end
  return fail(said, " (", source, ", ", ending(result), ")")
end

local function check_version(context, document)
  local version = document.Version
  if version == 1 then return nil end
  local found = "another number"
  if version == nil then
    found = "missing"
  elseif version == context.json_null then
    found = "null"
  elseif type(version) ~= "number" then
    found = "a " .. type(version)
  end
  return "Unsupported version for credential process provider, supported versions: 1 (Version has to be the number 1, "
    .. "and is " .. found .. ")"
end

-- Times that are over are refused here, where the program can be named.
local function check_expiration(context, keys)
  if keys.expiration and keys.expiration <= context.time() then
    return "the keys that it printed have expired already; check what the program does, and this machine's clock"
  end
end

--- @tab context with `profile` and `run`
-- @return keys; or nil and why not; or nil and an error object
function process.retrieve(context)
  local profile = context.profile
  local command = profile and profile.values.credential_process
  if not command then
    return nil, profile and ('profile "%s" has no credential_process'):format(profile.name) or "no profile is set up"
  end
  local source = ('credential_process of profile "%s"'):format(profile.name)
  if type(command) ~= "string" then return fail(source, " has to be a command on its own line") end
  local output, err = run(context, source, command)
  if not output then return nil, err end
  local document = key_document.decode(context, output)
  if not document then return fail(source, " did not print a JSON object") end
  local problem = check_version(context, document)
  if problem then return fail(problem, " (", source, ")") end
  local keys
  keys, problem = key_document.keys(context, document, key_document.PROCESS)
  problem = problem or check_expiration(context, keys)
  if problem then return fail(problem, " (", source, ")") end
  return keys
end

return process
