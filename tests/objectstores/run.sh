#!/usr/bin/env bash
# Runs the stores' contract against real servers, directly and through a proxy that goes wrong.
#   OBJECTSTORES=.../objectstores.sh tests/objectstores/run.sh [minio|versitygw|azure|gcs ...]
# OBJECTSTORES: a script with start, stop and env that serves S3 (minio, versitygw), Azure (azure)
# and Google (gcs) on PORT_BASE, +3, +1, +2. BIN: where the programs are (build/dev/bin).
# With TLS=1 the servers have certificates of a private authority, and nothing is made go wrong.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=${BIN:-$here/../../build/dev/bin}
servers=("$@")
[ ${#servers[@]} -gt 0 ] || servers=(minio azure gcs)
work=$(mktemp -d)
export RUN_DIR=${RUN_DIR:-$work/servers} PORT_BASE=${PORT_BASE:-19400}
proxy_port=$((PORT_BASE + 50))
failed=0
proxy= broker=
http=http
[ "${TLS:-0}" = 0 ] || http=https

: "${OBJECTSTORES:?a script that starts object stores, see the top of this file}"
"$OBJECTSTORES" start "${servers[@]}"
stop() {
  [ -z "$proxy" ] || kill "$proxy" 2>/dev/null || true
  [ -z "$broker" ] || kill "$broker" 2>/dev/null || true
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
    "ODK_STORE_TEST_CA=${ODRADEK_TEST_CA:-}" \
    "ODK_STORE_TEST_ENDPOINT_$scheme=$http://127.0.0.1:$port$(path_of "$server")" \
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

settings() { # SERVER PORT PREFIX: a configuration file for kafka-backup
  local scheme anonymous=false
  scheme=$(scheme_of "$1")
  [ "$1" != gcs ] || anonymous=true
  cat <<YAML
storage:
  path: $scheme://$bucket/$3
  endpoint: $http://127.0.0.1:$2$(path_of "$1")
  allow_http: true
  anonymous: $anonymous
  ca_location: "${ODRADEK_TEST_CA:-}"
YAML
}

# A store that never answers: an error that says so, in bounded time, with the exit code of stores.
silence() {
  local begun=$SECONDS code=0 took
  echo "== $1: silent"
  settings "$1" "$proxy_port" silent >"$work/silent.yaml"
  printf '  %s\n' "stall_timeout_ms: 1000" "retry_timeout_ms: 3000" >>"$work/silent.yaml"
  "$bin/kafka-backup" list --config "$work/silent.yaml" 2>"$work/words" || code=$?
  took=$((SECONDS - begun))
  if [ "$code" != 4 ] || [ "$took" -gt 15 ] || ! grep -q "timed out" "$work/words"; then
    echo "FAILED: exit $code after $took s: $(cat "$work/words")"
    failed=1
  fi
}

broker_up() { # PORT
  rm -f "$work/ready"
  "$bin/odradek-broker" --listen "127.0.0.1:$1" --set "log.retention.ms=-1" \
    --ready-file "$work/ready" >"$work/broker.log" 2>&1 &
  broker=$!
  for _ in $(seq 100); do
    [ ! -e "$work/ready" ] || return 0
    sleep 0.1
  done
  cat "$work/broker.log"
  return 1
}
broker_down() {
  kill "$broker"
  wait "$broker" 2>/dev/null || true
  broker=
}

# Records into an archive in the store, out of it into a new broker: the same records.
round_trip() { # SERVER PORT WHAT
  local kafka=127.0.0.1:$((PORT_BASE + 60)) config="$work/trip.yaml" topic=orders
  echo "== $1: backup and restore, $3"
  settings "$1" "$2" "trip-$RANDOM$RANDOM" >"$config"
  broker_up $((PORT_BASE + 60))
  "$bin/odk" -b "$kafka" topics create "$topic" -p 3 >/dev/null
  seq 1 200000 | "$bin/odk" -b "$kafka" produce "$topic"
  "$bin/kafka-backup" backup --config "$config" --bootstrap "$kafka" --backup-id trip || failed=1
  "$bin/kafka-backup" validate --config "$config" --backup-id trip --deep || failed=1
  broker_down
  broker_up $((PORT_BASE + 60))
  "$bin/kafka-backup" restore --config "$config" --bootstrap "$kafka" --backup-id trip || failed=1
  if [ "$("$bin/odk" -b "$kafka" consume "$topic" -e | sort -n | md5sum)" != \
       "$(seq 1 200000 | md5sum)" ]; then
    echo "FAILED: other records than before"
    failed=1
  fi
  broker_down
}

for server in "${servers[@]}"; do
  contract "$server" "$(port_of "$server")" "as it is"
  round_trip "$server" "$(port_of "$server")" "as it is"
  [ "$http" = http ] || continue
  # The GCS emulator ends an upload when it is asked how far it is, and what flips in a chunk is
  # noticed only in the end: chunks are spared, our fake of it tries them.
  spare=
  [ "$server" != gcs ] || spare=PUT
  for mode in 500 503 slow flip lost cut; do
    options=(--spare "$spare")
    [ "$mode" != 503 ] || options+=(--share 0.05)
    through_proxy "$server" "$mode" "${options[@]}"
    contract "$server" "$proxy_port" "$mode"
    case $mode in 500 | lost) round_trip "$server" "$proxy_port" "$mode" ;; esac
    end_proxy
  done
  through_proxy "$server" silent
  silence "$server"
  end_proxy
done
[ "$failed" = 0 ] && echo "all stores hold their contract" || echo "FAILED"
exit "$failed"
