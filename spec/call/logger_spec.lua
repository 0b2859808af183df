--- The logger (docs/design.md, "Logging"): it sees each attempt, retry and refresh, and no secret, whatever the
-- server repeats.

local by_hand = require "support.by_hand"
local core = require "ivs.core"
local ivs = require "ivs"
local server = require "emulator.server"
local store = require "emulator.store"

local ARN, NOW = by_hand.ARN, by_hand.NOW
local GOOD, BROKEN, THROTTLED = by_hand.GOOD, by_hand.BROKEN, by_hand.THROTTLED
local refusal = by_hand.refusal

local KEYS = { access_key_id = "AKIDLOGGEREXAMPLE", secret_access_key = "wJalrXUtnFEMI+K7MDENG/bPxRfiCYEXAMPLEKEY",
  session_token = "IQoJb3JpZ2luX2VjEXAMPLEtokenAoGBAMw==" }
local LEVELS = { debug = true, info = true, warn = true, error = true }

--- A logger, and the list of what it was told: { level, text }.
local function new_log()
  local log = {}
  return log, function(level, message, ...)
    assert(select("#", ...) == 0 and LEVELS[level] and type(message) == "string")
    log[#log + 1] = { level, message }
  end
end

local function count(log, pattern)
  local found = 0
  for _, line in ipairs(log) do if line[2]:find(pattern) then found = found + 1 end end
  return found
end

local function all_text(log)
  local lines = {}
  for index, line in ipairs(log) do lines[index] = line[2] end
  return table.concat(lines, "\n")
end

--- The call of a client with these options; answers are given in order, the last repeated. An answer may be a function of the
-- request, or { fault = … }. Keys are asked for as often as the call wants them.
local function run(options, answers)
  local log, logger = new_log()
  local given = { region = "us-west-2", credentials = KEYS, env = {}, logger = logger }
  for name, value in pairs(options) do given[name] = value end
  local clock = { now = NOW }
  local client = assert(core.client(given, { time = function() return clock.now end, random = function() return 0.5 end }))
  local requests, sleeps, asked, call = {}, 0, 0, client:call(ARN)
  local step, detail = call:next()
  while step ~= "done" and step ~= "failed" do
    if step == "credentials" then
      asked = asked + 1
      step, detail = call:next(detail {})
    elseif step == "sleep" then
      sleeps, clock.now = sleeps + 1, clock.now + detail
      step, detail = call:next()
    else
      requests[#requests + 1] = detail
      local answer = answers[math.min(#requests, #answers)]
      if type(answer) == "function" then answer = answer(detail) end
      if answer.fault then step, detail = call:next(nil, answer.fault) else step, detail = call:next(answer) end
    end
  end
  return { log = log, requests = requests, sleeps = sleeps, asked = asked, step = step, detail = detail }
end

--- What may never be among the messages: of all credentials, and of each request.
local function secrets_of(requests)
  local secrets = { KEYS.secret_access_key, KEYS.session_token, "AWS4-HMAC-SHA256", "aws4_request", "Authorization",
    "X-Amz-Security-Token", "x-amz-security-token", "SignedHeaders", "content-type;host;x-amz-date",
    "content-type:application/json", "POST\n/GetRecordingConfiguration", "POST /GetRecordingConfiguration" }
  for _, request in ipairs(requests) do
    secrets[#secrets + 1] = request.headers.Authorization:match("Signature=(%x+)$")
  end
  return secrets
end

local function assert_silent(requests, text, where)
  for _, secret in ipairs(secrets_of(requests)) do
    assert.is_nil(text:find(secret, 1, true), ("%s: %s is in: %s"):format(where, secret, text))
  end
end

local LOST = { fault = { kind = "connection", code = "ConnectionClosedError", message = "m" } }
local LATE = { fault = { kind = "timeout", code = "ReadTimeoutError", message = "m" } }
local SKEWED = refusal(403, "RequestExpired", { Date = os.date("!%a, %d %b %Y %H:%M:%S GMT", NOW + 3600) })

describe("the logger", function()
  it("sees each attempt, each retry with its code and delay, and the end", function()
    for _, mode in ipairs { "standard", "legacy" } do
      for name, answers in pairs { good = { GOOD }, broken = { BROKEN }, throttled = { THROTTLED, GOOD }, lost = { LOST, LATE, GOOD },
        bad = { { status = 200, body = "<html>" } }, skewed = { SKEWED, GOOD },
        missing = { BROKEN, refusal(404, "ResourceNotFoundException") } } do
        local seen = run({ retry_mode = mode, max_attempts = 4 }, answers)
        for attempt = 1, #seen.requests do
          assert.equal(1, count(seen.log, "^attempt " .. attempt .. ": POST https://ivs%.us%-west%-2%."), name)
        end
        assert.equal(#seen.requests, count(seen.log, "^attempt %d: POST "), name)
        assert.equal(seen.sleeps, count(seen.log, "sending again in %d+%.%d+ s$"), name)
        local last = seen.log[#seen.log]
        if seen.step == "done" then
          assert.same({ "debug", "attempt " .. #seen.requests .. ": HTTP 200" }, last)
        else
          assert.equal("warn", last[1])
          assert.truthy(last[2]:find("failed after " .. #seen.requests .. " attempt", 1, true), last[2])
          assert.truthy(last[2]:find(seen.detail.code, 1, true), last[2])
        end
      end
    end
  end)

  it("gets the reason and the delay of each retry", function()
    local seen = run({ max_attempts = 4 }, { THROTTLED, LOST, BROKEN, GOOD })
    for index, what in ipairs { { "ThrottlingException", "0.500" }, { "ConnectionClosedError", "0.050" },
      { "InternalServerException", "0.100" } } do
      local pattern = ("^attempt %d failed %%(%s.*sending again in %s s$"):format(index, what[1], (what[2]:gsub("%.", "%%.")))
      assert.equal(1, count(seen.log, pattern), all_text(seen.log))
    end
  end)

  it("sees the waits for the adaptive rate", function()
    local seen = run({ retry_mode = "adaptive", max_attempts = 4 }, { THROTTLED })
    local paced = count(seen.log, "rate limit")
    assert.is_true(paced > 0)
    assert.equal(seen.sleeps, paced + count(seen.log, "sending again"))
  end)

  it("sees each retrieval of credentials", function()
    -- as long as they are wanted at once, but not for a call that is sent again 0.5 and 1 s later
    local provided, lives = 0, { 0.25, 1, 100 }
    local seen = run({ max_attempts = 4, credentials = function()
      provided = provided + 1
      return { access_key_id = KEYS.access_key_id, secret_access_key = KEYS.secret_access_key,
        session_token = KEYS.session_token, expiration = NOW + lives[provided] }
    end }, { THROTTLED, THROTTLED, GOOD })
    assert.same({ "done", 3, 3 }, { seen.step, provided, seen.asked })
    assert.equal(3, count(seen.log, "^requesting credentials$"), all_text(seen.log))
  end)

  it("sees a call that fails before a request is sent", function()
    local seen = run({ credentials = function() return nil, "the vault is shut" end }, { GOOD })
    assert.equal("failed", seen.step)
    assert.equal(1, count(seen.log, "^failed after 0 attempt.*CredentialRetrievalError: the vault is shut"))
  end)

  it("is not needed", function()
    local client = assert(core.client { region = "us-west-2", credentials = KEYS, env = {} })
    assert.equal(3, #by_hand.carry_out(client:call(ARN), { BROKEN }))
  end)
end)

describe("no message of the logger, and no error, holds a secret", function()
  --- The sentence with which AWS refuses a signature: it shows what it has computed from.
  local function canonical_answer(code, tell)
    return function(request)
      local lines = { "POST", "/GetRecordingConfiguration", "", "content-type:application/json",
        "host:ivs.us-west-2.amazonaws.com", "x-amz-date:" .. request.headers["X-Amz-Date"],
        "x-amz-security-token:" .. request.headers["X-Amz-Security-Token"], "",
        "content-type;host;x-amz-date;x-amz-security-token", ("0"):rep(64) }
      local sentence = "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
        .. "Access Key and signing method.\n\nThe Canonical String for this request should have been\n'"
        .. table.concat(lines, "\n") .. "'\n\nThe String-to-Sign should have been\n'AWS4-HMAC-SHA256\n"
        .. request.headers["X-Amz-Date"] .. "'\n\nAuthorization=" .. request.headers.Authorization
      return tell(code, sentence)
    end
  end

  local FORMS = {
    ["in the body's message"] = function(code, sentence)
      return { status = 403, headers = { ["x-amzn-ErrorType"] = code },
        body = '{"message":"' .. sentence:gsub("\n", "\\n") .. '"}' }
    end,
    ["in a body that is no JSON"] = function(_, sentence) return { status = 403, body = sentence } end,
    ["in a page of a proxy"] = function(_, sentence) return { status = 502, body = "<pre>" .. sentence .. "</pre>" } end,
    ["in a retried answer"] = function(_, sentence)
      return { status = 500, body = '{"message":"' .. sentence:gsub("\n", "\\n") .. '"}' }
    end,
    ["in the code"] = function(_, sentence)
      return { status = 403, body = '{"message":"m","code":"' .. sentence:match("(AWS4[^\n]*)$") .. '"}' }
    end,
    ["in a success that is none"] = function(_, sentence) return { status = 200, body = sentence } end,
    ["in a value of a success that is none"] = function(_, sentence)
      return { status = 200, body = '{"recordingConfiguration":{"recordingReconnectWindowSeconds":"'
        .. sentence:gsub("\n", "\\n") .. '"}}' }
    end,
  }

  for where, tell in pairs(FORMS) do
    it("that the server repeats " .. where, function()
      for _, code in ipairs { "SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignatureException" } do
        local seen = run({}, { canonical_answer(code, tell) })
        assert.equal("failed", seen.step)
        assert_silent(seen.requests, all_text(seen.log), where)
        local text = tostring(seen.detail) .. seen.detail.message .. seen.detail.code
        for _, secret in ipairs { KEYS.secret_access_key, KEYS.session_token } do
          assert.is_nil(text:find(secret, 1, true), "the error shows " .. secret)
        end
        for _, request in ipairs(seen.requests) do
          assert.is_nil(text:find(request.headers.Authorization:match("Signature=(%x+)$"), 1, true), "the error shows a signature")
        end
      end
    end)
  end

  it("over every path of a call in every mode", function()
    for _, mode in ipairs { "standard", "adaptive", "legacy" } do
      for _, answers in ipairs { { GOOD }, { BROKEN }, { THROTTLED, GOOD }, { LOST, LATE, LOST }, { SKEWED, GOOD }, { SKEWED },
        { { status = 200, body = "" } }, { refusal(404, "ResourceNotFoundException") } } do
        for _, credentials in ipairs { KEYS, function() return KEYS end } do
          local seen = run({ retry_mode = mode, credentials = credentials }, answers)
          assert_silent(seen.requests, all_text(seen.log), mode)
        end
      end
    end
  end)

  it("over the blocking driver, with an emulator", function()
    local emulator = server.start { clock_offset = 3600 }
    local log, logger = new_log()
    local keys, secrets, errors = emulator.temporary, {}, {}
    local function call(options, arn)
      local given = { region = emulator.region, endpoint_url = emulator.endpoint_url, ca_bundle = emulator.ca_bundle, env = {},
        logger = logger, max_attempts = 2, credentials = function() return keys end }
      for name, value in pairs(options) do given[name] = value end
      local client = assert(ivs.client(given))
      local _, err = client:get_recording_configuration(arn or store.configurations.complete.arn)
      client:close()
      if err then errors[#errors + 1] = tostring(err) .. err.message end
    end
    call {}
    call { credentials = { access_key_id = keys.access_key_id, secret_access_key = "an0therSecretThatIsWrong",
      session_token = keys.session_token } }
    call({}, emulator:script("broken", { status = 500 }))
    call({}, emulator:script("closed", { close = true }))
    call { endpoint_url = "https://127.0.0.1:1" }
    call { verify = true, ca_bundle = "/etc/ssl/certs/ca-certificates.crt" }
    call { proxy = "http://user:Pr0xyPassw0rd@127.0.0.1:1" }
    for _, line in ipairs(emulator:request_log()) do secrets[#secrets + 1] = line:match("Signature=(%x+)") end
    emulator:stop()
    assert.is_true(#secrets >= 5)
    local text, told = all_text(log), table.concat(errors, "\n")
    assert.truthy(text:find("attempt 2: POST", 1, true))
    for _, secret in ipairs { keys.secret_access_key, keys.session_token, "an0therSecretThatIsWrong", "Pr0xyPassw0rd" } do
      secrets[#secrets + 1] = secret
    end
    for _, secret in ipairs(secrets) do
      assert.is_nil(text:find(secret, 1, true), secret)
      assert.is_nil(told:find(secret, 1, true), secret)
    end
    for _, part in ipairs { "AWS4-HMAC-SHA256", "aws4_request", "x-amz-date" } do assert.is_nil(text:find(part, 1, true), part) end
  end)
end)
