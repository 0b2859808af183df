--- What to do about each failure of a call. Service errors have a code that `ivs.exceptions` knows; other failures have a kind.
--
--     lua examples/handle_exceptions.lua ARN

local ivs = require "ivs"

local E = ivs.exceptions -- a misspelled name raises

local ADVICE = {
  [E.ResourceNotFoundException] = "there is no such recording configuration: check the ARN and its region",
  [E.AccessDeniedException] = "the policy of these credentials does not allow ivs:GetRecordingConfiguration",
  [E.ValidationException] = "the ARN is not one of a recording configuration",
  [E.ThrottlingException] = "too many calls: try again later, or use a batch, which keeps the service's pace",
  [E.InternalServerException] = "the service has a problem: try again later",
}

local ADVICE_BY_KIND = {
  params = "the argument is wrong; nothing was sent",
  config = "a setting is wrong; nothing was sent",
  credentials = "no credentials could be used; err.causes lists each source",
  connection = "the service could not be reached",
  timeout = "the service did not answer in time",
  tls = "the server's certificate was not accepted",
}

local response, err = ivs.get_recording_configuration { arn = assert(arg[1], "usage: handle_exceptions.lua ARN") }
if response then
  print(response.recordingConfiguration.state)
else
  print(err.code .. ": " .. (ADVICE[err.code] or ADVICE_BY_KIND[err.kind] or err.message))
  print(err.retryable and "The same call may succeed later." or "The same call would fail again.")
  os.exit(1)
end
