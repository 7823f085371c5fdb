#!/usr/bin/env bash
# Builds a folder with Debian, Home Assistant Core and Mosquitto, in which tests run the real thing.
#
#   tests/real_home_assistant/build.sh [ROOT]     (HOME_ASSISTANT_ROOT, else build/home-assistant/root)
#
# Needs root and mmdebstrap (installed here where apt-get can).  About three minutes; a root that
# was finished before is taken as it is.  It holds no mount: each process mounts what it needs in a
# namespace of its own, so removing the folder is safe at any time.
set -euo pipefail
cd "$(dirname "$0")/../.."

version=2026.11.0
root=$(realpath -m "${1:-${HOME_ASSISTANT_ROOT:-build/home-assistant/root}}")
finished=$root/opt/home-assistant.$version
# Integrations whose requirements Core would otherwise fetch at its first start.
integrations=(config energy hassio history mqtt recorder stream template)

mkdir -p "$(dirname "$root")"
exec 9>"$root.lock" && flock 9  # two tests may want it at once
if [ -e "$finished" ]; then
  echo "$root: Home Assistant Core $version is there"
  exit
fi

[ "$(id -u)" = 0 ] || { echo "needs root: a folder becomes the file system of processes" >&2; exit 3; }
if ! command -v mmdebstrap >/dev/null; then
  command -v apt-get >/dev/null || { echo "needs mmdebstrap" >&2; exit 3; }
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mmdebstrap; } \
    >/dev/null || { echo "needs mmdebstrap, which could not be installed" >&2; exit 3; }
fi

rm -rf "$root"
# forky has Python 3.14, which Core needs.  A mirror may hold an old release file: its signature is
# checked all the same.
mmdebstrap --quiet --variant=minbase --aptopt='Acquire::Check-Valid-Until "false"' \
  --include=python3,python3-venv,python3-dev,ca-certificates,mosquitto,gcc,g++,libc6-dev \
  forky "$root"

# The host's way to the package index holds inside as well: its resolver, its certificates and its
# settings for pip.
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
inside() { tests/real_home_assistant/inside.sh "$root" env --unset=PIP_FIND_LINKS "$@"; }

inside python3 -m venv /opt/ha
inside /opt/ha/bin/pip install --quiet uv
# uv, because pip's search for versions that fit takes ten minutes here.
install() { inside /opt/ha/bin/uv pip install --quiet --python /opt/ha/bin/python "$@"; }
install "homeassistant==$version"
inside /opt/ha/bin/python - "${integrations[@]}" >"$root/tmp/requirements.txt" \
  <tests/real_home_assistant/requirements.py
install --constraint /opt/ha/lib/python3.14/site-packages/homeassistant/package_constraints.txt \
  --requirement /tmp/requirements.txt
inside gcc -O2 -Wall -Wextra -Werror -shared -fPIC -o /opt/wall_clock.so -x c - \
  <tests/real_home_assistant/wall_clock.c
mkdir "$root/homes"
touch "$finished"
echo "$root: Home Assistant Core $version built"
