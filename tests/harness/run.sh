#!/usr/bin/env bash
# Runs the sample projects of docs/broker/test-harness against a broker, all or those named.
#   tests/harness/run.sh [googletest|python|java|go]...
# ODRADEK_BROKER: the program; build/dev/bin/odradek-broker unless set. The library for googletest
# is taken from ODRADEK_PREFIX, or installed from build/dev.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
export ODRADEK_BROKER=${ODRADEK_BROKER:-$root/build/dev/bin/odradek-broker}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/odradek-harness-test
mkdir -p "$cache"

run_googletest() {
  local prefix=${ODRADEK_PREFIX:-$cache/prefix}
  [ -n "${ODRADEK_PREFIX:-}" ] || cmake --install "$root/build/dev" --prefix "$prefix" >/dev/null
  cmake -S "$here/googletest" -B "$cache/googletest" -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
  cmake --build "$cache/googletest"
  ctest --test-dir "$cache/googletest" --output-on-failure
}

run_python() {
  [ -x "$cache/venv/bin/pytest" ] || {
    python3 -m venv "$cache/venv"
    "$cache/venv/bin/pip" install --quiet -r "$here/python/requirements.txt"
  }
  "$cache/venv/bin/pytest" -p no:cacheprovider -q "$here/python"
}

run_java() {
  mvn -q -f "$here/java/pom.xml" -DbuildDirectory="$cache/java" test
  echo "java: passed"
}

run_go() { go test -C "$here/go" -count=1 ./...; }

for project in ${*:-googletest python java go}; do "run_$project"; done
