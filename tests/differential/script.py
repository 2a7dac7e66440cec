"""What the cases are written in: a talk with one broker that keeps its own minutes."""
import contextlib
import time

import batches
import transcript
from codec import Malformed
from connection import Closed, Connection

CASES = []
# Codes that mean "not yet" while a real cluster makes its internal topics or writes markers.
NOT_YET = {14, 15, 16, 51}
RETRY_S = 15.0


def case(items, title):
    """Registers a case. `items`: the lines of the checklist (README.md) it covers, "" for none."""
    def register(function):
        CASES.append((function.__module__, f"{items}: {title}" if items else title, function))
        return function
    return register


def codes_in(value):
    if isinstance(value, dict):
        for name, item in value.items():
            if name.endswith("ErrorCode") and isinstance(item, int):
                yield item
            else:
                yield from codes_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from codes_in(item)


class Pending:
    """A request that may wait for its answer, on a connection of its own."""

    def __init__(self, talk, connection, api, label, differ):
        self.talk, self.connection, self.api = talk, connection, api
        self.label, self.differ = label, differ
        self.sent = time.monotonic()

    def waits(self, for_s=0.3):
        frame = None
        with contextlib.suppress(Closed):
            frame = self.connection.frame(for_s)
        self.talk.say(f"{self.label}: {'waits' if frame is None else 'IS ANSWERED'}")

    def ends(self):
        """Answered or closed, whatever the answer: the broker has stopped meanwhile."""
        frame = b"closed"
        with contextlib.suppress(Closed):
            frame = self.connection.frame()
        self.talk.say(f"{self.label}: {'STILL WAITS' if frame is None else 'ends'}")

    def get(self):
        answer = self.talk.take(self.connection, self.api, self.label, self.differ)
        self.elapsed_s = time.monotonic() - self.sent
        return answer


