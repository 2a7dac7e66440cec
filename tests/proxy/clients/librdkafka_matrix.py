#!/usr/bin/env python3
"""librdkafka (confluent-kafka) through the proxy. Usage: librdkafka_matrix.py BOOTSTRAP TOPIC

See README.md.
"""
import sys
import time
import uuid

from confluent_kafka import Consumer, Producer, TopicPartition

PARTITIONS = 12
PER_PARTITION = 40
BOOTSTRAP, TOPIC = sys.argv[1:3]


def check(ok, what):
    if not ok:
        print("FAIL", what)
        sys.exit(1)


def producer(mode, codec, run):
    config = {"bootstrap.servers": BOOTSTRAP, "compression.type": codec, "linger.ms": 5}
    config["enable.idempotence"] = mode != "plain"
    if mode == "transactional":
        config["transactional.id"] = run
    return Producer(config)


def send(client, run, first, last):
    """Sends values "run/v/i" to all partitions; what was acknowledged, by value."""
    acked = {}

    def delivered(error, message):
        check(error is None, f"{run}: {error}")
        acked[message.value().decode()] = (message.partition(), message.offset())

    for i in range(first, last):
        for v in range(PARTITIONS):
            client.produce(TOPIC, f"{run}/{v}/{i}", "key", v, on_delivery=delivered)
    check(client.flush(60) == 0, f"{run}: not all delivered")
    return acked


def verify(run, expected):
    consumer = Consumer({"bootstrap.servers": BOOTSTRAP, "group.id": run,
                         "enable.auto.commit": False, "isolation.level": "read_committed",
                         "enable.partition.eof": True})
    consumer.assign([TopicPartition(TOPIC, v, 0) for v in range(PARTITIONS)])
    seen, last, ended = {}, {}, set()
    deadline = time.monotonic() + 60
    while len(ended) < PARTITIONS:
        check(time.monotonic() < deadline, f"{run}: end not reached")
        message = consumer.poll(0.2)
        if message is None:
            continue
        if message.error():
            check(message.error().name() == "_PARTITION_EOF", f"{run}: {message.error()}")
            ended.add(message.partition())
            continue
        value = message.value().decode()
        if not value.startswith(run):
            continue
        v, i = (int(part) for part in value.split("/")[1:])
        check(message.partition() == v, f"{value} on partition {message.partition()}")
        check(last.get(v, -1) < i, f"{value} out of order")
        check(value not in seen, f"{value} twice")
        last[v] = i
        seen[value] = (v, message.offset())
    consumer.close()
    check(seen == expected, f"{run}: read {len(seen)} of {len(expected)}")


def round_trip(mode, codec):
    run = f"rdkafka-{mode}-{codec}-{uuid.uuid4()}"
    client = producer(mode, codec, run)
    expected = {}
    if mode == "transactional":
        client.init_transactions(60)
        for round_number in range(4):
            client.begin_transaction()
            acked = send(client, run, round_number * 10, round_number * 10 + 10)
            if round_number == 2:
                client.abort_transaction(60)
            else:
                client.commit_transaction(60)
                expected |= acked
    else:
        expected = send(client, run, 0, PER_PARTITION)
    verify(run, expected)
    print("ok librdkafka", mode, codec, len(expected))


for codec_name in ("none", "gzip", "snappy", "lz4", "zstd"):
    for mode_name in ("idempotent", "plain", "transactional"):
        round_trip(mode_name, codec_name)
