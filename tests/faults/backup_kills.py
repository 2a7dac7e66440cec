#!/usr/bin/env python3
"""Kills kafka-backup with -9 again and again, and looks at what is left.

usage: backup_kills.py --bin build/dev/bin [--kills 200] [--seed N] [--keep FOLDER]
       [--store minio|azure|gcs|versitygw]

A broker gets records all the time. A backup is begun, killed at a random moment or at a named
place in the program (FAILPOINTS), and begun again. After each kill the archive must be whole
(`validate`, every tenth time `--deep`): what is committed is there. In the end one run finishes,
and the archive's batches, partition by partition, must be those of one that nobody killed. With
--store the archive is in that server of the script OBJECTSTORES (tests/objectstores), and in the
end it is restored and must give the records that are in the source.

`Archive`, `killed_run` and `Broker` are for other scripts too: restores are killed with them.
Prints the seed; exits 1 when anything is wrong.
"""
import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from object_store import SCHEMES, running_store

TOPICS = {"orders": 3, "clicks": 1}
FAILPOINTS = ["lease.acquired", "segment.opened", "segment.written", "segment.published",
              "groups.put", "commit.before_put", "commit.after_put", "manifest.before_put",
              "manifest.after_put"]
CONFIG = """
backup:
  segment_max_bytes: 128KiB
  frame_bytes: 64KiB
  fetch_max_bytes: 64KiB
  checkpoint_interval_secs: 1
  rate_limit_bytes_per_sec: 3MB
  poll_interval_ms: 200
"""
RESTORE_CONFIG = """
restore:
  topic_mapping: {orders: orders-restored, clicks: clicks-restored}
"""


class Broker:
    """An odradek-broker in memory on a free port."""

    def __init__(self, bin_dir, topics):
        self.bin = bin_dir
        command = [os.path.join(bin_dir, "odradek-broker"), "--listen", "127.0.0.1:0",
                   "--http", "off"]
        for name, partitions in topics.items():
            command += ["--topic", f"{name}:{partitions}"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        line = self.process.stdout.readline()
        if not line:
            sys.exit("the broker did not start")
        self.address = json.loads(line)["bootstrap"]
        self.written = 0

    def produce(self, topic, count, rng):
        lines = []
        for _ in range(count):
            self.written += 1
            lines.append(f"k{rng.randrange(100)}:{self.written} {'x' * rng.randrange(400)}\n")
        odk = [os.path.join(self.bin, "odk"), "-b", self.address]
        subprocess.run(odk + ["produce", topic, "-K", ":"], input="".join(lines).encode(),
                       check=True, stdout=subprocess.DEVNULL)

    def records(self, topic):
        odk = [os.path.join(self.bin, "odk"), "-b", self.address, "consume", topic, "-e"]
        done = subprocess.run(odk + ["-f", "%p %o %k %v\\n"], check=True, stdout=subprocess.PIPE)
        return sorted(done.stdout.splitlines())

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Archive:
    """In a folder, or where a configuration file says."""

    def __init__(self, bin_dir, path, backup_id, config=None):
        self.program = os.path.join(bin_dir, "kafka-backup")
        self.path = path
        self.id = backup_id
        self.where = ["--config", config] if config else ["--path", path]

    def command(self, name, *more):
        return [self.program, name, *self.where, "--backup-id", self.id, *more]

    def run(self, name, *more):
        return subprocess.run(self.command(name, *more), capture_output=True, text=True)

    def check(self, deep):
        """None, or what is wrong. An archive nothing was committed to is fine."""
        done = self.run("validate", *(["--deep"] if deep else []))
        if done.returncode == 2 and "has no backup" in done.stderr:
            return None
        if done.returncode == 0:
            return None
        return f"exit {done.returncode}\n{done.stdout}{done.stderr}"

    def batches(self):
        """SHA-256 of each partition's batches, as the segments hold them one after the other."""
        sums = {}
        root = os.path.join(self.path, self.id)
        manifest = json.load(open(os.path.join(root, "manifest.json")))
        for topic in manifest["topics"]:
            for partition in topic["partitions"]:
                digest = hashlib.sha256()
                for segment in partition["segments"]:
                    with open(os.path.join(self.path, segment["key"]), "rb") as stored:
                        digest.update(subprocess.run(["zstd", "-dcq"], stdin=stored, check=True,
                                                     stdout=subprocess.PIPE).stdout)
                key = (topic["name"], topic["incarnation"], partition["id"])
                sums[key] = (partition["covered_through"], digest.hexdigest())
        return sums


def compare_folders(killed, whole):
    """None, or how the batches differ."""
    if killed.batches() == whole.batches():
        return None
    return f"other batches than without kills:\n{killed.batches()}\n{whole.batches()}"


def compare_restored(killed, broker):
    """None, or which topic gives other records than the source has, once it is restored."""
    done = killed.run("restore", "--bootstrap", broker.address)
    if done.returncode != 0:
        return f"restore: exit {done.returncode}: {done.stderr}"
    for topic in TOPICS:
        if broker.records(topic) != broker.records(f"{topic}-restored"):
            return f"{topic}: other records after the restore"
    return None


def killed_run(command, rng, failpoints, seconds_max):
    """Runs the command and kills it, at a place of the program or at a moment. Gives which, and
    what was wrong with a run that ended by itself."""
    environment = dict(os.environ)
    how = "moment"
    if rng.random() < 0.5:
        how = f"{rng.choice(failpoints)}:{rng.choice([1, 1, 1, 2, 3, 7])}"
        environment["ODRADEK_BACKUP_FAILPOINT"] = how
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE)
    try:
        process.wait(timeout=rng.uniform(0.02, seconds_max))
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    errors = process.stderr.read().decode()
    process.wait()
    # A run that was not killed in time must have been content.
    if process.returncode not in (0, -signal.SIGKILL):
        return how, f"exit {process.returncode}: {errors}"
    return how, None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bin", required=True)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--keep", help="a folder for the archives, which stay there")
    parser.add_argument("--store", choices=SCHEMES)
    args = parser.parse_args()
    if shutil.which("zstd") is None:
        print("no zstd: skipped")
        sys.exit(77)
    print(f"seed {args.seed}", flush=True)
    folder = args.keep or tempfile.mkdtemp(prefix="backup-kills-")
    if args.store:
        with running_store(args.store) as section:
            wrong = run(args, folder, section("kills"))
    else:
        wrong = run(args, folder, f"storage: {{path: {folder}}}\n")
    if not args.keep and not wrong:
        shutil.rmtree(folder)
    sys.exit(1 if wrong else 0)


