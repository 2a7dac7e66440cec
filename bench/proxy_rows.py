#!/usr/bin/env python3
"""Rows about kafka-partition-proxy: what it adds to an Apache Kafka, beside a proxy that only
passes bytes on (github.com/grepplabs/kafka-proxy).

One librdkafka client (rdbench of broker-bench below ODRADEK_PEERS, default ../shared/peers) speaks
to the same Apache Kafka directly, through ours, through the other proxy and through a relay that
only receives and sends (peers/relay), in turn; the best of the rounds counts. Topics have twelve
partitions; behind ours they have three. The other proxy is built by Go from its module, or
KAFKA_PROXY names the program.
"""

import contextlib
import functools
import os
import pathlib
import re
import resource
import selectors
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

import rows
from rows import (BIN, PEERS, ROOT, ROUNDS, SCALE, accepts, free_port, kafka, key_values,
                  memory_mib, say)

RDBENCH = pathlib.Path.home() / ".cache/odradek-peers/broker-bench/rdbench"
TOOLS = ROOT / "build/bench-peers"
PEER = "grepplabs/kafka-proxy"
PEER_MODULE = "github.com/grepplabs/kafka-proxy@v0.4.3"
KAFKA_NAME = "bench-proxy"
KAFKA_PORT = 33100
# Kafka tells clients of this listener that it is where the relay listens.
RELAYED_PORT = KAFKA_PORT + 40
RELAY = "recv(2) and send(2) alone"
RECORDS = int(1048576 * SCALE)
RECORD_BYTES = 1024
GIGABYTES = RECORDS * RECORD_BYTES / 1e9
PARTITIONS = "12"
FILES_NEEDED = 11_000
SETTLE_SECONDS = 3  # until consumers wait at the end
CONFIG = """
listen:
  address: "127.0.0.1:{port}"
  advertised_address: "127.0.0.1:{port}"
  max_connections: 20000
kafka: {{bootstrap_servers: "127.0.0.1:{kafka}"}}
mapping: {{virtual_partitions: 12, physical_partitions: 3}}
metrics: {{enabled: true, address: "127.0.0.1:{metrics}"}}
"""

emit = functools.partial(rows.emit, peer=PEER)


def wait_for(what, is_there, process=None, seconds=60):
    deadline = time.monotonic() + seconds
    while not is_there():
        if process is not None and process.poll() is not None:
            sys.exit(f"proxy_rows: {what} ended with {process.returncode}")
        if time.monotonic() > deadline:
            sys.exit(f"proxy_rows: {what}: nothing within {seconds} s")
        time.sleep(0.05)


@contextlib.contextmanager
def running(command, port):
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(command[0], lambda: accepts(port), process)
            yield process
        finally:
            process.terminate()


@contextlib.contextmanager
def our_proxy():
    """(port, pid, metrics port) of a proxy that maps every topic."""
    port, metrics = free_port(), free_port()
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as config:
        config.write(CONFIG.format(port=port, kafka=KAFKA_PORT, metrics=metrics))
        config.flush()
        program = str(BIN / "kafka-partition-proxy")
        with running([program, "--config", config.name], port) as process:
            yield port, process.pid, metrics


@contextlib.contextmanager
def other_proxy():
    """(port, pid) of the peer."""
    program = pathlib.Path(os.environ.get("KAFKA_PROXY", TOOLS / "kafka-proxy"))
    if not program.exists():
        TOOLS.mkdir(parents=True, exist_ok=True)
        subprocess.run(["go", "install", PEER_MODULE], check=True,
                       env={**os.environ, "GOBIN": str(TOOLS)})
    port = free_port()
    command = [str(program), "server", "--bootstrap-server-mapping",
               f"127.0.0.1:{KAFKA_PORT},127.0.0.1:{port}", "--http-disable"]
    with running(command, port) as process:
        yield port, process.pid


@contextlib.contextmanager
def bare_relay(port):
    """The pid of it."""
    program = TOOLS / "relay"
    TOOLS.mkdir(parents=True, exist_ok=True)
    subprocess.run(["c++", "-O2", "-std=c++20", "-o", str(program),
                    str(ROOT / "bench/peers/relay/relay.cc")], check=True)
    with running([str(program), str(port), str(RELAYED_PORT)], port) as process:
        yield process.pid


