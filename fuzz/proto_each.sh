#!/usr/bin/env bash
# Fuzzes the decoder of each message on its own; what passed is not run again, a finding ends it.
# usage: proto_each.sh PROTO_FUZZ SECONDS WORK_DIR [JOBS]   (seconds for each message)
set -euo pipefail
if [ $# -lt 3 ]; then sed -n 2,3p "$0"; exit 2; fi
fuzzer=$(realpath "$1"); seconds=$2; mkdir -p "$3"; work=$(realpath "$3"); jobs=${4:-1}
here=$(cd "$(dirname "$0")" && pwd)
export fuzzer seconds work here

fuzz_message() { # MESSAGE
  local message=$1
  if [ -e "$work/$message.passed" ]; then return; fi
  python3 "$here/proto_seeds.py" --message "$message" "$work/$message/seeds"
  mkdir -p "$work/$message/corpus"
  if ! ODK_FUZZ_MESSAGE=$message "$fuzzer" -max_total_time="$seconds" -max_len=4096 -verbosity=0 \
      -rss_limit_mb=1024 -print_final_stats=1 -artifact_prefix="$work/$message/" \
      "$work/$message/corpus" "$work/$message/seeds" > "$work/$message/log" 2>&1 < /dev/null; then
    echo "$message: finding, see $work/$message/log"
    return 255 # ends xargs
  fi
  sed -n 's/^stat::number_of_executed_units: *//p' "$work/$message/log" > "$work/$message.passed"
}
export -f fuzz_message

python3 "$here/proto_seeds.py" --names |
  xargs -P "$jobs" -I MESSAGE bash -c 'set -euo pipefail; fuzz_message MESSAGE'
passed=$(find "$work" -maxdepth 1 -name '*.passed' | wc -l)
fewest=$(cat "$work"/*.passed | sort -n | head -n 1)
echo "$passed messages fuzzed $seconds s each, at least $fewest runs each, no finding"
