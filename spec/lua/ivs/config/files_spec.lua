--- The shared AWS files (docs/protocol.md, "Shared files"): their values, compared with botocore through spec/oracle/files.py
-- over hand-written and generated files; which profile is selected; files that cannot be read.
--
-- Where we differ from botocore, on purpose, and so not among the cases: a NUL byte is an error (ini_spec); an empty variable
-- counts as absent. A file that exists but cannot be read is empty, as for botocore, and it is logged.

local config_files = require "support.config_files"
local files = require "ivs.config.files"
local failure = require "ivs.failure"
local oracle = require "support.oracle"

local EISDIR, EACCES, ENOENT, ENOTDIR, EINVAL = 21, 13, 2, 20, 22

local function hex(text)
  return text and (text:gsub(".", function(char) return ("%02x"):format(char:byte()) end))
end

--- What files.lua takes from C, over a table of texts; { errno, message } in place of a text is a failure.
local function system_of(texts, more)
  local system = {
    read_file = function(path, max_bytes)
      assert(type(max_bytes) == "number")
      local text = texts[path]
      if type(text) == "string" then return text end
      if text then return nil, text[2], text[1] end
      return nil, "No such file or directory", ENOENT
    end,
  }
  for name, value in pairs(more or {}) do system[name] = value end
  return system
end

local function environment_of(variables)
  return function(name) return variables[name] end
end

local ENVIRONMENT = { AWS_CONFIG_FILE = "/c", AWS_SHARED_CREDENTIALS_FILE = "/k", HOME = "/home/video" }

local function load(config, credentials, more)
  return files.load(environment_of(ENVIRONMENT), system_of({ ["/c"] = config, ["/k"] = credentials }, more))
end

--- Our result in the shape of the oracle's.
local function as_oracle(loaded, err)
  if not loaded then return { error = err.code } end
  local result = { profiles = {}, sso_sessions = loaded.sso_sessions, services = loaded.services, config = {},
    credentials = {} }
  for name, profile in pairs(loaded.profiles) do
    assert(profile.name == name)
    result.profiles[name] = profile.values
    result.config[name] = profile.config
    result.credentials[name] = profile.credentials
  end
  return result
end

--- Runs the oracle over all cases at once and calls check(case, expected) for each.
local function compare(cases, check)
  local results = oracle.run("files", cases)
  for index, case in ipairs(cases) do check(case, results[index]) end
end

