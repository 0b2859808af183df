#!/bin/sh
# Runs the spec files on each of the named Luas, several at a time, and ends with the line `N passed, N failed`. Files that test
# no code of the Lua that runs them (nginx has a LuaJIT of its own) run once, on lua5.4 or else the first Lua.
#   BUILD   where the shared objects are (.build)
#   UNDER   `valgrind` or `sanitize`: run the interpreter under it
#   SPECS   files or directories to run instead of all (spec)
#   JOBS    how many run at a time (4 for each processor: they wait most of the time; 1 for each under valgrind)
set -u
cd "$(dirname "$0")/.." || exit 1
export BUILD="${BUILD:-.build}" UNDER="${UNDER:-}"
case $UNDER in valgrind) per_processor=1 ;; *) per_processor=4 ;; esac
JOBS=${JOBS:-$(($(nproc) * per_processor))}

# Each spec sets the environment that it needs.
for name in $(env | sed -n 's/^\(AWS_[A-Za-z0-9_]*\)=.*/\1/p'); do unset "$name"; done
unset http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY all_proxy

runs_once() {
  case $1 in
    spec/lua/resty/* | spec/emulator/with_botocore_spec.lua | spec/emulator/signature_spec.lua | spec/project/examples_spec.lua) true ;;
    spec/emulator/list_spec.lua | spec/emulator/server_spec.lua | spec/emulator/sts_spec.lua | spec/project/makefile_spec.lua) true ;;
    spec/project/lint_spec.lua | spec/project/rock_spec.lua | spec/project/runner_spec.lua) true ;;
    spec/csrc/core/unit_spec.lua | spec/csrc/core/operation_spec.lua) true ;;
    *) false ;;
  esac
}

case " $* " in *" lua5.4 "*) once=lua5.4 ;; *) once=$1 ;; esac
# shellcheck disable=SC2086
files=$(find ${SPECS:-spec} -name '*_spec.lua' | sort) || exit 1
reports=$(mktemp -d) || exit 1
trap 'rm -rf "$reports"' EXIT
: >"$reports/counts"
export IVS_ORACLE_FOLDER="$reports/oracle"
mkdir "$IVS_ORACLE_FOLDER"

# The longest begin first, so that no processor is idle while the last of them runs.
rank() {
  case $1 in
    */memory_spec.lua | */resty/redis_spec.lua | */retries_botocore_spec.lua | */resty/cache_stale_spec.lua) echo 1 ;;
    */instance_spec.lua | */matrix_spec.lua | */resty/cache_spec.lua | */redis_*_spec.lua | */worker_spec.lua) echo 2 ;;
    */timeout_spec.lua | */background_spec.lua | */rock_spec.lua | */examples_spec.lua | */refresh_spec.lua | */files*_spec.lua) echo 3 ;;
    *) echo 4 ;;
  esac
}

for file in $files; do
  if runs_once "$file"; then
    echo "$(rank "$file") $once $file"
  else
    for lua in "$@"; do echo "$(rank "$file") $lua $file"; done
  fi
done | sort -s -n -k 1,1 | cut -d ' ' -f 2- | xargs -P "$JOBS" -L 1 sh spec/job.sh "$reports"

# Each job has added a line `PASSED FAILED` here.
awk '{ passed += $1; failed += $2 } END { printf "%d passed, %d failed\n", passed, failed; exit failed > 0 || passed == 0 }' \
  "$reports/counts"
