#!/usr/bin/env bash
# Runs a scenario of run.py on a three-node Kafka cluster started for it.
#   KAFKA_PEER=.../kafka.sh tests/faults/kafka.sh produce|transform [OPTIONS OF run.py]
# KAFKA_PEER: a script with start, stop, kill, restart and dir (broker-N/server.properties below),
# whose brokers listen on PORT_BASE, +1, +2. Their connections then go through the proxy.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
peer=${KAFKA_PEER:?a script that starts Kafka, see the top of this file}
name=${NAME:-faults}
base=${PORT_BASE:-31100}
shift_by=50

"$peer" start --fast --name "$name" --brokers 3 --port-base "$base" \
  --set broker.session.timeout.ms=3000 --set offsets.topic.num.partitions=3 \
  --set transaction.state.log.num.partitions=3 --set group.initial.rebalance.delay.ms=0
trap '"$peer" stop --name "$name" --purge' EXIT
folder=$("$peer" dir --name "$name")
proxies=()
for n in 1 2 3; do
  port=$((base + n - 1))
  old=CLIENT://127.0.0.1:$port new=CLIENT://127.0.0.1:$((port + shift_by))
  sed -i "/^advertised.listeners=/s#$old#$new#" "$folder/broker-$n/server.properties"
  "$peer" restart --name "$name" --broker "$n"
  proxies+=(--proxy "$((port + shift_by))=$port")
done
python3 "$here/run.py" "$@" "${proxies[@]}" \
  --kill "$peer kill --name $name --broker {n}" \
  --restart "$peer restart --name $name --broker {n}"
