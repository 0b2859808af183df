#!/bin/sh
# What can be checked without running: clang's warnings beside gcc's, the formatting, the Lua, the arrows between the layers.
set -u
cd "$(dirname "$0")/.." || exit 1
status=0
fail() { echo "lint: $*" >&2; status=1; }

make --no-print-directory build >/dev/null || fail "build"
for compiler in gcc clang; do
  make --no-print-directory B=.build/$compiler CC=$compiler WERROR=-Werror build >/dev/null || fail "$compiler"
done

clang-format --dry-run --Werror $(find csrc -name '*.[ch]') || fail "clang-format (make format mends it)"
clang-tidy --quiet --warnings-as-errors='*' csrc/core/*.c csrc/curl/*.c -- -std=c11 -D_GNU_SOURCE -Icsrc 2>/dev/null || fail "clang-tidy"
luacheck -q lua spec examples *.rockspec || fail "luacheck"

# csrc/core includes neither Lua nor curl, csrc/curl no Lua; the preprocessor says what was really included.
includes() { gcc -std=c11 -D_GNU_SOURCE -Icsrc -M "csrc/$1"/*.c | tr ' ' '\n' | grep -E "(^|/)($2)\.h$"; }
includes core 'lua|lauxlib|luaconf|curl|csrc/curl/.*|csrc/lua/.*' && fail "csrc/core includes what it must not"
includes curl 'lua|lauxlib|luaconf|csrc/lua/.*' && fail "csrc/curl includes what it must not"

for object in .build/*/ivs.so .build/*/ivs/core.so; do
  case $object in .build/sanitize/*) continue ;; esac
  exported=$(nm -D --defined-only "$object" | awk '{print $3}' | grep -v '^luaopen_ivs\(_core\)\?$')
  [ -z "$exported" ] || fail "$object exports $exported"
done
ldd .build/lua5.4/ivs/core.so | grep -q libcurl && fail "ivs/core.so needs libcurl"
[ "$status" -eq 0 ] && echo "lint: clean"
exit "$status"
