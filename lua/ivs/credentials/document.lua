--- The JSON documents of keys that a program, a container's endpoint and an instance's metadata hand out, and what
-- these say about a failure, made fit for our messages. What a document holds appears in no message.
-- @module ivs.credentials.document

local redaction = require "ivs.redaction"

local key_document = {}

--- What each source's document has to hold (docs/protocol.md, "Credential process", "Container" and "EC2 instance"). botocore
-- wants every `required` member to be there, and lets Token be null.
key_document.PROCESS = { token = "SessionToken", required = { "AccessKeyId", "SecretAccessKey" } }
key_document.METADATA = { token = "Token", required = { "AccessKeyId", "SecretAccessKey", "Token", "Expiration" } }

--- A JSON object.
-- @return a table; or nil
function key_document.decode(context, text)
  local document = context.json_decode(text)
  return type(document) == "table" and document or nil
end

local function member(document, ...)
  for _, name in ipairs { ... } do
    if type(document[name]) == "string" and document[name] ~= "" then return document[name] end
  end
end

--- What a document says about a failure, where it is one of the `{ code, message }` that AWS's endpoints send.
-- @tab[opt] document
-- @tab[opt] secrets texts that it may quote
-- @return text, or nil
function key_document.fault(document, secrets)
  if not document then return nil end
  local code, message = member(document, "Code", "code"), member(document, "Message", "message")
  if not message then return nil end
  return redaction.harmless(code and code .. ": " .. message or message, secrets or {})
end

-- A member as text; nil and no problem where it is null, empty or absent.
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

--- The keys that a document holds.
-- @tab context
-- @tab document
-- @tab shape `PROCESS` or `METADATA`
-- @return keys, with `expiration` in seconds since 1970 where there is one; or nil and what is wrong
function key_document.keys(context, document, shape)
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
    if not expiration then return nil, "Expiration is not a time in ISO 8601" end
  end
  return {
    access_key_id = members.AccessKeyId,
    secret_access_key = members.SecretAccessKey,
    session_token = members[shape.token],
    expiration = expiration,
  }
end

return key_document
