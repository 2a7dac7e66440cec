#!/usr/bin/env python3
"""Rows about libodradek: CPU, throughput, memory and latency, beside the newest librdkafka.

Both speak to the null broker of client-bench below ODRADEK_PEERS (default ../shared/peers), which
answers at once and stores nothing, so that the client alone is measured: `odk perf` is ours,
`rdkbench` theirs. They run in turn; the best of the rounds counts. Without the folder the rows
say so. librdkafka is the one that the Python package confluent-kafka brings; without a way to
install that, the system's.
"""

import contextlib
import ctypes
import subprocess
import sys
import time

import rows
from rows import BIN, PEERS, ROOT, ROUNDS, SCALE, accepts, free_port, key_values, say

ODK = BIN / "odk"
SOURCES = PEERS / "client-bench"
TOOLS = ROOT / "build/bench-peers"

# name, payload bytes, codec, records, our arguments, their arguments, goal
PRODUCE = [
    ("produce 1 KiB none acks=1", 1024, "none", 1_000_000, ["--acks", "1"], ["acks=1"], 0.7),
    ("produce 1 KiB none idempotent acks=all", 1024, "none", 1_000_000, [],
     ["acks=all", "enable.idempotence=true"], 0.735),
    ("produce 1 KiB lz4 acks=1", 1024, "lz4", 500_000, ["--acks", "1"], ["acks=1"], 2.2),
    ("produce 1 KiB zstd acks=1", 1024, "zstd", 300_000, ["--acks", "1"], ["acks=1"], 4.0),
    ("produce 100 B none acks=1", 100, "none", 3_000_000, ["--acks", "1"], ["acks=1"], 0.22),
    ("produce 100 B lz4 acks=1", 100, "lz4", 2_000_000, ["--acks", "1"], ["acks=1"], 0.32),
    ("produce 100 B zstd acks=1", 100, "zstd", 2_000_000, ["--acks", "1"], ["acks=1"], 0.5),
]
CONSUME = [
    ("consume 1 KiB none", 1024, "none", 2_000_000, 0.28),
    ("consume 1 KiB lz4", 1024, "lz4", 2_000_000, 0.5),
    ("consume 1 KiB zstd", 1024, "zstd", 2_000_000, 0.9),
    ("consume 100 B none", 100, "none", 5_000_000, 0.12),
]


def newest_librdkafka():
    """The path of confluent-kafka's own librdkafka, installed into a folder of its own; or None."""
    folder = TOOLS / "python"
    libraries = "lib/python*/site-packages/confluent_kafka.libs/librdkafka*.so*"
    found = sorted(folder.glob(libraries))
    if not found:
        for command in ([sys.executable, "-m", "venv", str(folder)],
                        [str(folder / "bin/pip"), "install", "--quiet", "confluent-kafka"]):
            if subprocess.run(command, capture_output=True, check=False).returncode != 0:
                return None
        found = sorted(folder.glob(libraries))
    return found[0] if found else None


def peer_name(library):
    if library is None:
        return "librdkafka of the system"
    loaded = ctypes.CDLL(str(library))
    loaded.rd_kafka_version_str.restype = ctypes.c_char_p
    return f"librdkafka {loaded.rd_kafka_version_str().decode()}"


