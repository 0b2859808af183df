--- Secrets of the request that a server repeats appear in no error and no log line, neither whole nor in pieces.

local by_hand = require "support.by_hand"
local core = require "ivs.core"
local ivs = require "ivs"

local ARN, NOW = by_hand.ARN, by_hand.NOW
local PIECE = 16 -- shorter texts are not searched for
local MESSAGE_MAX = 8192

local TOKEN = "IQoJb3JpZ2luX2VjEHkaCXVzLXdlc3QtMiJHMEUCIQDx8fG1/dW4+Zq7yV0dQ9mBv2kLrHs6tYwXeNcPaJoU3QIgfT5gR1hK9nM4bS7vC6xZ8lA2wE0="
local KEYS = { access_key_id = "AKIDREDACTION", secret_access_key = "wJalrXUtnFEMI+K7MDENG/bPxRfiCYEXAMPLEKEY", session_token = TOKEN }

--- All texts in a value, at any depth, names of members among them.
local function texts_of(value, found)
  found = found or {}
  if type(value) == "string" then found[#found + 1] = value end
  if type(value) == "table" then
    for name, member in pairs(value) do
      texts_of(name, found)
      texts_of(member, found)
    end
  end
  return found
end

local function assert_hidden(secret, ...)
  local text = table.concat(texts_of { ... }, "\n")
  for at = 1, #secret - PIECE + 1 do
    assert.is_nil(text:find(secret:sub(at, at + PIECE - 1), 1, true), ("bytes from %d on of %s are in: %s"):format(at, secret, text))
  end
end

local function signature_of(request)
  return request.headers.Authorization:match("Signature=(%x+)$")
end

--- The error of one call, answered by `answers` (functions of the request, its number, and all requests), and the log.
local function fail(answers, options)
  local log = {}
  local given = { region = "us-west-2", credentials = KEYS, env = {}, max_attempts = #answers,
    logger = function(_, message) log[#log + 1] = message end }
  for name, value in pairs(options or {}) do given[name] = value end
  local now = NOW
  local client = assert(core.client(given, { time = function() return now end, random = function() return 0.5 end }))
  local call, requests = client:call(ARN), {}
  local step, detail = call:next()
  while step ~= "failed" do
    if step == "exchange" then
      requests[#requests + 1] = detail
      step, detail = call:next(answers[#requests](detail, #requests, requests))
    else
      now = now + 10 -- signatures differ
      step, detail = call:next()
    end
  end
  for _, request in ipairs(requests) do assert_hidden(signature_of(request), detail, tostring(detail), log) end
  for _, secret in ipairs { given.credentials.session_token, given.credentials.secret_access_key } do
    assert_hidden(secret, detail, tostring(detail), log)
  end
  return detail, requests
end

local function refusing(status, headers, body)
  return { function() return { status = status, headers = headers, body = body } end }
end

describe("the secrets of a request", function()
  it("are redacted although the client's credentials were rotated meanwhile", function()
    local given = { { session_token = TOKEN }, { session_token = ("n3wT0k3n"):rep(5) } }
    local asked = 0
    local client = assert(core.client({ region = "us-west-2", env = {}, credentials = function()
      asked = asked + 1
      return { access_key_id = "AKIDREDACTION", secret_access_key = "s", session_token = given[asked].session_token,
        expiration = NOW + 60 }
    end }, { time = function() return NOW end, random = function() return 0 end }))
    local first, second = client:call(ARN), client:call(ARN)
    local _, provider = first:next()
    local _, request = first:next(provider {})
    _, provider = second:next()
    second:next(provider {})
    assert.same({ TOKEN, 2 }, { request.headers["X-Amz-Security-Token"], asked })
    local step, err = first:next { status = 403, headers = { ["x-amzn-ErrorType"] = "ExpiredTokenException" },
      body = '{"message":"expired: ' .. TOKEN .. '"}' }
    assert.same({ "failed", "ExpiredTokenException" }, { step, err.code })
    assert_hidden(TOKEN, err, tostring(err))
    assert.equal("expired: ", err.message:sub(1, 9))
  end)

  it("are redacted if the message is cut inside them", function()
    for before = MESSAGE_MAX - #TOKEN - 20, MESSAGE_MAX + 5, 7 do
      local err = fail(refusing(403, {}, '{"code":"AccessDeniedException","message":"' .. ("x"):rep(before) .. TOKEN .. '"}'))
      assert.equal(("x"):rep(math.min(before, MESSAGE_MAX)), (err.message:gsub("%*", "")))
      assert.is_true(#err.message <= MESSAGE_MAX)
      err = fail(refusing(400, {}, ("x"):rep(before) .. TOKEN))
      assert.equal(("x"):rep(math.min(before, MESSAGE_MAX)), (err.message:gsub("%*", "")))
    end
  end)

  it("are redacted if the server repeats a part of them, or escapes some of their characters", function()
    assert.equal("the token starts with **************** and", fail(refusing(403, {},
      '{"code":"AccessDenied","message":"the token starts with ' .. TOKEN:sub(1, 16) .. ' and"}')).message)
    fail(refusing(403, {}, "<p>" .. TOKEN:sub(20, 70) .. "…</p>"))
    fail(refusing(403, {}, "token=" .. TOKEN:gsub("[/+=]", function(c) return ("%%%02X"):format(c:byte()) end)))
    fail(refusing(403, {}, "token: " .. TOKEN:gsub("/", "\\/")))
  end)

  it("in a code make the HTTP status the code", function()
    for _, code in ipairs { TOKEN, ("E"):rep(100) .. TOKEN, "Denied" .. TOKEN .. "Exception", ("E"):rep(200) .. TOKEN,
      "ns#" .. TOKEN, "Denied:" .. TOKEN, TOKEN:sub(5, 20), KEYS.secret_access_key } do
      for _, answer in ipairs { { {}, { __type = code } }, { {}, { code = code } }, { { ["x-amzn-ErrorType"] = code }, {} } } do
        local members = ""
        for name, value in pairs(answer[2]) do members = members .. ',"' .. name .. '":"' .. value .. '"' end
        local err = fail(refusing(403, answer[1], '{"message":"m"' .. members .. "}"))
        assert.same({ "403", "m" }, { err.code, err.message })
      end
    end
  end)

  it("are redacted in err.headers and err.request_id", function()
    local err = fail { function(request)
      return { status = 403, headers = { ["x-echo"] = "token " .. TOKEN, [signature_of(request)] = "name",
        ["x-auth"] = request.headers.Authorization, ["x-amzn-requestid"] = TOKEN:sub(1, 40), ["x-plain"] = "plain" } }
    end }
    assert.equal("plain", err.headers["x-plain"])
    assert.equal("token " .. ("*"):rep(#TOKEN), err.headers["x-echo"])
    assert.equal(("*"):rep(40), err.request_id)
  end)

  it("are redacted in the headers of a response that is kept while the next attempt fails", function()
    local err = fail {
      function() return { status = 500, headers = { ["x-echo"] = TOKEN } } end,
      function(request) return nil, { kind = "connection", code = "HTTPClientError", message = request.headers.Authorization } end,
    }
    assert.same({ 500, ("*"):rep(#TOKEN) }, { err.status, err.headers["x-echo"] })
  end)

  it("are redacted together with those of earlier attempts", function()
    local function echo(_, number, requests)
      local said = {}
      for index = 1, number do said[index] = signature_of(requests[index]) end
      return { status = 500, headers = { ["x-echo"] = table.concat(said, " ") },
        body = '{"code":"Broken","message":"' .. table.concat(said, " ") .. '"}' }
    end
    local err, requests = fail { echo, echo, echo }
    assert.equal(3, #requests)
    local stars = ("*"):rep(64)
    assert.equal(table.concat({ stars, stars, stars }, " "), err.message)
  end)

  it("shorter than 16 bytes are not redacted, so that ordinary words stay", function()
    for _, token in ipairs { "Resource", "tok", "NotFoundExcepti" } do
      local err = fail(refusing(404, { ["x-amzn-ErrorType"] = "ResourceNotFoundException" },
        '{"exceptionMessage":"Resource: no token of NotFoundExcepti"}'),
        { credentials = { access_key_id = "A", secret_access_key = "e", session_token = token } })
      assert.same({ "ResourceNotFoundException", "Resource: no token of NotFoundExcepti" }, { err.code, err.message })
    end
  end)

  it("are redacted in the errors of a transport", function()
    for name, transport in pairs {
      raised = function(request) error("cannot send " .. request.headers.Authorization .. TOKEN, 0) end,
      told = function(request) return nil, "cannot send " .. request.headers.Authorization .. TOKEN end,
      code = function() return nil, { kind = "connection", code = TOKEN, message = TOKEN } end,
    } do
      local sent
      local client = assert(ivs.client { region = "us-west-2", credentials = KEYS, env = {}, max_attempts = 1,
        transport = function(request)
          sent = request
          return transport(request)
        end })
      local response, err = client:get_recording_configuration(ARN)
      assert.is_nil(response, name)
      for _, secret in ipairs { TOKEN, signature_of(sent) } do assert_hidden(secret, err, tostring(err)) end
    end
  end)
end)
