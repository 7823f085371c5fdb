#!/usr/bin/env bash
# Runs a command in a root, with /proc and /dev of its own name space: inside.sh ROOT COMMAND...
# The command keeps the process's id, and its mounts end with it.
set -euo pipefail
# shellcheck disable=SC2016  # the inner shell expands them
exec unshare --mount --propagation private bash -c '
  mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" && exec chroot "$@"' inside "$@"
