#!/usr/bin/env python3
"""Kills odradek-broker with -9 again and again while clients write, and looks at what is left.

usage: kill_loop.py --broker build/dev/bin/odradek-broker [--rounds 200] [--flush os] [--port 23090]
needs: pip install confluent-kafka

Four clients live through all kills: an idempotent producer, a transactional one that also
commits offsets in its transactions, a plain committer of offsets, and a producer of a compacted
topic. Then:
- every record that was acknowledged is there once, none is there twice, all are in order;
- of every transaction either all records are there or none; of committed ones all;
- the offsets that were committed, in transactions or not, are the last ones acknowledged or later;
- the newest acknowledged value of each compacted key, or a later one, is there.
Prints one line for each round and exits 1 when anything is wrong.
"""
import argparse
import collections
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

FAST = {
    "reconnect.backoff.ms": 10,
    "reconnect.backoff.max.ms": 50,
    "retry.backoff.ms": 20,
    "retry.backoff.max.ms": 100,
    "topic.metadata.refresh.fast.interval.ms": 20,
    "metadata.recovery.strategy": "none",  # else librdkafka waits a second after each kill
    "log_level": 0,
}
TXN_RECORDS = 6
KEYS = 50


class Broker:
    def __init__(self, args, data):
        self.command = [args.broker, "--listen", f"127.0.0.1:{args.port}", "--data", data,
                        "--flush", args.flush, "--http", "off", "--log-level", "warn"]
        for topic in ("plain:3", "txn:3",
                      "compacted:1,cleanup.policy=compact,segment.bytes=1048576,"
                      "min.cleanable.dirty.ratio=0.01"):
            self.command += ["--topic", topic]
        self.command += ["--set", "log.cleaner.backoff.ms=100"]
        self.log = open(os.path.join(os.path.dirname(data), "broker.log"), "ab")

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=self.log)
        if not self.process.stdout.readline():
            sys.exit(f"the broker did not start: see {self.log.name}")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Idempotent(threading.Thread):
    """Numbers to three partitions; knows which were acknowledged."""

    def __init__(self, bootstrap, stop):
        super().__init__()
        self.stop = stop
        self.acknowledged = [set(), set(), set()]
        self.faults = []
        self.producer = Producer({**FAST, "bootstrap.servers": bootstrap, "linger.ms": 1,
                                  "enable.idempotence": True, "message.timeout.ms": 600_000})

    def delivered(self, error, message):
        if error is None:
            self.acknowledged[message.partition()].add(int(message.value()))
        else:
            self.faults.append(f"idempotent: {error}")

    def run(self):
        number = 0
        while not self.stop.is_set():
            for partition in range(3):
                self.producer.produce("plain", str(number), partition=partition,
                                      on_delivery=self.delivered)
            number += 1
            self.producer.poll(0)
            if number % 20 == 0:
                time.sleep(0.005)
        if self.producer.flush(60):
            self.faults.append("idempotent: not everything was acknowledged in the end")


class Transactional(threading.Thread):
    """Transactions of some records and an offset; knows which were committed for sure."""

    def __init__(self, bootstrap, stop):
        super().__init__()
        self.bootstrap = bootstrap
        self.stop = stop
        self.committed = set()
        self.begun = 0
        self.aborted = set()
        self.faults = []

    def new_producer(self):
        while True:
            producer = Producer({**FAST, "bootstrap.servers": self.bootstrap, "linger.ms": 0,
                                 "transactional.id": "kill-loop", "transaction.timeout.ms": 20_000})
            try:
                producer.init_transactions(30)
                return producer
            except KafkaException:
                continue

    def run(self):
        consumer = Consumer({**FAST, "bootstrap.servers": self.bootstrap, "group.id": "txn-group"})
        producer = self.new_producer()
        number = 0
        while not self.stop.is_set():
            number += 1
            self.begun = number
            try:
                producer.begin_transaction()
                for i in range(TXN_RECORDS):
                    producer.produce("txn", f"{number}:{i}", partition=i % 3)
                producer.send_offsets_to_transaction(
                    [TopicPartition("txn", 0, number)], consumer.consumer_group_metadata(), 10)
                if number % 7 == 0:
                    producer.abort_transaction(10)
                    self.aborted.add(number)
                    continue
                self.commit(producer)
                self.committed.add(number)
            except KafkaException as fault:
                # Whether it was committed is not known; a new producer of the id makes it final.
                if fault.args[0].txn_requires_abort():
                    try:
                        producer.abort_transaction(10)
                        self.aborted.add(number)
                        continue
                    except KafkaException:
                        pass
                producer = self.new_producer()
        del producer

    @staticmethod
    def commit(producer):
        while True:
            try:
                return producer.commit_transaction(10)
            except KafkaException as fault:
                if not fault.args[0].retriable():
                    raise


