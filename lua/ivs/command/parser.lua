--- The command line of `ivs`: subcommands, options, their help. A subcommand is a row here and a file beside this one.
-- @module ivs.command.parser

local argparse = require "argparse"
local batch = require "ivs.batch"
local printable = require "ivs.printable"
local status = require "ivs.command.status"

local unpack = table.unpack or unpack -- luacheck: ignore

local parser = {}

local SHELLS = { "bash", "zsh", "fish" }
local MAX_ATTEMPTS = 1000 -- the most that the setting may be
local MAX_NUMBER = 1e15 -- many digits would make infinity

--- A converter for numbers; argparse prints what it returns after nil.
local function number(least, is_whole, most)
  return function(given)
    local digits = given:match "^%d+%.?%d*$" or given:match "^%.%d+$"
    local value = digits and tonumber(digits)
    if value and value >= least and value <= (most or MAX_NUMBER) and not (is_whole and value % 1 ~= 0) then return value end
    local range = most and ("from %d to %d"):format(least, most) or ("of at least %g"):format(least)
    return nil, ("'%s' is not a %s %s"):format(printable.line(given), is_whole and "whole number" or "number", range)
  end
end

local positive = number(0.001, false)

local Ended = { __name = "ivs.command.parser.ended" }

--- The options that every subcommand takes, before or after its name.
local function add_common(element)
  element:group("Options of every command",
    element:option("--profile", "The profile of the shared AWS files."):argname "<name>",
    element:option("--region", "The region to call; by default the configured one, or the one in each ARN."):argname "<region>",
    element:option("--endpoint-url", "The URL to call in place of the service's endpoint."):argname "<url>",
    element:option("--ca-bundle", "A PEM file or directory of certificate authorities."):argname "<path>",
    element:flag("--no-verify-ssl", "Do not verify the server's certificate."),
    element:option("--max-attempts", "Requests for each call, including the first."):argname "<n>"
      :convert(number(1, true, MAX_ATTEMPTS)),
    element:option("--connect-timeout", "Seconds to connect."):argname "<seconds>":convert(positive),
    element:option("--read-timeout", "Seconds from the request to the end of the response."):argname "<seconds>":convert(positive),
    element:option("--max-tps", "Calls per second and region; 0: no limit. Default: 3, the service's quota.")
      :argname "<n>":convert(number(0, false)),
    element:option("--max-concurrency", "Calls at the same time. Default: 16."):argname "<n>"
      :convert(number(1, true, batch.MAX_CONCURRENCY)),
    element:flag("--debug", "Log attempts, retries and refreshes to standard error."),
    element:flag("--quiet", "No progress bar and no warnings."),
    element:flag("--no-color", "No color; the variable NO_COLOR does the same."),
    -- argparse's own actions print and exit; these end the parsing and leave the rest to ivs.command.main
    element:flag("--version", "Print the version."):action(function() error(setmetatable({ version = true }, Ended), 0) end),
    element:flag("-h --help", "Print this help."):action(function() error(setmetatable({ help = element }, Ended), 0) end))
  element:add_help(false)
end

local ARNS = "ARNs of recording configurations; - reads them from standard input, one a line."

local function all_flag(command)
  return command:flag("--all", "Every recording configuration of the region.")
end

local function output_option(command, forms)
  return command:option("--output", "The form of the output: " .. table.concat(forms, ", ") .. "."):choices(forms)
    :default(forms[1]):argname "<form>"
end

