#!/bin/sh
# Runs the specs on each of the named Luas and ends with the line `N passed, N failed`.
#   BUILD   where the shared objects are (.build)
#   UNDER   `valgrind` or `sanitize`: run the interpreter under it
#   SPECS   what to run instead of all (spec)
set -u
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-.build} UNDER=${UNDER:-} SPECS=${SPECS:-spec}

# The specs say themselves what environment they want.
for name in $(env | sed -n 's/^\(AWS_[A-Za-z0-9_]*\)=.*/\1/p'); do unset "$name"; done
unset http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY all_proxy

case $UNDER in
  valgrind) run="valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite --suppressions=spec/valgrind.supp" ;;
  sanitize)
    run=""
    export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1 \
      LSAN_OPTIONS=suppressions=spec/lsan.supp:print_suppressions=0
    ;;
  *) run="" ;;
esac

passed=0 failed=0
report=$(mktemp) || exit 1
trap 'rm -f "$report"' EXIT
for lua in "$@"; do
  echo "== $lua ${UNDER:+under $UNDER}"
  program=$lua
  [ "$UNDER" != sanitize ] || program=$PWD/$BUILD/$lua/host
  # shellcheck disable=SC2086
  IVS_LUA=$program IVS_BUILD=$BUILD LUA_PATH="./lua/?.lua;./spec/?.lua;;" LUA_CPATH="./$BUILD/$lua/?.so;;" \
    timeout -k 10 "${SPEC_SECONDS:-2400}" $run "$program" /usr/bin/busted -o plainTerminal $SPECS >"$report" 2>&1
  status=$?
  cat "$report"
  counts=$(sed -n 's/^\([0-9]*\) success[a-z]* \/ \([0-9]*\) failure[a-z]* \/ \([0-9]*\) error.*/\1 \2 \3/p' "$report" | tail -1)
  if [ -z "$counts" ]; then
    echo "$lua: the specs did not come to their end (status $status)"
    failed=$((failed + 1))
    continue
  fi
  # shellcheck disable=SC2086
  set_counts() { passed=$((passed + $1)); failed=$((failed + $2 + $3)); bad=$(($2 + $3)); }
  # shellcheck disable=SC2086
  set_counts $counts
  if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
    echo "$lua: every spec passed, but the process ended with status $status"
    failed=$((failed + 1))
  fi
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
