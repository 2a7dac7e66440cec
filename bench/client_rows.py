#!/usr/bin/env python3
"""Rows about libodradek: CPU seconds per million records, beside librdkafka.

Both speak to the null broker of client-bench below ODRADEK_PEERS (default ../shared/peers), which
answers at once and stores nothing, so that the client alone is measured: `odk perf` is ours,
`rdkbench` theirs. They run in turn; the least of the rounds counts. Without the folder the rows
say so.
"""

import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
ODK = ROOT / "build/release/bin/odk"
PEERS = pathlib.Path(os.environ.get("ODRADEK_PEERS", ROOT / "../shared/peers")).resolve()
SOURCES = PEERS / "client-bench"
TOOLS = ROOT / "build/bench-peers"
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
SCALE = float(os.environ.get("BENCH_SCALE", "1"))

# name, payload bytes, codec, records, our arguments, their arguments, goal
PRODUCE = [
    ("produce 1 KiB none acks=1", 1024, "none", 1_000_000, ["--acks", "1"], ["acks=1"], 0.7),
    ("produce 1 KiB none idempotent acks=all", 1024, "none", 1_000_000, [],
     ["acks=all", "enable.idempotence=true"], 0.735),
    ("produce 1 KiB lz4 acks=1", 1024, "lz4", 500_000, ["--acks", "1"], ["acks=1"], 2.2),
    ("produce 1 KiB zstd acks=1", 1024, "zstd", 300_000, ["--acks", "1"], ["acks=1"], 4.0),
    ("produce 100 B none acks=1", 100, "none", 3_000_000, ["--acks", "1"], ["acks=1"], 0.22),
]
CONSUME = [
    ("consume 1 KiB none", 1024, "none", 2_000_000, 0.28),
    ("consume 1 KiB lz4", 1024, "lz4", 2_000_000, 0.5),
    ("consume 1 KiB zstd", 1024, "zstd", 2_000_000, 0.9),
    ("consume 100 B none", 100, "none", 5_000_000, 0.12),
]


def say(text):
    print(f"client_rows: {text}", file=sys.stderr, flush=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def build_tools():
    """Compiles the null broker and the peer's driver; why not, when that fails."""
    if not SOURCES.exists():
        return f"peer missing: no {PEERS.name} beside the tree"
    TOOLS.mkdir(parents=True, exist_ok=True)
    driver = (SOURCES / "rdkbench.cpp").read_text(encoding="utf-8")
    (TOOLS / "rdkbench.cpp").write_text(
        driver.replace('"rdkafka.h"', "<librdkafka/rdkafka.h>"), encoding="utf-8")
    for name, source, libraries in (
            ("nullbroker", SOURCES / "nullbroker.cpp", ["-llz4", "-lzstd"]),
            ("rdkbench", TOOLS / "rdkbench.cpp", ["-lrdkafka"])):
        done = subprocess.run(["g++", "-O2", "-std=c++20", str(source), *libraries, "-lpthread",
                               "-o", str(TOOLS / name)], capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            return f"peer missing: {name} does not compile (librdkafka-dev installed?)"
    subprocess.run([sys.executable, str(SOURCES / "mkpayload.py")], cwd=TOOLS, check=True)
    return None


@contextlib.contextmanager
def null_broker(size, codec):
    port = free_port()
    command = [str(TOOLS / "nullbroker"), str(port), "1", f"payload-{size}.txt", codec, "1000000"]
    with subprocess.Popen(command, cwd=TOOLS, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 20
            while True:
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                if time.monotonic() > deadline:
                    sys.exit("client_rows: the null broker does not start")
                time.sleep(0.01)
            yield port
        finally:
            process.terminate()


def number(command, field):
    done = subprocess.run(command, cwd=TOOLS, capture_output=True, text=True, check=False)
    found = re.search(rf"{field}=([0-9.]+)", done.stdout)
    if done.returncode != 0 or not found:
        sys.exit(f"client_rows: {command[0]}: {done.stdout}{done.stderr}")
    return float(found.group(1))


def measure(ours, theirs):
    """Least CPU seconds per million records of both, in turn."""
    values = ([], [])
    for _ in range(ROUNDS):
        values[0].append(number(ours, "cpu_s_per_million"))
        values[1].append(number(theirs, "cpu_per_M"))
    return min(values[0]), min(values[1])


def emit(name, value, peer_value, goal, note=None):
    row = {"name": name, "unit": "s CPU/M records", "value": value, "better": "lower",
           "goal": goal, "peer": "librdkafka", "peer_value": peer_value}
    if note:
        row["note"] = note
    print(json.dumps(row), flush=True)


def main():
    missing = build_tools()
    if missing:
        for row in PRODUCE:
            emit(row[0], None, None, row[-1], missing)
        for row in CONSUME:
            emit(row[0], None, None, row[-1], missing)
        return
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
            emit(name, *measure(ours, theirs), goal)
    for name, size, codec, count, goal in CONSUME:
        say(name)
        count = int(count * SCALE)
        with null_broker(size, codec) as port:
            address = f"127.0.0.1:{port}"
            ours = [str(ODK), "-b", address, "perf", "consume", "t", "-n", str(count)]
            theirs = [str(TOOLS / "rdkbench"), "-mode", "consume", "-b", address, "-t", "t", "-c",
                      str(count), "-p", "1", "-X", "check.crcs=true"]
            emit(name, *measure(ours, theirs), goal)


if __name__ == "__main__":
    main()