class Committer(threading.Thread):
    """Commits ever larger offsets of a group."""

    def __init__(self, bootstrap, stop):
        super().__init__()
        self.stop = stop
        self.acknowledged = -1
        self.tried = -1
        self.consumer = Consumer({**FAST, "bootstrap.servers": bootstrap, "group.id": "plain-group",
                                  "enable.auto.commit": False})

    def run(self):
        offset = 0
        while not self.stop.is_set():
            offset += 1
            self.tried = offset
            try:
                result = self.consumer.commit(offsets=[TopicPartition("plain", 0, offset)],
                                              asynchronous=False)
                if result[0].error is None:
                    self.acknowledged = offset
            except KafkaException:
                pass
            time.sleep(0.002)
        self.consumer.close()


class Compacted(threading.Thread):
    """Overwrites few keys; knows the newest value of each that was acknowledged."""

    def __init__(self, bootstrap, stop):
        super().__init__()
        self.stop = stop
        self.acknowledged = {}
        self.faults = []
        self.producer = Producer({**FAST, "bootstrap.servers": bootstrap, "linger.ms": 1,
                                  "enable.idempotence": True, "message.timeout.ms": 600_000})

    def delivered(self, error, message):
        if error is None:
            self.acknowledged[message.key()] = int(message.value()[:12])
        else:
            self.faults.append(f"compacted: {error}")

    def run(self):
        number = 0
        while not self.stop.is_set():
            self.producer.produce("compacted", f"{number:012}".encode() + b"x" * 2000,
                                  key=str(number % KEYS), on_delivery=self.delivered)
            number += 1
            self.producer.poll(0)
            time.sleep(0.001)
        if self.producer.flush(60):
            self.faults.append("compacted: not everything was acknowledged in the end")


def wait_for_progress(plain, txn, committer, compacted):
    """Until each client had something acknowledged, or is stuck for reasons of its own."""
    def state():
        return (sum(map(len, plain.acknowledged)), len(txn.committed), committer.acknowledged,
                sum(compacted.acknowledged.values()))
    before = state()
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        if all(now > was for now, was in zip(state(), before)):
            return
        time.sleep(0.01)


