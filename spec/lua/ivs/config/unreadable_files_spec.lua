--- Shared files that exist and cannot be read: as in botocore, a client skips them; and it reports them to the logger, in the
-- causes of a failure and in client:credentials(). (matrix_spec shows that botocore skips them.)

local interpreter = require "support.interpreter"
local ivs = require "ivs"
local shell = require "emulator.shell"
local stand_in = require "support.stand_in"

local KEYS = { access_key_id = "AKIDEXAMPLE", secret_access_key = "secret" }
local SECTION = "[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = secret\n"

--- Ways to be unreadable: a function that makes such a file, and what the system says of it.
local UNREADABLE = {
  ["a directory"] = { function(path) shell.run("mkdir " .. shell.quote(path)) end, "Is a directory" },
  ["a link to itself"] = { function(path) shell.run("ln -s itself " .. shell.quote(path) .. " && ln -sf "
    .. shell.quote(path) .. " " .. shell.quote(path)) end, "Too many levels of symbolic links" },
  ["a name that is too long"] = { function() end, "File name too long", ("x"):rep(300) },
}

--- What a client with these variables and options says: it, or nil; the error; and what it logged.
local function make(env, options)
  local lines = {}
  local given = { env = env, region = "us-west-2", logger = function(level, message)
    if level == "warn" then lines[#lines + 1] = message end
  end }
  for name, value in pairs(options or {}) do given[name] = value end
  local client, err = ivs.client(given)
  return client, err, lines
end

describe("a shared file that cannot be read", function()
  for name, case in pairs(UNREADABLE) do
    it("does not affect a client that has credentials and region: " .. name, function()
      stand_in.with_directory(function(directory)
        local path = directory .. "/" .. (case[3] or "credentials")
        case[1](path)
        local client, err, lines = make({ HOME = directory, AWS_SHARED_CREDENTIALS_FILE = path }, { credentials = KEYS })
        assert.is_truthy(client, tostring(err))
        local told = assert(client:credentials())
        local message = path .. " cannot be read: " .. case[2]
        assert.same({ message .. "; it is ignored" }, lines)
        assert.same({ message }, told.unreadable_files)
        client:close()
      end)
    end)
  end

  it("does not fail a client whose logger raises", function()
    local told = 0
    local client, err = make({ AWS_CONFIG_FILE = "/tmp", AWS_SHARED_CREDENTIALS_FILE = "/dev/null" }, { credentials = KEYS,
      logger = function()
        told = told + 1
        error "this logger is broken"
      end })
    assert.is_truthy(client, tostring(err))
    assert.equal(1, told)
    client:close()
  end)

  it("does not hide the credentials in the other file", function()
    stand_in.with_directory(function(directory)
      stand_in.write(directory .. "/config", SECTION)
      local client, _, lines = make { AWS_CONFIG_FILE = directory .. "/config", AWS_SHARED_CREDENTIALS_FILE = directory }
      local told, err = client:credentials()
      assert.equal("config_file", told and told.provider, tostring(err))
      assert.same({ directory .. " cannot be read: Is a directory" }, told.unreadable_files)
      assert.equal(1, #lines, "told when the client is made, not again for the same file")
      client:close()
    end)
  end)

  it("is a cause if there are no credentials", function()
    stand_in.with_directory(function(directory)
      local client = make { AWS_CONFIG_FILE = "/dev/null", AWS_SHARED_CREDENTIALS_FILE = directory,
        AWS_EC2_METADATA_DISABLED = "true" }
      local told, err = client:credentials()
      assert.is_nil(told)
      assert.equal("NoCredentialsError", err.code)
      local messages = {}
      for _, cause in ipairs(err.causes) do messages[cause.provider] = cause.message end
      assert.equal(directory .. " cannot be read: Is a directory", messages.shared_file)
      assert.is_nil(messages.config_file:find("cannot be read", 1, true))
      client:close()
    end)
  end)

  it("is reported when it becomes unreadable during a client's life, until it is readable", function()
    stand_in.with_directory(function(directory)
      local path = directory .. "/credentials"
      stand_in.write(path, SECTION)
      local client, _, lines = make { AWS_CONFIG_FILE = "/dev/null", AWS_SHARED_CREDENTIALS_FILE = path,
        AWS_EC2_METADATA_DISABLED = "true" }
      assert.is_nil(assert(client:credentials()).unreadable_files)
      assert.same({}, lines)
      os.remove(path)
      shell.run("mkdir " .. shell.quote(path))
      assert.is_nil((client:credentials()))
      assert.is_nil((client:credentials()))
      assert.equal(path .. " cannot be read: Is a directory; it is ignored", lines[1])
      local told_of = 0
      for _, line in ipairs(lines) do told_of = told_of + (line:find("ignored", 1, true) and 1 or 0) end
      assert.equal(1, told_of)
      shell.run("rmdir " .. shell.quote(path))
      stand_in.write(path, SECTION)
      assert.is_nil(assert(client:credentials()).unreadable_files)
      client:close()
    end)
  end)

  it("is reported if a named profile is missing", function()
    stand_in.with_directory(function(directory)
      local client, err = make { AWS_PROFILE = "video", AWS_CONFIG_FILE = directory, AWS_SHARED_CREDENTIALS_FILE = "/dev/null" }
      assert.is_nil(client)
      assert.same({ "ProfileNotFound", "The config profile (video) could not be found; " .. directory
        .. " cannot be read: Is a directory" }, { err.code, err.message })
    end)
  end)

  it("may belong to another user", function()
    local is_root = shell.run("id -u"):match("^0\n")
    stand_in.with_directory(function(directory)
      local path = stand_in.write(directory .. "/credentials", SECTION, is_root and "600" or "000")
      if is_root then shell.run("chown 65534 " .. shell.quote(path)) end
      local output = interpreter.run(([[
        local path = %q
        local lines = {}
        local client = assert(require("ivs").client { region = "us-west-2",
          credentials = { access_key_id = "A", secret_access_key = "s" },
          env = { AWS_CONFIG_FILE = "/dev/null", AWS_SHARED_CREDENTIALS_FILE = path },
          logger = function(level, message) lines[#lines + 1] = level .. " " .. message end })
        print(#lines, lines[1])]]):format(path), {},
        -- root passes by permissions with a capability, which it does not have here
        is_root and "setpriv --inh-caps=-all --bounding-set=-all" or "")
      assert.equal(("1\twarn %s cannot be read: Permission denied; it is ignored\n"):format(path), output)
    end)
  end)
end)