describe("ivs.config.files", function()
  it("reads what botocore reads, and refuses what it refuses", function()
    local cases, counts = {}, { fine = 0, refused = 0 }
    local pairs_read = config_files.pairs()
    for index, pair in ipairs(pairs_read) do
      cases[index] = { ask = "files", config = hex(pair[1]), credentials = hex(pair[2]), index = index }
    end
    compare(cases, function(case, expected)
      local pair = pairs_read[case.index]
      local shown = ("config %q\ncredentials %q"):format(pair[1] or "-", pair[2] or "-")
      local loaded, err = load(pair[1], pair[2])
      assert.same({ shown, expected }, { shown, as_oracle(loaded, err) })
      local outcome = loaded and "fine" or "refused"
      counts[outcome] = counts[outcome] + 1
    end)
    -- the generated files have to be worth their while
    assert.is_true(counts.fine > 150 and counts.refused > 100, counts.fine .. " fine, " .. counts.refused .. " refused")
  end)

  it("selects the profile that botocore selects", function()
    local config = "[default]\nwhich = default\n[profile a]\nwhich = a\n[profile 'b c']\nwhich = b c\n[d]\nwhich = d\n"
    local credentials = "[e]\nwhich = e\n[a]\nmore = 1\n"
    local cases = {}
    for _, content in ipairs { { config, credentials }, { nil, credentials }, { config, nil }, { nil, nil } } do
      for _, choice in ipairs { {}, { "a" }, { "b c" }, { "d" }, { "e" }, { "nobody" }, { "default" }, { "A" },
        { nil, "a" }, { nil, "nobody" }, { nil, nil, "a" }, { nil, nil, "default" }, { "e", "a" }, { nil, "a", "e" },
        { nil, "nobody", "a" }, { nil, "a", "nobody" }, { "a", "nobody", "nobody" } } do
        cases[#cases + 1] = { ask = "profile", config = hex(content[1]), credentials = hex(content[2]),
          profile = choice[1], env = { AWS_DEFAULT_PROFILE = choice[2], AWS_PROFILE = choice[3],
            AWS_ACCESS_KEY_ID = "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY = "hunter2" } }
        cases[#cases].content = content
      end
    end
    local contents = {}
    for index, case in ipairs(cases) do contents[index], case.content, case.index = case.content, nil, index end
    compare(cases, function(case, expected)
      local loaded = assert(load(contents[case.index][1], contents[case.index][2]))
      local profile, err = files.select(loaded, environment_of(case.env), case.profile)
      local values = not err and (profile and profile.values or {}) or nil
      assert.same(expected, { values = values, error = err and err.code })
    end)
  end)

  it("expands the paths that botocore expands", function()
    local env = { HOME = "/home/video/", A = "/a", B_1 = "b", C = "$A", D = "~", ["x y"] = "spaced",
      ["\195\169"] = "e" }
    local cases = {}
    for _, path in ipairs { "", "/x", "~", "~/", "~/.aws/config", "~//x", "x/~", "~nosuchaccount/x", "$A", "$A/x",
      "${A}/x",
      "$A$B_1", "$B_1x", "${B_1}x", "$NONE/x", "${NONE}/$A", "$C", "${C}/$A", "$D/x", "${D}", "$", "$$A", "$/", "${A",
        "${}",
      "${x y}", "$\195\169", "${\195\169}", "$A.B", "a$A-b", "~$A", "${${A}}", "$A}", "$1", "%A%", "\\$A", "~/$A/~" } do
      cases[#cases + 1] = { ask = "expand", path = path, env = env }
      cases[#cases + 1] = { ask = "expand", path = path, env = { HOME = "/", A = "1" } }
    end
    compare(cases, function(case, expected)
      assert.same({ case.path, expected.path }, { case.path, files.expand(case.path, environment_of(case.env)) })
    end)
  end)

  it("uses the account's home if HOME is not set or a user is named", function()
    local function home_directory(user)
      if user == nil then return "/var/lib/me" end
      return user == "video" and "/home/video/" or nil
    end
    local none, some = environment_of {}, environment_of { HOME = "/h" }
    assert.equal("/var/lib/me/.aws/config", files.expand("~/.aws/config", none, home_directory))
    assert.equal("/h/.aws/config", files.expand("~/.aws/config", some, home_directory))
    assert.equal("/home/video/x", files.expand("~video/x", some, home_directory))
    assert.equal("~nobody/x", files.expand("~nobody/x", some, home_directory))
    assert.equal("~/.aws/config", files.expand("~/.aws/config", none))
  end)

  it("looks for both files in the home directory, or at the paths of the variables", function()
    local texts = { ["/h/.aws/config"] = "[default]\na = 1\n", ["/h/.aws/credentials"] = "[default]\nb = 2\n",
      ["/else/c"] = "[default]\na = 3\n", ["/h/k"] = "[default]\nb = 4\n" }
    local loaded = assert(files.load(environment_of { HOME = "/h" }, system_of(texts)))
    assert.same({ a = "1", b = "2" }, loaded.profiles.default.values)
    assert.same({ "/h/.aws/config", "/h/.aws/credentials" }, { loaded.config_path, loaded.credentials_path })
    loaded = assert(files.load(environment_of { HOME = "/h", WHERE = "/else", AWS_CONFIG_FILE = "${WHERE}/c",
      AWS_SHARED_CREDENTIALS_FILE = "~/k" }, system_of(texts)))
    assert.same({ a = "3", b = "4" }, loaded.profiles.default.values)
    assert.same({ "/else/c", "/h/k" }, { loaded.config_path, loaded.credentials_path })
  end)

  it("does not use a directory named ~ if there is no home", function()
    local loaded = assert(files.load(environment_of {}, { read_file = function(path) error("read " .. path) end }))
    assert.same({}, loaded.profiles)
    assert.equal("~/.aws/config", loaded.config_path)
  end)

  it("returns each file's values and the merged values", function()
    local profile = load("[profile x]\na = 1\nb = 2\n", "[x]\nb = 3\n").profiles.x
    assert.same({ name = "x", values = { a = "1", b = "3" }, config = { a = "1", b = "2" },
      credentials = { b = "3" } }, profile)
    profile = load(nil, "[x]\nb = 3\n").profiles.x
    assert.same({ name = "x", values = { b = "3" }, credentials = { b = "3" } }, profile)
  end)

  it("reports a missing named profile, even if the environment has credentials", function()
    local loaded = load("[profile x]\n")
    local env = environment_of { AWS_PROFILE = "nobody\n2", AWS_ACCESS_KEY_ID = "AKID",
      AWS_SECRET_ACCESS_KEY = "hunter2" }
    local profile, err, name = files.select(loaded, env)
    assert.is_nil(profile)
    assert.is_true(failure.is(err))
    assert.same({ "config", "ProfileNotFound", "The config profile (nobody 2) could not be found", false },
      { err.kind, err.code, err.message, err.retryable })
    assert.equal("nobody\n2", name)
  end)

  it("accepts a missing default profile, unless it is named", function()
    local loaded = load("[profile x]\n")
    local profile, err, name = files.select(loaded, environment_of {})
    assert.same({ nil, nil, "default" }, { profile, err, name })
    profile, err, name = files.select(loaded, environment_of {}, "")
    assert.same({ nil, nil, "default" }, { profile, err, name })
    profile, err, name = files.select(loaded, environment_of {}, "x")
    assert.same({ loaded.profiles.x, nil, "x" }, { profile, err, name })
    assert.equal("ProfileNotFound", select(2, files.select(loaded, environment_of {}, "default")).code)
  end)

  it("names the file, the line and the kind of an error, in either file", function()
    local loaded, err = load("[default]\nregion = x\nhunter2\n", "")
    assert.is_nil(loaded)
    assert.is_true(failure.is(err))
    assert.same({ "config", "ConfigParseError",
      "Unable to parse config file: /c, line 3: not a [section], a comment or key = value" },
      { err.kind, err.code, err.message })
    err = select(2, load("", "aws_secret_access_key = hunter2\n"))
    assert.equal("Unable to parse config file: /k, line 1: a setting before the first [section]", err.message)
  end)

  it("treats a missing file, or one that is not a regular file, as empty", function()
    for _, errno in ipairs { ENOENT, ENOTDIR, EINVAL } do
      assert.same({}, assert(load({ errno, "…" }, { errno, "…" })).profiles)
    end
  end)

  it("skips a file that exists and cannot be read, as botocore does, and keeps the reason", function()
    for errno, reason in pairs { [EACCES] = "Permission denied", [EISDIR] = "Is a directory", [5] = "Input/output error",
      [27] = "File too large", [12] = "Cannot allocate memory", [36] = "File name too long",
      [40] = "Too many levels of symbolic links" } do
      local loaded = assert(load("[default]\na = 1\n", { errno, reason }, { file_owner = function() return 0 end }))
      assert.same({ a = "1" }, loaded.profiles.default.values)
      assert.same({ { path = "/k", message = "/k cannot be read: " .. reason } }, loaded.unreadable)
      assert.equal("/k cannot be read: " .. reason, files.problem(loaded, "/k"))
      assert.is_nil(files.problem(loaded, "/c"))
    end
    local loaded = load({ EACCES, "Permission denied" }, { EISDIR, "Is a directory" })
    assert.same({}, loaded.profiles)
    assert.equal(2, #loaded.unreadable)
  end)

  it("reports an unreadable file if a profile is missing", function()
    local loaded = load({ EACCES, "Permission denied" }, "")
    local _, err = files.select(loaded, environment_of { AWS_PROFILE = "video" })
    assert.same({ "ProfileNotFound",
      "The config profile (video) could not be found; /c cannot be read: Permission denied" }, { err.code, err.message })
  end)

  it("logs such a file once, and again when the reason changes", function()
    local lines = {}
    local function logger(level, message) lines[#lines + 1] = level .. " " .. message end
    local denied = load({ EACCES, "Permission denied" }, "")
    files.warn(denied, nil, logger)
    files.warn(denied, denied, logger)
    files.warn(load({ EISDIR, "Is a directory" }, ""), denied, logger)
    files.warn(denied, nil, nil)
    assert.same({ "warn /c cannot be read: Permission denied; it is ignored",
      "warn /c cannot be read: Is a directory; it is ignored" }, lines)
  end)

  it("treats a file in a directory that cannot be searched as absent, as botocore does", function()
    local system = { file_owner = function() return nil, "Permission denied", EACCES end }
    local loaded = assert(load({ EACCES, "Permission denied" }, nil, system))
    assert.same({ {}, {} }, { loaded.profiles, loaded.unreadable })
  end)

  it("skips a file of more than 16 MiB, and a name with a NUL byte", function()
    local loaded = load("[default]\na = " .. ("x"):rep(16 * 1024 * 1024))
    assert.equal("/c cannot be read: larger than 16 MiB", files.problem(loaded, "/c"))
    loaded = files.load(environment_of { AWS_CONFIG_FILE = "/etc/passwd\0.ini" }, system_of {})
    assert.truthy(loaded.unreadable[1].message:find("NUL", 1, true))
  end)

  it("reads real files, real directories and files that are missing", function()
    local function read_file(path)
      local file, why, errno = io.open(path, "rb")
      if not file then return nil, why, errno end
      local text
      text, why, errno = file:read("*a")
      file:close()
      if not text then return nil, why, errno end
      return text
    end
    local path = os.tmpname()
    local file = assert(io.open(path, "wb"))
    file:write("[default]\r\nregion = eu-west-1\r\n")
    file:close()
    local system = { read_file = read_file }
    local loaded = files.load(environment_of { AWS_CONFIG_FILE = path, HOME = path }, system)
    local directory = files.load(environment_of { AWS_CONFIG_FILE = "/tmp", HOME = path }, system)
    os.remove(path)
    assert.same({ region = "eu-west-1" }, loaded.profiles.default.values)
    assert.truthy(files.problem(directory, "/tmp"):find("Is a directory", 1, true))
    assert.same({}, assert(files.load(environment_of { AWS_CONFIG_FILE = path, HOME = path }, system)).profiles)
  end)
end)
