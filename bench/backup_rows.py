#!/usr/bin/env python3
"""Rows about kafka-backup: CPU, throughput and memory of backups and restores, beside
the Rust crate kafka-backup-core in the driver bench/peers/kafka-backup.

Both copy the same topics from one broker into folders of one file system, and back, in turn. The
broker is odradek-broker in memory: on few cores it takes little from the programs it serves, so
that rates are theirs, and it starts at once; BENCH_SOURCE=kafka takes the Apache Kafka of
kafka/kafka.sh below ODRADEK_PEERS instead. Each program says by its exit code and by what is there
afterwards that it did the work.

CPU is user + system time of the program alone, the least of the rounds; rates are the best;
memory is the highest. A GB is 10^9 bytes of records' values. The peer needs cargo and is built
once, which takes minutes. BENCH_ROUNDS, BENCH_SCALE.
"""

import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

from rows import BIN, ROOT, ROUNDS, SCALE, emit, free_port, kafka, say

PEER_SOURCE = ROOT / "bench/peers/kafka-backup"
PEER_BUILD = ROOT / "build/peers/kafka-backup"
PEER = "kafka-backup-core 0.25.2"
KAFKA_NAME = "bench-backup"
KAFKA_PORT = 33200
RECORDS = int(1_000_000 * SCALE)
RECORD_BYTES = 1024
LINES = 32_768  # other ones; then they come again, further away than a compressor looks back
WIDE, NARROW = "bench-wide", "bench-narrow"  # four partitions, one
TOPICS = {WIDE: (4, RECORDS), NARROW: (1, RECORDS // 2)}
BATCH_BYTES = 65536
MIB = 1 << 20
BUDGETS = (8, 64)  # MiB, besides the usual one
BUDGET_USUAL = 256
COMMITS = 250  # of which the 99th percentile is taken

OUR_CONFIG = """
backup_id: bench
storage: {{path: {store}}}
source: {{bootstrap_servers: ["{broker}"], topics: {{include: [{topic}]}}}}
target: {{bootstrap_servers: ["{broker}"]}}
backup: {{stop_at_current_offsets: true, compression: {codec}, memory_budget: {budget}MiB}}
restore:
  topic_mapping: {{{topic}: {topic}-restored}}
  verify_after: off
  consumer_group_strategy: skip
  expired_data: keep
"""
PEER_CONFIG = """
mode: {mode}
backup_id: bench
storage: {{backend: filesystem, path: {store}}}
source: {{bootstrap_servers: ["{broker}"], topics: {{include: [{topic}]}}}}
target: {{bootstrap_servers: ["{broker}"], topics: {{include: [{topic}]}}}}
backup: {{stop_at_current_offsets: true, compression: {codec}}}
restore: {{create_topics: true, topic_mapping: {{{topic}: {topic}-restored}}}}
"""
CONTINUOUS = """
backup_id: commits
storage: {{path: {store}}}
source: {{bootstrap_servers: ["{broker}"], topics: {{include: [ticks]}}}}
backup: {{continuous: true, poll_interval_ms: 100}}
metrics: {{port: {port}}}
"""


# --- the source


@contextlib.contextmanager
def our_broker():
    command = [str(BIN / "odradek-broker"), "--listen", "127.0.0.1:0", "--http", "off",
               "--memory", "6GiB", "--log-level", "error"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield json.loads(process.stdout.readline())["bootstrap"]
        finally:
            process.terminate()


@contextlib.contextmanager
def apache_kafka():
    kafka("start", "--name", KAFKA_NAME, "--port-base", str(KAFKA_PORT))
    try:
        yield f"127.0.0.1:{KAFKA_PORT}"
    finally:
        kafka("stop", "--name", KAFKA_NAME, "--purge")


def odk(broker, *arguments):
    done = subprocess.run([str(BIN / "odk"), "-b", broker, *arguments], text=True, check=False,
                          capture_output=True)
    if done.returncode != 0:
        sys.exit(f"backup_rows: odk {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout


def log_lines(path, count):
    """JSON lines of RECORD_BYTES bytes as services in a cluster log them."""
    chance = random.Random(7)
    names = "checkout cart search login payment shipping catalog mail".split()
    services = {name: {"app": name, "tier": "backend", "team": f"team-{name}", "region": "eu-west",
                       "image": f"registry.example.com/shop/{name}:2.{chance.randrange(40)}",
                       "chart": f"{name}-service-1.{chance.randrange(30)}.0",
                       "instance": f"{name}-production", "owner": f"team-{name}@example.com",
                       "managed-by": "helm", "pod-template-hash": f"{chance.getrandbits(40):x}"}
                for name in names}
    hosts = [f"ip-10-{chance.randrange(256)}-{chance.randrange(256)}.eu-west-1.compute.internal"
             for _ in range(40)]
    agents = [f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/{n}.0.0.0 Safari/537.36"
              for n in range(100, 130)]
    messages = ("request accepted", "order {} stored", "item {} added to the basket",
                "retry {} after a timeout", "cache miss, reading {}", "session {} expired")
    with open(path, "w", encoding="utf-8") as file:
        for number in range(count):
            name = chance.choice(names)
            line = {"ts": 1_760_000_000_000 + 3 * number + chance.randrange(3),
                    "level": chance.choice(("INFO", "INFO", "INFO", "WARN", "ERROR")),
                    "kubernetes": {"namespace": "shop-production", "node": chance.choice(hosts),
                                   "labels": services[name]},
                    "trace": f"{chance.getrandbits(128):032x}",
                    "span": f"{chance.getrandbits(64):016x}",
                    "user": f"u-{chance.randrange(200_000):06}",
                    "client": f"172.16.{chance.randrange(256)}.{chance.randrange(256)}",
                    "http": {"method": chance.choice(("GET", "GET", "POST")),
                             "agent": chance.choice(agents),
                             "path": f"/api/v2/{name}/{chance.getrandbits(40):x}",
                             "status": chance.choice((200, 200, 200, 404, 500)),
                             "bytes": chance.randrange(100_000), "ms": chance.randrange(10_000)},
                    "message": chance.choice(messages).format(f"{chance.getrandbits(64):x}")}
            text = json.dumps(line)[:-1]
            while len(text) < RECORD_BYTES:
                text += f', "{chance.choice(names)}": {chance.randrange(100_000)}'
            file.write(text[:RECORD_BYTES - 1] + "}\n")


def produce(broker, folder):
    lines = folder / "lines"
    log_lines(lines, LINES)
    for topic, (partitions, records) in TOPICS.items():
        odk(broker, "topics", "create", topic, "-p", str(partitions))
        # perf sends one record before it begins to measure.
        odk(broker, "perf", "produce", topic, "-n", str(records - 1), "-f", str(lines), "--acks",
            "1", "--plain", "-X", f"batch.size={BATCH_BYTES}")


# --- one run of a program


class Usage:
    """What a process took."""

    def __init__(self, command, folder):
        log = folder / "log"
        began = time.monotonic()
        with open(log, "w", encoding="utf-8") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output, cwd=folder)
            _, status, used = os.wait4(process.pid, 0)
        self.seconds = time.monotonic() - began
        self.cpu = used.ru_utime + used.ru_stime
        self.rss_mib = used.ru_maxrss / 1024
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            sys.exit(f"backup_rows: {' '.join(command)}: exit {process.returncode}\n"
                     f"{log.read_text(encoding='utf-8')[-2000:]}")


class Program:
    """One of the two programs; what it took in each round, by what it did."""

    def __init__(self, name, broker, folder):
        self.name, self.broker, self.folder = name, broker, folder / name
        self.rounds = {}
        self.stored = {}
        self.folder.mkdir()

    def command(self, mode, values):
        config = self.folder / "config.yaml"
        is_ours = self.name == "ours"
        values |= {"mode": mode, "broker": self.broker, "store": self.folder / "store"}
        text = (OUR_CONFIG if is_ours else PEER_CONFIG).format(**values)
        config.write_text(text, encoding="utf-8")
        if is_ours:
            return [str(BIN / "kafka-backup"), mode, "--config", str(config)]
        return [str(PEER_BUILD / "release/kafka-backup-peer"), str(config)]

    def run(self, what, mode, **values):
        os.sync()  # what the round before left to be written is not this one's
        used = Usage(self.command(mode, values), self.folder)
        self.rounds.setdefault(what, []).append(used)
        return used

    def backup(self, what, topic, codec, budget=BUDGET_USUAL):
        shutil.rmtree(self.folder / "store", ignore_errors=True)
        used = self.run(what, "backup", topic=topic, codec=codec, budget=budget)
        stored = sum(file.stat().st_size for file in (self.folder / "store").rglob("segment-*"))
        self.stored[what] = gigabytes(topic) * 1e9 / stored
        return used

    def restore(self, what, topic, codec):
        self.run(what, "restore", topic=topic, codec=codec, budget=BUDGET_USUAL)
        ends = odk(self.broker, "offsets", f"{topic}-restored", "-J")
        there = sum(json.loads(line)["offset"] for line in ends.splitlines())
        if there != TOPICS[topic][1]:
            sys.exit(f"backup_rows: {self.name} restored {there} of {TOPICS[topic][1]} records")
        odk(self.broker, "topics", "delete", f"{topic}-restored")

    def cpu_per_gb(self, what, topic):
        return min(used.cpu for used in self.rounds[what]) / gigabytes(topic)

    def mb_per_s(self, what, topic):
        return max(gigabytes(topic) * 1e3 / used.seconds for used in self.rounds[what])

    def rss_mib(self, what):
        return max(used.rss_mib for used in self.rounds[what])


def gigabytes(topic):
    return TOPICS[topic][1] * RECORD_BYTES / 1e9


# --- rows


# what it is called, topic, codec
BACKUPS = [("backup none", WIDE, "none"), ("backup of one partition", NARROW, "zstd"),
           ("backup zstd-3", WIDE, "zstd")]
RESTORE = "restore raw"  # of the last one's archive


def measure(programs):
    for number in range(1, ROUNDS + 1):
        for program in programs:
            for what, topic, codec in BACKUPS:
                say(f"round {number}: {program.name}, {what}")
                program.backup(what, topic, codec)
            say(f"round {number}: {program.name}, {RESTORE}")
            program.restore(RESTORE, WIDE, "zstd")


def emit_comparison(ours, peer, missing):
    def row(name, unit, goal, value, better="lower"):
        emit(name, unit, value(ours), goal, peer and value(peer), better, PEER, missing)

    for what, topic, goal in (("backup zstd-3", WIDE, 3.2), ("backup none", WIDE, 2.2),
                              (RESTORE, WIDE, 1.5)):
        row(f"{what}, CPU per GB", "s CPU", goal, lambda p: p.cpu_per_gb(what, topic))
        row(f"{what}, rate", "MB/s", None, lambda p: p.mb_per_s(what, topic), "higher")
        row(f"{what}, peak memory", "MiB RSS", 300 if what == "backup zstd-3" else None,
            lambda p: p.rss_mib(what))
    what = "backup of one partition"
    row(f"{what}, rate", "MB/s", 100, lambda p: p.mb_per_s(what, NARROW), "higher")
    row(f"{what}, CPU per GB", "s CPU", None, lambda p: p.cpu_per_gb(what, NARROW))
    row("JSON log lines, compression", "ratio", 3, lambda p: p.stored["backup zstd-3"], "higher")


def codec_row(ours, lines):
    """The same lines by the codec's own program: the floor beside the zstd row."""
    if shutil.which("zstd") is None:
        return
    copies = TOPICS[WIDE][1] // LINES
    command = ["zstd", "-3", "-q", "-c", "--single-thread", *[str(lines)] * copies]
    used = []
    for _ in range(ROUNDS):
        with open(os.devnull, "wb") as nowhere:
            process = subprocess.Popen(command, stdout=nowhere)
            _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            sys.exit("backup_rows: zstd failed")
        used.append(usage.ru_utime + usage.ru_stime)
    emit("backup zstd-3, CPU per GB (beside the codec alone)", "s CPU",
         ours.cpu_per_gb("backup zstd-3", WIDE), None,
         min(used) / (copies * lines.stat().st_size / 1e9), peer="zstd -3")


def budget_row(ours):
    over = [ours.rss_mib("backup zstd-3") - BUDGET_USUAL]
    for budget in BUDGETS:
        say(f"memory_budget {budget} MiB")
        over.append(ours.backup(f"budget {budget}", WIDE, "zstd", budget).rss_mib - budget)
    emit("peak memory above memory_budget", "MiB RSS", max(0, max(over)), 64)


def percentile_of(metrics, name, share):
    """Of a histogram as Prometheus prints it, by straight lines within its buckets; and the
    count."""
    buckets = [(float(end), float(count)) for end, count in
               re.findall(rf'^{name}_bucket{{le="([^"]+)"}} (\S+)$', metrics, re.MULTILINE)]
    wanted = share * buckets[-1][1]
    begin, below = 0.0, 0.0
    for end, count in buckets:
        if count >= wanted:
            part = (wanted - below) / (count - below) if count > below else 0
            return (end if end == float("inf") else begin + part * (end - begin)), buckets[-1][1]
        begin, below = end, count
    return None, 0


def commit_row(broker, folder):
    """A continuous backup that commits ten times a second while records come in."""
    say(f"{COMMITS} commits")
    os.sync()  # what the large runs left to write is not this one's
    port = free_port()
    config = folder / "continuous.yaml"
    config.write_text(CONTINUOUS.format(store=folder / "commits", broker=broker, port=port),
                      encoding="utf-8")
    odk(broker, "topics", "create", "ticks", "-p", "4")
    writer = subprocess.Popen([str(BIN / "odk"), "-b", broker, "perf", "latency", "ticks", "-n",
                               "1000000", "--rate", "400", "-s", "1024"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    backup = subprocess.Popen([str(BIN / "kafka-backup"), "backup", "--config", str(config)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        count = 0
        while count < COMMITS:
            if time.monotonic() > deadline or backup.poll() is not None:
                sys.exit(f"backup_rows: only {count} commits")
            time.sleep(0.5)
            with contextlib.suppress(OSError):
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                    seconds, count = percentile_of(answer.read().decode(),
                                                   "kafka_backup_commit_latency_seconds", 0.99)
        emit("checkpoint commit on files, p99", "ms", seconds * 1e3, 100)
    finally:
        for process in (writer, backup):
            process.terminate()
            process.wait()


def build_peer():
    """Why there is no peer; None when there is."""
    if shutil.which("cargo") is None:
        return "peer missing: no cargo"
    say("building the peer, minutes the first time")
    source = PEER_BUILD / "source"  # cargo writes beside what it reads
    shutil.copytree(PEER_SOURCE, source, dirs_exist_ok=True)
    done = subprocess.run(["cargo", "build", "--release", "--quiet", "--target-dir",
                           str(PEER_BUILD)], cwd=source, check=False)
    return None if done.returncode == 0 else "peer missing: it does not build"


def main():
    missing = build_peer()
    source = apache_kafka if os.environ.get("BENCH_SOURCE") == "kafka" else our_broker
    with source() as broker, tempfile.TemporaryDirectory(prefix="bench-backup-") as name:
        folder = pathlib.Path(name)
        say("writing the topics")
        produce(broker, folder)
        ours = Program("ours", broker, folder)
        peer = None if missing else Program("peer", broker, folder)
        measure([ours, peer] if peer else [ours])
        emit_comparison(ours, peer, missing)
        codec_row(ours, folder / "lines")
        budget_row(ours)
        commit_row(broker, folder)


if __name__ == "__main__":
    main()
