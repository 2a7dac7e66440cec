#!/usr/bin/env python3
"""The differential test: the same requests to Apache Kafka and to odradek-broker, answers equal.

  run.py check [--broker PROGRAM] [--disk] [--only REGEX]   ours against the answers of Kafka
  run.py record HOST:PORT [--suite NAME] [--only REGEX] [--restart COMMAND]
                                                            record them from a running Kafka
  run.py show HOST:PORT [--suite NAME] [--only REGEX]       print the minutes, compare nothing
"""
import argparse
import difflib
import importlib
import json
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE), str(HERE / "cases")]
import script  # noqa: E402

# Both brokers get these; README.md has Kafka's command line.
PROPERTIES = {
    "auto.create.topics.enable": "true", "min.insync.replicas": "1",
    "group.initial.rebalance.delay.ms": "0", "group.min.session.timeout.ms": "100",
    "group.max.size": "3", "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4", "num.partitions": "1",
    "connections.max.reauth.ms": "3600000", "group.consumer.min.session.timeout.ms": "100",
    "group.consumer.min.heartbeat.interval.ms": "50",
    "log.message.timestamp.after.max.ms": "3600000",
}
SUITES = {
    "plain": ["--listen", "127.0.0.1:0"],
    "sasl": ["--listen", "SASL_PLAINTEXT://127.0.0.1:0", "--user", "admin:admin-secret",
             "--user", "alice:alice-secret", "--super-user", "User:admin", "--acl"],
    "life": ["--listen", "127.0.0.1:0"],
}
# A group of a hundred members that all find the first generation.
LIFE_PROPERTIES = {"group.max.size": "1000", "group.initial.rebalance.delay.ms": "1000"}


def load(suite, only):
    """(module, title, function) of the suite's cases."""
    for path in sorted((HERE / "cases").glob("*.py")):
        importlib.import_module(path.stem)
    return [(module, title, function) for module, title, function in script.CASES
            if getattr(sys.modules[module], "SUITE", "plain") == suite
            and re.search(only, f"{module} {title}")]


def recorded_path(module):
    return HERE / "recorded" / f"{module}.txt"


def read_recorded(module):
    """title -> minutes."""
    path = recorded_path(module)
    blocks = path.read_text().split("\n== ")[1:] if path.exists() else []
    return {title: minutes.strip("\n") + "\n"
            for title, _, minutes in (block.partition("\n") for block in blocks)}


def write_recorded(module, blocks):
    order = [title for name, title, _ in script.CASES if name == module]
    text = "Answers of Apache Kafka 4.3.1, recorded by tests/differential/run.py; do not edit.\n"
    for title in order:
        if title in blocks:
            text += f"\n== {title}\n{blocks[title]}"
    recorded_path(module).parent.mkdir(exist_ok=True)
    recorded_path(module).write_text(text)


def address_of(bootstrap):
    host, _, port = bootstrap.rpartition(":")
    return host, int(port)


def wait_until_ready(address):
    """The coordinators' topics exist and are loaded; asked for once so that no case waits."""
    talk = script.Talk(address, "ready")
    for kind in (0, 1):
        talk.quiet("FindCoordinator", 4, KeyType=kind, CoordinatorKeys=["any"])
    for n in range(12):
        talk.quiet("OffsetFetch", 8, Groups=[{"GroupId": f"ready{n}", "Topics": None}])
        talk.quiet("InitProducerId", 4, TransactionalId=f"ready{n}", TransactionTimeoutMs=1000)
    talk.close()


