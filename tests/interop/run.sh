#!/usr/bin/env bash
# This library and Java's client on the same topics; see README.md.
#   KAFKA_JARS=FOLDER tests/interop/run.sh BOOTSTRAP
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=${BIN:-$here/../../build/dev/bin}
bootstrap=${1:?usage: run.sh BOOTSTRAP}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

javac -cp "${KAFKA_JARS:?the folder with kafka-clients and its dependencies}/*" -d "$work" \
  "$here/Interop.java"
java_side() { java -XX:TieredStopAtLevel=1 -cp "$work:$KAFKA_JARS/*" Interop "$@" 2>/dev/null; }
our_side() { "$bin/client_interop" "$@"; }
topic() { # NAME PARTITIONS
  "$bin/odk" -b "$bootstrap" topics create "$1" -p "$2" >/dev/null
}
verdict() { # TEXT, of the last command's outcome
  if [ "$2" -eq 0 ]; then echo "PASS $1"; else echo "FAIL $1"; failed=1; fi
}

run=$RANDOM$RANDOM
keys=10000
topic "keys-ours-$run" 17
topic "keys-java-$run" 17
our_side keys "$bootstrap" "keys-ours-$run" $keys
java_side keys "$bootstrap" "keys-java-$run" $keys
our_side read "$bootstrap" "keys-ours-$run" | sort >"$work/ours"
our_side read "$bootstrap" "keys-java-$run" | sort >"$work/java"
same=0; cmp "$work/ours" "$work/java" || same=1
[ "$(wc -l <"$work/ours")" -eq $keys ] || same=1
verdict "the partition of each of $keys keys is Java's" $same

for writer in ours java; do
  topic "txn-$writer-$run" 1
  "$([ $writer = ours ] && echo our_side || echo java_side)" transactions "$bootstrap" \
    "txn-$writer-$run" 60
  for i in $(seq 0 59); do
    for k in 0 1 2 3 4; do [ $((i % 3)) -eq 2 ] || echo "0 k $writer-$i-$k"; done
  done >"$work/expected"
  our_side read "$bootstrap" "txn-$writer-$run" >"$work/by-ours"
  java_side read "$bootstrap" "txn-$writer-$run" >"$work/by-java"
  for reader in ours java; do
    same=0; cmp "$work/expected" "$work/by-$reader" || same=1
    verdict "transactions of $writer, read by $reader" $same
  done
done
exit $failed
