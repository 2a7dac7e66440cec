#!/usr/bin/env bash
# The whole job once through, on real events: produce through the proxy, a group reads half, back
# up, lose the cluster, restore, and the group goes on where it stopped. See README.md.
#   tools/demo.sh BIN_DIR        KEEP=1 leaves everything running and prints the addresses
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BIN=${1:-$ROOT/build/release/bin}
DATA=$ROOT/examples/data/flights-2013-01.csv
TOPIC=flights GROUP=dashboard
WORK=$(mktemp -d "${TMPDIR:-/tmp}/odradek-demo.XXXXXX")
BROKER_PID='' PROXY_PID=''
started=$(date +%s)

say() { printf '%s\n' "$*" >&2; }
die() {
  say "demo: $*"
  for log in "$WORK"/*.log; do
    if [ -s "$log" ]; then
      say "--- $(basename "$log")"
      tail -n 5 "$log" >&2
    fi
  done
  exit 1
}
stop() { # PID
  [ -n "$1" ] || return 0
  kill "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}
finish() {
  stop "$PROXY_PID"
  stop "$BROKER_PID"
  rm -rf "$WORK"
}
trap finish EXIT

wait_ready() { # FILE PID NAME
  for _ in $(seq 500); do
    [ -s "$1" ] && return
    kill -0 "$2" 2>/dev/null || die "$3 ended early"
    read -r -t 0.02 <> <(:) || true
  done
  die "$3 was not ready in time"
}
address_in() { sed -n 's/.*"bootstrap": *"\([^"]*\)".*/\1/p' "$1"; }
value() { # KEY TEXT: the number behind KEY=
  sed -n "s/.*\\b$1=\\([0-9.]*\\).*/\\1/p" <<<"$2"
}
json_value() { sed -n "s/.*\"$1\": *\\([0-9.]*\\).*/\\1/p" <<<"$2"; }

start_broker() { # LISTEN
  rm -f "$WORK/broker.ready"
  "$BIN/odradek-broker" --listen "$1" --ready-file "$WORK/broker.ready" >"$WORK/broker.log" 2>&1 &
  BROKER_PID=$!
  wait_ready "$WORK/broker.ready" "$BROKER_PID" odradek-broker
  BROKER=$(address_in "$WORK/broker.ready")
}

demo() { # COMMAND OPTIONS...: a step of odradek-demo, through the proxy
  local command=$1
  shift
  "$BIN/odradek-demo" "$command" --bootstrap "$PROXY" "$@" || die "$command"
}
backup() { # COMMAND OPTIONS...: kafka-backup on the demo's archive
  local command=$1
  shift
  "$BIN/kafka-backup" "$command" --path "$WORK/archives" --backup-id demo "$@" || die "$command"
}
mb_s() { # BYTES_KEY JSON
  awk -v b="$(json_value "$1" "$2")" -v s="$(json_value seconds "$2")" \
    'BEGIN { printf "%.1f", b / 1e6 / (s > 0 ? s : 1) }'
}

rows=()
row() { rows+=("$(printf '%-42s %10s %10s' "$1" "$2" "$3")"); }
step() { say "$1"; }

step "1  start odradek-broker, and kafka-partition-proxy in front: 12 virtual partitions on 3"
start_broker 127.0.0.1:0
"$BIN/kafka-partition-proxy" --listen 127.0.0.1:0 --bootstrap "$BROKER" --virtual-partitions 12 \
  --physical-partitions 3 --ready-file "$WORK/proxy.ready" >"$WORK/proxy.log" 2>&1 &
PROXY_PID=$!
wait_ready "$WORK/proxy.ready" "$PROXY_PID" kafka-partition-proxy
PROXY=$(address_in "$WORK/proxy.ready")

step "2  produce the flights out of New York in January 2013, keyed by aircraft, through the proxy"
demo create-topic --topic $TOPIC --partitions 12
produced=$(demo produce --topic $TOPIC --file "$DATA")
row "produced through the proxy" "$(value records "$produced")" "$(value mb_s "$produced")"

step "3  a group of three consumers reads half, and commits"
total=$(value records "$produced")
first=$(demo read --topic $TOPIC --group $GROUP --seen "$WORK/seen" --count $((total / 2)))
row "read by the group before the disaster" "$(value records "$first")" "$(value mb_s "$first")"

step "4  kafka-backup backs up: records and the group's positions"
backed=$(backup backup --bootstrap "$PROXY" --topics $TOPIC --format json)
backup validate --deep >"$WORK/validate.log"
row "backed up, and every byte validated" "$(json_value records "$backed")" \
  "$(mb_s raw_bytes "$backed")"

step "5  the disaster: the broker is killed, and everything it held is gone"
kill -9 "$BROKER_PID"
wait "$BROKER_PID" 2>/dev/null || true
BROKER_PID=''
start_broker "$BROKER"

step "6  kafka-backup restores into the empty cluster, and compares"
restored=$(backup restore --bootstrap "$PROXY" --format json)
row "restored, read back and compared" "$(json_value records_verified "$restored")" \
  "$(mb_s bytes "$restored")"

step "7  the group goes on exactly where it stopped"
left=$((total - $(value records "$first")))
second=$(demo read --topic $TOPIC --group $GROUP --seen "$WORK/seen" --count "$left")
row "read by the group after it" "$(value records "$second")" "$(value mb_s "$second")"
behind=$(demo read-to-end --group $GROUP)
compared=$("$BIN/odradek-demo" compare --file "$DATA" --seen "$WORK/seen") || die compare
[ "$(value partitions_behind "$behind")" = 0 ] || die "$behind"

printf '\n%-42s %10s %10s\n' "" records MB/s
printf '%s\n' "${rows[@]}"
printf '%-42s %10s\n' "lost" "$(value lost "$compared")"
printf '%-42s %10s\n' "repeated" "$(value repeated "$compared")"
printf '%-42s %10s\n' "out of order within a key" "$(value out_of_order "$compared")"
printf '%-42s %10s\n' "seconds for all of it" "$(($(date +%s) - started))"

if [ "${KEEP:-0}" = 1 ]; then
  trap - EXIT
  cat <<END

Still running:
  odradek-broker          $BROKER   pid $BROKER_PID
  kafka-partition-proxy   $PROXY   pid $PROXY_PID
  archives                $WORK/archives
Try:  kcat -b $PROXY -L        kcat -b $PROXY -C -t $TOPIC -e | head
Stop: kill $BROKER_PID $PROXY_PID
END
fi
