#!/usr/bin/env python3
"""Kills kafka-backup restore with -9 at random moments and looks at what the target's log has.

usage: restore_kills.py --bin build/dev/bin [--kills 50] [--records 6000] [--seed N]
       [--bootstrap HOST:PORT]

A topic of three partitions with small segments is backed up once. Each round restores it under a
new name, at a limited rate, and is killed one to three times; then it may finish. Each time the
target must hold every record once and in order: the log is compared, no counter is believed.
The cluster is an odradek-broker of its own, unless --bootstrap names another.
Prints one line a round; exit 1 when anything is wrong.
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

PARTITIONS = 3
TOPIC = "bulk"

CONFIG = """
backup_id: kills
storage: {{path: {archives}}}
source:
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


class Harness:
    def __init__(self, args, folder):
        self.args, self.folder, self.random = args, folder, random.Random(args.seed)
        self.bootstrap = args.bootstrap

    def path(self, program):
        return str(self.args.bin / program)

    def config(self, target):
        file = self.folder / "config.yaml"
        file.write_text(CONFIG.format(archives=self.folder / "archives", topic=TOPIC,
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
            process.kill()
            process.communicate()
            return None
        if process.returncode != 0:
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

    def is_unfinished(self, target):
        states = (self.folder / "archives" / "kills" / "restores").glob("*/state.json")
        texts = [state.read_text() for state in states]
        mine = [text for text in texts if f'"target": "{target}"' in text]
        return not any('"phase": "done"' in text for text in mine)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--records", type=int, default=6000, help="on each partition")
    parser.add_argument("--rate", type=int, default=12_000_000, help="bytes a second")
    parser.add_argument("--seconds", type=float, default=1.2, help="the latest moment to kill")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("--bootstrap")
    args = parser.parse_args()
    print(f"seed {args.seed}")
    with tempfile.TemporaryDirectory(prefix="odradek-restore-kills-") as name:
        harness = Harness(args, pathlib.Path(name))
        broker = None
        if not args.bootstrap:
            broker = subprocess.Popen([harness.path("odradek-broker"), "--listen", "127.0.0.1:0",
                                       "--http", "off", "--log-level", "warn"],
                                      stdout=subprocess.PIPE, text=True)
            harness.bootstrap = json.loads(broker.stdout.readline())["bootstrap"]
        try:
            run(harness, args)
        finally:
            if broker:
                broker.terminate()
                broker.wait()


def run(harness, args):
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


if __name__ == "__main__":
    main()
