#!/usr/bin/env bash
# Fifty real members joining, leaving and crashing; see README.md.
#   tests/members/run.sh [BROKER]     default: build/dev/bin/odradek-broker
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
broker=${1:-$root/build/dev/bin/odradek-broker}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/odradek-members-test
mkdir -p "$cache"

if ! "$cache/venv/bin/python" -c 'import confluent_kafka' 2>/dev/null; then
  python3 -m venv "$cache/venv"
  "$cache/venv/bin/pip" install --quiet 'confluent-kafka==2.16.1'
fi
go build -C "$here/go" -o "$cache/go-member" .

if [ -z "${BOOTSTRAP:-}" ]; then
  exec 3< <("$broker" --listen 127.0.0.1:0 --http off \
    --set group.consumer.min.session.timeout.ms=6000 --set group.consumer.session.timeout.ms=6000 \
    --set group.consumer.min.heartbeat.interval.ms=500 \
    --set group.consumer.heartbeat.interval.ms=1000 2>"$cache/broker.log")
  pid=$!
  trap 'kill $pid' EXIT
  read -r ready <&3
  BOOTSTRAP=$(sed 's/.*"bootstrap":"\([^"]*\)".*/\1/' <<<"$ready")
fi
export BOOTSTRAP
export GO_MEMBER=$cache/go-member
"$cache/venv/bin/python" "$here/drive.py"
