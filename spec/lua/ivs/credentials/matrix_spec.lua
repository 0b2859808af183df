--- botocore and ivs beside each other: the same environment, files and server, over every source of credentials, their order
-- and their errors (support/matrix/*.lua). The expected result is botocore's, which runs here; a case where
-- the two differ names the difference (matrix.differences), and then they have to differ.

local ivs = require "ivs"
local matrix = require "support.matrix"

local CLIENT_SIDE = { config = true, credentials = true, params = true }

--- What has to agree: the credentials that arrived, where, and what was shown to the sources of credentials; or the error's class.
local function outcome(side)
  if side.code then return { code = side.code } end
  return { access_key_id = side.access_key_id, session_token = side.session_token, region = side.region, at = side.at,
    shown = side.shown }
end

--- Every text in a value, at any depth.
local function texts_of(value, found)
  if type(value) == "table" then
    for name, member in pairs(value) do
      texts_of(name, found)
      texts_of(member, found)
    end
  else
    found[#found + 1] = tostring(value)
  end
  return found
end

--- No text may hold a secret, a token, or of an access key more than its end.
local function assert_harmless(case, value)
  for _, text in ipairs(texts_of(value, {})) do
    for _, secret in ipairs { "S3CR3T", "T0K3N", "AKIA" } do
      assert.is_nil(text:find(secret, 1, true), case.name .. ": " .. text)
    end
  end
end

describe("botocore and ivs in one environment:", function()
  local results

  setup(function()
    results = matrix.run()
  end)

  for index, case in ipairs(matrix.cases()) do
    it(case.name, function()
      local result = results[index]
      local expected, found = outcome(result.botocore), outcome(result.ivs)
      if not case.differs then
        assert.same(expected, found, tostring(result.ivs.err) .. "\nbotocore: " .. tostring(result.botocore.text))
        return
      end
      assert.is_string(matrix.differences[case.differs.row])
      assert.not_same(expected, found, "no difference any more: " .. case.differs.row)
      if case.differs.row == "python" then assert.is_false(result.botocore.is_own) end
      for name, value in pairs(case.differs) do
        if name ~= "row" then assert.same(value, found[name]) end
      end
    end)
  end

  it("no error contains a secret", function()
    for _, result in ipairs(results) do
      local err = result.ivs.err
      if err then
        assert_harmless(result.case, err)
        assert_harmless(result.case, tostring(err))
      end
    end
  end)

  it("no message to the logger contains a secret", function()
    for _, result in ipairs(results) do assert_harmless(result.case, result.ivs.logged) end
  end)

  it("no description contains a secret, and each has the end of the access key ID and its source", function()
    for _, result in ipairs(results) do
      local told = result.ivs.told
      if told then
        assert_harmless(result.case, told)
        assert.equal("…" .. result.ivs.access_key_id:sub(-4), told.access_key_id, result.case.name)
        assert.is_string(told.provider, result.case.name)
      end
    end
  end)

  it("each source's expiration is returned as seconds since 1970", function()
    local sources = {}
    for _, result in ipairs(results) do
      local told = result.ivs.told
      if told and told.expiration ~= nil then
        assert.is_number(told.expiration, result.case.name)
        assert.is_true(told.expiration > os.time(), result.case.name)
        sources[told.provider] = true
      end
    end
    for _, name in ipairs { "environment", "assume_role", "web_identity", "sso", "login", "process", "container", "instance" } do
      assert.is_true(sources[name], name)
    end
  end)

  it("every error has a code that ivs.exceptions has, and a message", function()
    for _, result in ipairs(results) do
      local err = result.ivs.err
      if err then
        if CLIENT_SIDE[err.kind] then assert.equal(err.code, ivs.exceptions[err.code]) end
        assert.is_true(#err.message > 0, result.case.name)
      end
    end
  end)

  it("a source that ends the chain is the last of the causes", function()
    for _, result in ipairs(results) do
      local err = result.ivs.err
      if err and err.causes then
        local last = err.causes[#err.causes]
        local is_last = err.code == "NoCredentialsError" and last.provider == "instance" or last.message == err.message
        assert.is_true(is_last, result.case.name)
      end
    end
  end)
end)
