#!/bin/sh
# Measures the goals of the design's performance table on two Luas and prints, for each, ours, the yardstick, their ratio
# and the goal. Both sides of a ratio run in turn in the same minute against the same server.
#   LUAS    the Luas to measure (lua5.4 luajit)
#   BENCH_RESTY_HTTP   the folder `lib` of lua-resty-http, where nginx does not find it anyway
#   BUILD   where the shared objects are (.build)
#   RUN     a command to run instead of the measuring, with the server up: a profiler on spec/bench/calls.lua
set -eu
cd "$(dirname "$0")/../.."
LUAS=${LUAS:-"lua5.4 luajit"} BUILD=${BUILD:-.build} CC=${CC:-cc}
here=spec/bench out=$BUILD/bench

for name in $(env | sed -n 's/^\(AWS_[A-Za-z0-9_]*\)=.*/\1/p'); do unset "$name"; done
unset http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY all_proxy

# ---- the yardsticks ----

flags="-O2 -g -std=c11 -D_GNU_SOURCE -fPIC -fvisibility=hidden -Wall -Wextra -Icsrc"
mkdir -p "$out"
# shellcheck disable=SC2086
{
  $CC $flags -o "$out/start" $here/start.c
  $CC $flags -o "$out/once" $here/once.c $here/bare.c -lcurl
  $CC -O2 -fPIC -shared -o "$out/system_authorities.so" spec/support/system_authorities.c -ldl
  for lua in $LUAS; do
    mkdir -p "$out/$lua"
    objects=$BUILD/$lua/obj
    $CC $flags $(pkg-config --cflags "$lua") -shared -o "$out/$lua/measure.so" $here/measure.c $here/signing.c $here/bare.c $here/bare_multi.c \
      "$BUILD"/obj/core/*.o "$objects/decode.o" "$objects/failure.o" "$objects/objects.o" "$objects/protect.o" -lcurl -lcrypto -lm
  done
}

# ---- the server, on a processor of its own where there are two ----

prefix=$(mktemp -d "${TMPDIR:-/tmp}/ivs-bench.XXXXXX")
pids=""
stop() {
  for pid in $pids; do kill "$pid" 2>/dev/null || true; done
  [ ! -s "$prefix/nginx.pid" ] || kill "$(cat "$prefix/nginx.pid")" 2>/dev/null || true
  rm -rf "$prefix"
}
trap stop EXIT
trap 'exit 130' INT TERM

on_server="" on_client=""
if command -v taskset >/dev/null 2>&1 && taskset -c 1 true 2>/dev/null; then
  on_server="taskset -c 1" on_client="taskset -c 0"
fi

mkdir "$prefix/tmp"
openssl req -x509 -days 30 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj "/CN=ivs benchmarks" \
  -addext "subjectAltName = IP:127.0.0.1, DNS:localhost" -keyout "$prefix/server.key" -out "$prefix/server.pem" 2>/dev/null
# The system's authorities and the server's, as a bundle and as a directory of hashed names.
authorities=$prefix/authorities
mkdir "$authorities" "$authorities/hashed"
cp -L /etc/ssl/certs/*.pem "$prefix/server.pem" "$authorities/hashed"
cat /etc/ssl/certs/ca-certificates.crt "$prefix/server.pem" >"$authorities/bundle.pem"
openssl rehash "$authorities/hashed"
user=""
[ "$(id -u)" != 0 ] || user="user root root;"
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
modules=""
for directory in /usr/lib/nginx/modules /usr/lib64/nginx/modules /usr/local/lib/nginx/modules; do
  [ ! -e $directory/ngx_http_lua_module.so ] ||
    modules="load_module $directory/ndk_http_module.so; load_module $directory/ngx_http_lua_module.so;"
done
attempts=5
while :; do
  port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000)) # below Linux's range for outgoing connections
  sed -e '/^#/d' -e "s/@USER@/$user/" -e "s|@MODULES@|$modules|" -e "s/@PORT@/$port/" -e "s|@BODY@|$(cat $here/body.json)|" \
    $here/nginx.conf >"$prefix/nginx.conf"
  $on_server nginx -e error.log -p "$prefix/" -c "$prefix/nginx.conf" 2>"$prefix/output" && break
  attempts=$((attempts - 1))
  [ $attempts -gt 0 ] || { cat "$prefix/output" >&2; exit 1; }
done
until [ -s "$prefix/nginx.pid" ]; do sleep 0.01; done

# ---- the measuring ----

export BENCH_URL="https://127.0.0.1:$port" BENCH_CA="$prefix/server.pem" BENCH_BODY="$here/body.json" \
  BENCH_START="$out/start" BENCH_ONCE="$out/once" BENCH_ON_SERVER="$on_server"
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_EC2_METADATA_DISABLED=true AWS_REGION=us-west-2 \
  AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY \
  AWS_ENDPOINT_URL_IVS="$BENCH_URL" AWS_CA_BUNDLE="$BENCH_CA"

# $1: the Lua; the rest: what it is to run
under() {
  lua=$1
  shift
  BENCH_LUA=$lua LUA_PATH="./lua/?.lua;./spec/?.lua;;" LUA_CPATH="./$BUILD/$lua/?.so;./$out/$lua/?.so;;" "$@"
}

for lua in $LUAS; do
  if [ -n "${RUN:-}" ]; then
    under "$lua" $on_client sh -c "$RUN"
    continue
  fi
  under "$lua" "$lua" -e "require('bench.common').print_heading('$lua')"
  under "$lua" $on_client "$lua" $here/ratios.lua
  under "$lua" $on_client "$lua" $here/batch.lua
  under "$lua" $on_client "$lua" $here/starts.lua
  # Both sides with the authorities that libcurl has by default; the preloaded library replaces Debian's.
  under "$lua" env -u AWS_CA_BUNDLE BENCH_CA= AWS_ENDPOINT_URL_IVS="$BENCH_URL/closing" BENCH_URL="$BENCH_URL/closing" \
    IVS_AUTHORITIES="$authorities" LD_PRELOAD="$(realpath "$out")/system_authorities.so" $on_client "$lua" $here/starts.lua system
done
[ -z "${RUN:-}" ] || exit 0

# nginx runs LuaJIT whatever Lua drives it.
under lua5.4 lua5.4 -e "require('bench.common').print_heading('nginx')"
under lua5.4 $on_client lua5.4 $here/worker.lua

# Not timed: the Luas side by side.
for lua in $LUAS; do
  under "$lua" "$lua" $here/growth.lua "$lua" &
  pids="$pids $!"
done
status=0
for pid in $pids; do wait "$pid" || status=1; done
pids=""
under lua5.4 $on_client lua5.4 $here/scaling.lua
exit $status