@contextlib.contextmanager
def cluster(relay_port):
    """An Apache Kafka with one more listener, for the relay."""
    inside = {"CLIENT": KAFKA_PORT, "INTERNAL": KAFKA_PORT + 10, "CONTROLLER": KAFKA_PORT + 20}

    def listeners(relayed):
        ports = inside | {"RELAY": relayed}
        return ",".join(f"{name}://127.0.0.1:{port}" for name, port in ports.items())

    protocols = "CLIENT:PLAINTEXT,INTERNAL:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT,RELAY:PLAINTEXT"
    kafka("start", "--fast", "--name", KAFKA_NAME, "--port-base", str(KAFKA_PORT),
          "--set", f"listeners={listeners(RELAYED_PORT)}",
          "--set", f"advertised.listeners={listeners(relay_port)}",
          "--set", f"listener.security.protocol.map={protocols}")
    try:
        yield
    finally:
        kafka("stop", "--name", KAFKA_NAME, "--purge")


def rdbench(port, pid, test, topic, *arguments):
    """The key=value pairs it printed."""
    command = [str(RDBENCH), test, "-b", f"127.0.0.1:{port}", "-t", topic, "-p", PARTITIONS,
               *(["-P", str(pid)] if pid else []), *arguments]
    return key_values(command, timeout=600)


def metric(port, name):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return float(re.search(rf"^{name} ([0-9.e+]+)$", text, re.MULTILINE).group(1))


class Way:
    """One way to the cluster and what was measured on it."""

    def __init__(self, name, port, pid=None, metrics=None):
        self.name, self.port, self.pid, self.metrics = name, port, pid, metrics
        self.rounds = []

    def scanned_bytes(self):
        return metric(self.metrics, "kafka_proxy_fetch_scanned_bytes_total")

    def round(self, number):
        """Latency, then produce and fetch of all records."""
        say(f"{self.name}, round {number}")
        topic = f"{self.name}-{number}"
        rdbench(self.port, self.pid, "create", f"{topic}-l")
        latency = rdbench(self.port, self.pid, "latency", f"{topic}-l", "-r", "1000", "-S", "10")
        rdbench(self.port, self.pid, "create", topic)
        count = ["-n", str(RECORDS)]
        produced = rdbench(self.port, self.pid, "produce", topic, "-s", str(RECORD_BYTES), *count)
        before = self.scanned_bytes() if self.metrics else 0
        fetched = rdbench(self.port, self.pid, "fetch", topic, *count)
        found = {}
        if self.metrics:
            found["scanned_gb"] = (self.scanned_bytes() - before) / 1e9
        for name in (f"{topic}-l", topic):
            rdbench(self.port, self.pid, "delete", name)
        for test, printed in (("latency", latency), ("produce", produced), ("fetch", fetched)):
            found |= {f"{test}_{name}": value for name, value in printed.items()}
        self.rounds.append(found)

    def least(self, key):
        return min(found[key] for found in self.rounds)

    def most(self, key):
        return max(found[key] for found in self.rounds)


def traffic_rows(direct, ours, other, relay):
    ways = (direct, ours, other, relay)
    for number in range(1, ROUNDS + 1):
        for way in ways:
            way.round(number)

    def row(name, unit, goal, value_of):
        emit(name, unit, value_of(ours), goal, value_of(other))
        emit(f"{name} (beside recv and send alone)", unit, value_of(ours), None, value_of(relay),
             peer=RELAY)

    for quantile, goal in (("p50", 0.03), ("p99", 1.0)):
        base = direct.least(f"latency_{quantile}_ms")
        row(f"produce at 1,000 msg/s, {quantile} added", "ms", goal,
            lambda way, q=quantile, b=base: way.least(f"latency_{q}_ms") - b)
    row("produce, CPU per GB", "s CPU", 0.4,
        lambda way: way.least("produce_broker_cpu_s") / GIGABYTES)
    row("fetch, CPU per GB scanned", "s CPU", 0.35, lambda way: min(
        found["fetch_broker_cpu_s"] / found.get("scanned_gb", GIGABYTES) for found in way.rounds))
    emit("fetch, bytes scanned per byte of the topic", "ratio",
         ours.least("scanned_gb") / GIGABYTES, None)
    for test in ("produce", "fetch"):
        base = direct.most(f"{test}_mib_s")
        emit(f"{test}, throughput against direct", "ratio", ours.most(f"{test}_mib_s") / base, 0.9,
             other.most(f"{test}_mib_s") / base, "higher")


# ApiVersions v0 and Metadata v1 of no topic, as any client sends them.
API_VERSIONS = struct.pack(">ihhih", 10, 18, 0, 1, -1)
METADATA = struct.pack(">ihhihi", 14, 3, 1, 2, -1, 0)


