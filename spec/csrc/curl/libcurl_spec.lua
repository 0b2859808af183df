--- The supported versions of libcurl: 7.68.0 and later, when the module is built and when it runs.

local interpreter = require "support.interpreter"
local shell = require "emulator.shell"

local SUPPORT = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$") .. "/../../support/"

describe("a libcurl before 7.68.0", function()
  local directory

  lazy_setup(function() directory = shell.run('mktemp -d "${TMPDIR:-/tmp}/ivs-libcurl.XXXXXX"'):match("^(%S+)\n$") end)
  lazy_teardown(function() shell.run("rm -rf -- " .. shell.quote(directory)) end)

  --- What the compiler says of csrc/curl/libcurl.h beside a curl.h of this version.
  local function compile(version)
    return shell.run(([[exec 2>&1
      mkdir -p %s/curl && echo '#define LIBCURL_VERSION_NUM %s' >%s/curl/curl.h
      ${CC:-cc} -std=c11 -fsyntax-only -I%s -x c csrc/curl/libcurl.h]]):format(directory, version, directory, directory))
  end

  it("does not compile, with a message that names the oldest supported version", function()
    local output, status = compile "0x074300"
    assert.not_equal(0, status)
    assert.truthy(output:find("ivs needs libcurl 7.68.0 or later", 1, true), output)
    assert.same({ "", 0 }, { compile "0x074400" })
  end)

  it("is an error of the call that names the version and the oldest supported one", function()
    local built, failed = shell.run(("exec 2>&1; cc -O1 -fPIC -shared -o %s/old.so %sold_libcurl.c"):format(
      shell.quote(directory), SUPPORT))
    assert(failed == 0, built)
    local output, status = interpreter.run([[
      local client = require "ivs".client { region = "us-west-2", env = {}, endpoint_url = "http://127.0.0.1:1",
        credentials = { access_key_id = "AKID", secret_access_key = "spec" } }
      local response, err = client:get_recording_configuration "arn"
      print(response, err.kind, err.code, err.attempts, err.message)]],
      { LD_PRELOAD = directory .. "/old.so", ASAN_OPTIONS = "verify_asan_link_order=0:detect_leaks=0" })
    assert.equal(0, status, output)
    local found, message = output:match("^(nil\tconfig\tInvalidConfigError\t%d)\t(.*)\n$")
    assert.truthy(found, output)
    assert.truthy(message:find("^libcurl 7%.67%.0 cannot be used .*ivs needs libcurl 7%.68%.0 or later"), message)
  end)
end)
