#!/usr/bin/env python3
"""Consume-transform-produce with exactly-once while the proxy and brokers are killed.

Usage: kills.py PROXY_BINARY CLUSTER_TOOL CLUSTER_NAME BOOTSTRAP PORT [KILLS] [SEED]

CLUSTER_TOOL kills and restarts brokers of a cluster of three: `TOOL kill|restart --name NAME
--broker N`. Two workers copy a topic to another in transactions, through a proxy that shows 12
partitions over 3; each kill takes the proxy or a broker. In the end the output must be the input,
each record once, on its partition, in order. Needs confluent-kafka.
"""
import collections
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

PARTITIONS = 12
INPUTS = 6000


class Proxy:
    def __init__(self, binary, cluster, port):
        self.folder = tempfile.mkdtemp()
        self.command = [binary, "--config", os.path.join(self.folder, "proxy.yaml")]
        self.log = open(os.path.join(self.folder, "proxy.log"), "ab")
        with open(self.command[-1], "w") as file:
            file.write(f"listen: {{address: '127.0.0.1:{port}', "
                       f"advertised_address: '127.0.0.1:{port}'}}\n"
                       f"kafka: {{bootstrap_servers: '{cluster}', connection_timeout_ms: 3000, "
                       "metadata_refresh_interval_secs: 5}\n"
                       "mapping: {virtual_partitions: 12, physical_partitions: 3}\n")
        self.process = None

    def start(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            self.process = subprocess.Popen(self.command, stdout=self.log, stderr=self.log)
            try:
                self.process.wait(2)
            except subprocess.TimeoutExpired:
                return
        raise SystemExit("FAIL: the proxy does not start")

    def kill(self):
        if self.process.poll() is not None:
            raise SystemExit(f"FAIL: the proxy ended by itself: {self.process.returncode}")
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def work(address, group, stop):
    """One worker: whatever fails, it begins anew, with its committed offsets."""
    while not stop.is_set():
        consumer = Consumer({"bootstrap.servers": address, "group.id": group,
                             "enable.auto.commit": False, "auto.offset.reset": "earliest",
                             "isolation.level": "read_committed", "session.timeout.ms": 10000})
        producer = Producer({"bootstrap.servers": address, "transaction.timeout.ms": 15000,
                             "transactional.id": f"{group}-{os.getpid()}", "linger.ms": 5})
        try:
            producer.init_transactions(30)
            consumer.subscribe(["input"])
            copy_until_failure(consumer, producer, stop)
        except KafkaException as error:
            print("worker begins anew:", error.args[0].name(), flush=True)
        consumer.close()


def copy_until_failure(consumer, producer, stop):
    while not stop.is_set():
        messages = consumer.consume(50, 0.5)
        for message in messages:
            if message.error() is not None:
                raise KafkaException(message.error())
        if not messages:
            continue
        producer.begin_transaction()
        try:
            for message in messages:
                producer.produce("output", message.value(), message.key(), message.partition())
            positions = consumer.position(consumer.assignment())
            producer.send_offsets_to_transaction(
                [p for p in positions if p.offset >= 0], consumer.consumer_group_metadata(), 30)
            producer.commit_transaction(30)
        except KafkaException as error:
            # After an abort the committed offsets hold; after a fatal error a new producer does it.
            if not error.args[0].fatal():
                producer.abort_transaction(30)
            raise


def produce_inputs(address):
    producer = Producer({"bootstrap.servers": address, "enable.idempotence": True,
                         "message.timeout.ms": 300000})
    for i in range(INPUTS):
        producer.produce("input", f"{i % PARTITIONS}/{i}", "key", i % PARTITIONS)
        producer.poll(0)
        time.sleep(0.005)
    if producer.flush(120) != 0:
        raise SystemExit("FAIL: inputs not delivered")


def read_all(address, topic):
    consumer = Consumer({"bootstrap.servers": address, "group.id": "check",
                         "isolation.level": "read_committed", "enable.auto.commit": False,
                         "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, v, 0) for v in range(PARTITIONS)])
    found, ended = collections.defaultdict(list), set()
    deadline = time.monotonic() + 60
    while len(ended) < PARTITIONS and time.monotonic() < deadline:
        message = consumer.poll(0.5)
        if message is None:
            continue
        if message.error():
            ended.add(message.partition())
            continue
        found[message.partition()].append(message.value().decode())
    consumer.close()
    return found


def check(address):
    """What is wrong with the output; empty when it is right."""
    inputs, outputs = read_all(address, "input"), read_all(address, "output")
    wrong = []
    for v in range(PARTITIONS):
        expected = [f"{v}/{i}" for i in range(INPUTS) if i % PARTITIONS == v]
        if inputs[v] != expected:
            wrong.append(f"input {v}: {len(inputs[v])} of {len(expected)}")
        if outputs[v] != expected:
            twice = len(outputs[v]) - len(set(outputs[v]))
            wrong.append(f"output {v}: {len(outputs[v])} of {len(expected)}, {twice} twice")
    return wrong


def main():
    binary, tool, name, cluster, port = sys.argv[1:6]
    kills = int(sys.argv[6]) if len(sys.argv) > 6 else 20
    seed = int(sys.argv[7]) if len(sys.argv) > 7 else random.randrange(1 << 32)
    print("seed", seed, flush=True)
    random.seed(seed)
    address = f"127.0.0.1:{port}"
    proxy = Proxy(binary, cluster, port)
    proxy.start()
    admin = AdminClient({"bootstrap.servers": address})
    topics = [NewTopic(topic, PARTITIONS, 3) for topic in ("input", "output")]
    for future in admin.create_topics(topics).values():
        future.result(30)
    stop = multiprocessing.Event()
    jobs = [multiprocessing.Process(target=work, args=(address, "copy", stop)) for _ in range(2)]
    jobs.append(multiprocessing.Process(target=produce_inputs, args=(address,)))
    for job in jobs:
        job.start()
    for number in range(kills):
        time.sleep(random.uniform(1, 4))
        broker = random.randrange(4)
        print(f"kill {number + 1}: {f'broker {broker}' if broker else 'proxy'}", flush=True)
        if broker == 0:
            proxy.kill()
            time.sleep(random.uniform(0, 1))
            proxy.start()
            continue
        subprocess.run([tool, "kill", "--name", name, "--broker", str(broker)], check=True)
        time.sleep(random.uniform(1, 3))
        subprocess.run([tool, "restart", "--name", name, "--broker", str(broker)], check=True)
    jobs[-1].join(300)
    deadline = time.monotonic() + 180
    wrong = check(address)
    while wrong and time.monotonic() < deadline:
        time.sleep(5)
        wrong = check(address)
    stop.set()
    for job in jobs:
        job.join(60)
        job.kill()
    proxy.process.terminate()
    code = proxy.process.wait(30)
    if code != 0:
        wrong.append(f"the proxy ended with {code}")
    print("FAIL " + "; ".join(wrong) if wrong else f"ok {INPUTS} records, {kills} kills")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
