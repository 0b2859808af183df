-- Runs the emulator from a shell: `lua spec/emulator/run.lua` until Ctrl-C or SIGTERM, and prints the variables to export; or
-- `lua spec/emulator/run.lua -- COMMAND ARGUMENT…` while the command runs, with these variables, and returns its exit status. The
-- emulator is stopped in both cases.

local here = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$") or "."
package.path = here .. "/../?.lua;" .. package.path

local server = require "emulator.server"
local shell = require "emulator.shell"
local store = require "emulator.store"

-- The user's settings that would override, or add to, the exported ones.
local UNSET = {
  "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
  "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT",
}

local EXAMPLES = {
  { store.configurations.complete.arn, "200, every member" },
  { store.configurations.minimal.arn, "200, the required members only" },
  { store.configurations.creating.arn, "200, CREATING" },
  { store.configurations.create_failed.arn, "200, CREATE_FAILED" },
  { store.arn "creating-3", "200, CREATING three times and then ACTIVE" },
  { store.arn "create-failing-3", "200, CREATING three times and then CREATE_FAILED" },
  { store.arn "slow-250", "200 after 250 ms" },
  { store.arn "flaky-2", "500 InternalServerException twice and then 200" },
  { store.arn "throttle-3-tps", "200, and 429 ThrottlingException above 3 a second" },
  { store.arn "throttled", "429 ThrottlingException" },
  { store.arn "access-denied", "403 AccessDeniedException" },
  { store.arn "internal-error", "500 InternalServerException" },
  { store.arn "unknown", "404 ResourceNotFoundException" },
}

-- Behind AWS_ENDPOINT_URL_IVS, for every call or for every list.
local ADDRESSES = {
  { "/answer/throttle-3-tps", "3 calls of an operation a second" },
  { "/answer/access-denied", "403 AccessDeniedException" },
  { "/answer/many-250", "a list of 250" },
  { "/answer/endless-1", "a list that repeats its token" },
}

local PROFILES = {
  { "video", "assumes a role" },
  { "denied", "assumes a role that nobody may assume" },
}

-- The exit status from os.execute, whose results are different since Lua 5.2.
local function exit_status(result, how, code)
  if type(result) == "number" then
    return result >= 256 and math.floor(result / 256) or result > 0 and 128 + result or 0
  end
  return how == "signal" and 128 + code or code
end

local function sorted_environment(emulator)
  local lines = {}
  for name, value in pairs(emulator:environment()) do
    lines[#lines + 1] = name .. "=" .. shell.quote(value)
  end
  table.sort(lines)
  return lines
end

local function run_command(emulator, command)
  local words = { "env" }
  for _, name in ipairs(UNSET) do
    words[#words + 1] = "-u " .. name
  end
  words[#words + 1] = table.concat(sorted_environment(emulator), " ")
  for _, word in ipairs(command) do
    words[#words + 1] = shell.quote(word)
  end
  return exit_status(os.execute(table.concat(words, " ")))
end

local function print_guide(emulator)
  print("unset " .. table.concat(UNSET, " "))
  for _, line in ipairs(sorted_environment(emulator)) do
    print("export " .. line)
  end
  print("\n# and the same without TLS is at " .. emulator.http_endpoint_url)
  print("# requests so far: " .. emulator.prefix .. "/requests.jsonl")
  for _, example in ipairs(EXAMPLES) do
    print(("# %s  %s"):format(example[1], example[2]))
  end
  for _, address in ipairs(ADDRESSES) do
    print(("# $AWS_ENDPOINT_URL_IVS%s  %s"):format(address[1], address[2]))
  end
  for _, profile in ipairs(PROFILES) do
    print(("# profile %s  %s"):format(profile[1], profile[2]))
  end
  print("# Ctrl-C ends it.")
  io.stdout:flush()
end

local function main(arguments)
  local emulator = server.start()
  local status = 0
  if arguments[1] == "--" then
    status = run_command(emulator, { (unpack or table.unpack)(arguments, 2) })
  else
    print_guide(emulator)
    -- Ctrl-C ends this shell, not us (os.execute ignores it meanwhile); SIGTERM ends us, and the guard the emulator.
    os.execute(("while kill -0 %d 2>/dev/null; do sleep 0.2; done"):format(emulator.pid))
  end
  emulator:stop()
  os.exit(status)
end

if #arg > 0 and (arg[1] ~= "--" or not arg[2]) then
  io.stderr:write("usage: run.lua [-- COMMAND [ARGUMENT...]]\n")
  os.exit(2)
end
main(arg)
