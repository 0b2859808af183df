--- The home directory, wherever a path begins with `~`: HOME, else the account's (passwd). The files, the token caches and
-- ca_bundle are looked for in one home.

local answers = require "support.matrix.answers"
local interpreter = require "support.interpreter"
local shell = require "emulator.shell"
local stand_in = require "support.stand_in"
local token_cache = require "ivs.credentials.token_cache"

--- In a process without HOME whose account's home is `home`; prints the CA file, and provider and id of the credentials.
local SCRIPT = [[
  local home = %q
  require "support.missing_modules"
  local context = require("support.provider_context").new { env = { HOME = home } }
  context.system.home_directory = function(user) return not user and home or nil end
  context.system.now = os.time
  local found = assert(require("ivs.config.settings").resolve({ ca_bundle = "~/ca.pem" },
    { system = context.system, version = "0", os = "Linux", release = "1", machine = "x86_64",
      read_response = function(_, _, _, response) return response end }))
  local credentials, err = found.provider { http = function(request)
    return { status = 200, headers = {}, body = %q }
  end }
  print(found.ca_bundle, credentials and credentials.provider, credentials and credentials.access_key_id or err)]]

local CONFIG = "[default]\nregion = us-west-2\nsso_start_url = https://d-1.awsapps.com/start\nsso_region = us-west-2\n"
  .. "sso_account_id = 123456789012\nsso_role_name = viewer\n"

local function write(directory, name, text)
  shell.run("mkdir -p " .. shell.quote((directory .. "/" .. name):match("^(.*)/")))
  stand_in.write(directory .. "/" .. name, text, "600")
end

--- Runs the script below an empty directory; `files`: name to text, in the home.
local function run(files)
  return stand_in.with_directory(function(directory)
    for name, text in pairs(files) do write(directory, name, text) end
    local output = interpreter.run(SCRIPT:format(directory, answers.portal("sso").body))
    return (output:gsub(directory:gsub("%p", "%%%0"), "HOME"))
  end)
end

describe("without HOME", function()
  it("the files, the CA bundle and the cache of SSO are all in the account's home", function()
    assert.equal("HOME/ca.pem\tsso\tAKIASSO\n", run { [".aws/config"] = CONFIG,
      [answers.sso_path "https://d-1.awsapps.com/start"] = answers.sso_token(answers.FUTURE) })
  end)

  it("the cache of a login is there, too", function()
    assert.equal("HOME/ca.pem\tlogin\tAKIALOGIN\n", run { [".aws/config"] = "[default]\nregion = us-west-2\n"
      .. "login_session = arn:aws:sts::1:me\n", [answers.login_path "arn:aws:sts::1:me"] = answers.login "login" })
  end)

  it("and without a home of the account, no token is read from a directory named ~", function()
    local function read() error("read") end
    local document, why = token_cache.read({ system = { file_owner = read, read_file = read } }, "~/.aws/sso/cache/1.json")
    assert.is_nil(document)
    assert.truthy(why:find("set HOME", 1, true), why)
  end)
end)
