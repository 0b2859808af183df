#!/bin/sh
# The main job, shown: a real HTTPS server, signed requests from the example script, nested tables, a mapped error.
set -eu
cd "$(dirname "$0")/.."
LUA=${LUA:-lua5.4}
export LUA_PATH="./lua/?.lua;./spec/?.lua;;" LUA_CPATH="./.build/$LUA/?.so;;"
script=examples/get_recording_configuration.lua

if [ "${1:-}" != inside ]; then
  for name in $(env | sed -n 's/^\(AWS_[A-Za-z0-9_]*\)=.*/\1/p'); do unset "$name"; done
  export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
  exec "$LUA" spec/emulator/run.lua -- sh spec/demo.sh inside
fi

arns=arn:aws:ivs:us-west-2:123456789012:recording-configuration
echo "The emulator answers at $AWS_ENDPOINT_URL_IVS and checks every signature."
printf '\n$ %s %s %s\n' "$LUA" "$script" "$arns/AbCdEf123456"
"$LUA" "$script" "$arns/AbCdEf123456"
printf '\n$ %s %s %s\n' "$LUA" "$script" "$arns/access-denied"
"$LUA" "$script" "$arns/access-denied" || [ $? = 3 ]
cat <<END

The same against AWS, with your own credentials (environment, profile, role, SSO, … as for any AWS tool):

  export LUA_PATH='$PWD/lua/?.lua;;' LUA_CPATH='$PWD/.build/$LUA/?.so;;'
  $LUA $script arn:aws:ivs:REGION:ACCOUNT:recording-configuration/ID
END
