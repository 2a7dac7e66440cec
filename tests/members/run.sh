#!/usr/bin/env bash
# Fifty real members joining, leaving and crashing; see README.md.
#   tests/members/run.sh [BROKER]     default: build/dev/bin/odradek-broker
#   LANGUAGES="python go"             whose members: python, go, ours, java
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
languages=" ${LANGUAGES:=python go} "
if [[ $languages == *" go "* ]]; then go build -C "$here/go" -o "$cache/go-member" .; fi
if [[ $languages == *" java "* ]]; then
  : "${KAFKA_JARS:?the folder with kafka-clients and its dependencies}"
  javac -cp "$KAFKA_JARS/*" -d "$cache/java" "$here/Member.java"
fi

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
export LANGUAGES GO_MEMBER=$cache/go-member
export OWN_MEMBER=${OWN_MEMBER:-$root/build/dev/bin/client_member}
java="java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx64m"
export JAVA_MEMBER="$java -cp $cache/java:${KAFKA_JARS:-}/* Member"
"$cache/venv/bin/python" "$here/drive.py"
