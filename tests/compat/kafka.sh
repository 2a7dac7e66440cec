#!/usr/bin/env bash
# Runs the client's tests against Apache Kafka, started for each run.
#   KAFKA_PEER=.../kafka.sh tests/compat/kafka.sh [VERSION/BROKERS/SECURITY[/MECHANISM] ...]
# for example 4.0.2/1/plaintext 4.3.1/3/plaintext 4.3.1/1/sasl_ssl/SCRAM-SHA-512; without words, all
# that the library is promised for. FILTER: only these tests (as --gtest_filter).
set -u
cd "$(dirname "$0")/../.."
peer=${KAFKA_PEER:?a script that starts Kafka, see the top of this file}
tests=${ODRADEK_COMPAT_TESTS:-build/dev/bin/odk_compat_tests}
name=${NAME:-compat}
base=${PORT_BASE:-31200}
failed=0

if [ $# -eq 0 ]; then
  for version in 4.0.2 4.3.1 4.4.0; do set -- "$@" $version/1/plaintext $version/3/plaintext; done
  set -- "$@" 4.3.1/1/ssl 4.3.1/1/mtls 4.3.1/1/sasl_ssl/SCRAM-SHA-256
  for mechanism in PLAIN SCRAM-SHA-256 SCRAM-SHA-512 OAUTHBEARER; do
    set -- "$@" 4.3.1/1/sasl_plaintext/$mechanism
  done
fi
for run in "$@"; do
  IFS=/ read -r version brokers security mechanism <<<"$run"
  # The tests grant and take access: as admin, by certificate or not, or as nobody.
  access=(--acl --set "super.users=User:admin;User:CN=admin;User:ANONYMOUS")
  bootstrap=$("$peer" start --fast --version "$version" --brokers "$brokers" \
    --security "$security" --name "$name" --port-base "$base" "${access[@]}" |
    grep -o '127.0.0.1:[0-9,.:]*' | tail -1)
  folder=$("$peer" dir --name "$name")
  unset ODRADEK_TEST_PROPERTIES
  if [ "$security" != plaintext ]; then
    export ODRADEK_TEST_PROPERTIES=$folder/client-admin${mechanism:+-$mechanism}.properties
  fi
  result=$(ODRADEK_TEST_BOOTSTRAP=$bootstrap timeout 900 "$tests" --gtest_brief=1 \
    --gtest_filter="${FILTER:-*}" 2>&1)
  status=$?
  echo "$([ $status -eq 0 ] && echo PASS || echo FAIL) $run: $(tail -1 <<<"$result")"
  if [ $status -ne 0 ]; then
    failed=1
    grep -E "FAILED|Failure|error" <<<"$result" | head -20
  fi
  "$peer" stop --name "$name" --purge >/dev/null
done
exit $failed
