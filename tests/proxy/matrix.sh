#!/usr/bin/env bash
# Real clients through kafka-partition-proxy, V = 12 over P = 3, in front of a cluster.
# Usage: matrix.sh PROXY_BINARY CLUSTER_BOOTSTRAP PORT [java|librdkafka|franz|sarama|kafkajs...]
#   KAFKA_JARS: folder with kafka-clients and what it needs (java)
#   PYTHON: a python with confluent-kafka (librdkafka)
#   PROXY_OPTIONS: more options of the proxy
#   INSTANCES: 1, or as many proxies (on the ports behind PORT) with a switch before them that sends
#     each request to one of them, drawn at random from SEED
# Prints the clients' lines; fails when one of them does.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
proxy=$1 cluster=$2 port=$3
shift 3
clients=${*:-java librdkafka franz sarama kafkajs}
instances=${INSTANCES:-1}
work=$(mktemp -d)
pids=()
stop() {
  for pid in "${pids[@]}"; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  rm -rf "$work"
}
trap stop EXIT

cat >"$work/proxy.yaml" <<YAML
listen: {advertised_address: "127.0.0.1:$port"}
kafka: {bootstrap_servers: ["$cluster"]}
mapping: {virtual_partitions: 12, physical_partitions: 3, auto_create: true}
YAML
start_proxy() { # PORT
  # shellcheck disable=SC2086
  "$proxy" --config "$work/proxy.yaml" --listen "127.0.0.1:$1" ${PROXY_OPTIONS:-} \
    --ready-file "$work/ready-$1" >"$work/proxy-$1.log" 2>&1 &
  pids+=($!)
  for _ in $(seq 100); do
    [ -e "$work/ready-$1" ] && return
    kill -0 "${pids[-1]}" 2>/dev/null || { cat "$work/proxy-$1.log"; exit 1; }
    sleep 0.1
  done
}
if [ "$instances" = 1 ]; then
  start_proxy "$port"
else
  behind=()
  for number in $(seq "$instances"); do
    start_proxy $((port + number))
    behind+=("127.0.0.1:$((port + number))")
  done
  seed=${SEED:-$RANDOM}
  echo "seed $seed"
  python3 "$here/switch.py" "$port" "$seed" "${behind[@]}" &
  pids=($! "${pids[@]}")
  sleep 1
fi

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
for pid in "${pids[@]}"; do
  kill -0 "$pid" || { echo "a proxy died"; failed+=" proxy"; }
done
[ -z "$failed" ] || { echo "failed:$failed"; tail -5 "$work"/proxy-*.log; exit 1; }
