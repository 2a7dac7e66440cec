#!/usr/bin/env python3
"""Backs up a zoo of topics, wipes the cluster, restores into a new one, compares record by record.

usage: round_trip.py --bin build/dev/bin [--partitions 4] [--records 250000] [--peer KAFKA.SH]

Without --peer both clusters are odradek-broker; with it (a script with start, stop and dir, see
tests/faults/README.md) both are Apache Kafka. A consumer group that read a part of `bulk` before
goes on in the new cluster with three-phase-restore: no record may be skipped or repeated.
Prints one line a step; exit 1 when anything differs.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

ZOO = ["zoo-codecs", "zoo-times", "zoo-append-time", "zoo-transactions", "zoo-large",
       "zoo-compacted"]


class OdradekBroker:
    """A broker in memory, on a port of its own choice."""

    def __init__(self, args, folder):
        self.command = [str(args.bin / "odradek-broker"), "--listen", "127.0.0.1:0", "--http",
                        "off", "--log-level", "warn", "--memory", "4GiB",
                        "--set", "log.cleaner.backoff.ms=100",
                        "--set", "group.initial.rebalance.delay.ms=0"]
        self.log = open(folder / "broker.log", "ab")
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=self.log,
                                        text=True)
        self.bootstrap = json.loads(self.process.stdout.readline())["bootstrap"]

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def wipe(self):
        self.stop()
        self.start()


class ApacheKafka:
    """One node, started by the peer's script."""

    def __init__(self, args, _folder):
        self.peer, self.port = args.peer, args.port
        self.bootstrap = f"127.0.0.1:{self.port}"
        self.start()

    def start(self):
        subprocess.run([self.peer, "start", "--fast", "--name", "roundtrip", "--port-base",
                        str(self.port), "--set", "log.cleaner.backoff.ms=100",
                        "--set", "log.retention.check.interval.ms=1000",
                        "--set", "group.initial.rebalance.delay.ms=0"],
                       check=True, stdout=subprocess.DEVNULL)

    def stop(self):
        subprocess.run([self.peer, "stop", "--name", "roundtrip", "--purge"], check=True,
                       stdout=subprocess.DEVNULL)

    def wipe(self):
        self.stop()
        self.start()


class Steps:
    def __init__(self, args, folder):
        self.args, self.folder, self.began = args, folder, time.monotonic()

    def say(self, text):
        print(f"{time.monotonic() - self.began:7.1f} s  {text}", flush=True)

    def run(self, program, *arguments, wanted=0):
        done = subprocess.run([str(self.args.bin / program), *arguments], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode != wanted:
            sys.exit(f"{program} {' '.join(arguments)}: exit {done.returncode}, not {wanted}\n"
                     f"{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done.stdout

    def backup(self, command, broker, *arguments):
        where = ["--bootstrap", broker.bootstrap] if broker else []
        return json.loads(self.run("kafka-backup", command, *where, "--path",
                                   str(self.folder / "archives"), "--backup-id", "zoo",
                                   "--format", "json", *arguments))

    def dump(self, broker, name, topics):
        """Writes what the topics hold to a file, a line for each record."""
        file = self.folder / name
        with open(file, "w") as out:
            subprocess.run([str(self.args.bin / "zoo"), "dump", broker.bootstrap, *topics],
                           check=True, stdout=out)
        return file

    def consume(self, broker, count):
        """The keys and partitions that group `billing` reads next."""
        text = self.run("odk", "-b", broker.bootstrap, "consume", "bulk", "-g", "billing", "-n",
                        str(count), "-f", "%p %k\\n")
        return text.split("\n")[:-1]


def compare(steps, before, after):
    lines = 0
    with open(before) as one, open(after) as other:
        for expected in one:
            found = other.readline()
            lines += 1
            if expected != found:
                sys.exit(f"record {lines} differs:\n  before {expected}  after  {found}")
        if rest := other.readline():
            sys.exit(f"a record more than before: {rest}")
    steps.say(f"{lines} records are equal")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--records", type=int, default=250_000, help="on each partition")
    parser.add_argument("--peer", help="script that runs Apache Kafka")
    parser.add_argument("--port", type=int, default=27400, help="of Apache Kafka")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="odradek-round-trip-") as name:
        folder = pathlib.Path(name)
        broker = (ApacheKafka if args.peer else OdradekBroker)(args, folder)
        try:
            round_trip(Steps(args, folder), broker, args)
        finally:
            broker.stop()


def round_trip(steps, broker, args):
    topics = ["bulk", *ZOO]
    steps.run("zoo", "produce", broker.bootstrap, str(args.partitions), str(args.records))
    steps.say("produced")
    total = args.partitions * args.records
    read = steps.consume(broker, total // 3)
    copied = steps.backup("backup", broker)
    before = steps.dump(broker, "before.txt", topics)
    steps.say(f"{copied['records']} records backed up, {copied['stored_bytes'] / 1e6:.0f} MB")
    steps.run("kafka-backup", "validate", "--deep", "--path", str(steps.folder / "archives"),
              "--backup-id", "zoo")
    broker.wipe()
    plan = steps.backup("validate-restore", broker)
    if plan["conflicts"]:
        sys.exit(f"the plan has conflicts: {plan['notes']}")
    done = steps.backup("three-phase-restore", broker)
    steps.say(f"{done['records']} records restored, {done['records_verified']} verified, "
              f"{done['seconds']:.1f} s, batches {done['batches']}")
    compare(steps, before, steps.dump(broker, "after.txt", topics))
    read += steps.consume(broker, total - len(read))
    if len(read) != total or len(set(read)) != total:
        sys.exit(f"group billing read {len(read)} records, {len(set(read))} different, of {total}")
    steps.say(f"the group read each of {total} records once")
    again = steps.backup("verify", broker)
    steps.say(f"verify: {again['records']} records equal, {again['gone']} gone")


if __name__ == "__main__":
    main()
