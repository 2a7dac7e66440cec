"""Starts, ends and kills members of groups and checks what they say; see README.md."""

import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from judge import Judge

HERE = Path(__file__).parent
BOOTSTRAP = os.environ["BOOTSTRAP"]
MEMBERS = int(os.environ.get("MEMBERS", "50"))
TROUBLE_S = float(os.environ.get("SECONDS_OF_TROUBLE", "40"))
PARTITIONS = 60
SETTLED_WITHIN_S = 90
PROGRAMS = {
    "python": [sys.executable, str(HERE / "member.py")],
    "go": os.environ.get("GO_MEMBER", "").split(),
    "ours": os.environ.get("OWN_MEMBER", "").split(),
    "java": os.environ.get("JAVA_MEMBER", "").split(),
}
LANGUAGES = {name: PROGRAMS[name] for name in os.environ.get("LANGUAGES", "python go").split()}
SCENARIOS = {
    "eager": ["eager"],
    "roundrobin": ["roundrobin"],
    "sticky": ["sticky"],
    "cooperative": ["cooperative"],
    "consumer": ["consumer"],
    "both": ["cooperative", "consumer"],
}


class Member:
    """One process, and a thread that passes on its lines."""

    def __init__(self, judge, language, kind, group, topic):
        self.name = f"{language}-{kind}-{Member.next_number()}"
        self.process = subprocess.Popen(
            [*LANGUAGES[language], BOOTSTRAP, group, topic, kind], stdout=subprocess.PIPE, text=True
        )
        self.judge = judge
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    numbers = iter(range(1_000_000))

    @classmethod
    def next_number(cls):
        return next(cls.numbers)

    def read(self):
        for line in self.process.stdout:
            self.judge.hear(self.name, line)

    def leave(self):
        self.process.terminate()

    def crash(self):
        self.process.kill()
        self.process.wait()
        at = time.time_ns()
        self.reader.join()
        self.judge.ended(self.name, at)

    def wait(self):
        self.process.wait(60)
        self.reader.join()
        self.judge.ended(self.name, time.time_ns())


class Load:
    """A producer that never stops until it is told to."""

    def __init__(self, topic):
        self.topic = topic
        self.producer = Producer({"bootstrap.servers": BOOTSTRAP, "linger.ms": 20})
        self.ends = {}
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def delivered(self, error, message):
        assert error is None, error
        end = message.offset() + 1
        self.ends[message.partition()] = max(end, self.ends.get(message.partition(), 0))

    def run(self):
        while not self.stopped.wait(0.05):
            for _ in range(10):
                partition = random.randrange(PARTITIONS)
                self.producer.produce(
                    self.topic, b"x", partition=partition, callback=self.delivered
                )
            self.producer.poll(0)
        self.producer.flush(30)

    def stop(self):
        self.stopped.set()
        self.thread.join()
        return self.ends


def trouble(members, start):
    end = time.monotonic() + TROUBLE_S
    gone = []
    while time.monotonic() < end:
        if len(members) < MEMBERS and random.random() < 0.6:
            members.append(start())
        elif len(members) > MEMBERS // 2:
            member = members.pop(random.randrange(len(members)))
            member.leave() if random.random() < 0.5 else member.crash()
            gone.append(member)
        time.sleep(random.uniform(0, 0.6))
    return gone


def wait_until_settled(admin, group, members, judge, ends):
    names = {member.name for member in members}
    why = ""
    end = time.monotonic() + SETTLED_WITHIN_S
    while time.monotonic() < end:
        time.sleep(0.5)
        described = admin.describe_consumer_groups([group])[group].result()
        why = judge.unsettled(names, PARTITIONS) or judge.unread(ends)
        if described.state.name != "STABLE" or len(described.members) != len(members):
            why = why or f"{described.state.name} with {len(described.members)} members"
        if not why:
            return
    judge.complain(f"not settled: {why}")


def run(scenario, seed):
    random.seed(seed)
    kinds = SCENARIOS[scenario]
    group = f"members-{scenario}-{seed}"
    admin = AdminClient({"bootstrap.servers": BOOTSTRAP})
    admin.create_topics([NewTopic(group, PARTITIONS, 1)])[group].result()
    judge = Judge()

    def start():
        return Member(judge, random.choice(list(LANGUAGES)), random.choice(kinds), group, group)

    load = Load(group)
    began = time.monotonic()
    members = [start() for _ in range(MEMBERS)]
    gone = trouble(members, start)
    ends = load.stop()
    quiet = time.monotonic()
    wait_until_settled(admin, group, members, judge, ends)
    settled = time.monotonic() - quiet
    for member in members:
        member.leave()
    for member in gone + members:
        member.wait()
    judge.check_owners()
    print(
        f"{'FAIL' if judge.complaints else 'PASS'} {scenario}: seed {seed}, {len(gone)} of "
        f"{len(gone) + len(members)} members left or crashed in {quiet - began:.0f} s, settled "
        f"after {settled:.1f} s, {sum(ends.values())} records, {judge.lost} assignments lost",
        flush=True,
    )
    for complaint in judge.complaints[:20]:
        print("    ", complaint)
    return not judge.complaints


def main():
    seed = int(os.environ.get("SEED", str(random.randrange(1_000_000))))
    wanted = os.environ.get("SCENARIOS", "eager cooperative consumer both").split()
    results = [run(scenario, seed) for scenario in wanted]
    sys.exit(0 if all(results) else 1)


main()
