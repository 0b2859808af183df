#!/bin/sh
# Which lines the specs run: prints the share of each C and Lua file and of all, then the lines of C that did not run.
# Builds into .build/coverage. Ends with 1 if less than 95 % of the lines of csrc ran.
#   SPECS   what to run instead of all (spec); spec/csrc/core/unit tests of C that are no specs are run by their spec
set -u
cd "$(dirname "$0")/.." || exit 1
out=$PWD/.build/coverage
make --no-print-directory B=.build/coverage LUAS=lua5.4 CFLAGS="-O0 -g --coverage" build >/dev/null || exit 1
find "$out" -name '*.gcda' -delete
rm -rf "$out/lines" "$out/missed-lua.txt"
mkdir -p "$out/lines"

IVS_LINES=$out/lines LUA_INIT_5_4=@$PWD/spec/support/line_counter.lua BUILD=.build/coverage UNDER=coverage sh spec/run.sh lua5.4 >"$out/specs.txt" 2>&1
echo "$(tail -1 "$out/specs.txt") (what is timed fails here: each line is counted); see $out/specs.txt"

# ---- C: gcov says "count:line:text"; ##### is a line that never ran. Objects of one source are put together. ----
find "$out" -name '*.gcda' | while read -r data; do
  gcov --stdout --object-file "$data" "$data" 2>/dev/null
done >"$out/gcov.txt"
awk -F: '
  $3 == "Source" { file = $4; sub(/^.*csrc\//, "csrc/", file); next }
  file !~ /^csrc\// { next }
  {
    ran = $1; line = $2 + 0; gsub(/[ *]/, "", ran)
    if (ran == "-" || line == 0) next
    key = file SUBSEP line
    if (!(key in text)) { all[file]++; text[key] = substr($0, index($0, $3)); order[++count] = key; hit[key] = 0 }
    if (ran !~ /^[#=]/ && !hit[key]) { hit[key] = 1; covered[file]++ }
  }
  END {
    for (file in all) { total += all[file]; reached += covered[file]; printf "%6.1f %%  %4d of %4d  %s\n", 100 * covered[file] / all[file], covered[file], all[file], file | "sort -k6" }
    close("sort -k6")
    printf "%6.1f %%  %4d of %4d  csrc\n", 100 * reached / total, reached, total
    for (i = 1; i <= count; i++) if (!hit[order[i]]) { split(order[i], part, SUBSEP); printf "%s:%d:%s\n", part[1], part[2], text[order[i]] > missed }
    exit reached / total < 0.95
  }' missed="$out/missed.txt" "$out/gcov.txt"
status=$?

# ---- Lua: the lines that luac has instructions for, but for the last one of a function, which is its implicit return.
# lua/resty runs inside nginx, where nothing counts. ----
cat "$out"/lines/* 2>/dev/null | sed 's|^.*\(lua/ivs/\)|\1|' | sort -u >"$out/ran.txt"
find lua/ivs -name '*.lua' | sort | while read -r file; do
  luac5.4 -l -p "$file" | awk -v file="$file" '
    /^(main|function) </ { line = "" }
    /^\t[0-9]+\t\[/ { if (line) print file, line; line = ""; if ($3 != "VARARGPREP") line = substr($2, 2, length($2) - 2) }
  ' | sort -u >"$out/active.txt"
  comm -13 "$out/ran.txt" "$out/active.txt" >>"$out/missed-lua.txt"
  echo "$(comm -12 "$out/ran.txt" "$out/active.txt" | wc -l) $(wc -l <"$out/active.txt") $file"
done | awk '
  { printf "%6.1f %%  %4d of %4d  %s\n", 100 * $1 / $2, $1, $2, $3; total += $2; reached += $1 }
  END { printf "%6.1f %%  %4d of %4d  lua/ivs\n", 100 * reached / total, reached, total }'

echo "lines of lua/ivs that did not run:"
sort -V "$out/missed-lua.txt" | while read -r file line; do echo "$file:$line:$(sed -n "${line}p" "$file")"; done
echo "lines of csrc that did not run:"
cat "$out/missed.txt" 2>/dev/null
exit "$status"
