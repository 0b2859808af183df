--- Credentials that a program prints: `credential_process` of the profile (docs/protocol.md, "Credential process").
-- The program runs without a shell, for at most a minute. Its standard output is secret and appears in no message; its standard error
-- is the message of a failure.
-- @module ivs.credentials.process

local failure = require "ivs.failure"
local credential_document = require "ivs.credentials.document"
local printable = require "ivs.printable"
local redaction = require "ivs.redaction"
local shlex = require "ivs.config.shlex"

local process = { name = "process" }

local TIMEOUT = 60 -- seconds; the user may have to touch a key or type a code
local MAX_BYTES = 64 * 1024
local MAX_WORDS = 255

local function fail(...)
  return nil, failure.new("credentials", "CredentialRetrievalError",
    "Error when retrieving credentials from custom-process: " .. table.concat({ ... }))
end

--- How the program ended, for a message.
local function ending(result)
  if result.signal then return "killed by signal " .. result.signal end
  return "exit status " .. tostring(result.status)
end

local function run(context, source, command)
  local argv, problem = shlex.split(command)
  if not argv then return fail(source, " cannot be split into words: ", problem) end
  if #argv == 0 then return fail(source, " is empty") end
  if #argv > MAX_WORDS then return fail(source, " has more than ", MAX_WORDS, " words") end
  local result, message = context.run(argv, { timeout = TIMEOUT, max_bytes = MAX_BYTES })
  if not result then return fail(source, ": ", printable.line(message)) end
  if result.status == 0 then return result.stdout end
  local stderr = redaction.redact_line(result.stderr or "", { result.stdout })
  if stderr == "" then return fail(source, " printed no message (", ending(result), ")") end
  return fail(stderr, " (", source, ", ", ending(result), ")")
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

--- Rejects expired credentials here, where the message can name the program. Returns the problem, or nil.
local function check_expiration(context, credentials)
  if credentials.expiration and credentials.expiration <= context.time() then
    return "the credentials that it printed have expired; check the program and this machine's clock"
  end
end

--- @tab context with `profile` and `run`
-- @return credentials; or nil and why not; or nil and an error object
function process.retrieve(context)
  local profile = context.profile
  local command = profile and profile.values.credential_process
  if not command then
    return nil, profile and ('profile "%s" has no credential_process'):format(profile.name) or "no profile is configured"
  end
  local source = ('credential_process of profile "%s"'):format(profile.name)
  if type(command) ~= "string" then return fail(source, " has to be a command on its own line") end
  local output, err = run(context, source, command)
  if not output then return nil, err end
  local document = credential_document.decode(context, output)
  if not document then return fail(source, " did not print a JSON object") end
  local problem = check_version(context, document)
  if problem then return fail(problem, " (", source, ")") end
  local credentials
  credentials, problem = credential_document.credentials(context, document, credential_document.PROCESS)
  problem = problem or check_expiration(context, credentials)
  if problem then return fail(problem, " (", source, ")") end
  return credentials
end

return process
