#!/usr/bin/env bash
# Real clients through kafka-partition-proxy, in front of any cluster: the conformance suite's cases
# on topics that are mapped, but for what the proxy does not offer. Prints the suite's lines and
# fails as it does.
# Usage: conformance.sh SUITE_FOLDER PROXY_BINARY CLUSTER_BOOTSTRAP PORT [suite options...]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
suite=$1 proxy=$2 cluster=$3 port=$4
shift 4
work=$(mktemp -d)
pid=
stop() {
  [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
  [ -z "$pid" ] || wait "$pid" 2>/dev/null || true
  rm -rf "$work"
}
trap stop EXIT

python3 "$here/conformance_rules.py" "$suite/lib" "$cluster" "127.0.0.1:$port" >"$work/proxy.yaml"
"$proxy" --config "$work/proxy.yaml" --ready-file "$work/ready" >"$work/proxy.log" 2>&1 &
pid=$!
for _ in $(seq 100); do
  [ -e "$work/ready" ] && break
  kill -0 "$pid" 2>/dev/null || { cat "$work/proxy.log"; exit 1; }
  sleep 0.1
done
code=0
not_offered='share_*,alter_configs,scram_users,k848_upgrade'
"$suite/run.sh" --bootstrap "127.0.0.1:$port" --skip "$not_offered" "$@" || code=$?
kill -0 "$pid" || { echo "the proxy died"; tail -5 "$work/proxy.log"; code=1; }
exit "$code"
