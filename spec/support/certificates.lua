--- Certificates for the specs of TLS: EC P-256, created with the openssl command, valid for one day.
--
--     certificates.make(directory)  →  ca.pem, and NAME.pem with NAME.key for each of certificates.NAMES
--
-- Not for: the emulator's own certificate (emulator/server.lua).

local shell = require "emulator.shell"

local certificates = {}

--- The certificates: name to description.
certificates.NAMES = {
  server = "localhost, by our authority",
  other_host = "other.example, by our authority",
  expired = "localhost, by our authority, expired yesterday",
  self_signed = "localhost, by itself",
  unknown = "localhost, by an authority that nobody trusts",
  client = "a client, by our authority",
  stranger = "a client, by an authority that nobody trusts",
}

local SCRIPT = [[
set -e
cat >tls.cnf <<'END'
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[server]
subjectAltName = DNS:localhost, IP:127.0.0.1
extendedKeyUsage = serverAuth
[other]
subjectAltName = DNS:other.example
extendedKeyUsage = serverAuth
[client]
extendedKeyUsage = clientAuth
END
key="openssl req -config tls.cnf -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
for name in ca strangers; do
  $key -x509 -days 1 -extensions ca -subj "/CN=ivs spec $name" -keyout $name.key -out $name.pem
done
$key -x509 -days 1 -extensions server -subj /CN=localhost -keyout self_signed.key -out self_signed.pem
sign() { # name, section, authority, days
  $key -new -subj "/CN=$1" -keyout $1.key -out $1.csr
  openssl x509 -req -in $1.csr -CA $3.pem -CAkey $3.key -days $4 -extfile tls.cnf -extensions $2 -out $1.pem
}
sign server server ca 1
sign other_host other ca 1
sign expired server ca -1
sign unknown server strangers 1
sign client client ca 1
sign stranger client strangers 1
]]

--- Creates all of them in the directory.
function certificates.make(directory)
  local output, status = shell.run("exec 2>&1; cd " .. shell.quote(directory) .. " || exit\n" .. SCRIPT)
  assert(status == 0, "the certificates could not be made: " .. output)
end

return certificates