--- Each subcommand: its usage, what it is, examples, and `add`, which adds its arguments and returns its own options.
local COMMANDS = {
  { name = "get", usage = "(<arn>... | - | --all) [options]", summary = "Print recording configurations.",
    add = function(command)
      command:argument("arns", ARNS):args "*":argname "<arn>"
      return all_flag(command), output_option(command, { "table", "json", "lua" })
    end,
    examples = { 'ivs get "$ARN"', "ivs get --all --output json > recordings.json", "ivs list --output arns | ivs get -" } },
  { name = "list", usage = "[options]", summary = "List the region's recording configurations.",
    add = function(command) return output_option(command, { "table", "json", "arns" }) end,
    examples = { "ivs list", "ivs list --region eu-west-1 --output json", "ivs list --output arns | ivs check - --expect want.json" } },
  { name = "check", usage = "[<arn>... | - | --all] --expect <file> [options]",
    summary = "Compare recording configurations with what is expected of them.",
    add = function(command)
      command:argument("arns", ARNS):args "*":argname "<arn>"
      return command:option("--expect", "A JSON file: the members that matter, or what `ivs get --output json` printed. "
        .. "Without ARNs, those in such a snapshot are checked."):argname "<file>":count(1),
        all_flag(command), output_option(command, { "table", "tap", "junit", "json" })
    end,
    examples = { "ivs check --all --expect expected.json", "ivs get --all --output json > want.json",
      "ivs check --expect want.json", 'ivs check "$ARN" --expect expected.json --output junit > report.xml' } },
  { name = "wait", usage = "(<arn>... | -) [options]", summary = "Wait until recording configurations are ACTIVE.",
    add = function(command)
      command:argument("arns", ARNS):args "+":argname "<arn>"
      return command:option("--timeout", "Seconds to wait at most."):argname "<seconds>":convert(number(0, false)):default "300",
        command:option("--delay", "Seconds between two polls."):argname "<seconds>":convert(number(0.1, false)):default "2"
    end,
    examples = { 'ivs wait "$ARN"', 'ivs wait "$ARN" --timeout 60 && echo ready' } },
  { name = "whoami", usage = "[options]",
    summary = "Print which credentials are used, whose they are, and where each setting comes from.",
    add = function(command) return output_option(command, { "table", "json" }) end,
    examples = { "ivs whoami", "ivs whoami --profile video --output json" } },
  { name = "completion", usage = "(bash | zsh | fish)", summary = "Print a completion script for a shell.",
    add = function(command) command:argument("shell", "The shell."):choices(SHELLS) end,
    examples = { "ivs completion bash > ~/.local/share/bash-completion/completions/ivs",
      "ivs completion fish > ~/.config/fish/completions/ivs.fish" } },
}

local function epilog_of(row)
  local lines = { "Examples:" }
  for _, example in ipairs(row.examples) do lines[#lines + 1] = "  $ " .. example end
  return table.concat(lines, "\n")
end

local ROOT_EPILOG = [[
Exit status:
  0    success
  1    a check failed, or a state is CREATE_FAILED
  2    wrong usage, or an expectation that cannot be read
  3    a call failed
  130  Ctrl-C

Credentials and settings are those of every AWS tool: the environment,
~/.aws/config and ~/.aws/credentials. `ivs <command> --help` shows examples.]]

--- Builds the parser.
-- @treturn table of argparse
function parser.new()
  local root = argparse("ivs", "Amazon IVS recording configurations: print, list, check, wait for.")
  root:usage "Usage: ivs <command> [options]"
  root:help_max_width(80)
  root:command_target "command"
  root:require_command(false)
  add_common(root)
  for _, row in ipairs(COMMANDS) do
    local command = root:command(row.name, row.summary)
    command:summary(row.summary)
    command:usage(("Usage: ivs %s %s"):format(row.name, row.usage))
    local own = { row.add(command) }
    if #own > 0 then command:group("Options", unpack(own)) end
    add_common(command)
    command:epilog(epilog_of(row))
  end
  root:epilog(ROOT_EPILOG)
  return root
end

--- Parses a command line; ends the command if it is wrong.
-- @tab root of parser.new
-- @tab argv
-- @treturn table the arguments by name; `help` (the element whose help is wanted) or `version` where that was asked for
function parser.parse(root, argv)
  function root.error(_, message) status.stop(status.USAGE, message .. "; see: ivs --help") end
  local parsed, result = pcall(root.parse, root, argv)
  if parsed or getmetatable(result) == Ended then return result end
  error(result, 0)
end

return parser
