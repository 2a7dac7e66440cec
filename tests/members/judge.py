"""Listens to what members say, and tells whether the group kept its promises."""

import sys
import threading
from collections import defaultdict

LETTERS = set("ARLC")  # assigned, revoked, lost, consumed


class Judge:
    def __init__(self):
        self.lock = threading.Lock()
        self.complaints = []
        self.lost = 0
        self.owned = defaultdict(dict)  # member -> partition -> since when
        self.spans = defaultdict(list)  # partition -> (from, to, member), as long as it was read
        self.read = defaultdict(set)  # partition -> offsets

    def complain(self, what):
        with self.lock:
            self.complaints.append(what)

    def hear(self, member, line):
        letter, *words = line.split() or [""]
        if letter not in LETTERS:  # a runtime that has something to say of its own
            print(f"{member}: {line.rstrip()}", file=sys.stderr, flush=True)
            return
        with self.lock:
            if letter == "C":
                self.heard_record(member, int(words[0]), int(words[1]))
                return
            at = int(words[0])
            partitions = [int(p) for p in words[1].split(",")] if len(words) > 1 else []
            if letter == "A":
                for partition in partitions:
                    self.owned[member].setdefault(partition, at)
            elif letter == "R":
                self.give_up(member, partitions, at)
            elif letter == "L":
                # The group thought it dead: when its time ended cannot be known.
                self.lost += 1
                for partition in partitions:
                    self.owned[member].pop(partition, None)

    def heard_record(self, member, partition, offset):
        self.read[partition].add(offset)
        if partition not in self.owned[member]:
            self.complaints.append(f"{member} reads partition {partition} without having it")

    def give_up(self, member, partitions, at):
        for partition in partitions:
            since = self.owned[member].pop(partition, None)
            if since is not None:
                self.spans[partition].append((since, at, member))

    def ended(self, member, at):
        with self.lock:
            self.give_up(member, list(self.owned[member]), at)

    def unsettled(self, members, partitions):
        """Why not every partition has exactly one owner; empty when it has."""
        with self.lock:
            owners = defaultdict(list)
            for member in members:
                for partition in self.owned[member]:
                    owners[partition].append(member)
        for partition in range(partitions):
            if len(owners[partition]) != 1:
                return f"partition {partition} belongs to {owners[partition]}"
        return ""

    def unread(self, ends):
        with self.lock:
            missing = {p: end - len(self.read[p]) for p, end in ends.items()}
        missing = {p: n for p, n in missing.items() if n}
        return f"records not read, by partition: {missing}" if missing else ""

    def check_owners(self):
        for partition, spans in self.spans.items():
            spans.sort()
            for (_, to, first), (since, _, second) in zip(spans, spans[1:]):
                if since < to:
                    self.complain(
                        f"partition {partition}: {second} had it {(to - since) / 1e6:.1f} ms "
                        f"before {first} gave it back"
                    )
