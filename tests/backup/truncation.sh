#!/usr/bin/env bash
# A log that lost its end in an unclean election, and grew past it again, is found by its leader
# epochs: the archive keeps what was lost, and the new log as another incarnation.
#   KAFKA_PEER=.../kafka.sh tests/backup/truncation.sh BIN_DIR
# KAFKA_PEER: a script with start, kill, restart and stop, whose brokers listen on PORT_BASE, +1
# and +2; BIN_DIR: the folder of kafka-backup and odk.
set -euo pipefail
bin=$(cd "$1" && pwd)
peer=${KAFKA_PEER:?a script that starts Kafka, see the top of this file}
name=${NAME:-backup-truncation}
base=${PORT_BASE:-31720}
work=$(mktemp -d)
all="127.0.0.1:$base,127.0.0.1:$((base + 1)),127.0.0.1:$((base + 2))"

"$peer" start --fast --name "$name" --brokers 3 --port-base "$base" \
  --set broker.session.timeout.ms=3000 >/dev/null
trap '"$peer" stop --name "$name" --purge >/dev/null; rm -rf "$work"' EXIT
odk() { "$bin/odk" -b "$all" "$@"; }
backup() { "$bin/kafka-backup" backup --bootstrap "$all" --path "$work" --backup-id b 2>/dev/null; }
produce() { seq 1 "$1" | sed "s/.*/$2&/" | odk produce lossy -X acks=1; }
# The leader, and the replicas in sync behind it.
brokers() { odk topics describe lossy -J |
  python3 -c 'import json, sys
found = json.load(sys.stdin)
topic = found[0] if isinstance(found, list) else found
p = topic["partitions"][0]
ids = [r["id"] for r in p["isrs"]]
print(p["leader"], *[r for r in ids if r != p["leader"]])'; }
wait_for() { # WORDS: until brokers() begins with them
  for _ in $(seq 1 120); do
    if [[ "$(brokers 2>/dev/null)" == $1* ]]; then return; fi
    sleep 0.5
  done
  echo "never: leader and replicas $1"
  exit 1
}

odk topics create lossy -p 1 -r 2 -c unclean.leader.election.enable=true -c min.insync.replicas=1
produce 100 a
read -r leader follower < <(brokers)
echo "leader $leader, follower $follower"
"$peer" kill --name "$name" --broker "$follower"
wait_for "$leader"
produce 100 lost
backup
"$peer" kill --name "$name" --broker "$leader"
"$peer" restart --name "$name" --broker "$follower"
wait_for "$follower"
produce 150 new
report=$(backup)
echo "$report"
described=$("$bin/kafka-backup" describe --path "$work" --backup-id b)
echo "$described"
"$bin/kafka-backup" validate --path "$work" --backup-id b --deep
grep -q 'truncated' <<<"$report"
grep -qE 'lossy +1 +1 +200' <<<"$described"
grep -qE 'lossy \(#2\) +1 +[0-9]+ +250' <<<"$described"
