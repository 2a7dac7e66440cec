#!/usr/bin/env bash
# Drives the dashboard in headless Chromium: every page, every action, keyboard, phone width, both
# themes, hostile data, axe. Installs what it needs outside of the source tree.
#   tests/dashboard/run.sh [BROKER]     default: build/dev/bin/odradek-broker
# Screenshots: build/dashboard-screens (or $SCREENS).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
broker=${1:-$root/build/dev/bin/odradek-broker}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/odradek-dashboard-test
export SCREENS=${SCREENS:-$root/build/dashboard-screens}

"$root/tools/install-deps.sh" core dashboard
command -v node npm >/dev/null || { echo "node 18 or newer with npm is needed" >&2; exit 2; }
mkdir -p "$cache" "$SCREENS"
rm -f "$SCREENS"/*.png
if ! cmp -s "$here/package.json" "$cache/package.json"; then
  cp "$here/package.json" "$cache/package.json"
  (cd "$cache" && npm install --no-audit --no-fund --no-package-lock --loglevel=error)
fi
cp "$here"/*.mjs "$cache/"
cd "$cache"
exec node drive.mjs "$broker"
