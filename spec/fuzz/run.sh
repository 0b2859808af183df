#!/bin/sh
# Builds the fuzzers into .build/fuzz and runs each for so many seconds (20), as many at a time as there are processors.
# Prints a line for each; ends with 1 if one of them found something. What was found is left in .build/fuzz/findings.
#   FUZZERS   which ones (all)
set -u
cd "$(dirname "$0")/../.." || exit 1
seconds=${1:-20}
FUZZERS=${FUZZERS:-sigv4 uri response body ini http1 call}
out=.build/fuzz
rm -rf $out/obj # each object there is linked
mkdir -p $out/obj $out/findings

flags="-std=c11 -D_GNU_SOURCE -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined
  -fno-sanitize-recover=undefined -Wall -Wextra -Werror -Icsrc -Ispec/fuzz $(pkg-config --cflags lua5.4)"

# compile SOURCE OBJECT
compile() {
  # shellcheck disable=SC2086
  clang $flags -fsanitize=fuzzer-no-link -c -o "$2" "$1" || exit 1
}
for source in csrc/core/*.c csrc/lua/decode.c csrc/lua/objects.c csrc/lua/failure.c csrc/lua/protect.c; do
  compile "$source" "$out/obj/$(echo "$source" | tr / -).o" & # core and lua have files of one name
  [ $(($(jobs -p | wc -l) % $(nproc))) -ne 0 ] || wait
done
wait
for name in $FUZZERS; do
  # shellcheck disable=SC2046,SC2086
  clang $flags -fsanitize=fuzzer -o "$out/$name" "spec/fuzz/$name.c" $out/obj/*.o \
    $(pkg-config --libs lua5.4) -lcrypto -lm || exit 1
done

# Runs one and prints its line.
cat >$out/one.sh <<'EOF'
name=$1 seconds=$2 out=.build/fuzz
mkdir -p $out/corpus/$name
export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 LSAN_OPTIONS=suppressions=spec/lsan.supp:print_suppressions=0
export LUA_PATH='./lua/?.lua;;'
dictionary=spec/fuzz/seeds/$name.dict
[ -f "$dictionary" ] && dictionary=-dict=$dictionary || dictionary=-use_counters=1
$out/$name -max_total_time=$seconds -timeout=10 -rss_limit_mb=1024 -max_len=4096 -print_final_stats=1 -verbosity=1 \
  $dictionary -artifact_prefix=$out/findings/$name- $out/corpus/$name spec/fuzz/seeds/$name >$out/$name.log 2>&1
status=$?
executed=$(sed -n 's/^stat::number_of_executed_units: *//p' $out/$name.log)
if [ $status -eq 0 ]; then
  printf '%-10s %10s executions  0 findings\n' $name ${executed:-?}
else
  printf '%-10s %10s executions  1 finding (status %d): %s\n' $name ${executed:-?} $status \
    "$(grep -m1 -E 'ERROR|runtime error|broken:|assert' $out/$name.log)"
  exit 1
fi
EOF
# shellcheck disable=SC2086
printf '%s\n' $FUZZERS | xargs -P "$(nproc)" -I{} sh $out/one.sh {} "$seconds"
