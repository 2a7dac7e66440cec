#!/usr/bin/env python3
"""Kills kafka-backup restore with -9 at random moments and looks at what the target's log has.

usage: restore_kills.py --bin build/dev/bin [--kills 50] [--broker-kills N] [--records 6000]
       [--seed N] [--bootstrap HOST:PORT] [--store minio|azure|gcs|versitygw]

A topic of three partitions with small segments is backed up once. Each round restores it under a
new name, at a limited rate, and is killed one to three times (some by TERM); then it may finish.
Each time the target must hold every record once and in order: the log is compared, no counter is
believed.
The cluster is an odradek-broker of its own, unless --bootstrap names another. With --broker-kills
also the broker (on disk then) is killed while restores run, and comes back at once. With --store
the archive is in that server of the script OBJECTSTORES (tests/objectstores).
Prints one line a round; exit 1 when anything is wrong.
"""

import argparse
import pathlib
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time

from object_store import SCHEMES, running_store

PARTITIONS = 3
TOPIC = "bulk"

CONFIG = """
backup_id: kills
{storage}source:
  bootstrap_servers: [{bootstrap}]
  topics: {{include: [{topic}]}}
target:
  bootstrap_servers: [{bootstrap}]
backup:
  segment_max_bytes: 300000
restore:
  topic_mapping: {{{topic}: {target}}}
  rate_limit_bytes_per_sec: {rate}
  consumer_group_strategy: skip
  expired_data: keep
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Broker:
    """An odradek-broker of our own, in memory or on disk."""

    def __init__(self, args, folder):
        self.bootstrap = f"127.0.0.1:{free_port()}"
        self.command = [str(args.bin / "odradek-broker"), "--listen", self.bootstrap, "--http",
                        "off", "--log-level", "error"]
        if args.broker_kills:
            self.command += ["--data", str(folder / "data"), "--flush", "os"]
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        if not self.process.stdout.readline():
            sys.exit("the broker did not start")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Harness:
    def __init__(self, args, folder):
        self.args, self.folder, self.random = args, folder, random.Random(args.seed)
        self.bootstrap = args.bootstrap
        self.storage = f"storage: {{path: {folder / 'archives'}}}\n"

    def path(self, program):
        return str(self.args.bin / program)

    def config(self, target):
        file = self.folder / "config.yaml"
        file.write_text(CONFIG.format(storage=self.storage, topic=TOPIC,
                                      bootstrap=self.bootstrap, target=target,
                                      rate=self.args.rate))
        return str(file)

    def command(self, name, target):
        return [self.path("kafka-backup"), name, "--config", self.config(target)]

    def dump(self, topic):
        done = subprocess.run([self.path("zoo"), "dump", self.bootstrap, topic], text=True,
                              check=True, stdout=subprocess.PIPE)
        return [line.split(" ", 1)[1] for line in done.stdout.splitlines()]

    def restore_until(self, target, seconds):
        """Runs a restore, killed after that time; its exit code, or None when it was killed."""
        process = subprocess.Popen(self.command("restore", target), text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            output, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            is_polite = self.random.random() < 0.2
            process.terminate() if is_polite else process.kill()
            output, errors = process.communicate()
            if is_polite and process.returncode not in (0, 128 + signal.SIGTERM):
                sys.exit(f"restore after TERM: exit {process.returncode}\n{output}{errors}")
            return None
        # One that was killed with all its work done is not begun again: the records tell.
        is_done = self.args.store and process.returncode == 9 and "has records" in errors
        if process.returncode != 0 and not is_done:
            sys.exit(f"restore into {target}: exit {process.returncode}\n{output}{errors}")
        return output

    def round(self, number, expected):
        target = f"{TOPIC}-{number}"
        moments = []
        for _ in range(self.random.randint(1, 3)):
            moment = self.random.uniform(0.02, self.args.seconds)
            if self.restore_until(target, moment) is not None:
                break
            moments.append(round(moment, 3))
        output = self.restore_until(target, None) if self.is_unfinished(target) else "finished"
        found = self.dump(target)
        if found != expected:
            first = next((i for i, (a, b) in enumerate(zip(found, expected)) if a != b),
                         min(len(found), len(expected)))
            sys.exit(f"round {number}, killed at {moments}: {len(found)} records, "
                     f"{len(expected)} expected, first difference at {first}\n{output}")
        return moments

    def broker_round(self, number, broker, expected):
        """A restore while the broker dies and comes back; it may say so and fail."""
        target = f"{TOPIC}-broker-{number}"
        for attempt in range(6):
            process = subprocess.Popen(self.command("restore", target), text=True,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            if attempt == 0:
                try:
                    process.wait(timeout=self.random.uniform(0.05, self.args.seconds))
                except subprocess.TimeoutExpired:
                    broker.kill()
                    broker.start()
            errors = process.communicate()[1]
            if process.returncode == 0:
                break
            print(f"  the restore ended with {process.returncode}: {errors.strip()}")
        if process.returncode != 0 or self.dump(target) != expected:
            sys.exit(f"round {number} of broker kills: exit {process.returncode}, {errors}")

    def is_unfinished(self, target):
        if self.args.store:
            return True  # for all that can be seen from here
        states = (self.folder / "archives" / "kills" / "restores").glob("*/state.json")
        texts = [state.read_text() for state in states]
        mine = [text for text in texts if f'"target": "{target}"' in text]
        return not any('"phase": "done"' in text for text in mine)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--broker-kills", type=int, default=0)
    parser.add_argument("--records", type=int, default=6000, help="on each partition")
    parser.add_argument("--rate", type=int, default=12_000_000, help="bytes a second")
    parser.add_argument("--seconds", type=float, default=1.2, help="the latest moment to kill")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("--bootstrap")
    parser.add_argument("--store", choices=SCHEMES)
    args = parser.parse_args()
    print(f"seed {args.seed}")
    with tempfile.TemporaryDirectory(prefix="odradek-restore-kills-") as name:
        harness = Harness(args, pathlib.Path(name))
        broker = None if args.bootstrap else Broker(args, pathlib.Path(name))
        if broker:
            harness.bootstrap = broker.bootstrap
        try:
            if args.store:
                with running_store(args.store) as section:
                    harness.storage = section("restores")
                    run(harness, args, broker)
            else:
                run(harness, args, broker)
        finally:
            if broker:
                broker.kill()


def run(harness, args, broker):
    subprocess.run([harness.path("zoo"), "bulk", harness.bootstrap, str(PARTITIONS),
                    str(args.records)], check=True)
    subprocess.run(harness.command("backup", TOPIC), check=True, stdout=subprocess.DEVNULL)
    expected = harness.dump(TOPIC)
    kills, number = 0, 0
    while kills < args.kills:
        moments = harness.round(number, expected)
        kills += len(moments)
        print(f"round {number}: killed at {moments}, {len(expected)} records equal", flush=True)
        number += 1
    print(f"{kills} kills in {number} restores: no record lost, none twice")
    for number in range(args.broker_kills if broker else 0):
        harness.broker_round(number, broker, expected)
        print(f"the broker killed, {len(expected)} records equal", flush=True)


if __name__ == "__main__":
    main()
