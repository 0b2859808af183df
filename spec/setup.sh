#!/bin/sh
# Installs those of the named Debian packages that are missing. Needs root (or sudo) only if there are any. Services that come with
# them (nginx, redis, tinyproxy) are stopped and disabled: the specs and the emulator start their own.
set -eu

missing=""
for package in "$@"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing="$missing $package"
done
# A bare chroot has no /etc/hosts, and the specs call servers on localhost.
getent hosts localhost >/dev/null ||
  echo "localhost does not resolve: add the line '127.0.0.1 localhost' to /etc/hosts" >&2
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
  as_root=""
elif command -v sudo >/dev/null 2>&1; then
  as_root="sudo"
else
  echo "These Debian packages are missing; install them as root, then run this again:" >&2
  echo "  apt-get install --no-install-recommends$missing" >&2
  exit 1
fi
echo "installing:$missing"
$as_root apt-get update -q >/dev/null

# The services that packages have brought, a name a line.
services() { { cd /etc/init.d && ls; } 2>/dev/null; }
before=$(services)
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing >/dev/null

for service in $(services); do
  if ! echo "$before" | grep -qxF "$service"; then
    $as_root invoke-rc.d "$service" stop >/dev/null 2>&1 || true
    $as_root update-rc.d "$service" disable >/dev/null 2>&1 || true # the unit of systemd, too
  fi
done