def build_tools():
    """Compiles the null broker and the peer's driver; why not, when that fails, and the peer."""
    if not SOURCES.exists():
        return f"peer missing: no {PEERS.name} beside the tree", "librdkafka"
    TOOLS.mkdir(parents=True, exist_ok=True)
    driver = (SOURCES / "rdkbench.cpp").read_text(encoding="utf-8")
    (TOOLS / "rdkbench.cpp").write_text(
        driver.replace('"rdkafka.h"', "<librdkafka/rdkafka.h>"), encoding="utf-8")
    library = newest_librdkafka()
    # Newer libraries run programs made for the headers of older ones.
    link = ["-lrdkafka"] if library is None else [str(library), f"-Wl,-rpath,{library.parent}"]
    for name, source, libraries in (
            ("nullbroker", SOURCES / "nullbroker.cpp", ["-llz4", "-lzstd"]),
            ("rdkbench", TOOLS / "rdkbench.cpp", link)):
        done = subprocess.run(["g++", "-O2", "-std=c++20", str(source), *libraries, "-lpthread",
                               "-o", str(TOOLS / name)], capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            return (f"peer missing: {name} does not compile (librdkafka-dev installed?)",
                    "librdkafka")
    subprocess.run([sys.executable, str(SOURCES / "mkpayload.py")], cwd=TOOLS, check=True)
    return None, peer_name(library)


@contextlib.contextmanager
def null_broker(size, codec):
    port = free_port()
    command = [str(TOOLS / "nullbroker"), str(port), "1", f"payload-{size}.txt", codec, "1000000"]
    with subprocess.Popen(command, cwd=TOOLS, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 20
            while not accepts(port):
                if time.monotonic() > deadline:
                    sys.exit("client_rows: the null broker does not start")
                time.sleep(0.01)
            yield port
        finally:
            process.terminate()


def in_turn(ours, theirs):
    """What each printed in each round."""
    rounds = ([], [])
    for _ in range(ROUNDS):
        rounds[0].append(key_values(ours, cwd=TOOLS))
        rounds[1].append(key_values(theirs, cwd=TOOLS))
    return rounds


class Table:
    """Prints rows; knows the peer."""

    def __init__(self, peer, note=None):
        self.peer = peer
        self.note = note

    def emit(self, name, unit, value, peer_value, goal, better="lower"):
        rows.emit(name, unit, value, goal, peer_value, better, self.peer, self.note)

    def measure(self, name, ours, theirs, goal, memory_goal=None):
        """CPU; throughput, to be 1.2 times the peer's; memory where there is a goal."""
        mine, peers = in_turn(ours, theirs)
        self.emit(name, "s CPU/M records", min(row["cpu_s_per_million"] for row in mine),
                  min(row["cpu_per_M"] for row in peers), goal)
        rate = max(row["kmsgs"] for row in peers) * 1000
        self.emit(f"{name}, rate", "records/s", max(row["records_per_s"] for row in mine), rate,
                  1.2 * rate, "higher")
        if memory_goal:
            self.emit(f"{name}, peak memory", "MB", min(row["peak_rss_mb"] for row in mine),
                      min(row["rssMB"] for row in peers), memory_goal)


def produce_rows(table):
    for name, size, codec, count, our_options, their_options, goal in PRODUCE:
        say(name)
        count = int(count * SCALE)
        with null_broker(size, "none") as port:
            address = f"127.0.0.1:{port}"
            ours = [str(ODK), "-b", address, "perf", "produce", "t", "-n", str(count), "-f",
                    f"payload-{size}.txt", "-z", codec, *our_options]
            theirs = [str(TOOLS / "rdkbench"), "-b", address, "-t", "t", "-f",
                      f"payload-{size}.txt", "-c", str(count), "-X", f"compression.codec={codec}",
                      "-X", "linger.ms=5", "-X", "batch.size=1000000"]
            for option in their_options:
                theirs += ["-X", option]
            table.measure(name, ours, theirs, goal, 74 if codec == "none" else None)


def consume_rows(table):
    for name, size, codec, count, goal in CONSUME:
        say(name)
        count = int(count * SCALE)
        with null_broker(size, codec) as port:
            address = f"127.0.0.1:{port}"
            ours = [str(ODK), "-b", address, "perf", "consume", "t", "-n", str(count)]
            theirs = [str(TOOLS / "rdkbench"), "-mode", "consume", "-b", address, "-t", "t", "-c",
                      str(count), "-p", "1", "-X", "check.crcs=true"]
            table.measure(name, ours, theirs, goal, 30 if codec == "none" else None)


def latency_rows(table):
    """One record after the other at 500 a second, without linger."""
    say("latency")
    count = max(500, int(3000 * SCALE))
    with null_broker(1024, "none") as port:
        address = f"127.0.0.1:{port}"
        ours = [str(ODK), "-b", address, "perf", "latency", "t", "-n", str(count), "-f",
                "payload-1024.txt", "--acks", "1", "--rate", "500"]
        theirs = [str(TOOLS / "rdkbench"), "-mode", "latency", "-b", address, "-t", "t", "-f",
                  "payload-1024.txt", "-c", str(count), "-r", "500", "-X", "acks=1", "-X",
                  "linger.ms=0"]
        mine, peers = in_turn(ours, theirs)
    best = min(row["p99"] for row in peers)
    name = "latency at 500/s"
    table.emit(f"{name}, p50", "ms", min(row["p50_ms"] for row in mine),
               min(row["p50"] for row in peers), 0.18)
    table.emit(f"{name}, p99", "ms", min(row["p99_ms"] for row in mine), best, best)
    table.emit(f"{name}, CPU", "us CPU/record", min(row["cpu_s_per_million"] for row in mine),
               min(row["cpu_per_M"] for row in peers), 60)


def main():
    missing, peer = build_tools()
    table = Table(peer, missing)
    if missing:
        for row in PRODUCE + CONSUME:
            table.emit(row[0], "s CPU/M records", None, None, row[-1])
        return
    produce_rows(table)
    consume_rows(table)
    latency_rows(table)


if __name__ == "__main__":
    main()