class Talk:
    """One case's talk with the broker."""

    def __init__(self, address, prefix, restarter=None):
        self.address, self.prefix, self.restarter = address, prefix, restarter
        self.masker = transcript.Masker()
        self.lines, self.connections = [], []
        self.main = None

    def close(self):
        for connection in self.connections:
            connection.close()

    # What the minutes say

    def say(self, text):
        self.lines.append(text)

    def at(self, delta_ms=0):
        return self.masker.at(delta_ms)

    def given(self, *values):
        self.masker.given.update(values)

    def show(self, api, label, answer, differ=()):
        masked = self.masker.value(api, "", answer, differ or {})
        self.say(f"{label}\n    {transcript.dump(masked, '    ')}")

    # Connections

    def connect(self, client_id="diff"):
        connection = Connection(self.address, client_id)
        self.connections.append(connection)
        return connection

    def on(self, connection):
        if connection is not None:
            return connection
        if self.main is None:
            self.main = self.connect()
        return self.main

    def closes(self, connection, label):
        self.say(f"{label}: {'closes' if connection.is_closed(5.0) else 'STAYS OPEN'}")

    def restart(self, signal_name):
        """Ends the broker with TERM or KILL and starts it again, with its data, at its address."""
        self.restarter(signal_name)
        self.main = None
        self.say(f"{signal_name}, started again")

    # Requests

    def take(self, connection, api, label, differ):
        try:
            got = connection.receive()
        except Closed:
            self.say(f"{label}: closes")
            return None
        if got is None:
            raise Malformed(f"no answer to {label}")
        answer, default_tags = got
        if default_tags:
            self.say(f"{label}: NEEDLESS TAGS {default_tags}")
        self.show(api, label, answer, differ)
        return answer

    def ask(self, api, version, say="", on=None, differ=None, **fields):
        """Sends, waits, writes the answer down and returns it (None: closed)."""
        connection = self.on(on)
        connection.send(api, version, fields)
        return self.take(connection, api, f"{api} v{version} {say}".rstrip(), differ)

    def begin(self, api, version, say="", on=None, differ=None, **fields):
        """Sends on an own connection; the answer is looked at later."""
        connection = on or self.connect()
        connection.send(api, version, fields)
        return Pending(self, connection, api, f"{api} v{version} {say}".rstrip(), differ)

    def quiet(self, api, version, on=None, **fields):
        """Asks without a line in the minutes, again while the answer is "not yet"."""
        connection, end = self.on(on), time.monotonic() + RETRY_S
        while True:
            connection.send(api, version, fields)
            answer, _ = connection.receive()
            if not NOT_YET & set(codes_in(answer)) or time.monotonic() > end:
                return answer
            time.sleep(0.05)

    def until(self, done, *request, **fields):
        """Asks quietly until `done(answer)`; real clusters need a moment to agree."""
        end = time.monotonic() + RETRY_S
        while True:
            answer = self.quiet(*request, **fields)
            if done(answer) or time.monotonic() > end:
                return answer
            time.sleep(0.05)

    # Steps that many cases begin with

    def topic(self, name, partitions=1, **configs):
        """Makes a topic (underscores in configs stand for dots); returns its id."""
        self.quiet("CreateTopics", 7, timeoutMs=10000, Topics=[{
            "Name": name, "NumPartitions": partitions, "ReplicationFactor": 1,
            "Configs": [{"Name": key.replace("_", "."), "Value": value}
                        for key, value in configs.items()]}])
        self.until(lambda got: not any(codes_in(got)), "ListOffsets", 7, ReplicaId=-1, Topics=[
            {"Name": name, "Partitions": [{"PartitionIndex": n, "Timestamp": -1}
                                          for n in range(partitions)]}])
        return self.visible(name)

    def visible(self, name):
        answer = self.until(lambda got: not any(codes_in(got)), "Metadata", 12,
                            Topics=[{"Name": name}], AllowAutoTopicCreation=False)
        return answer["Topics"][0]["TopicId"]

    def batch(self, *values, key=b"k", **options):
        records = [one if isinstance(one, tuple) else (key, one) for one in values]
        return batches.batch(options.pop("time", self.at()), records, **options)

    def produce(self, topic, records, partition=0, version=12, say="", quietly=False, acks=-1,
                txn=None, **options):
        request = {"TransactionalId": txn, "Acks": acks, "TimeoutMs": 10000, "TopicData": [
            {"Name": topic, "PartitionData": [{"Index": partition, "Records": records}]}]}
        if quietly:
            return self.quiet("Produce", version, **request)
        return self.ask("Produce", version, say, **options, **request)

    def fetch(self, topic, offset, partition=0, version=12, say="", pending=False, wait_ms=0,
              min_bytes=1, max_bytes=1 << 20, part_bytes=1 << 20, isolation=0, leader_epoch=-1,
              **options):
        part = {"Partition": partition, "FetchOffset": offset, "PartitionMaxBytes": part_bytes,
                "CurrentLeaderEpoch": leader_epoch}
        where = {"TopicId": topic} if version >= 13 else {"Topic": topic}
        call = self.begin if pending else self.ask
        return call("Fetch", version, say, MaxWaitMs=wait_ms, MinBytes=min_bytes,
                    MaxBytes=max_bytes, IsolationLevel=isolation, SessionEpoch=-1,
                    Topics=[{**where, "Partitions": [part]}], **options)

    def producer(self, txn=None, timeout_ms=60000, version=4):
        """A producer id and epoch, quietly."""
        answer = self.quiet("InitProducerId", version, TransactionalId=txn, ProducerId=-1,
                            ProducerEpoch=-1, TransactionTimeoutMs=timeout_ms)
        return answer["ProducerId"], answer["ProducerEpoch"]


def run_case(address, title, function, restarter=None):
    """The minutes of one case. `restarter(signal_name)` ends the broker and starts it again."""
    talk = Talk(address, title, restarter)
    try:
        function(talk)
    except (Malformed, Closed, OSError, KeyError, IndexError, TypeError) as error:
        talk.say(f"FAILED: {type(error).__name__}: {error}")
    finally:
        talk.close()
    return "\n".join(talk.lines) + "\n"
