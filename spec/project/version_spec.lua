--- The version, which stands in csrc/core/version.h, is the same wherever else it has to be written.

local command = require "support.command"
local core = require "ivs.core"
local ivs = require "ivs"
local readme = require "support.readme"
local shell = require "emulator.shell"

local version = readme.text("csrc/core/version.h"):match '#define IVS_VERSION "(%d+%.%d+%.%d+)"'

--- What a rockspec, or dist.ini, says.
local function fields(file)
  local said = {}
  local chunk = assert((loadstring or load)(readme.text(file), "=" .. file)) -- luacheck: compat
  if setfenv then setfenv(chunk, said) else debug.setupvalue(chunk, 1, said) end -- luacheck: compat
  chunk()
  return said
end

describe("the version", function()
  it("is that of the modules and of the command", function()
    assert.same({ version, version }, { ivs._VERSION, core._VERSION })
    assert.equal("ivs " .. version .. "\n", command.run({ "--version" }).out)
  end)

  it("is that of the rockspec, its source, the manual page, opm's file and the newest section of the changelog", function()
    local rockspec = fields("ivs-" .. version .. "-1.rockspec")
    assert.equal(version .. "-1", rockspec.version)
    assert.truthy(rockspec.source.url:find("/ivs-" .. version .. ".tar.gz", 1, true))
    assert.truthy(readme.text("docs/ivs.1"):find(('\n.TH IVS 1 "%%d%%d%%d%%d%%-%%d%%d%%-%%d%%d" "ivs %s"'):format(version:gsub("%.", "%%."))))
    assert.equal(version, readme.text("dist.ini"):match "\nversion *= *(%S+)")
    assert.equal(version, readme.text("CHANGELOG.md"):match "\n## %[(%d[^%]]*)%] %- %d%d%d%d%-%d%d%-%d%d\n")
  end)

  it("is the only one of which there is a rockspec, and the development's differs in nothing but version and source", function()
    local specs = shell.run "ls *.rockspec"
    assert.equal(("ivs-%s-1.rockspec\nivs-scm-1.rockspec\n"):format(version), specs)
    local released, scm = fields("ivs-" .. version .. "-1.rockspec"), fields "ivs-scm-1.rockspec"
    released.version, released.source, scm.version, scm.source = nil, nil, nil, nil
    assert.same(released, scm)
  end)
end)
