#!/bin/sh
# Checks what each folder of csrc/ includes, by the preprocessor's own list, directly or through another header:
#
#   csrc/core           neither Lua nor libcurl nor another folder of csrc
#   csrc/curl           neither Lua nor csrc/lua
#   csrc/lua            neither libcurl nor csrc/curl nor the folders below csrc/lua
#   csrc/lua/blocking   not csrc/lua/driver
#   csrc/lua/driver     neither libcurl nor csrc/curl nor csrc/lua/blocking
set -u
status=0

# $1: a folder; $2: what it must not include, a regular expression for paths without .h
check() {
  # shellcheck disable=SC2046,SC2086
  for source in "$1"/*.c; do
    dependencies=$(gcc -std=c11 -D_GNU_SOURCE -Icsrc $(pkg-config --cflags lua5.4) -M "$source") || { status=1; continue; }
    wrong=$(printf '%s' "$dependencies" | tr -s ' \\\n' '\n' | grep -E "(^|/)($2)\.h$" | tr '\n' ' ')
    [ -z "$wrong" ] || { echo "$source: includes ${wrong}which its layer must not" >&2; status=1; }
  done
}

lua='lua|lauxlib|luaconf|lualib' libcurl='curl/[a-z]+|csrc/curl/.*'
check csrc/core "$lua|$libcurl|csrc/lua/.*"
check csrc/curl "$lua|csrc/lua/.*"
check csrc/lua "$libcurl|csrc/lua/[a-z]+/.*"
check csrc/lua/blocking "csrc/lua/driver/.*"
check csrc/lua/driver "$libcurl|csrc/lua/blocking/.*"
exit "$status"
