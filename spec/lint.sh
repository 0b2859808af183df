#!/bin/sh
# What can be checked without running the module: warnings of gcc and clang, the format, the Lua, and the rules of spec/lint/.
set -u
cd "$(dirname "$0")/.." || exit 1
status=0
fail() { echo "lint: $*" >&2; status=1; }

make --no-print-directory build >/dev/null || fail "build"
for compiler in gcc clang; do
  make --no-print-directory B=.build/$compiler CC=$compiler WERROR=-Werror build >/dev/null || fail "$compiler"
done

clang-format --dry-run --Werror $(find csrc -name '*.[ch]') || fail "clang-format (make format corrects it)"
clang-tidy --quiet --warnings-as-errors='*' csrc/core/*.c csrc/curl/*.c -- -std=c11 -D_GNU_SOURCE -Icsrc 2>/dev/null || fail "clang-tidy"
luacheck -q lua spec examples docs bin/ivs .busted *.rockspec || fail "luacheck"

sh spec/lint/layers.sh || fail "a file includes what its layer must not"
sh spec/lint/names.sh || fail "a name of C does not say its file"
# lint_spec.lua has citations that are wrong on purpose.
find csrc lua spec examples docs .ci Makefile ./*.md -type f ! -path '*/seeds/*' ! -path '*/run/*' ! -name '*.pyc' ! -name lint_spec.lua |
  xargs lua5.4 spec/lint/citations.lua || fail "citations"

for object in .build/*/ivs.so .build/*/ivs/core.so; do
  case $object in .build/sanitize/*) continue ;; esac
  exported=$(nm -D --defined-only "$object" | awk '{print $3}' | grep -v '^luaopen_ivs\(_core\)\?$')
  [ -z "$exported" ] || fail "$object exports $exported"
done
ldd .build/lua5.4/ivs/core.so | grep -q libcurl && fail "ivs/core.so needs libcurl"
[ "$status" -eq 0 ] && echo "lint: clean"
exit "$status"
