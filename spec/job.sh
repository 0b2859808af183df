#!/bin/sh
# Runs one spec file on one Lua for run.sh: job.sh REPORTS LUA FILE. Adds its counts to REPORTS/counts and prints, when it is done,
# one line; before that, if something failed, what busted wrote.
#   SPEC_SECONDS   limit of its time (1200)
set -u
reports=$1 lua=$2 file=$3
report=$(mktemp "$reports/XXXXXX") || exit 1

program=$lua under=""
case $UNDER in
  valgrind) under="valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite --suppressions=spec/valgrind.supp" ;;
  sanitize)
    program=$PWD/$BUILD/$lua/host
    export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1 \
      LSAN_OPTIONS=suppressions=spec/lsan.supp:print_suppressions=0
    ;;
esac

path="./lua/?.lua;./spec/?.lua;" cpath="./$BUILD/$lua/?.so;"
# busted is Debian's, which has folders for the Luas up to 5.4; C modules for a later one are where the caller's LUA_CPATH says.
# nginx reads LUA_CPATH, too, so the caller's goes into the variable of that Lua alone.
[ "$lua" != lua5.5 ] || export LUA_PATH_5_5="$path/usr/share/lua/5.4/?.lua;/usr/share/lua/5.4/?/init.lua;;" LUA_CPATH_5_5="$cpath${LUA_CPATH:-;}"
export LUA_PATH="$path;" LUA_CPATH="$cpath;" IVS_LUA="$program" IVS_BUILD="$BUILD"

begun=$(date +%s)
# shellcheck disable=SC2086
timeout --foreground -k 10 "${SPEC_SECONDS:-1200}" $under "$program" spec/runner.lua -o plainTerminal "$file" >"$report" 2>&1
status=$?
seconds=$(($(date +%s) - begun))

# busted's summary: "11 successes / 0 failures / 1 error / 2 pending : 0.43 seconds"
# shellcheck disable=SC2046
set -- $(sed -n 's/^\([0-9]*\) success[a-z]* \/ \([0-9]*\) failure[a-z]* \/ \([0-9]*\) errors* \/ \([0-9]*\) pending.*/\1 \2 \3 \4/p' "$report" | tail -1)
passed=${1:-0} failed=$((${2:-0} + ${3:-0})) pending=${4:-0} problem=""
if [ $# -eq 0 ]; then
  failed=1 problem=": did not come to its end (status $status)"
elif [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
  failed=1 problem=": every spec passed, but the process ended with status $status"
fi
[ "$pending" -eq 0 ] || problem=", $pending pending$problem"

{
  flock 9
  [ "$failed" -eq 0 ] || cat "$report"
  echo "$lua $file: $passed passed, $failed failed$problem ($seconds s)"
  echo "$passed $failed" >>"$reports/counts"
} 9>"$reports/lock"