def run(args, folder, storage):
    """Gives what was wrong."""
    rng = random.Random(args.seed)
    slow, plain = os.path.join(folder, "slow.yaml"), os.path.join(folder, "plain.yaml")
    for name, text in ((slow, storage + CONFIG), (plain, storage + RESTORE_CONFIG)):
        with open(name, "w") as file:
            file.write(text)
    broker = Broker(args.bin, TOPICS)
    killed = Archive(args.bin, folder, "killed", plain)
    whole = Archive(args.bin, folder, "whole", plain)
    wrong = []
    started = time.time()
    command = Archive(args.bin, folder, "killed", slow).command("backup", "--bootstrap",
                                                                 broker.address)
    try:
        for number in range(1, args.kills + 1):
            for topic in TOPICS:
                broker.produce(topic, rng.randrange(1, 1500), rng)
            more = ["--continuous", "--metrics-port", "0"] if rng.random() < 0.5 else []
            how, problem = killed_run(command + more, rng, FAILPOINTS, 1.5)
            problem = problem or killed.check(deep=number % 10 == 0)
            if problem:
                wrong.append(f"kill {number} ({how}): {problem}")
                print("WRONG", wrong[-1], flush=True)
            if number % 10 == 0:
                print(f"{number} kills, {broker.written} records, {time.time() - started:.0f} s",
                      flush=True)
        for archive in (killed, whole):
            done = archive.run("backup", "--bootstrap", broker.address)
            problem = None if done.returncode == 0 else f"exit {done.returncode}: {done.stderr}"
            problem = problem or archive.check(deep=True)
            if problem:
                wrong.append(f"{archive.id}, last run: {problem}")
        if not wrong:
            problem = compare_restored(killed, broker) if args.store else \
                compare_folders(killed, whole)
            wrong += [problem] if problem else []
    finally:
        broker.stop()
    for problem in wrong:
        print("WRONG", problem)
    verdict = "WRONG" if wrong else "every batch is there once"
    print(f"{args.kills} kills, {broker.written} records: {verdict}")
    return wrong


if __name__ == "__main__":
    main()