def read_all(bootstrap, topic, partitions):
    """Everything committed in a topic, as (partition, key, value), in order."""
    consumer = Consumer({**FAST, "bootstrap.servers": bootstrap, "group.id": "reader",
                         "isolation.level": "read_committed", "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, p, 0) for p in range(partitions)])
    records, ends = [], set()
    deadline = time.monotonic() + 120
    while len(ends) < partitions and time.monotonic() < deadline:
        for message in consumer.consume(1000, 1.0):
            if message.error() is None:
                records.append((message.partition(), message.key(), message.value()))
            elif message.error().code() == KafkaError._PARTITION_EOF:
                ends.add(message.partition())
    consumer.close()
    if len(ends) < partitions:
        sys.exit(f"{topic} cannot be read to its end")
    return records


def committed(bootstrap, group, topic):
    consumer = Consumer({**FAST, "bootstrap.servers": bootstrap, "group.id": group})
    offset = consumer.committed([TopicPartition(topic, 0)], 30)[0].offset
    consumer.close()
    return offset


def check_plain(records, client, faults):
    faults += client.faults
    for partition in range(3):
        values = [int(value) for p, _, value in records if p == partition]
        lost = client.acknowledged[partition] - set(values)
        twice = len(values) - len(set(values))
        if lost:
            faults.append(f"plain-{partition}: {len(lost)} acknowledged lost, e.g. {min(lost)}")
        if twice:
            faults.append(f"plain-{partition}: {twice} records are there twice")
        if values != sorted(values):
            faults.append(f"plain-{partition}: out of order")


def check_txn(records, client, offset, faults):
    counts = collections.Counter()
    seen = collections.defaultdict(set)
    for _, _, value in records:
        number, i = map(int, value.split(b":"))
        counts[number] += 1
        seen[number].add(i)
    whole = {n for n in counts if counts[n] == TXN_RECORDS and len(seen[n]) == TXN_RECORDS}
    broken = sorted(set(counts) - whole)
    if broken:
        faults.append(f"transactions that are not whole: {broken[:5]}")
    if client.committed - whole:
        faults.append(f"committed transactions lost: {sorted(client.committed - whole)[:5]}")
    if client.aborted & whole:
        faults.append(f"aborted transactions there: {sorted(client.aborted & whole)[:5]}")
    if whole and offset != max(whole):
        faults.append(f"the offset of transactions is {offset}, not {max(whole)}")


def check_compacted(records, client, faults):
    faults += client.faults
    newest = {}
    for _, key, value in records:
        number = int(value[:12])
        if number < newest.get(key, -1):
            faults.append(f"compacted: key {key} goes back")
        newest[key] = number
    for key, number in client.acknowledged.items():
        if newest.get(key, -1) < number:
            faults.append(f"compacted: key {key} has {newest.get(key)}, acknowledged was {number}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--broker", required=True)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--flush", default="os")
    parser.add_argument("--port", type=int, default=23090)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="leave the data directory behind")
    args = parser.parse_args()
    random.seed(args.seed)
    home = tempfile.mkdtemp(prefix="odradek-kill-")
    bootstrap = f"127.0.0.1:{args.port}"
    broker = Broker(args, os.path.join(home, "data"))
    broker.start()
    stop = threading.Event()
    plain, txn = Idempotent(bootstrap, stop), Transactional(bootstrap, stop)
    committer, compacted = Committer(bootstrap, stop), Compacted(bootstrap, stop)
    clients = [plain, txn, committer, compacted]
    for client in clients:
        client.start()
    starts = []
    for number in range(1, args.rounds + 1):
        wait_for_progress(plain, txn, committer, compacted)
        time.sleep(random.uniform(0, 0.5))
        broker.kill()
        begun = time.monotonic()
        broker.start()
        starts.append(time.monotonic() - begun)
        print(f"round {number}: started in {starts[-1] * 1000:.0f} ms, acknowledged "
              f"{sum(map(len, plain.acknowledged))}, transactions {len(txn.committed)}, "
              f"offset {committer.acknowledged}, compacted {sum(compacted.acknowledged.values())}",
              flush=True)
    stop.set()
    for client in clients:
        client.join()
    faults = []
    check_plain(read_all(bootstrap, "plain", 3), plain, faults)
    check_txn(read_all(bootstrap, "txn", 3), txn, committed(bootstrap, "txn-group", "txn"), faults)
    check_compacted(read_all(bootstrap, "compacted", 1), compacted, faults)
    offset = committed(bootstrap, "plain-group", "plain")
    if not committer.acknowledged <= offset <= committer.tried:
        faults.append(f"the committed offset is {offset}, not {committer.acknowledged} or later")
    broker.stop()
    for fault in faults:
        print("FAULT", fault)
    print(f"{args.rounds} kills, {len(faults)} faults, "
          f"{sum(map(len, plain.acknowledged))} records acknowledged, "
          f"{len(txn.committed)} transactions committed, {len(txn.aborted)} aborted, "
          f"slowest start {max(starts) * 1000:.0f} ms")
    if args.keep or faults:
        print("data in", home)
    else:
        shutil.rmtree(home)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
