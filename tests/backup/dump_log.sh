#!/usr/bin/env bash
# A segment of a backup of Apache Kafka, decompressed by the zstd tool, is read by Kafka's own
# DumpLogSegments, batch by batch and record by record, and is byte for byte the broker's own log.
#   KAFKA_PEER=.../kafka.sh KAFKA_LIBS=.../libs tests/backup/dump_log.sh BIN_DIR
# KAFKA_PEER: a script with start, stop and dir; KAFKA_LIBS: the folder with Kafka's jars; BIN_DIR:
# the folder of kafka-backup and odk. Needs zstd and java.
set -euo pipefail
bin=$(cd "$1" && pwd)
peer=${KAFKA_PEER:?a script that starts Kafka, see the top of this file}
libs=${KAFKA_LIBS:?the folder with the jars of Kafka}
name=${NAME:-backup-dump-log}
base=${PORT_BASE:-31700}
work=$(mktemp -d)

"$peer" start --fast --name "$name" --port-base "$base" >/dev/null
trap '"$peer" stop --name "$name" --purge >/dev/null; rm -rf "$work"' EXIT
odk() { "$bin/odk" -b "127.0.0.1:$base" "$@"; }
odk topics create dumped -p 1
odk topics create zipped -p 1 -c compression.type=lz4
for topic in dumped zipped; do
  seq 1 20000 | sed 's/.*/key&:value & of some length to be compressed/' | odk produce "$topic" -K :
done

complaints=0
dump() { # TOPIC TRANSCODE: prints the decompressed log's path
  "$bin/kafka-backup" backup --bootstrap "127.0.0.1:$base" --path "$work/$2" --backup-id b \
    --topics "$1" --transcode "$2" >/dev/null
  local log="$work/$1-$2/00000000000000000000.log"
  mkdir -p "$(dirname "$log")"
  cat "$work/$2/b/topics/$1/partition=0"/segment-*.zst | zstd -dcq >"$log"
  echo "$log"
}
read_by_kafka() { # LOG
  local out
  out=$(java -XX:TieredStopAtLevel=1 -cp "$libs/*" org.apache.kafka.tools.DumpLogSegments \
    --deep-iteration --print-data-log --files "$1" 2>&1) || complaints=1
  if grep -E 'isvalid: false|rror|xception|Found' <<<"$out"; then complaints=1; fi
  local records
  records=$(grep -c 'payload: value' <<<"$out")
  echo "$1: $records records read by Kafka"
  if [ "$records" != 20000 ]; then complaints=1; fi
}
for topic in dumped zipped; do
  for transcode in auto never; do read_by_kafka "$(dump "$topic" "$transcode")"; done
done
folder=$("$peer" dir --name "$name")
own=$(find "$folder" -path '*/zipped-0/00000000000000000000.log' | head -1)
if cmp "$own" "$work/zipped-never/00000000000000000000.log"; then
  echo "zipped: byte for byte the broker's log"
else
  complaints=1
fi
exit "$complaints"