class OurBroker:
    """odradek-broker in memory, or with `disk` in a folder that goes away with it."""

    def __init__(self, program, suite, disk=False):
        self.folder = tempfile.TemporaryDirectory() if disk or suite == "life" else None
        properties = PROPERTIES | (LIFE_PROPERTIES if suite == "life" else {})
        sets = [word for name, value in properties.items() for word in ("--set", f"{name}={value}")]
        self.command = [
            program, "--profile", "kafka", "--http", "off", "--log-level", "error",
            *(["--data", self.folder.name] if self.folder else []), *SUITES[suite], *sets]
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        ready = self.process.stdout.readline()
        if not ready:
            raise RuntimeError(f"the broker ended with {self.process.wait()}")
        self.address = address_of(json.loads(ready)["bootstrap"])

    def restart(self, signal_name):
        self.process.send_signal(getattr(signal, "SIG" + signal_name))
        self.process.wait(10)
        self.process.stdout.close()
        self.command = [word.replace("127.0.0.1:0", f"127.0.0.1:{self.address[1]}")
                        for word in self.command]
        self.start()

    def stop(self):
        self.process.terminate()
        if self.process.wait(10) != 0:
            raise RuntimeError(f"the broker ended with {self.process.returncode}")
        self.process.stdout.close()
        if self.folder:
            self.folder.cleanup()


def restarted_by(command, address):
    """Restarts a broker by `command TERM|KILL` and waits until its coordinators answer."""
    def restart(signal_name):
        subprocess.run([*shlex.split(command), signal_name], check=True,
                       stdout=subprocess.DEVNULL)
        wait_until_ready(address)
    return restart if command else None


def difference(title, wanted, got):
    lines = difflib.unified_diff(wanted.splitlines(), got.splitlines(), "Apache Kafka", "ours",
                                 lineterm="", n=3)
    return f"== {title}\n" + "\n".join(lines)


def check(program, only, disk):
    bad = count = 0
    for suite in SUITES:
        cases = load(suite, only)
        if not cases:
            continue
        broker = OurBroker(program, suite, disk)
        if suite != "sasl":
            wait_until_ready(broker.address)
        for module, title, function in cases:
            started = time.monotonic()
            got = script.run_case(broker.address, title, function, broker.restart)
            wanted = read_recorded(module).get(title, "never recorded\n")
            count += 1
            if got != wanted:
                bad += 1
                print(difference(f"{module}: {title}", wanted, got), flush=True)
            elif time.monotonic() - started > 2:
                print(f"slow: {module}: {title}: {time.monotonic() - started:.1f} s")
        broker.stop()
    print(f"{count} cases, {bad} differ")
    return 1 if bad or not count else 0


def record(bootstrap, suite, only, command):
    address = address_of(bootstrap)
    restarter = restarted_by(command, address)
    if suite != "sasl":
        wait_until_ready(address)
    blocks, failed = {}, 0
    for module, title, function in load(suite, only):
        minutes = script.run_case(address, title, function, restarter)
        blocks.setdefault(module, read_recorded(module) if only else {})[title] = minutes
        if "FAILED" in minutes:
            failed += 1
            print(f"== {module}: {title}\n{minutes}")
    for module, found in blocks.items():
        write_recorded(module, found)
    print(f"recorded {sum(map(len, blocks.values()))} cases, {failed} went wrong")
    return 1 if failed else 0


def show(bootstrap, suite, only, command):
    address = address_of(bootstrap)
    restarter = restarted_by(command, address)
    for module, title, function in load(suite, only):
        print(f"== {module}: {title}")
        print(script.run_case(address, title, function, restarter), flush=True)
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["check", "record", "show"])
    parser.add_argument("bootstrap", nargs="?")
    parser.add_argument("--broker", default="build/dev/bin/odradek-broker")
    parser.add_argument("--suite", choices=sorted(SUITES), default="plain")
    parser.add_argument("--disk", action="store_true", help="our broker keeps its data on disk")
    parser.add_argument("--only", default="", metavar="REGEX")
    parser.add_argument("--restart", default="", metavar="COMMAND",
                        help="COMMAND TERM|KILL ends the recorded broker and starts it again")
    options = parser.parse_args()
    if options.command == "check":
        return check(options.broker, options.only, options.disk)
    if not options.bootstrap:
        parser.error("which broker? HOST:PORT")
    work = record if options.command == "record" else show
    return work(options.bootstrap, options.suite, options.only, options.restart)


if __name__ == "__main__":
    sys.exit(main())
