#!/bin/sh
# Checks the names that a C file shows to other files, in the objects that BUILD holds (.build): in csrc/core and csrc/curl each begins
# with ivs_FILE_, in csrc/lua with ivs_lua_FILE_.
set -u
BUILD=${BUILD:-.build} LUA=${LUA:-lua5.4}
status=0

# Types that stand in a file with another name, and what Lua asks for.
is_excepted() {
  case $1:$2 in
    csrc/core/call.c:ivs_step_* | csrc/core/failure.c:ivs_kind_* | csrc/core/sigv4.c:ivs_signer_*) true ;;
    csrc/core/message.c:ivs_request_* | csrc/core/message.c:ivs_response_*) true ;;
    csrc/lua/blocking/ivs.c:luaopen_ivs | csrc/lua/driver/core.c:luaopen_ivs_core) true ;;
    *) false ;;
  esac
}

for source in csrc/core/*.c csrc/curl/*.c csrc/lua/*.c csrc/lua/*/*.c; do
  file=$(basename "$source" .c)
  case $source in
    csrc/lua/*) object=$BUILD/$LUA/obj/${source#csrc/lua/} prefix=ivs_lua_$file ;;
    *) object=$BUILD/obj/${source#csrc/} prefix=ivs_$file ;;
  esac
  symbols=$(nm -g --defined-only "${object%.c}.o") || { status=1; continue; }
  for name in $(echo "$symbols" | awk '{ print $3 }'); do
    case $name in "$prefix" | "$prefix"_* | __odr_asan*) continue ;; esac
    is_excepted "$source" "$name" || { echo "$source: $name has to begin with ${prefix}_" >&2; status=1; }
  done
done
exit "$status"
