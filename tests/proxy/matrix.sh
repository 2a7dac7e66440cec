#!/usr/bin/env bash
# Real clients through kafka-partition-proxy, V = 12 over P = 3, in front of a cluster.
# Usage: matrix.sh PROXY_BINARY CLUSTER_BOOTSTRAP PORT [java|librdkafka|franz|sarama|kafkajs...]
#   KAFKA_JARS: folder with kafka-clients and what it needs (java)
#   PYTHON: a python with confluent-kafka (librdkafka)
#   PROXY_OPTIONS: more options of the proxy
# Prints the clients' lines; fails when one of them does.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
proxy=$1 cluster=$2 port=$3
shift 3
clients=${*:-java librdkafka franz sarama kafkajs}
work=$(mktemp -d)
pid=
stop() {
  [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
  [ -z "$pid" ] || wait "$pid" 2>/dev/null || true
  rm -rf "$work"
}
trap stop EXIT

cat >"$work/proxy.yaml" <<YAML
listen: {address: "127.0.0.1:$port", advertised_address: "127.0.0.1:$port"}
kafka: {bootstrap_servers: ["$cluster"]}
mapping: {virtual_partitions: 12, physical_partitions: 3, auto_create: true}
YAML
# shellcheck disable=SC2086
"$proxy" --config "$work/proxy.yaml" ${PROXY_OPTIONS:-} --ready-file "$work/ready" \
  >"$work/proxy.log" 2>&1 &
pid=$!
for _ in $(seq 100); do
  [ -e "$work/ready" ] && break
  kill -0 "$pid" 2>/dev/null || { cat "$work/proxy.log"; exit 1; }
  sleep 0.1
done

address=127.0.0.1:$port
topic=matrix-$$
failed=
for client in $clients; do
  case $client in
    java) run=(java -cp "${KAFKA_JARS:?}/*" "$here/clients/Matrix.java") ;;
    librdkafka) run=("${PYTHON:-python3}" "$here/clients/librdkafka_matrix.py") ;;
    franz | sarama)
      go build -C "$here/clients/go" -buildvcs=false -o "$work/matrix" .
      run=("$work/matrix" "$client")
      ;;
    kafkajs)
      cp "$here"/clients/kafkajs/* "$work/"
      npm install --silent --no-audit --no-fund --prefix "$work" >/dev/null
      run=(node "$work/matrix.js")
      ;;
    *) echo "no client $client"; exit 2 ;;
  esac
  "${run[@]}" "$address" "$topic-$client" 2>"$work/$client.err" || {
    failed+=" $client"
    tail -5 "$work/$client.err"
  }
done
kill -0 "$pid" || { echo "the proxy died"; tail -5 "$work/proxy.log"; failed+=" proxy"; }
[ -z "$failed" ] || { echo "failed:$failed"; tail -5 "$work/proxy.log"; exit 1; }
