-- The README is true: its settings table is that of lua/ivs/config/settings.lua, its layout that of the tree, and its examples and those
-- of docs/ run and print what they say.

local interpreter = require "support.interpreter"
local readme = require "support.readme"
local server = require "emulator.server"
local shell = require "emulator.shell"
local store = require "emulator.store"

describe("the README", function()
  local emulator

  setup(function() emulator = server.start() end)
  teardown(function() emulator:stop() end)

  local function run(source)
    local environment = emulator:environment()
    environment.HOME = "/nonexistent"
    return interpreter.run('require "support.missing_modules"\n' .. source, environment)
  end

  it("lists every setting with its variables, default and meaning", function()
    local text = readme.text()
    for _, line in ipairs(readme.settings_rows(require("ivs.config.settings").rows)) do
      assert.is_truthy(text:find(line, 1, true), "README.md lacks this row: " .. line)
    end
  end)

  it("shows the two commands on its first screen", function()
    local first_screen = readme.text():sub(1, 1500)
    assert.is_truthy(first_screen:find("make demo", 1, true))
    assert.is_truthy(first_screen:find("make test", 1, true))
  end)

  it("lists every source folder in its layout, and none that does not exist", function()
    local layout = readme.text():match "## Repository layout\n\n```\n(.-)```"
    local named = {}
    for folder in ("\n" .. layout):gmatch "\n([%w_/]+)/ " do
      named[folder] = true
      assert.equal(0, select(2, shell.run("test -d " .. folder)), folder)
    end
    local folders = shell.run [[find docs examples spec bin -maxdepth 0 -type d 2>/dev/null
      find csrc -mindepth 1 -type d; find lua/ivs lua/resty/ivs -maxdepth 1 -type d]]
    for folder in folders:gmatch "[^\n]+" do assert.is_true(named[folder], folder .. " is not in the README's layout") end
  end)

  it("begins with an example that works for every recording configuration", function()
    local source = readme.examples()[1].source
    for label, configuration in pairs(store.configurations) do
      local output, status = run((source:gsub("arn:aws:ivs:[%w:/-]+", configuration.arn)))
      assert.equal(0, status, label .. ": " .. output)
      assert.equal(configuration.state, output:match "^%u[%u_]*", label)
    end
  end)

  it("names every variable that has no option", function()
    local options, text = {}, readme.text()
    for _, row in ipairs(require("ivs.config.settings").rows) do
      for _, name in ipairs(row.env or {}) do options[name] = true end
    end
    for _, name in ipairs { "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_SSO",
      "AWS_ENDPOINT_URL_SSO_OIDC", "AWS_ENDPOINT_URL_SIGNIN", "AWS_STS_REGIONAL_ENDPOINTS", "AWS_EC2_METADATA_DISABLED" } do
      assert.is_nil(options[name])
      assert.truthy(text:find("`" .. name .. "`", 1, true), name)
    end
  end)

  it("or docs/credentials.md names every AWS_ variable that the sources read", function()
    local text, count = readme.text() .. readme.text "docs/credentials.md", 0
    local sources = shell.run("cat $(find " .. shell.quote(readme.root) .. "/lua -name '*.lua')")
    local names = {}
    for name in sources:gmatch '"(_?AWS_[%u%d_]*[%u%d])"' do names[name] = true end
    for name in sources:gmatch '"(_X_[%u_]+)"' do names[name] = true end
    -- lua/ivs/credentials/instance.lua, setting()
    local instance = readme.text "lua/ivs/credentials/instance.lua"
    for name in instance:gmatch '%f[%w_]setting%(context, "([%l%d_]+)"' do names["AWS_" .. name:upper()] = true end
    for name in instance:gmatch 'read_number%(context, "([%l%d_]+)"' do names["AWS_" .. name:upper()] = true end
    for name in pairs(names) do
      count = count + 1
      assert.truthy(text:find("`" .. name .. "`", 1, true) or text:find("`" .. name .. "=", 1, true), name)
    end
    assert.is_true(count > 30, count)
  end)

  describe("'s table for users of boto3", function()
    local rows = {}
    for boto3, ours in readme.text():match("\n## Coming from boto3\n(.-)\n## "):gmatch "\n| ([^\n]-) | ([^\n]-) |%f[\n]" do
      rows[#rows + 1] = { boto3 = boto3, ours = ours }
    end

    it("has rows", function() assert.is_true(#rows > 15, #rows) end)

    it("names options, methods, codes and modules that exist", function()
      local ivs = require "ivs"
      local client, options = ivs.client { region = "us-west-2" }, {}
      for _, row in ipairs(require("ivs.config.settings").rows) do options[row.name] = true end
      for _, name in ipairs { "access_key_id", "secret_access_key", "arn" } do options[name] = true end
      for _, row in ipairs(rows) do
        for name in row.ours:gmatch "([%l_]+) = " do assert.is_true(options[name], row.ours) end
        for name in row.ours:gmatch "client:([%l_]+)" do assert.is_function(client[name], row.ours) end
        for name in row.ours:gmatch "ivs%.exceptions%.(%w+)" do assert.equal(name, ivs.exceptions[name]) end
        for name in row.ours:gmatch "`(ivs%.%l+)`" do assert.is_table(require(name)) end
        for kind in row.ours:gmatch 'err%.kind == "(%l+)"' do assert.is_true(require("ivs.failure").kinds[kind], row.ours) end
      end
    end)

    it("names what botocore has", function()
      local code = {}
      for _, row in ipairs(rows) do
        for name in row.boto3:gmatch "except (%w+Error)" do code[#code + 1] = ("getattr(botocore.exceptions, %q)"):format(name) end
        for name in row.boto3:gmatch "`(%w+Error)`" do code[#code + 1] = ("getattr(botocore.exceptions, %q)"):format(name) end
        for name in row.boto3:gmatch "client%.exceptions%.(%w+)" do code[#code + 1] = ("getattr(client.exceptions, %q)"):format(name) end
        for name in row.boto3:gmatch 'get_paginator%("([%l_]+)"' do code[#code + 1] = ("client.get_paginator(%q)"):format(name) end
        for arguments in row.boto3:gmatch "`(Config%b())`" do
          -- the application's name is an option of later versions than Debian's
          if not arguments:find "user_agent_appid" then code[#code + 1] = (arguments:gsub("URL", "''")) end
        end
      end
      assert.is_true(#code >= 8, #code)
      local output, status = shell.run("exec 2>&1; $(command -v /usr/bin/python3 || command -v python3) -c " .. shell.quote(
        "import botocore.exceptions, botocore.session\nfrom botocore.config import Config\n"
        .. "client = botocore.session.get_session().create_client('ivs', region_name='us-west-2')\n"
        .. table.concat(code, "\n")))
      assert.equal(0, status, output)
    end)
  end)

  for _, page in ipairs { "README.md", "docs/command.md" } do
    for number, steps in ipairs(readme.consoles(page)) do
      it(("has a session %d in %s whose commands print what it says"):format(number, page), function()
        local words = { "LANG=C.UTF-8", "ARN=" .. shell.quote(store.configurations.complete.arn), "LUA_PATH=" .. shell.quote(package.path),
          "LUA_CPATH=" .. shell.quote(package.cpath) }
        for name, value in pairs(emulator:environment()) do words[#words + 1] = name .. "=" .. shell.quote(value) end
        local root, directory = shell.run "pwd -P":match "[^\n]+", shell.run "mktemp -d":match "[^\n]+"
        -- the paths of the modules are of the root, the files of a session of a folder of its own
        local prelude = ("cd %s; ivs() { (root=$PWD; cd %s && %s %s/bin/ivs \"$@\"); }; "):format(directory, shell.quote(root),
          interpreter.path(), shell.quote(root))
        for _, step in ipairs(steps) do
          local said = shell.run(("exec 2>&1; export %s; %s%s"):format(table.concat(words, " "), prelude,
            (step.command:gsub("want%.json", directory .. "/%0"))))
          assert.equal(step.output, said, step.command)
        end
        shell.run("rm -rf " .. directory)
      end)
    end
  end

  for _, page in ipairs(readme.pages) do
    for number, example in ipairs(readme.examples(page)) do
      it(("has an example %d in %s that prints what it says"):format(number, page), function()
        local output = run(example.source)
        local lines = {}
        for line in output:gmatch("[^\n]+") do lines[#lines + 1] = line end
        local promised = {}
        for i, line in ipairs(example.prints) do promised[i] = line:gsub("ENDPOINT", emulator.endpoint_url) end
        assert.same(promised, lines)
      end)
    end
  end
end)
