--- The command line of `ivs`: what is refused, the help, the man page, the completion scripts.

local command = require "support.command"
local parsers = require "ivs.command.parser"
local shell = require "emulator.shell"
local stand_in = require "support.stand_in"

local unpack = table.unpack or unpack -- luacheck: ignore

local SUBCOMMANDS = { "get", "list", "check", "wait", "whoami", "completion" }

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

--- The long options in a text, as a set.
local function options_in(text)
  local set = {}
  for option in text:gmatch "%-%-[a-z][a-z-]+" do set[option] = true end
  return set
end

describe("wrong usage", function()
  local CASES = {
    {}, { "frobnicate" }, { "get" }, { "get", "--bogus" }, { "get", "x", "--output", "yaml" }, { "get", "x", "--max-tps", "-1" },
    { "get", "x", "--max-tps", "many" }, { "get", "x", "--max-tps", ("9"):rep(400) }, { "wait", "x", "--timeout", ("9"):rep(400) },
    { "get", "x", "--max-concurrency", "0" }, { "get", "x", "--max-attempts", "1.5" },
    { "get", "x", "--max-concurrency", "257" }, { "get", "x", "--max-attempts", "1001" },
    { "get", "x", "--max-attempts", "99999999999999999999" },
    { "get", "x", "--read-timeout" }, { "list", "x" }, { "check", "x" }, { "wait" }, { "wait", "x", "--delay", "0" },
    { "whoami", "x" }, { "completion" }, { "completion", "powershell" }, { "get", "x", "\27[31m", "--\27" },
  }

  it("ends with 2 and one message on standard error", function()
    for _, arguments in ipairs(CASES) do
      local result = command.run(arguments)
      assert.same({ "", 2 }, { result.out, result.status }, table.concat(arguments, " ") .. result.err)
      assert.truthy(result.err:find("^ivs: ") and result.err:find("see: ivs", 1, true), result.err)
      assert.is_nil(result.err:find("[%z\1-\9\11-\31]"), result.err)
    end
  end)

  it("includes options that a client refuses", function()
    for _, arguments in ipairs { { "whoami", "--profile", "" }, { "whoami", "--region", "" }, { "whoami", "--endpoint-url", "x" } } do
      local result = command.run(arguments, { env = { AWS_EC2_METADATA_DISABLED = "true" } })
      assert.is_true(result.status == 2 or result.status == 3, result.err)
      assert.is_nil(result.err:find("internal error", 1, true), result.err)
    end
  end)
end)

describe("an option that is not given", function()
  it("has its documented default", function()
    local function parsed(...) return parsers.new():parse { ... } end
    for _, words in ipairs { { "get", "x" }, { "list" }, { "check", "x", "--expect", "y" }, { "whoami" } } do
      assert.equal("table", parsed(unpack(words)).output)
    end
    local waiting = parsed("wait", "x")
    assert.same({ 300, 2 }, { waiting.timeout, waiting.delay })
  end)
end)

describe("--help", function()
  it("is printed for each command, with examples, in 80 columns", function()
    for _, name in ipairs(SUBCOMMANDS) do
      local result = command.run { name, "--help" }
      assert.same({ "", 0 }, { result.err, result.status })
      assert.truthy(result.out:find("^Usage: ivs " .. name), result.out)
      assert.truthy(result.out:find("Examples:\n  $ ivs", 1, true) or result.out:find("Examples:\n", 1, true), result.out)
      for line in result.out:gmatch "[^\n]+" do assert.is_true(#line <= 80, line) end
    end
    local result = command.run { "--help" }
    for _, name in ipairs(SUBCOMMANDS) do assert.truthy(result.out:find("\n   " .. name .. " ", 1, true), result.out) end
  end)

  it("needs no region, credentials or ARN; neither does --version", function()
    assert.equal(0, command.run({ "check", "--help" }).status)
    for _, arguments in ipairs { { "--version" }, { "get", "--version" } } do
      local result = command.run(arguments)
      assert.same({ "ivs " .. require("ivs")._VERSION .. "\n", 0 }, { result.out, result.status })
    end
  end)
end)

describe("the man page", function()
  it("has the options of --help, and no others", function()
    local known = options_in(parsers.new():get_help())
    for _, name in ipairs(SUBCOMMANDS) do
      for option in pairs(options_in(command.run({ name, "--help" }).out)) do known[option] = true end
    end
    known["--help"] = true
    local documented = options_in((read("docs/ivs.1"):gsub("\\%-", "-")))
    documented["--help"] = true
    assert.same(known, documented)
  end)

  it("names each command and each exit status", function()
    local page = read "docs/ivs.1"
    for _, name in ipairs(SUBCOMMANDS) do assert.truthy(page:find("\n.B " .. name .. "\n", 1, true), name) end
    for _, code in ipairs { 0, 1, 2, 3, 130 } do assert.truthy(page:find("\n.B " .. code .. "\n", 1, true), code) end
  end)

  it("is well formed", function()
    if select(2, shell.run "command -v groff >/dev/null") ~= 0 then return end
    assert.equal("", (shell.run "groff -man -Tutf8 -ww -z docs/ivs.1 2>&1"))
  end)
end)

describe("ivs completion", function()
  local CHECKS = { bash = "bash -n", zsh = "zsh -n", fish = "fish --no-execute" }

  for name, check in pairs(CHECKS) do
    it("prints a script for " .. name .. " that knows commands and options", function()
      local result = command.run { "completion", name }
      assert.same({ "", 0 }, { result.err, result.status })
      for _, word in ipairs { "whoami", "check", "max-tps", "expect" } do
        assert.truthy(result.out:find(word, 1, true), word)
      end
      stand_in.with_directory(function(directory)
        local path = stand_in.write(directory .. "/script", result.out)
        local said, status = shell.run(("if command -v %s >/dev/null; then %s %s 2>&1; fi"):format(name, check, shell.quote(path)))
        assert.same({ "", 0 }, { said, status })
      end)
    end)
  end

  it("completes in bash", function()
    stand_in.with_directory(function(directory)
      local path = stand_in.write(directory .. "/script", command.run({ "completion", "bash" }).out)
      local said = shell.run(("bash -c %s"):format(shell.quote(([[
        source %s
        COMP_WORDS=(ivs who) COMP_CWORD=1; _ivs; echo "${COMPREPLY[@]}"
        COMP_WORDS=(ivs get --all --output j) COMP_CWORD=4; _ivs; echo "${COMPREPLY[@]}"]]):format(path))))
      assert.equal("whoami\njson\n", said)
    end)
  end)
end)
