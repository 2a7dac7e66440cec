#!/usr/bin/env python3
"""Rows about odradek-broker as a process, beside Apache Kafka: start, memory, CPU per record.

The load comes from broker-bench/bench.sh and the peer from kafka/kafka.sh, both below ODRADEK_PEERS
(default ../shared/peers). Without them the rows say so: start and memory are then ours alone.
CPU is user + system seconds of the broker process, the least of the runs.
"""

import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
BROKER = ROOT / "build/release/bin/odradek-broker"
PEERS = pathlib.Path(os.environ.get("ODRADEK_PEERS", ROOT / "../shared/peers")).resolve()
KAFKA = "Apache Kafka 4.3.1"
KAFKA_NAME = "odradek-bench"
KAFKA_PORT_BASE = 29392
STARTS = 10
ANSWER_DEADLINE_S = 120
TESTS = os.environ.get("BENCH_TESTS",
                       "produce1,fetch,produceall,produceidem,producelz4,latency,idle")

# metric of bench.sh -> our row
LOAD_ROWS = [
    ("produce acks=1, broker CPU s per million (user part)",
     "produce acks=1, CPU per million 1 KiB records", "s CPU"),
    ("produce acks=all, broker CPU s per million (user part)",
     "produce acks=all, CPU per million 1 KiB records", "s CPU"),
    ("produce idempotent, broker CPU s per million (user part)",
     "produce idempotent, CPU per million 1 KiB records", "s CPU"),
    ("produce acks=1 lz4, broker CPU s per million (user part)",
     "produce acks=1 lz4, CPU per million 1 KiB records", "s CPU"),
    ("fetch, broker CPU s per million (user part)",
     "fetch, CPU per million 1 KiB records", "s CPU"),
    ("produce latency run, broker CPU us per message",
     "produce at 1,000 msg/s, CPU per message", "us CPU"),
    ("10 idle consumers long-polling, broker CPU %", "10 idle consumers", "% CPU"),
]


def say(text):
    print(f"broker_rows: {text}", file=sys.stderr, flush=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    """True when an ApiVersions v0 request is answered on the port."""
    body = struct.pack(">hhih", 18, 0, 7, -1)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(struct.pack(">i", len(body)) + body)
            head = connection.recv(8)
            return len(head) == 8 and struct.unpack(">i", head[4:])[0] == 7
    except OSError:
        return False


def wait_for_answer(port, process):
    """Polls until the port answers; the moment it did."""
    deadline = time.monotonic() + ANSWER_DEADLINE_S
    while not answers(port):
        if time.monotonic() > deadline or process.poll() not in (None, 0):
            sys.exit(f"broker_rows: no answer on port {port}")
        time.sleep(0.0005)
    return time.monotonic()


def resident_mib(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(re.search(r"^VmRSS:\s+(\d+)", status, re.M).group(1)) / 1024


@contextlib.contextmanager
def our_broker():
    """A running odradek-broker: (port, pid, milliseconds from exec to the first answer)."""
    port = free_port()
    begin = time.monotonic()
    with subprocess.Popen([str(BROKER), "--listen", f"127.0.0.1:{port}"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            ready = wait_for_answer(port, process)
            yield port, process.pid, (ready - begin) * 1e3
        finally:
            process.send_signal(signal.SIGTERM)


def kafka(*arguments):
    return subprocess.run([str(PEERS / "kafka/kafka.sh"), *arguments], check=True,
                          stdout=subprocess.PIPE, text=True).stdout.strip()


@contextlib.contextmanager
def kafka_broker():
    """A running Apache Kafka, started twice so that its class archive exists: (port, pid, ms)."""
    kafka("start", "--name", KAFKA_NAME, "--port-base", str(KAFKA_PORT_BASE))
    try:
        kafka("stop", "--name", KAFKA_NAME)
        begin = time.monotonic()
        with subprocess.Popen([str(PEERS / "kafka/kafka.sh"), "start", "--keep", "--name",
                               KAFKA_NAME], stdout=subprocess.DEVNULL) as starting:
            ready = wait_for_answer(KAFKA_PORT_BASE, starting)
            starting.wait()
        folder = kafka("dir", "--name", KAFKA_NAME)
        pid = int(pathlib.Path(folder, "broker-1/pid").read_text(encoding="utf-8"))
        yield KAFKA_PORT_BASE, pid, (ready - begin) * 1e3
    finally:
        kafka("stop", "--name", KAFKA_NAME, "--purge")


def load(label, port, pid):
    """bench.sh's metrics of one broker: name -> value, the part in brackets dropped."""
    with tempfile.NamedTemporaryFile(suffix=".tsv") as table:
        done = subprocess.run(
            [str(PEERS / "broker-bench/bench.sh"), "--label", label, "--tsv", table.name,
             "--bootstrap", f"127.0.0.1:{port}", "--pid", str(pid), "--tests", TESTS],
            stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"broker_rows: bench.sh ended with {done.returncode}")
        lines = pathlib.Path(table.name).read_text(encoding="utf-8").splitlines()[1:]
    for line in done.stdout.splitlines():
        if "ERRORS" in line or "failed" in line:
            say(line)
    metrics = {}
    for line in lines:
        name, _, value = line.partition("\t")
        with contextlib.suppress(ValueError, IndexError):
            metrics[name] = float(value.split()[0])
    return metrics


def emit(name, unit, value, peer_value, note=None):
    row = {"name": name, "unit": unit, "value": value, "better": "lower"}
    if peer_value is not None:
        row |= {"peer": KAFKA, "peer_value": peer_value}
    if note:
        row["note"] = note
    print(json.dumps(row), flush=True)


def main():
    have_load = (PEERS / "broker-bench/bench.sh").exists()
    have_kafka = (PEERS / "kafka/kafka.sh").exists()
    missing = None if have_load and have_kafka else f"peer missing: no {PEERS.name} beside the tree"

    say(f"starting odradek-broker {STARTS} times")
    starts = []
    for _ in range(STARTS):
        with our_broker() as (_, pid, milliseconds):
            starts.append((milliseconds, resident_mib(pid)))
    ours = {}
    if have_load:
        say("load on odradek-broker")
        with our_broker() as (port, pid, _):
            ours = load("odradek-broker", port, pid)

    theirs, their_start, their_memory = {}, None, None
    if have_kafka:
        say(f"the same on {KAFKA}")
        with kafka_broker() as (port, pid, their_start):
            their_memory = resident_mib(pid)
            theirs = load(KAFKA, port, pid) if have_load else {}

    emit("start to first answer", "ms", min(ms for ms, _ in starts), their_start, missing)
    emit("memory when idle", "MiB RSS", min(memory for _, memory in starts), their_memory, missing)
    for metric, name, unit in LOAD_ROWS:
        if metric in ours or metric in theirs or not have_load:
            emit(name, unit, ours.get(metric), theirs.get(metric), missing)


if __name__ == "__main__":
    main()
