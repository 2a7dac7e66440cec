#!/usr/bin/env bash
# Groups in which this library's members meet those of other clients, each assignor; see README.md.
#   KAFKA_JARS=FOLDER [BOOTSTRAP=HOST:PORT] tests/interop/groups.sh
set -uo pipefail
members=$(cd "$(dirname "$0")/../members" && pwd)/run.sh
failed=0
run() { # LANGUAGES MEMBERS
  echo "== members of $1"
  LANGUAGES=$1 MEMBERS=$2 SCENARIOS=${SCENARIOS:-"eager roundrobin cooperative consumer"} \
    SECONDS_OF_TROUBLE=${SECONDS_OF_TROUBLE:-30} "$members" || failed=1
}
run "ours python" "${MEMBERS:-12}"
if [ -n "${KAFKA_JARS:-}" ]; then run "ours java" "${JAVA_MEMBERS:-8}"; fi
exit $failed
