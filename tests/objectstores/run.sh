#!/usr/bin/env bash
# Runs the stores' contract against real servers, directly and through a proxy that goes wrong.
#   OBJECTSTORES=.../objectstores.sh tests/objectstores/run.sh [minio|versitygw|azure|gcs ...]
# OBJECTSTORES: a script with start, stop and env that serves S3 (minio, versitygw), Azure (azure)
# and Google (gcs) on PORT_BASE, +3, +1, +2. BIN: where the programs are (build/dev/bin).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=${BIN:-$here/../../build/dev/bin}
servers=("$@")
[ ${#servers[@]} -gt 0 ] || servers=(minio azure gcs)
work=$(mktemp -d)
export RUN_DIR=${RUN_DIR:-$work/servers} PORT_BASE=${PORT_BASE:-19400}
proxy_port=$((PORT_BASE + 50))
failed=0
proxy=

: "${OBJECTSTORES:?a script that starts object stores, see the top of this file}"
"$OBJECTSTORES" start "${servers[@]}"
stop() {
  [ -z "$proxy" ] || kill "$proxy" 2>/dev/null || true
  "$OBJECTSTORES" stop "${servers[@]}"
  rm -rf "$work"
}
trap stop EXIT
eval "$("$OBJECTSTORES" env "${servers[@]}")"
unset STORAGE_EMULATOR_HOST # endpoints are given, to go through the proxy
bucket=${ODRADEK_TEST_BUCKET:?from the script}

scheme_of() { case $1 in azure) echo azblob ;; gcs) echo gs ;; *) echo s3 ;; esac; }
path_of() { case $1 in azure) echo "/$AZURE_STORAGE_ACCOUNT" ;; esac; }
port_of() {
  case $1 in
    minio) echo "$PORT_BASE" ;;
    azure) echo $((PORT_BASE + 1)) ;;
    gcs) echo $((PORT_BASE + 2)) ;;
    versitygw) echo $((PORT_BASE + 3)) ;;
  esac
}

contract() { # SERVER PORT WHAT: all tests of the contract
  local server=$1 port=$2 scheme
  scheme=$(scheme_of "$server")
  echo "== $server: $3"
  env "ODK_STORE_TEST_URLS=$scheme://$bucket" \
    "ODK_STORE_TEST_ENDPOINT_$scheme=http://127.0.0.1:$port$(path_of "$server")" \
    timeout 300 "$bin/odk_store_tests" --gtest_brief=1 \
    --gtest_filter="All/Store.*/real_$scheme" || failed=1
}

through_proxy() { # SERVER MODE [OPTION...]
  local server=$1 mode=$2
  shift 2
  python3 "$here/fault_proxy.py" "$proxy_port" "$(port_of "$server")" "$mode" "$@" &
  proxy=$!
  for _ in $(seq 50); do
    (exec 3<>"/dev/tcp/127.0.0.1/$proxy_port") 2>/dev/null && break
    sleep 0.1
  done
}
end_proxy() {
  kill "$proxy"
  wait "$proxy" 2>/dev/null || true
  proxy=
}

# A store that never answers: an error that says so, in bounded time, with the exit code of stores.
silence() {
  local server=$1 scheme begun code
  scheme=$(scheme_of "$server")
  echo "== $server: silent"
  cat >"$work/silent.yaml" <<YAML
storage:
  path: $scheme://$bucket/silent
  endpoint: http://127.0.0.1:$proxy_port$(path_of "$server")
  allow_http: true
  anonymous: $([ "$server" = gcs ] && echo true || echo false)
  stall_timeout_ms: 1000
  retry_timeout_ms: 3000
YAML
  begun=$SECONDS code=0
  "$bin/kafka-backup" list --config "$work/silent.yaml" 2>"$work/words" || code=$?
  local took=$((SECONDS - begun))
  if [ "$code" != 4 ] || [ "$took" -gt 15 ] || ! grep -q "timed out" "$work/words"; then
    echo "FAILED: exit $code after $took s: $(cat "$work/words")"
    failed=1
  fi
}

for server in "${servers[@]}"; do
  contract "$server" "$(port_of "$server")" "as it is"
  # The GCS emulator ends an upload when it is asked how far it is, and what flips in a chunk is
  # noticed only in the end: chunks are spared, our fake of it tries them.
  spare=
  [ "$server" != gcs ] || spare=PUT
  for mode in 500 503 slow flip lost cut; do
    options=(--spare "$spare")
    [ "$mode" != 503 ] || options+=(--share 0.05)
    through_proxy "$server" "$mode" "${options[@]}"
    contract "$server" "$proxy_port" "$mode"
    end_proxy
  done
  through_proxy "$server" silent
  silence "$server"
  end_proxy
done
[ "$failed" = 0 ] && echo "all stores hold their contract" || echo "FAILED"
exit "$failed"
