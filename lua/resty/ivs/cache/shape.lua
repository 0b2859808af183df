--- What a remembered answer has to look like: neither Redis nor the dict is trusted for the types of what it holds.
--
-- A value is rebuilt from the members that are known, each checked by its type. Members that are not known are dropped (a
-- later version of this package may have written them), a member of another type makes the whole value none.
-- Not for: the service's own bodies (csrc/core/operation.c has their shape).
-- @module resty.ivs.cache.shape

local failure = require "ivs.failure"

local shape = {}

-- A check is a function: value → what to keep of it, nil if it can't be what it should be.

local function of_type(wanted)
  return function(value)
    if type(value) == wanted then return value end
  end
end

local text, boolean = of_type "string", of_type "boolean"

local function whole(value)
  if type(value) == "number" and value % 1 == 0 then return value end
end

--- Every member, under keys of one type.
local function all_of(key_type, check)
  return function(value)
    if type(value) ~= "table" then return nil end
    local kept = {}
    for key, member in pairs(value) do
      kept[key] = type(key) == key_type and check(member) or nil
      if kept[key] == nil then return nil end
    end
    return kept
  end
end

--- The members that are named.
local function structure(members)
  return function(value)
    if type(value) ~= "table" then return nil end
    local kept = {}
    for name, check in pairs(members) do
      if value[name] ~= nil then
        kept[name] = check(value[name])
        if kept[name] == nil then return nil end
      end
    end
    return kept
  end
end

local texts, texts_by_name = all_of("number", text), all_of("string", text)

local response = structure {
  recordingConfiguration = structure {
    arn = text, name = text, state = text, recordingReconnectWindowSeconds = whole, tags = texts_by_name,
    destinationConfiguration = structure { s3 = structure { bucketName = text } },
    renditionConfiguration = structure { renditionSelection = text, renditions = texts },
    thumbnailConfiguration = structure { recordingMode = text, resolution = text, storage = texts,
      targetIntervalSeconds = whole },
  },
  ResponseMetadata = structure { RequestId = text, HTTPStatusCode = whole, HTTPHeaders = texts_by_name,
    RetryAttempts = whole },
}

local err = structure {
  kind = text, code = text, message = text, operation_name = text, status = whole, request_id = text,
  headers = texts_by_name, attempts = whole, retryable = boolean, max_attempts_reached = boolean,
  causes = all_of("number", structure { provider = text, message = text }),
}

--- @param value whatever was decoded
-- @treturn table|nil a response
function shape.response(value)
  local kept = response(value)
  return kept and kept.recordingConfiguration and kept.ResponseMetadata and kept or nil
end

--- @param value whatever was decoded
-- @treturn table|nil an error object
function shape.failure(value)
  local kept = err(value)
  if not (kept and kept.kind and kept.code and kept.message) then return nil end
  return failure.new(kept.kind, kept.code, kept.message, kept)
end

return shape