class Connections:
    """Many raw client connections on one thread."""

    def __init__(self, port):
        self.port = port
        self.all = []

    def open(self, count):
        for at in range(count):
            # Other addresses of the loopback: one has only 28,000 ports to connect from.
            connection = socket.create_connection(("127.0.0.1", self.port), 30,
                                                  (f"127.0.0.{2 + at % 8}", 0))
            self.all.append(connection)
            if at % 500 == 499:
                self.ask(self.all[-500:], API_VERSIONS)

    @staticmethod
    def ask(connections, request):
        """Sends to all, waits until each has answered."""
        with selectors.DefaultSelector() as waiting:
            for connection in connections:
                connection.sendall(request)
                waiting.register(connection, selectors.EVENT_READ, bytearray())
            deadline = time.monotonic() + 60
            while waiting.get_map():
                for key, _ in waiting.select(1):
                    received = key.fileobj.recv(65536)
                    if not received:
                        raise ConnectionError("the proxy closed a connection")
                    key.data.extend(received)
                    if len(key.data) >= 4 + struct.unpack(">i", key.data[:4])[0]:
                        waiting.unregister(key.fileobj)
                if time.monotonic() > deadline:
                    raise ConnectionError("no answer on a connection within 60 s")

    def close(self):
        for connection in self.all:
            connection.close()


def hold_connections(port, pid):
    """KiB of each of 10,000 connections, and requests a second of 1,000 of them."""
    connections = Connections(port)
    before = memory_mib(pid)
    try:
        connections.open(10_000)
        held = (memory_mib(pid) - before) * 1024 / 10_000
        begin = time.monotonic()
        for _ in range(10):
            connections.ask(connections.all[::10], METADATA)
        rate = 10_000 / (time.monotonic() - begin)
        connections.ask(connections.all, API_VERSIONS)
        return held, rate
    finally:
        connections.close()


def connection_rows(port, pid, other):
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < FILES_NEEDED:
        say(f"fewer than {FILES_NEEDED} open files are allowed here: no 10,000 connections")
        return
    say("10,000 connections")
    held, rate = hold_connections(port, pid)
    try:
        other_held, other_rate = hold_connections(other.port, other.pid)
        note = None
    except OSError as failure:  # it opens one to the cluster for each
        other_held = other_rate = None
        note = f"{PEER}: {failure}"
    emit("10,000 connections, memory of each", "KiB RSS", held, 8, other_held, note=note)
    emit("10,000 connections, 1,000 of them asking", "requests/s", rate, None, other_rate, "higher",
         note=note)


def tail_rows(ours):
    """Ten consumers at the end of the same partitions: what is read from the cluster for them."""
    say("ten consumers at the tail")
    read = []
    for consumers in (1, 10):
        topic = f"tail-{consumers}"
        rdbench(ours.port, ours.pid, "create", topic)
        command = [str(RDBENCH), "idle", "-b", f"127.0.0.1:{ours.port}", "-t", topic, "-p",
                   PARTITIONS, "-c", str(consumers), "-S", "16"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
            wait_for("consumers", lambda c=2 * consumers: metric(
                ours.metrics, "kafka_proxy_connections_active") >= c)
            time.sleep(SETTLE_SECONDS)
            before = ours.scanned_bytes()
            written = rdbench(ours.port, ours.pid, "latency", topic, "-r", "2000", "-S", "8")["n"]
        read.append((ours.scanned_bytes() - before) / written)
    emit("10 consumers at the tail, bytes read upstream against one", "ratio", read[1] / read[0],
         1.2)


def main():
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    for needed in (PEERS / "kafka/kafka.sh", RDBENCH):
        if not needed.exists():
            sys.exit(f"proxy_rows: needs {needed}; `make bench-broker` builds the driver")
    if shutil.which("go") is None:
        sys.exit("proxy_rows: needs Go for the peer")
    relay_port = free_port()
    with cluster(relay_port):
        with (our_proxy() as (port, pid, metrics), other_proxy() as (other_port, other_pid),
              bare_relay(relay_port) as relay_pid):
            emit("memory when idle", "MiB RSS", memory_mib(pid), 15, memory_mib(other_pid))
            ours, other = Way("ours", port, pid, metrics), Way("passing", other_port, other_pid)
            traffic_rows(Way("direct", KAFKA_PORT), ours, other,
                         Way("relay", relay_port, relay_pid))
            tail_rows(ours)
        with our_proxy() as (port, pid, _), other_proxy() as (other_port, other_pid):
            connection_rows(port, pid, Way(PEER, other_port, other_pid))


if __name__ == "__main__":
    main()
