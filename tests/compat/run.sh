#!/usr/bin/env bash
# Runs the client's tests against brokers of your choice.
# usage: tests/compat/run.sh [HOST:PORT ...]     no address: the broker inside the test process
set -u
cd "$(dirname "$0")/../.."
tests=${ODRADEK_COMPAT_TESTS:-build/dev/bin/odk_compat_tests}
failed=0

run() {
  echo "== client tests against ${1:-the broker inside the process}"
  if [ -n "$1" ]; then export ODRADEK_TEST_BOOTSTRAP=$1; fi
  timeout 600 "$tests" --gtest_brief=1 || failed=1
}

# What we write, kcat reads, and the other way round; needs kcat.
exchange() {
  local broker=$1 topic odk=build/dev/bin/odk sum
  topic=exchange-$RANDOM$RANDOM
  echo "== records to and from kcat at $broker"
  "$odk" -b "$broker" topics create "$topic" -p 3 || { failed=1; return; }
  sum=$(seq 1 20000 | md5sum)
  for codec in none gzip snappy lz4 zstd; do
    seq 1 10000 | "$odk" -b "$broker" produce "$topic" -z "$codec" || failed=1
    seq 10001 20000 | kcat -b "$broker" -P -t "$topic" -z "$codec" || failed=1
    for reader in "$odk -b $broker consume $topic -e" \
                  "kcat -q -b $broker -C -t $topic -o beginning -e"; do
      if [ "$($reader | sort -n | uniq | md5sum)" != "$sum" ]; then
        echo "FAILED: $codec, read by $reader"
        failed=1
      fi
    done
  done
}

# Transactions and groups of the installed librdkafka (Debian's 2.0.2 is old and quick to complain).
librdkafka() {
  local program=build/dev/bin/librdkafka_txn
  echo "== librdkafka at $1"
  cc -Wall -Wextra -O1 -o "$program" tests/compat/librdkafka_txn.c \
    $(pkg-config --cflags --libs rdkafka) || { failed=1; return; }
  timeout 300 "$program" "$1" || failed=1
}

if [ $# -eq 0 ]; then run ""; fi
for broker in "$@"; do
  run "$broker"
  if command -v kcat >/dev/null; then exchange "$broker"; fi
  if pkg-config --exists rdkafka 2>/dev/null; then librdkafka "$broker"; fi
done
if [ $failed -eq 0 ]; then echo "compat: all passed"; else echo "compat: FAILED"; fi
exit $failed
