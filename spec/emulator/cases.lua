-- Requests and the expected responses of the emulator, for with_botocore_spec.lua. Data only.

local cjson = require "cjson"
local store = require "emulator.store"

local ARN = store.configurations.complete.arn
local BODY = '{"arn": "' .. ARN .. '"}'

local cases = { arn = ARN, body = BODY }

-- Errors that a resource id selects: exception, status, and a part of the message.
cases.modelled = {
  ["access-denied"] = { "AccessDeniedException", 403, "not authorized to perform: ivs:GetRecordingConfiguration" },
  ["not-found"] = { "ResourceNotFoundException", 404, "not found" },
  ["validation"] = { "ValidationException", 400, "validation error" },
  ["internal-error"] = { "InternalServerException", 500, "Internal server error" },
  ["throttled"] = { "ThrottlingException", 429, "Rate exceeded" },
  ["conflict"] = { "ConflictException", 409, "being modified" },
  ["pending-verification"] = { "PendingVerification", 403, "pending verification" },
  ["quota-exceeded"] = { "ServiceQuotaExceededException", 402, "quota" },
  ["channel-not-broadcasting"] = { "ChannelNotBroadcasting", 404, "not broadcasting" },
  ["stream-unavailable"] = { "StreamUnavailable", 503, "temporarily unavailable" },
}

-- Spellings that every botocore understands; a namespace in the header is only cut off by newer ones.
cases.styles = { "uri", "type", "code" }

cases.malformed = {
  empty = "",
  service = "arn:aws:s3:us-west-2:123456789012:recording-configuration/AbCdEf123456",
  partition = "arn:aws-cn:ivs:cn-north-1:123456789012:recording-configuration/AbCdEf123456",
  resource = "arn:aws:ivs:us-west-2:123456789012:channel/AbCdEf123456",
  underscore = "arn:aws:ivs:us-west-2:123456789012:recording-configuration/AbCdEf_123456",
  newline = ARN .. "\n",
  overlong = store.configurations.longest.arn .. "x",
}

-- Requests with an invalid signature or route: their construction, then status, code and message.
cases.faults = {
  no_authorization = {
    { send = { body = BODY, unsigned = true } },
    403, "MissingAuthenticationTokenException", "^Missing Authentication Token$",
  },
  malformed_authorization = {
    { send = { body = BODY, alter = { headers = { Authorization = "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE" } } } },
    403, "IncompleteSignatureException", "requires 'Signature' parameter.*requires 'SignedHeaders' parameter",
  },
  other_algorithm = {
    { send = { body = BODY, alter = { headers = { Authorization = "Basic QUtJQTpzZWNyZXQ=" } } } },
    403, "IncompleteSignatureException", "Unsupported AWS 'algorithm': 'Basic'",
  },
  no_date = {
    { send = { body = BODY, alter = { headers = { ["X-Amz-Date"] = cjson.null } } } },
    403, "IncompleteSignatureException", "requires existence of either a 'X%-Amz%-Date'",
  },
  unknown_key = {
    { send = { body = BODY }, access_key_id = "AKIAI44QH8DHBEXAMPLE" },
    403, "UnrecognizedClientException", "^The security token included in the request is invalid%.$",
  },
  wrong_secret = {
    { send = { body = BODY }, secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYWRONGKEY" },
    403, "InvalidSignatureException",
    "^The request signature we calculated does not match the signature you provided%.",
  },
  wrong_service = {
    { send = { body = BODY, service = "execute-api" } },
    403, "InvalidSignatureException", "^Credential should be scoped to correct service: 'ivs'%.$",
  },
  expired = {
    { send = { body = BODY, clock_offset = -310 } },
    403, "InvalidSignatureException",
    "^Signature expired: %d+T%d+Z is now earlier than %d+T%d+Z %(%d+T%d+Z %- 5 min%.%)$",
  },
  early = {
    { send = { body = BODY, clock_offset = 310 } },
    403, "InvalidSignatureException", "^Signature not yet current: %d+T%d+Z is still later than %d+T%d+Z",
  },
  tampered_body = {
    { send = { body = BODY, alter = { body = BODY:gsub("AbCdEf", "AbCdEg") } } },
    403, "InvalidSignatureException", "does not match",
  },
  tampered_header = {
    { send = { body = BODY, alter = { headers = { ["Content-Type"] = "application/x-amz-json-1.1" } } } },
    403, "InvalidSignatureException", "does not match",
  },
  tampered_date = {
    { send = { body = BODY, alter = { headers = { ["X-Amz-Date"] = "20150830T123600Z" } } } },
    403, "InvalidSignatureException", "^Date in Credential scope does not match YYYYMMDD",
  },
  wrong_path = {
    { send = { path = "/GetChannel", body = BODY } },
    404, "UnknownOperationException", "/GetChannel",
  },
  get_method = {
    { send = { method = "GET" } },
    404, "UnknownOperationException", "GET /GetRecordingConfiguration",
  },
  not_json = {
    { send = { body = "arn=" .. ARN } },
    400, "SerializationException", "not a JSON object",
  },
  json_array = {
    { send = { body = '["' .. ARN .. '"]' } },
    400, "SerializationException", "not a JSON object",
  },
}

-- Paths and queries whose canonical form is different.
cases.addresses = {
  base_path = "/ivs/v1/GetRecordingConfiguration",
  doubled_slash = "/ivs//GetRecordingConfiguration",
  escaped_path = "/a%20b/%E9%83%A8/GetRecordingConfiguration",
  query = "/GetRecordingConfiguration?b&a=2&a=1&a-b=%20",
}

return cases
