#!/usr/bin/env python3
"""A continuous backup as its operator sees it: metrics, health, status, signals, logs, exit codes.

usage: signals.py BIN_DIR
"""
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "faults"))
from backup_kills import Archive, Broker  # noqa: E402

SECONDS_MAX = 60
CONFIG = """
backup:
  continuous: true
  poll_interval_ms: 200
  checkpoint_interval_secs: 1
  rate_limit_bytes_per_sec: 0
metrics:
  port: 0
"""


def until(what, condition):
    deadline = time.time() + SECONDS_MAX
    while time.time() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    sys.exit(f"never: {what}")


def get(address, path):
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode()


def has_copied(address, records):
    return f"kafka_backup_records_total {records}" in get(address, "/metrics")[1]


class Run:
    """kafka-backup with its log."""

    def __init__(self, command, log):
        self.log = log
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=open(log, "w"))

    def logged(self, pattern):
        return re.search(pattern, open(self.log).read())


def check(what, good):
    print(f"{'ok' if good else 'WRONG'}: {what}", flush=True)
    if not good:
        sys.exit(1)


def main():
    bin_dir = sys.argv[1]
    folder = tempfile.mkdtemp(prefix="backup-signals-")
    broker = Broker(bin_dir, {"orders": 2})
    archive = Archive(bin_dir, folder, "live")
    rng = random.Random(1)
    config = os.path.join(folder, "backup.yaml")
    with open(config, "w") as file:
        file.write(CONFIG)
    broker.produce("orders", 500, rng)
    run = Run(archive.command("backup", "--bootstrap", broker.address, "--config", config,
                              "--log-format", "json", "--log-level", "info"),
              os.path.join(folder, "log"))
    try:
        found = until("an address", lambda: run.logged(r'"address":\s*"([0-9.:]+)"'))
        address = found.group(1)
        until("500 records", lambda: has_copied(address, 500))
        check("live", get(address, "/health/live")[0] == 200)
        check("ready", get(address, "/health/ready")[0] == 200)
        status = json.loads(get(address, "/status")[1])
        check("status knows the partitions", len(status["partitions"]) == 2)
        check("status command says running", "running" in archive.run("status").stdout)

        second = archive.run("backup", "--bootstrap", broker.address)
        check("a second run is refused with 7", second.returncode == 7)
        broker.produce("orders", 300, rng)
        until("800 records", lambda: has_copied(address, 800))

        run.process.send_signal(signal.SIGHUP)
        until("HUP", lambda: run.logged("rate limits read again"))
        run.process.send_signal(signal.SIGUSR1)
        until("USR1", lambda: run.logged(r'"offsets_done"'))

        run.process.send_signal(signal.SIGTERM)
        run.process.wait(SECONDS_MAX)
        check("TERM ends with 143", run.process.returncode == 143)
        lines = [line for line in open(run.log).read().splitlines() if line.strip()]
        check("the log is JSON", all(line.startswith("{") and json.loads(line) for line in lines))
        check("the report tells the records", b"800 records" in run.process.stdout.read())
        check("status command says idle", "idle" in archive.run("status").stdout)
        check("the archive is whole", archive.check(deep=True) is None)
        listed = json.loads(archive.run("describe", "--format", "json").stdout)
        check("with restore points", len(listed["restore_points"]) >= 2)
        yaml = archive.run("describe", "--format", "yaml").stdout
        check("described in YAML", 'backup_id: "live"' in yaml)
    finally:
        if run.process.poll() is None:
            run.process.kill()
        broker.stop()


if __name__ == "__main__":
    main()
