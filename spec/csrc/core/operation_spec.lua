--- The rows of the service's operations, compared with botocore's model of the service (spec/oracle/operation.py), and what a row
-- decides about a call (spec/csrc/core/unit/operation.c).

local json = require("cjson").new()
local oracle = require "support.oracle"
local shell = require "emulator.shell"

local BUILD = os.getenv "IVS_BUILD" or ".build"
local FLAGS = { sanitize = "-fsanitize=address,undefined -fno-sanitize-recover=undefined", coverage = "--coverage" }
local NAMES = { "GetRecordingConfiguration", "ListRecordingConfigurations" }

--- Every node of the model is in the row with the same type. The model may be older and lack members.
local function assert_includes(node, model, path)
  assert.equal(model.type, node and node.type, path)
  if model.element then assert_includes(node.element, model.element, path .. "[]") end
  for name, member in pairs(model.members or {}) do assert_includes(node.members[name], member, path .. "." .. name) end
end

-- Of the sources that exist: .build may hold the object of a file that has been renamed.
local OBJECTS = "$(for source in csrc/core/*.c; do echo %s/obj/core/$(basename $source .c).o; done)"

describe("a row of an operation", function()
  local rows, models

  setup(function()
    local program = BUILD .. "/unit-operation"
    local compile = "${CC:-cc} -std=c11 -D_GNU_SOURCE -g -Wall -Wextra -Werror -Icsrc " .. (FLAGS[os.getenv "UNDER"] or "")
    local output, status = shell.run(("exec 2>&1; %s -o %s spec/csrc/core/unit/operation.c " .. OBJECTS .. " -lcrypto -lm && %s %s")
      :format(compile, program, BUILD, program, table.concat(NAMES, " ")))
    assert(status == 0, output)
    rows = json.decode(output)
    models = oracle.run("operation", NAMES)
  end)

  for at, name in ipairs(NAMES) do
    it("has the name, path, signing service, input and errors of botocore's model: " .. name, function()
      local row, model = rows[at], models[at]
      for _, member in ipairs { "name", "method", "path", "signing_service", "parameters", "errors" } do
        assert.same(model[member], row[member])
      end
    end)

    it("has an output shape that includes that of botocore's model: " .. name, function()
      assert_includes(rows[at].output, models[at].output, name)
    end)
  end
end)
