--- TLS of the blocking driver: the server's certificate, the versions of TLS, client certificates, where authorities are
-- (docs/protocol.md, "TLS"). A refused certificate is kind `tls`, with the reason in the message, and is not retried.
--
-- Not for: handshakes that break or hang (hostile_connection_spec), TLS through proxies (proxy_spec).

local calls = require "support.hostile_calls"
local hostile_server = require "support.hostile_server"
local interpreter = require "support.interpreter"
local shell = require "emulator.shell"

local ANSWER = { { "request" }, { "send", calls.answer() }, { "hang" } }

describe("TLS", function()
  local before, server = calls.leftovers(), hostile_server.new { certificates = true }

  lazy_setup(function() server:start() end)
  lazy_teardown(function() server:stop() end)

  local function path(name) return server.directory .. "/" .. name end

  local function answer_with(certificate, options)
    local steps = { { "tls", certificate, options or { } }, ANSWER[1], ANSWER[2], ANSWER[3] }
    if not options then steps[1][3] = nil end
    return steps
  end

  local function options(more)
    local all = { tls = true, max_attempts = 3, connect_timeout = 5, read_timeout = 5 }
    for name, value in pairs(more or {}) do all[name] = value end
    return all
  end

  local function accept(steps, more)
    calls.expect(server, steps, { state = "ACTIVE" }, options(more))
  end

  --- Refused at the first attempt, with a reason (in words of libcurl's, which differ from one to the next), and without a
  -- request having been sent unless `sent`.
  local function refuse(steps, more, sent)
    calls.expect(server, steps, { "tls", "SSLError", attempts = 1,
      says = "^SSL validation failed for https://localhost:%d+/GetRecordingConfiguration [^ ]+" }, options(more))
    if not sent then assert.equal(0, #server:requests()) end
  end

  describe("a server's certificate", function()
    it("of our authority for the host is accepted", function() accept(answer_with "server") end)

    local WRONG = {
      { "for another host", "other_host" },
      { "that has expired", "expired" },
      { "signed by itself", "self_signed" },
      { "of an authority that is not there", "unknown" },
    }
    for _, case in ipairs(WRONG) do
      it(case[1] .. " is refused, with the reason", function() refuse(answer_with(case[2])) end)
      it(case[1] .. " is accepted if verify is false", function()
        accept(answer_with(case[2]), { verify = false })
        accept(answer_with(case[2]), { verify = false, ca_bundle = path "strangers.pem" })
      end)
    end

    it("of an authority that was taken out of the bundle is refused by a new client", function()
      local bundle = path "bundle.pem"
      shell.run(("cat %s %s >%s"):format(shell.quote(path "ca.pem"), shell.quote(path "strangers.pem"), shell.quote(bundle)))
      accept(answer_with "unknown", { ca_bundle = bundle })
      shell.run(("cat %s >%s"):format(shell.quote(path "ca.pem"), shell.quote(bundle)))
      refuse(answer_with "unknown", { ca_bundle = bundle })
    end)

    it("that is self-signed and in the bundle is accepted", function()
      accept(answer_with "self_signed", { ca_bundle = path "self_signed.pem" })
    end)
  end)

  describe("authorities", function()
    it("in a directory of hashed names are found", function()
      shell.run(("cd %s && mkdir authorities && cp ca.pem authorities && openssl rehash authorities"):format(
        shell.quote(server.directory)))
      accept(answer_with "server", { ca_bundle = path "authorities" })
      refuse(answer_with "unknown", { ca_bundle = path "authorities" })
    end)

    it("in an empty directory: none is trusted", function()
      shell.run("mkdir " .. shell.quote(path "empty"))
      refuse(answer_with "server", { ca_bundle = path "empty" })
    end)

    it("in an invalid or missing file: none is trusted, not even the system's", function()
      refuse(answer_with "server", { ca_bundle = path "tls.cnf" })
      refuse(answer_with "server", { ca_bundle = path "absent.pem" })
    end)

    it("of the system are used if none are configured", function()
      refuse(answer_with "server", { ca_bundle = false })
    end)

    it("in AWS_CA_BUNDLE are used", function()
      accept(answer_with "server", { ca_bundle = false, env = { AWS_CA_BUNDLE = server.ca_bundle } })
    end)
  end)

  describe("of a version", function()
    it("1.1 as the server's latest is refused", function()
      refuse(answer_with("server", { version = "TLSv1.1" }))
      refuse(answer_with("server", { version = "TLSv1.1" }), { verify = false })
    end)

    it("1.1 as the latest of an https proxy is refused", function()
      -- where OpenSSL itself would take it
      local settings = path "openssl.cnf"
      local file = assert(io.open(settings, "w"))
      file:write("openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nMinProtocol = TLSv1\n"
        .. "CipherString = DEFAULT@SECLEVEL=0\n")
      file:close()
      local outcomes = {}
      for _, version in ipairs { "TLSv1.1", "TLSv1.2" } do
        server:play(answer_with("server", { version = version }))
        local output = interpreter.run(([[
          local client = require "ivs".client { region = "us-west-2", env = {}, endpoint_url = "http://ivs.example", proxy = %q,
            ca_bundle = %q, max_attempts = 1, credentials = { access_key_id = "AKID", secret_access_key = "spec" } }
          local response, err = client:get_recording_configuration "arn"
          print(response and response.recordingConfiguration.state or err.code)]]):format(server.tls_url, server.ca_bundle),
          { OPENSSL_CONF = settings })
        outcomes[version] = output
      end
      assert.same({ ["TLSv1.1"] = "SSLError\n", ["TLSv1.2"] = "ACTIVE\n" }, outcomes)
    end)

    for _, version in ipairs { "TLSv1.2", "TLSv1.3" } do
      it(version .. " is accepted", function()
        accept(answer_with("server", { version = version }))
        for _, event in ipairs(server:record()) do
          if event.what == "handshake" then assert.equal(version, event.data) end
        end
      end)
    end
  end)

  for _, version in ipairs { "TLSv1.2", "TLSv1.3" } do
    describe("with a client's certificate, " .. version .. ",", function()
      local steps = answer_with("server", { version = version, client_ca = "ca.pem" })

      it("works", function()
        accept(steps, { client_cert = path "client.pem", client_key = path "client.key" })
      end)

      it("works with the key in the certificate's file", function()
        local both = path "both.pem"
        shell.run(("cat %s %s >%s"):format(shell.quote(path "client.pem"), shell.quote(path "client.key"), shell.quote(both)))
        accept(steps, { client_cert = both })
      end)

      it("is refused by the server without one", function() refuse(steps, nil, true) end)

      it("is refused by the server with one of another authority", function()
        refuse(steps, { client_cert = path "stranger.pem", client_key = path "stranger.key" }, true)
      end)

      it("fails if the files do not exist or do not match", function()
        refuse(steps, { client_cert = path "absent.pem", client_key = path "client.key" })
        refuse(steps, { client_cert = path "client.pem", client_key = path "absent.key" })
        refuse(steps, { client_cert = path "client.pem", client_key = path "stranger.key" })
        refuse(steps, { client_cert = path "tls.cnf", client_key = path "client.key" })
      end)
    end)
  end

  it("with an encrypted client key fails and asks for no pass phrase", function()
    local locked = path "locked.key"
    shell.run(("openssl ec -aes128 -passout pass:secret -in %s -out %s 2>/dev/null"):format(shell.quote(path "client.key"),
      shell.quote(locked)))
    server:play(answer_with("server", { client_ca = "ca.pem" }))
    local output = interpreter.run(([[
      local client = require "ivs".client { region = "us-west-2", env = {}, endpoint_url = %q, ca_bundle = %q, client_cert = %q,
        client_key = %q, credentials = { access_key_id = "AKID", secret_access_key = "spec" } }
      print(select(2, client:get_recording_configuration "arn").code)]]):format(server.tls_url, server.ca_bundle,
      path "client.pem", locked))
    assert.equal("SSLError\n", output)
  end)

  it("leaves no descriptor open and no child", function()
    server:stop()
    assert.equal(before, calls.leftovers())
  end)
end)
