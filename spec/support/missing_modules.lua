--- Replaces the C modules of the specs and of busted that this Lua does not have: Debian builds them for Lua up to 5.4.
-- Implements the functions that they use with programs of the system (stat, openssl, expat in Python).
--
-- Invariant: existing modules are not replaced.

local shell = require "emulator.shell"

local PYTHON = "$(command -v /usr/bin/python3 || command -v python3) -IS"

-- Prints one event per line: its name and its text in hexadecimal. Names are those of Expat without name spaces.
local EXPAT = [[
import sys
from xml.parsers import expat
def event(name):
    return lambda text, *_: print(name, text.encode().hex() or "-")
parser = expat.ParserCreate()
parser.StartElementHandler = event("StartElement")
parser.EndElementHandler = event("EndElement")
parser.CharacterDataHandler = event("CharacterData")
try:
    parser.Parse(open(sys.argv[1], "rb").read(), True)
except expat.ExpatError:
    sys.exit(1)
]]

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

local function from_hex(text)
  return (text:gsub("%x%x", function(byte) return string.char(tonumber(byte, 16)) end))
end

--- The output and the exit status of a shell command; %s in it is a file with the text.
local function filter(text, command)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  local output, status = shell.run(command:format(shell.quote(path)))
  os.remove(path)
  return output, status
end

local STAT = { mode = "%F", uid = "%u" }

local function attributes(path, name)
  local text, status = shell.run(("LC_ALL=C stat -L -c %s -- %s 2>&1"):format(assert(STAT[name], name), shell.quote(path)))
  local value = text:gsub("\n$", "")
  if status ~= 0 then return nil, value end
  if name == "uid" then return tonumber(value) end
  return value:find "^regular" and "file" or value
end

local Parser = { __name = "ivs.spec.parser" }
Parser.__index = Parser

--- Collects the text until a call without text ends it, like lxp.
function Parser:parse(text)
  if text then
    self.text = self.text .. text
    return self
  end
  local output, status = filter(self.text, PYTHON .. " -c " .. shell.quote(EXPAT):gsub("%%", "%%%%") .. " %s")
  for name, hex in output:gmatch "(%S+) (%S+)\n" do self.callbacks[name](self, hex == "-" and "" or from_hex(hex)) end
  return status == 0 and self or nil
end

function Parser.close() end

local MODULES = {
  lfs = {
    attributes = attributes,
    currentdir = function() return os.getenv "PWD" end,
    chdir = function(path)
      if path == "." or path == "./" then return true end
      return nil, "this stand-in cannot change the directory"
    end,
  },
  lxp = { new = function(callbacks) return setmetatable({ text = "", callbacks = callbacks }, Parser) end },
  ["openssl.digest"] = {
    new = function(kind)
      return { final = function(_, text) return from_hex((filter(text, "openssl dgst -r -" .. kind .. " %s"):match "^%x+")) end }
    end,
  },
  ["openssl.hmac"] = {
    new = function(key, kind)
      local hex = key:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end)
      local command = "openssl dgst -r -" .. kind .. " -mac HMAC -macopt hexkey:" .. hex .. " %s"
      return { final = function(_, text) return from_hex((filter(text, command):match "^%x+")) end }
    end,
  },
  term = { isatty = function() return false end },
  system = {
    gettime = os.time,
    monotime = function() return tonumber(read("/proc/uptime"):match "^[%d.]+") end,
    sleep = function(seconds) os.execute("sleep " .. seconds) end,
  },
}

for name, functions in pairs(MODULES) do
  if not pcall(require, name) then package.loaded[name] = functions end
end
