"""A consumer by librdkafka that says what happens to it: member.py BOOTSTRAP GROUP TOPIC KIND."""

import signal
import sys
import time

from confluent_kafka import Consumer

KINDS = {
    "eager": {"partition.assignment.strategy": "range"},
    "roundrobin": {"partition.assignment.strategy": "roundrobin"},
    "cooperative": {"partition.assignment.strategy": "cooperative-sticky"},
    "consumer": {"group.protocol": "consumer"},
}


def say(*words):
    print(*words, flush=True)


def event(letter):
    def callback(consumer, partitions):
        say(letter, time.time_ns(), ",".join(str(p.partition) for p in partitions))

    return callback


def main():
    bootstrap, group, topic, kind = sys.argv[1:]
    config = {
        "bootstrap.servers": bootstrap,
        "group.id": group,
        "auto.offset.reset": "earliest",
        "enable.auto.offset.store": False,
        "auto.commit.interval.ms": 500,
        **KINDS[kind],
    }
    if kind != "consumer":
        config.update({"session.timeout.ms": 6000, "heartbeat.interval.ms": 1000})
    consumer = Consumer(config)
    consumer.subscribe([topic], on_assign=event("A"), on_revoke=event("R"), on_lost=event("L"))
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    while not ended:
        message = consumer.poll(0.2)
        if message is None or message.error():
            continue
        say("C", message.partition(), message.offset())
        try:
            consumer.store_offsets(message)
        except Exception:  # the partition was taken meanwhile: its next owner reads again
            pass
    consumer.close()


main()
