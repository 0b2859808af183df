--- JSON documents with credentials, as a credential process, a container's endpoint and an instance's metadata return them, and the
-- failures that they report. Messages quote nothing of a document with credentials.
-- @module ivs.credentials.document

local redaction = require "ivs.redaction"

local credential_document = {}

--- The members of each source's document (docs/protocol.md, "Credential process", "Container" and "EC2 instance"). As in
-- botocore every `required` member has to be present; Token may be null.
credential_document.PROCESS = { token = "SessionToken", required = { "AccessKeyId", "SecretAccessKey" } }
credential_document.METADATA = { token = "Token", required = { "AccessKeyId", "SecretAccessKey", "Token", "Expiration" } }

--- Parses a JSON object.
-- @return a table; or nil if the text is not a JSON object
function credential_document.decode(context, text)
  local document = context.json_decode(text)
  return type(document) == "table" and document or nil
end

local function member(document, ...)
  for _, name in ipairs { ... } do
    if type(document[name]) == "string" and document[name] ~= "" then return document[name] end
  end
end

--- The failure that a document reports, if it is one of the `{ code, message }` that AWS's endpoints send.
-- @tab[opt] document
-- @tab[opt] secrets texts that it may quote
-- @return a text for a message, or nil
function credential_document.failure(document, secrets)
  if not document then return nil end
  local code, message = member(document, "Code", "code"), member(document, "Message", "message")
  if not message then return nil end
  return redaction.redact_line(code and code .. ": " .. message or message, secrets or {})
end

--- Reads a member. Returns its text, nil if it is absent, null or empty; or nil and the problem.
local function read_text(context, document, name)
  local value = document[name]
  if value == nil or value == "" or value == context.json_null then return nil end
  if type(value) ~= "string" then return nil, name .. " has to be a string" end
  if value:find("%c") then return nil, name .. " holds a control character" end
  return value
end

local function read_members(context, document, token)
  local members = {}
  for _, name in ipairs { "AccessKeyId", "SecretAccessKey", token, "Expiration" } do
    local problem
    members[name], problem = read_text(context, document, name)
    if problem then return nil, problem end
  end
  return members
end

--- Reads the credentials in a document.
-- @tab context
-- @tab document
-- @tab shape `PROCESS` or `METADATA`
-- @return credentials, with `expiration` in seconds since 1970 if there is one; or nil and the problem
function credential_document.credentials(context, document, shape)
  for _, name in ipairs(shape.required) do
    if document[name] == nil then return nil, ("Missing required key in response: '%s'"):format(name) end
  end
  local members, problem = read_members(context, document, shape.token)
  if not members then return nil, problem end
  for _, name in ipairs(shape.required) do
    if name ~= shape.token and not members[name] then return nil, name .. " is empty" end
  end
  local expiration
  if members.Expiration then
    expiration = context.system.parse_time(members.Expiration)
    if not expiration then return nil, "Expiration is not an ISO 8601 timestamp" end
  end
  return {
    access_key_id = members.AccessKeyId,
    secret_access_key = members.SecretAccessKey,
    session_token = members[shape.token],
    expiration = expiration,
  }
end

return credential_document
