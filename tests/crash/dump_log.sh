#!/usr/bin/env bash
# Lets Apache Kafka's own DumpLogSegments read a data directory: every batch and index of every log.
#   dump_log.sh DATA_DIR KAFKA_LIBS     KAFKA_LIBS: the folder with Kafka's jars
# Prints what it complains about; exit 1 if anything.
set -euo pipefail
data=$1 libs=$2
dump() {
  java -XX:TieredStopAtLevel=1 -cp "$libs/*" org.apache.kafka.tools.DumpLogSegments "$@" 2>&1
}
joined() { find "$data" "$@" | sort | paste -sd, -; }
complaints=0
check() { # WHAT PATTERN-OF-COMPLAINTS ARGS...
  local what=$1 bad=$2 out
  shift 2
  if ! out=$(dump "$@") || grep -E "$bad" <<<"$out"; then
    echo "$what: DumpLogSegments complains"
    complaints=1
  fi
  echo "$what: $(grep -c . <<<"$out") lines read"
}
bad='isvalid: false|Mismatches|Found|Unexpected|rror|xception|out of order|non-consecutive'
check batches "$bad" --deep-iteration --skip-record-metadata \
  --files "$(joined -name '*.log' -size +0 -not -path '*/compacted-*')"
check indexes "$bad" --index-sanity-check --files "$(joined -name '*.index' -o -name '*.timeindex')"
for decoder in cluster-metadata:_odradek offsets:__consumer_offsets-0 \
  transaction-log:__transaction_state-0; do
  log=$(joined -path "*/${decoder#*:}/*.log" -size +0)
  if [ -n "$log" ]; then
    check "${decoder#*:}" "$bad" "--${decoder%%:*}-decoder" --files "$log"
  fi
done
for kind in txnindex snapshot; do
  files=$(joined -name "*.$kind" -size +0)
  if [ -n "$files" ]; then check "$kind" "$bad" --files "$files"; fi
done
exit "$complaints"
