--- The certificate authorities of the blocking driver, in each way to read them: a hashed directory of the system, a bundle of
-- the system, a bundle of the user, and libcurl's own reading. The decision about a certificate is the same in all; how often the
-- bundle is read is not. The system's authorities are replaced by those of support/system_authorities.c.
--
-- Not for: versions, client certificates (tls_spec), nginx.

local hostile_server = require "support.hostile_server"
local interpreter = require "support.interpreter"
local shell = require "emulator.shell"

local SUPPORT = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$") .. "/../../support/"
-- A configuration and, for the container source, credentials.
local BODY = '{"recordingConfiguration":{"state":"ACTIVE"},"AccessKeyId":"AKID","SecretAccessKey":"spec","Token":"token",'
  .. '"Expiration":"2100-01-01T00:00:00Z"}'
local ANSWER = { { "request" },
  { "send", ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"):format(#BODY, BODY) }, { "close" } }

describe("certificate authorities", function()
  local server, authorities, library

  lazy_setup(function()
    server = hostile_server.new { certificates = true }
    server:start()
    library = server.directory .. "/system_authorities.so"
    local output, failed = shell.run(("exec 2>&1; ${CC:-cc} -O1 -fPIC -shared -o %s %ssystem_authorities.c -ldl"):format(
      shell.quote(library), SUPPORT))
    assert(failed == 0, output)
    authorities = server.directory .. "/system"
  end)
  lazy_teardown(function() server:stop() end)

  --- Makes the system's authorities.
  -- @string bundle names of the authorities in the bundle
  -- @string[opt] hashed names of those in the directory; nil: there is no directory
  local function make(bundle, hashed)
    local script = ("exec 2>&1; cd %s && rm -rf system && mkdir system || exit\n"):format(shell.quote(server.directory))
    script = script .. ("cat %s >system/bundle.pem\n"):format((bundle:gsub("%S+", "%0.pem")))
    if hashed then
      script = script .. ("mkdir system/hashed && cp %s system/hashed && openssl rehash system/hashed"):format(
        (hashed:gsub("%S+", "%0.pem")))
    end
    local output, status = shell.run(script)
    assert(status == 0, output)
  end

  --- How often the bundle was opened since `make`.
  local function opened()
    local file = io.open(authorities .. "/opened")
    local text = file and file:read "*a" or ""
    if file then file:close() end
    return #text
  end

  --- Runs a script with `connect(more)`, which makes a client, and `call(client)`, which prints the state or the error's kind and
  -- code.
  local function run(script, bundle, variables)
    local all = { LD_PRELOAD = library, IVS_AUTHORITIES = authorities,
      ASAN_OPTIONS = "verify_asan_link_order=0:detect_leaks=0" }
    for name, value in pairs(variables or {}) do all[name] = value end
    local output, status = interpreter.run(([[
      local ivs = require "ivs"
      local function connect(more)
        local options = { region = "us-west-2", env = {}, endpoint_url = %q, ca_bundle = %s, connect_timeout = 30,
          credentials = { access_key_id = "AKID", secret_access_key = "spec" } }
        for name, value in pairs(more or {}) do options[name] = value end
        return assert(ivs.client(options))
      end
      local function call(client)
        local response, err = client:get_recording_configuration "arn"
        print(response and response.recordingConfiguration.state or err.kind .. " " .. err.code .. " " .. err.attempts)
      end
      ]]):format(server.tls_url, bundle and ("%q"):format(bundle) or "nil") .. script, all)
    assert.equal(0, status, output)
    return output
  end

  local function serve(certificate) server:play { { "tls", certificate }, ANSWER[1], ANSWER[2], ANSWER[3] } end

  local function call_once(certificate, bundle, variables)
    serve(certificate)
    return run("call(connect())", bundle, variables)
  end

  local REFUSED = "tls SSLError 1\n"
  local WAYS = {
    { "in the system's directory and bundle", hashed = "ca" },
    { "in the system's bundle" },
    { "in a bundle of the user", is_users = true },
    { "read by libcurl itself, the system's", variables = { IVS_HIDE_LIBCURL = "1" } },
    { "read by libcurl itself, the user's", is_users = true, variables = { IVS_HIDE_LIBCURL = "1" } },
  }
  for _, way in ipairs(WAYS) do
    describe(way[1], function()
      local function call(certificate)
        return call_once(certificate, way.is_users and authorities .. "/bundle.pem", way.variables)
      end

      before_each(function() make("ca", way.hashed) end)

      it("vouch for their certificate", function() assert.equal("ACTIVE\n", call "server") end)
      for _, name in ipairs { "other_host", "expired", "self_signed", "unknown" } do
        it("refuse the certificate " .. name .. " at the first attempt, with no request", function()
          assert.equal(REFUSED, call(name))
          assert.same({}, server:requests())
        end)
      end

      it("vouch for a certificate whose authority is only in the bundle", function()
        make("ca strangers", way.hashed)
        assert.equal("ACTIVE\n", call "unknown")
        assert.equal(1, #server:requests())
      end)

      it("accept an intermediate or server certificate that is trusted itself", function()
        make("server", way.hashed and "server")
        assert.equal("ACTIVE\n", call "server")
      end)

      it("do not matter if verify is false", function()
        serve "unknown"
        assert.equal("ACTIVE\n", run("call(connect { verify = false })", way.is_users and authorities .. "/bundle.pem",
          way.variables))
      end)
    end)
  end

  it("in a directory of the user vouch alone: those of the system's bundle do not", function()
    make "ca strangers"
    local own = server.directory .. "/own"
    local output, status = shell.run(("exec 2>&1; cd %s && rm -rf own && mkdir own && cp ca.pem own && openssl rehash own")
      :format(shell.quote(server.directory)))
    assert(status == 0, output)
    assert.equal("ACTIVE\n", call_once("server", own))
    assert.equal(REFUSED, call_once("unknown", own))
    assert.equal(REFUSED, call_once("unknown", own, { IVS_HIDE_LIBCURL = "1" }))
    shell.run(("rm -f %s/own/*"):format(shell.quote(server.directory)))
    assert.truthy(call_once("unknown", own):find "^tls SSLError ")
  end)

  it("only in the system's directory vouch, too", function()
    make("strangers", "ca")
    assert.equal("ACTIVE\n", call_once "server")
  end)

  it("are used for a credential source, too: one only in the bundle", function()
    make("ca strangers", "ca")
    serve "unknown"
    assert.equal("ACTIVE\n", run(([[
      local client = assert(ivs.client { region = "us-west-2", endpoint_url = %q, connect_timeout = 30,
        env = { AWS_CONTAINER_CREDENTIALS_FULL_URI = %q } })
      call(client)]]):format(server.tls_url, server.tls_url .. "/keys")))
  end)

  describe("are read", function()
    --- The path of the libcurl that is used.
    local function libcurl()
      for directory in package.cpath:gmatch "([^;]+)/%?%.so" do
        local output = shell.run("ldd " .. shell.quote(directory .. "/ivs.so") .. " 2>/dev/null")
        local path = output:match "libcurl%.so[.%d]* => (%S+)"
        if path then return path end
      end
    end

    --- Debian's libcurl was built with a bundle and a directory.
    local function is_debians() return libcurl():find "^/u?s?r?/?lib/" ~= nil end

    --- Whether it tells its own bundle: since 7.70.
    local function tells_defaults()
      local major, minor = shell.run("grep -aoE 'libcurl/[0-9]+[.][0-9]+' " .. shell.quote(libcurl())):match "libcurl/(%d+)%.(%d+)"
      return tonumber(major) > 7 or tonumber(minor) >= 70
    end

    local TWO_CLIENTS = "local a, b = connect(), connect() call(a) call(a) call(b) call(b)"
    local FOUR = ("ACTIVE\n"):rep(4)

    it("from the directory alone if it has what is needed", function()
      if not is_debians() then return pending "this libcurl may know no directory" end
      make("ca", "ca")
      serve "server"
      assert.equal(FOUR, run(TWO_CLIENTS))
      assert.equal(0, opened())
    end)

    it("from the system's bundle once for all connections of all clients", function()
      if not tells_defaults() then return pending "this libcurl does not tell its bundle, so it reads it for each connection" end
      make "ca"
      serve "server"
      assert.equal(FOUR, run(TWO_CLIENTS))
      assert.equal(1, opened())
    end)

    it("from the user's bundle once for all connections of all clients", function()
      make "ca"
      serve "server"
      assert.equal(FOUR, run(TWO_CLIENTS, authorities .. "/bundle.pem"))
      assert.equal(1, opened())
    end)

    it("by a forked process for itself", function()
      if not rawget(_G, "jit") then return end -- only LuaJIT has a fork at hand
      make "ca"
      serve "server"
      assert.equal("ACTIVE\nACTIVE\nACTIVE\n", run([[
        io.stdout:setvbuf "no"
        local ffi = require "ffi"
        ffi.cdef "int fork(void); int waitpid(int, int *, int); void _exit(int);"
        local client = connect()
        call(client)
        local child = ffi.C.fork()
        if child == 0 then
          call(client)
          ffi.C._exit(0)
        end
        ffi.C.waitpid(child, nil, 0)
        call(client)]], authorities .. "/bundle.pem"))
      assert.equal(2, opened())
    end)

    it("by libcurl itself for each client if its libssl cannot be found", function()
      make "ca"
      serve "server"
      assert.equal(FOUR, run(TWO_CLIENTS, authorities .. "/bundle.pem", { IVS_HIDE_LIBCURL = "1" }))
      assert.is_true(opened() >= 2)
    end)

    it("from the bundle at once after a certificate needed it", function()
      if not is_debians() then return pending "this libcurl may know no directory" end
      make("strangers", "ca")
      serve "unknown"
      assert.equal("ACTIVE\nACTIVE\n", run "local client = connect() call(client) call(client)")
      assert.same({ 1, 3 }, { opened(), server:connections() })
    end)

    it("again by a new client if the bundle has changed", function()
      make "strangers"
      serve "server"
      assert.equal(REFUSED .. "ACTIVE\n", run(([[
        call(connect())
        os.execute "cat %s/ca.pem >%s/bundle.pem"
        call(connect())]]):format(server.directory, authorities), authorities .. "/bundle.pem"))
    end)

    it("not from a bundle that is gone or invalid, with an error that names it", function()
      serve "server"
      for _, name in ipairs { "/absent.pem", "/server.key" } do
        local output = run([[print(select(2, connect():get_recording_configuration "arn").message)]], server.directory .. name)
        assert.truthy(output:find("SSL validation failed", 1, true) and output:find(server.directory .. name, 1, true), output)
      end
    end)
  end)
end)
