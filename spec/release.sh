#!/bin/sh
# Packs the rocks of a version into .build/release and tags it: make release VERSION=1.0.0 HOMEPAGE=https://…
#   VERSION   has to be the one of csrc/core/version.h, of a rockspec and of a section of CHANGELOG.md with a date
#   HOMEPAGE  takes the place of https://example.org/ivs in the rockspec; without it the rocks are a rehearsal and nothing is tagged
set -eu
cd "$(dirname "$0")/.."
version=${1:-}
placeholder=https://example.org/ivs
homepage=${HOMEPAGE:-$placeholder}
out=$PWD/.build/release rockspec=ivs-$version-1.rockspec

fail() {
  echo "release: $*" >&2
  exit 1
}

[ -n "$version" ] || fail "name the version: make release VERSION=1.0.0"
grep -q "^#define IVS_VERSION \"$version\"$" csrc/core/version.h || fail "csrc/core/version.h has another version than $version"
[ -f "$rockspec" ] || fail "$rockspec is missing"
grep -Eq "^## \[$version\] - [0-9]{4}-[0-9]{2}-[0-9]{2}$" CHANGELOG.md || fail "CHANGELOG.md has no section \"## [$version] - YYYY-MM-DD\""
[ -z "$(git status --porcelain)" ] || fail "commit your changes first"
if git rev-parse -q --verify "refs/tags/v$version" >/dev/null; then fail "the tag v$version exists"; fi

rm -rf "$out"
mkdir -p "$out"
sed "s|$placeholder|$homepage|" "$rockspec" >"$out/$rockspec"
luarocks lint "$out/$rockspec"
git archive --prefix="ivs-$version/" -o "$out/ivs-$version.tar.gz" HEAD

# A source rock is the rockspec and the archive that it names.
(cd "$out" && rm -f "ivs-$version-1.src.rock" && zip -q "ivs-$version-1.src.rock" "$rockspec" "ivs-$version.tar.gz")
luarocks --tree="$out/tree" install --deps-mode=none "$out/ivs-$version-1.src.rock" >"$out/log" 2>&1 || { cat "$out/log" >&2; exit 1; }
(cd "$out" && luarocks --tree="$out/tree" pack ivs "$version-1" >/dev/null)
rm -rf "$out/tree" "$out/log"

if [ "$homepage" = "$placeholder" ]; then
  echo "release: a rehearsal, without a tag: HOMEPAGE is not set" >&2
else
  git tag -a "v$version" -m "ivs $version"
fi
ls "$out"
