#!/usr/bin/env bash
# Runs fuzz targets of build/fuzz one after the other and stops at the first finding.
# usage: fuzz.sh SECONDS TARGET...     what a target found and learnt stays below build/fuzz
set -euo pipefail
if [ $# -lt 2 ]; then sed -n 2,3p "$0"; exit 2; fi
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=$1
shift
mkdir -p build/fuzz/findings

for target in "$@"; do
  learnt=build/fuzz/corpus/$target
  seeds=fuzz/corpus/${target%_fuzz}
  log=build/fuzz/findings/$target.log
  mkdir -p "$learnt"
  folders=("$learnt")
  if [ -d "$seeds" ]; then folders+=("$seeds"); fi
  if [ -f "fuzz/${target%_fuzz}_seeds.py" ]; then # seeds that are made, not kept
    python3 "fuzz/${target%_fuzz}_seeds.py" "build/fuzz/seeds/$target"
    folders+=("build/fuzz/seeds/$target")
  fi
  if ! "build/fuzz/bin/$target" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 \
    -verbosity=0 -print_final_stats=1 -artifact_prefix="build/fuzz/findings/$target-" \
    "${folders[@]}" >"$log" 2>&1 </dev/null; then
    tail -n 40 "$log" >&2
    echo "fuzz: $target: a finding, see $log" >&2
    exit 1
  fi
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  echo "fuzz: $target: $seconds s, ${runs:-?} runs, no finding"
done
echo "fuzz: $# targets, no finding"
