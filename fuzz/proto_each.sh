#!/usr/bin/env bash
# Fuzzes the decoder of each message on its own; stops at the first finding.
# usage: proto_each.sh PROTO_FUZZ SECONDS WORK_DIR   (seconds for each message)
set -euo pipefail
if [ $# -ne 3 ]; then sed -n 2,3p "$0"; exit 2; fi
fuzzer=$(realpath "$1"); seconds=$2; mkdir -p "$3"; work=$(realpath "$3")
here=$(cd "$(dirname "$0")" && pwd)

python3 "$here/proto_seeds.py" --names | while read -r message; do
  if [ -e "$work/$message.passed" ]; then continue; fi
  python3 "$here/proto_seeds.py" --message "$message" "$work/$message/seeds"
  mkdir -p "$work/$message/corpus"
  if ! ODK_FUZZ_MESSAGE=$message "$fuzzer" -max_total_time="$seconds" -max_len=4096 -verbosity=0 \
      -rss_limit_mb=1024 -artifact_prefix="$work/$message/" \
      "$work/$message/corpus" "$work/$message/seeds" > "$work/$message/log" 2>&1 < /dev/null; then
    echo "$message: finding, see $work/$message/log"
    exit 1
  fi
  touch "$work/$message.passed"
done
passed=$(find "$work" -maxdepth 1 -name '*.passed' | wc -l)
echo "$passed messages fuzzed $seconds s each, no finding"
