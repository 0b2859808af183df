--- Gets expected values from botocore.
--
-- A spec builds a list of cases, `oracle.run` passes them to one run of `spec/oracle/NAME.py`, and the spec compares the
-- results. So expected values never come from our own output. The script runs without AWS_* variables and without a home
-- directory, so that the machine's settings have no effect.
--
-- Invariants: the files are always removed; if the script fails, an error with its standard error is raised; only the path of
-- this file depends on the current directory. In one run of all specs (IVS_ORACLE_FOLDER, from run.sh) the script runs once for
-- the same cases, and all Luas share the results.
-- Not for: checks of timing, or anything that needs the network.

local cjson = require "cjson"

local json = cjson.new and cjson.new() or cjson -- the host's settings of cjson are not ours to use or change

local ROOT = debug.getinfo(1, "S").source:match("^@(.*)spec/support/oracle%.lua$")
assert(ROOT, "oracle.lua must be loaded from its file, spec/support/oracle.lua")

local CANDIDATES = { "/usr/bin/python3", "python3" } -- Debian's python3-botocore is only seen by the first

local ENVIRONMENT = "env -i LC_ALL=C.UTF-8 HOME=/nonexistent PYTHONDONTWRITEBYTECODE=1 "

local oracle = {}

local function quote(word)
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

--- os.execute returns the exit status in Lua 5.1, true or nil in later versions.
local function execute(command)
  local answer = os.execute(command)
  return answer == true or answer == 0
end

local function read_file(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local function write_file(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local function continuation_bits(bytes, lead_bits)
  local code = lead_bits
  for index = 2, #bytes do
    code = code * 64 + bytes:byte(index) % 64
  end
  return code
end

--- One UTF-8 sequence as the JSON escape of its code point (a surrogate pair outside the BMP).
local function escape_sequence(bytes)
  local lead = bytes:byte()
  local length = lead < 224 and 2 or lead < 240 and 3 or 4
  assert(lead >= 194 and lead <= 244 and #bytes == length, "a case holds text that is not UTF-8")
  local code = continuation_bits(bytes, lead % (length == 2 and 32 or length == 3 and 16 or 8))
  if code < 65536 then
    return ("\\u%04x"):format(code)
  end
  code = code - 65536
  return ("\\u%04x\\u%04x"):format(55296 + math.floor(code / 1024), 56320 + code % 1024)
end

--- JSON in ASCII only, so that the result does not depend on the locale.
local function encode(value)
  return (json.encode(value):gsub("[\128-\255][\128-\191]*", escape_sequence))
end

local interpreter

--- A Python that can import botocore: Debian's, else the first one in PATH.
-- @treturn string its path
function oracle.python()
  for _, candidate in ipairs(CANDIDATES) do
    if interpreter then
      break
    end
    local pipe = io.popen(candidate .. " -c 'import botocore, sys; print(sys.executable)' 2>/dev/null")
    interpreter = pipe:read("*l")
    pipe:close()
  end
  return interpreter or error("no python3 can import botocore (Debian: apt-get install python3-botocore)", 2)
end

--- Runs `spec/oracle/NAME.py` once over all cases.
-- @string name the script
-- @tparam table cases a list; strings in UTF-8, numbers of at most 14 digits
-- @treturn table the list of results, in the order of the cases
function oracle.run(name, cases)
  local python = oracle.python()
  local script = ROOT .. "spec/oracle/" .. name .. ".py"
  local input, output, errors = os.tmpname(), os.tmpname(), os.tmpname()
  local fine, results = pcall(function()
    write_file(input, encode(cases))
    local command = table.concat({ quote(python), quote(script), quote(input), quote(output) }, " ")
    local folder = os.getenv "IVS_ORACLE_FOLDER"
    if folder then
      command = table.concat({ quote(python), "-IS", quote(ROOT .. "spec/oracle/once.py"), quote(folder), command }, " ")
    end
    command = ENVIRONMENT .. command
    if not execute(command .. " 2>" .. quote(errors)) then
      error(script .. " failed:\n" .. read_file(errors), 0)
    end
    return json.decode(read_file(output))
  end)
  os.remove(input)
  os.remove(output)
  os.remove(errors)
  if not fine then
    error(results, 2)
  end
  assert(#results == #cases, name .. ".py answered " .. #results .. " of " .. #cases .. " cases")
  return results
end

return oracle
