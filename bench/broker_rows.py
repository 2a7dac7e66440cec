#!/usr/bin/env python3
"""Rows about odradek-broker as a process: start, memory, CPU per record, latency.

In memory it stands beside Apache Kafka and kfake, on disk beside kfake on disk. The load comes from
broker-bench/bench.sh and Apache Kafka from kafka/kafka.sh, both below ODRADEK_PEERS (default
../shared/peers); kfake is built from bench/peers/kfake. Without a peer the rows say so.
CPU is user + system seconds of the broker process, the least of the runs.
"""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

import socket_floor
from rows import BIN, PEERS, ROOT, emit, free_port, kafka, memory_mib, say

KAFKA = "Apache Kafka 4.3.1"
KAFKA_NAME = "odradek-bench"
KAFKA_PORT_BASE = 29392
STARTS = 10
ANSWER_DEADLINE_S = 120
KFAKE = "kfake"
KFAKE_SOURCE = ROOT / "bench/peers/kfake"
TESTS = os.environ.get("BENCH_TESTS",
                       "produce1,fetch,produceall,produceidem,producelz4,latency,e2e,idle")

FETCH = "fetch, CPU per million 1 KiB records"
FETCH_CPU = "fetch, broker CPU s per million (user part)"
ONE = "produce at 1,000 msg/s, CPU per message"
ONE_CPU = "produce latency run, broker CPU us per message"
SEND = "send(2) alone"
ANSWER = "epoll_wait(2), recv(2) and send(2) alone"
MILLION_BYTES = 1_000_000 * 1024
FLOOR_ROUNDS = 3

# metric of bench.sh -> our row
LOAD_ROWS = [
    ("RSS after 1024 MiB produced, MiB", "memory after 1 GiB produced", "MiB RSS"),
    ("produce acks=1, broker CPU s per million (user part)",
     "produce acks=1, CPU per million 1 KiB records", "s CPU"),
    ("produce acks=all, broker CPU s per million (user part)",
     "produce acks=all, CPU per million 1 KiB records", "s CPU"),
    ("produce idempotent, broker CPU s per million (user part)",
     "produce idempotent, CPU per million 1 KiB records", "s CPU"),
    ("produce acks=1 lz4, broker CPU s per million (user part)",
     "produce acks=1 lz4, CPU per million 1 KiB records", "s CPU"),
    (FETCH_CPU, FETCH, "s CPU"),
    ("produce latency at 1000 msg/s, p50 ms", "produce at 1,000 msg/s, p50", "ms"),
    (ONE_CPU, ONE, "us CPU"),
    ("end to end at 1000 msg/s, p50 ms", "end to end at 1,000 msg/s, p50", "ms"),
    ("end to end, broker CPU us per message", "end to end at 1,000 msg/s, CPU per message",
     "us CPU"),
    ("10 idle consumers long-polling, broker CPU %", "10 idle consumers", "% CPU"),
]


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


@contextlib.contextmanager
def running(command, port):
    """A running broker: (port, pid, milliseconds from exec to the first answer)."""
    begin = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            ready = wait_for_answer(port, process)
            yield port, process.pid, (ready - begin) * 1e3
        finally:
            process.send_signal(signal.SIGTERM)


@contextlib.contextmanager
def our_broker(data=None):
    port = free_port()
    command = [str(BIN / "odradek-broker"), "--listen", f"127.0.0.1:{port}"]
    with running([*command, *(["--data", data] if data else [])], port) as broker:
        yield broker


@contextlib.contextmanager
def kfake_broker(data=None):
    port = free_port()
    program = ROOT / "build/peers/kfake"
    subprocess.run(["go", "build", "-o", str(program), "."], cwd=KFAKE_SOURCE, check=True)
    with running([str(program), str(port), *([data] if data else [])], port) as broker:
        yield broker


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


def measure(label, broker):
    """start, memory and metrics of a broker under load; `broker` is one of the context managers."""
    say(f"load on {label}")
    with broker as (port, pid, start):
        idle = memory_mib(pid)
        return {"start": start, "idle": idle, **load(label, port, pid)}


def emit_all(prefix, suffix, ours, peer, theirs, note):
    for metric, name, unit in [("start", "start to first answer", "ms"),
                               ("idle", "memory when idle", "MiB RSS"), *LOAD_ROWS]:
        if metric not in ours:
            continue
        beside = theirs.get(metric)
        # On disk no worse than kfake in the same sitting; goals.json has the other goals.
        goal = beside if prefix == "on disk: " and "CPU per million" in name else None
        emit(prefix + name + suffix, unit, ours[metric], goal, beside, peer=peer, note=note)


def emit_floors(prefix, ours):
    """Rows beside what the kernel alone takes for the same."""
    if FETCH_CPU in ours:
        floor = min(socket_floor.send_floor(MILLION_BYTES) for _ in range(FLOOR_ROUNDS))
        emit(f"{prefix}{FETCH} (beside send alone)", "s CPU", ours[FETCH_CPU], peer_value=floor,
             peer=SEND)
    if ONE_CPU in ours:
        floor = min(socket_floor.answer_floor(2000, 1000) for _ in range(FLOOR_ROUNDS))
        emit(f"{prefix}{ONE} (beside epoll, recv and send alone)", "us CPU", ours[ONE_CPU],
             peer_value=floor * 1e6, peer=ANSWER)


def best_start(data=None):
    say(f"starting odradek-broker {STARTS} times")
    starts = []
    for _ in range(STARTS):
        with our_broker(data) as (_, pid, milliseconds):
            starts.append((milliseconds, memory_mib(pid)))
    return {"start": min(ms for ms, _ in starts), "idle": min(memory for _, memory in starts)}


def main():
    have_load = (PEERS / "broker-bench/bench.sh").exists()
    have_kafka = have_load and (PEERS / "kafka/kafka.sh").exists()
    have_kfake = have_load and shutil.which("go") is not None
    ours = best_start()
    disk, kafka_s, kfake_s, kfake_disk = {}, {}, {}, {}
    if have_load:
        ours = measure("odradek-broker", our_broker()) | ours
        with tempfile.TemporaryDirectory() as data:
            disk = measure("odradek-broker on disk", our_broker(data))
    if have_kfake:
        kfake_s = measure(KFAKE, kfake_broker())
        with tempfile.TemporaryDirectory() as data:
            kfake_disk = measure(f"{KFAKE} on disk", kfake_broker(data))
    if have_kafka:
        kafka_s = measure(KAFKA, kafka_broker())
    missing = f"peer missing: no {PEERS.name} beside the tree"
    no_go = "peer missing: no Go"
    emit_all("", "", ours, KAFKA, kafka_s, None if have_kafka else missing)
    emit_all("", " (beside kfake)", ours, KFAKE, kfake_s, None if have_kfake else no_go)
    emit_floors("", ours)
    emit_floors("on disk: ", disk)
    emit_all("on disk: ", "", disk, f"{KFAKE} on disk", kfake_disk, None if have_kfake else no_go)


if __name__ == "__main__":
    main()
