#!/usr/bin/env bash
# Compiles and links the library with parts left out, and asks a program what it says about them.
# usage: tests/install/options.sh [--all|--nothing] [BUILD_DIRECTORY]
# Without a flag: everything, nothing, each part missing, each part alone, and all combinations of
# TLS, SCRAM and OAUTHBEARER. --all: all 128. --nothing: only without any of them, for `make test`.
# One build folder serves all, so that what an option does not touch is compiled once; at the end it
# has everything again.
set -euo pipefail
cd "$(dirname "$0")/../.."
parts=(TLS SASL_SCRAM SASL_OAUTH GZIP SNAPPY LZ4 ZSTD)
everything=$(((1 << ${#parts[@]}) - 1))
masks=($everything 0)
for ((i = 0; i < ${#parts[@]}; ++i)); do
  masks+=($((everything & ~(1 << i))) $((1 << i)))
done
for ((i = 0; i < 8; ++i)); do masks+=($((everything & ~7 | i))); done
if [ "${1:-}" = --all ]; then
  mapfile -t masks < <(seq 0 "$everything")
  shift
elif [ "${1:-}" = --nothing ]; then
  masks=(0)
  everything=0
  shift
fi
# Those without any of the three come last: they compile most files anew.
mapfile -t masks < <(printf '%s\n' "${masks[@]}" | sort -nru | awk '$1 % 8 { print; next }
  { last[++n] = $1 } END { for (i = 1; i <= n; ++i) print last[i] }')
build=${1:-build/options}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

fail() { cat "$log"; echo "options: FAILED: $*" >&2; exit 1; }

count=0
for mask in "${masks[@]}"; do
  flags=()
  names=()
  for ((i = 0; i < ${#parts[@]}; ++i)); do
    if ((mask >> i & 1)); then
      flags+=("-DODRADEK_WITH_${parts[i]}=ON")
      names+=("${parts[i]}")
    else
      flags+=("-DODRADEK_WITH_${parts[i]}=OFF")
    fi
  done
  what="with ${names[*]:-nothing}"
  cmake --preset dev -B "$build" "${flags[@]}" -DODRADEK_TESTS=OFF -DODRADEK_BENCH=OFF \
    >"$log" 2>&1 || fail "$what: configure"
  cmake --build "$build" --target odradek example_parts >"$log" 2>&1 || fail "$what: build"
  "$build/bin/example_parts" >"$log" 2>&1 || fail "$what: example_parts"
  for ((i = 0; i < ${#parts[@]}; ++i)); do
    state=no
    if ((mask >> i & 1)); then state=yes; fi
    grep -qx "${parts[i]} $state" "$log" || fail "$what: ${parts[i]} is not $state"
  done
  ((++count))
  echo "options: $what"
done
if ((everything)); then
  on=("${parts[@]/#/-DODRADEK_WITH_}")
  cmake --preset dev -B "$build" "${on[@]/%/=ON}" -DODRADEK_TESTS=ON -DODRADEK_BENCH=ON \
    >"$log" 2>&1 || fail "configure with everything again"
fi
echo "options: $count combinations passed"
