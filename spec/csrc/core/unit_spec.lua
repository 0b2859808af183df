--- The core's functions called from C, for states that Lua cannot reach (spec/csrc/core/unit).

local shell = require "emulator.shell"

local BUILD = os.getenv "IVS_BUILD" or ".build"
local FLAGS = { sanitize = "-fsanitize=address,undefined -fno-sanitize-recover=undefined", coverage = "--coverage" }

-- Of the sources that exist: .build may hold the object of a file that has been renamed.
local OBJECTS = "$(for source in csrc/core/*.c; do echo %s/obj/core/$(basename $source .c).o; done)"

describe("the core in C", function()
  for _, name in ipairs { "core", "failure", "pace" } do
    it("passes its unit tests: " .. name .. ".c", function()
      local program = BUILD .. "/unit-" .. name
      local compile = "${CC:-cc} -std=c11 -D_GNU_SOURCE -g -Wall -Wextra -Werror -Icsrc " .. (FLAGS[os.getenv "UNDER"] or "")
      local output, status = shell.run(("exec 2>&1; %s -o %s spec/csrc/core/unit/%s.c " .. OBJECTS .. " -lcrypto -lm && %s")
        :format(compile, program, name, BUILD, program))
      assert.equal("", output)
      assert.equal(0, status)
    end)
  end
end)
