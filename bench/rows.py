"""What the programs that print rows share: rows, messages, ports, processes, Apache Kafka."""

import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
BIN = ROOT / "build/release/bin"
PEERS = pathlib.Path(os.environ.get("ODRADEK_PEERS", ROOT / "../shared/peers")).resolve()
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
SCALE = float(os.environ.get("BENCH_SCALE", "1"))
PROGRAM = pathlib.Path(sys.argv[0]).stem


def say(text):
    print(f"{PROGRAM}: {text}", file=sys.stderr, flush=True)


def emit(name, unit, value, goal=None, peer_value=None, better="lower", peer=None, note=None):
    """Prints a row; run.py takes what is left open from goals.json."""
    row = {"name": name, "unit": unit, "value": value, "better": better}
    if goal is not None:
        row["goal"] = goal
    if peer_value is not None:
        row |= {"peer": peer, "peer_value": peer_value}
    if note:
        row["note"] = note
    print(json.dumps(row), flush=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def accepts(port):
    """True when somebody listens there."""
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    return False


def memory_mib(pid, key="VmRSS"):
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(re.search(rf"^{key}:\s+(\d+) kB", text, re.MULTILINE).group(1)) / 1024


def kafka(*arguments):
    """Runs the peers' kafka.sh; what it prints."""
    return subprocess.run([str(PEERS / "kafka/kafka.sh"), *arguments], check=True,
                          stdout=subprocess.PIPE, text=True).stdout.strip()


def key_values(command, **options):
    """The key=value pairs that a program prints, as numbers."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          check=False, **options)
    if done.returncode != 0:
        sys.exit(f"{PROGRAM}: {command[0]}: {done.stdout}{done.stderr}")
    return {name: float(value) for name, value in re.findall(r"(\w+)=([0-9.]+)", done.stdout)}
