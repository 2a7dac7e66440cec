"""Fetch, sessions, ListOffsets and OffsetForLeaderEpoch."""
import time

import codec
from script import case


def filled(t, name, batches=3, partitions=1):
    topic = t.topic(name, partitions)
    for n in range(batches):
        t.produce(name, t.batch(b"a%d" % n, b"b%d" % n, time=t.at(n * 10), step_ms=1), quietly=True)
    return topic


@case("14, 17", "offsets inside, below, above, at the end")
def offsets(t):
    topic = filled(t, "fe-a")
    for version in (4, 7, 11, 12):
        t.fetch("fe-a", 0, version=version)
    for version in range(13, 19):
        t.fetch(topic, 5, version=version)
    t.fetch("fe-a", 3, say="inside a batch")
    t.fetch("fe-a", 6, say="at the end")
    t.fetch("fe-a", 7, say="above the end")
    t.fetch("fe-a", -1, say="-1")
    t.fetch("fe-a", -2, say="-2")
    t.fetch("fe-a", 0, partition=3, say="unknown partition")
    t.fetch("fe-none", 0, say="unknown topic")
    t.fetch("AAAAAAAAAAAAAAAAAAAAZZ", 0, version=13, say="unknown id")
    t.fetch(codec.NO_ID, 0, version=13, say="zero id")
    t.ask("Fetch", 12, "nothing asked", MaxWaitMs=0, SessionEpoch=-1)


@case("36, 37", "DeleteRecords and fetching below")
def delete_records(t):
    topic = filled(t, "fe-del")
    for version, offset in ((0, 2), (1, 3), (2, 3), (2, 1), (2, 99), (2, -1), (2, -1), (2, -2)):
        t.ask("DeleteRecords", version, f"before {offset}", TimeoutMs=5000, Topics=[
            {"Name": "fe-del", "Partitions": [{"PartitionIndex": 0, "Offset": offset}]}])
        t.fetch("fe-del", 0, say="from 0")
    t.fetch(topic, 0, version=17, say="from 0")
    t.ask("DeleteRecords", 2, "unknown", TimeoutMs=5000, Topics=[
        {"Name": "fe-none", "Partitions": [{"PartitionIndex": 0, "Offset": 0}]},
        {"Name": "fe-del", "Partitions": [{"PartitionIndex": 4, "Offset": 0}]}])
    t.topic("fe-compact", cleanup_policy="compact")
    t.ask("DeleteRecords", 2, "compacted", TimeoutMs=5000, Topics=[
        {"Name": "fe-compact", "Partitions": [{"PartitionIndex": 0, "Offset": 0}]}])


@case("16", "waits for min_bytes, is woken, gives up on time")
def waiting(t):
    t.topic("fe-wait")
    pending = t.fetch("fe-wait", 0, wait_ms=400, pending=True, say="nothing comes")
    pending.waits(0.2)
    pending.get()
    t.say(f"in time: {0.38 < pending.elapsed_s < 3}")
    pending = t.fetch("fe-wait", 0, wait_ms=8000, pending=True, say="data comes")
    pending.waits(0.2)
    t.produce("fe-wait", t.batch(b"v"), quietly=True)
    pending.get()
    t.say(f"at once: {pending.elapsed_s < 4}")
    pending = t.fetch("fe-wait", 1, wait_ms=8000, min_bytes=100, pending=True, say="100 bytes")
    t.produce("fe-wait", t.batch(b"v"), quietly=True)
    pending.waits(0.3)
    t.produce("fe-wait", t.batch(b"w"), quietly=True)
    pending.get()
    t.fetch("fe-wait", 0, wait_ms=8000, min_bytes=0, say="min_bytes 0 at the end")
    t.fetch("fe-wait", 99, wait_ms=8000, min_bytes=1000, say="an error does not wait")
    t.fetch("fe-nix", 0, wait_ms=8000, min_bytes=1000, say="neither does an unknown topic")


@case("18", "sizes: the first batch is whole, others are cut by whole batches")
def sizes(t):
    t.topic("fe-size", 2)
    for partition in (0, 1):
        for n in range(3):
            t.produce("fe-size", t.batch(b"x" * 100), partition=partition, quietly=True)
    t.fetch("fe-size", 0, max_bytes=1, say="max_bytes 1")
    t.fetch("fe-size", 0, part_bytes=1, say="partition_max_bytes 1")
    t.fetch("fe-size", 0, part_bytes=0, say="partition_max_bytes 0")
    t.fetch("fe-size", 0, max_bytes=0, say="max_bytes 0")
    t.fetch("fe-size", 0, part_bytes=400, say="two batches and a bit")
    parts = [{"Partition": n, "FetchOffset": 0, "PartitionMaxBytes": 1 << 20} for n in (1, 0)]
    t.ask("Fetch", 12, "two partitions, max_bytes 1", MaxBytes=1, SessionEpoch=-1,
          Topics=[{"Topic": "fe-size", "Partitions": parts}])
    parts = [{"Partition": n, "FetchOffset": 0, "PartitionMaxBytes": 100} for n in (0, 1)]
    t.ask("Fetch", 12, "two partitions of 100 bytes", MaxBytes=1000, SessionEpoch=-1,
          Topics=[{"Topic": "fe-size", "Partitions": parts}])


@case("19", "leader epochs")
def leader_epochs(t):
    topic = filled(t, "fe-epoch")
    for epoch in (-1, 0, 1, 99):
        t.fetch("fe-epoch", 0, leader_epoch=epoch, part_bytes=1, say=f"epoch {epoch}")
        for version in (2, 4):
            t.ask("OffsetForLeaderEpoch", version, f"current {epoch}", ReplicaId=-1, Topics=[
                {"Topic": "fe-epoch", "Partitions": [
                    {"Partition": 0, "CurrentLeaderEpoch": epoch, "LeaderEpoch": 0}]}])
        t.ask("ListOffsets", 7, f"current {epoch}", ReplicaId=-1, Topics=[
            {"Name": "fe-epoch", "Partitions": [
                {"PartitionIndex": 0, "Timestamp": -1, "CurrentLeaderEpoch": epoch}]}])
    t.fetch(topic, 0, version=16, leader_epoch=5, say="new leader hint")
    for epoch in (-1, 0, 1, 99):
        t.ask("OffsetForLeaderEpoch", 4, f"end of {epoch}", ReplicaId=-1, Topics=[
            {"Topic": "fe-epoch", "Partitions": [
                {"Partition": 0, "CurrentLeaderEpoch": -1, "LeaderEpoch": epoch}]},
            {"Topic": "fe-nix", "Partitions": [{"Partition": 0, "LeaderEpoch": 0}]}])


@case("19", "a diverging epoch of the last fetch")
def diverging(t):
    filled(t, "fe-div")
    for offset, last in ((3, 0), (3, 5), (6, -1)):
        t.ask("Fetch", 12, f"offset {offset} last epoch {last}", SessionEpoch=-1, Topics=[
            {"Topic": "fe-div", "Partitions": [
                {"Partition": 0, "FetchOffset": offset, "LastFetchedEpoch": last,
                 "PartitionMaxBytes": 1}]}])


@case("20", "sessions")
def sessions(t):
    filled(t, "fe-ses", partitions=2)

    def ask(session, epoch, say, parts=(), forget=(), **more):
        topics = [{"Topic": name, "Partitions": [
            {"Partition": n, "FetchOffset": offset, "PartitionMaxBytes": 1 << 20}]}
            for name, n, offset in parts]
        return t.ask("Fetch", 12, say, SessionId=session, SessionEpoch=epoch, Topics=topics,
                     ForgottenTopicsData=[{"Topic": "fe-ses", "Partitions": list(forget)}]
                     if forget else [], **more)

    got = ask(0, 0, "new session", [("fe-ses", 0, 0), ("fe-ses", 1, 0), ("fe-nix", 0, 0)])
    session = got["SessionId"]
    ask(session, 1, "moved on", [("fe-ses", 0, 6)])
    ask(session, 2, "nothing new")
    t.produce("fe-ses", t.batch(b"new"), partition=1, quietly=True)
    ask(session, 3, "one has data")
    ask(session, 4, "forgets partition 1", forget=[1])
    ask(session, 4, "an old epoch")
    ask(session, 9, "an epoch of the future")
    ask(session, 5, "the right one")
    ask(session + 77, 1, "unknown session")
    ask(session, -1, "final", [("fe-ses", 0, 5)])
    ask(session, 6, "after its end")
    ask(0, 5, "no session with an epoch")
    ask(0, -1, "without", [("fe-ses", 0, 5)])
    ask(0, 0, "an empty new session")


@case("20", "sessions with topic ids")
def sessions_by_id(t):
    topic = filled(t, "fe-ids")
    part = {"Partition": 0, "FetchOffset": 0, "PartitionMaxBytes": 1 << 20}
    got = t.ask("Fetch", 16, "new", SessionEpoch=0, Topics=[
        {"TopicId": topic, "Partitions": [part]},
        {"TopicId": "AAAAAAAAAAAAAAAAAAAAZZ", "Partitions": [part]}])
    session = got["SessionId"]
    t.ask("Fetch", 16, "again", SessionId=session, SessionEpoch=1)
    t.ask("Fetch", 12, "by name now", SessionId=session, SessionEpoch=2)


@case("8, 37", "a deleted topic in a fetch session, and its name again")
def deleted(t):
    topic = filled(t, "fe-gone")
    part = {"Partition": 0, "FetchOffset": 0, "PartitionMaxBytes": 1}
    t.quiet("DeleteTopics", 6, TimeoutMs=5000, Topics=[{"Name": None, "TopicId": topic}])
    t.until(lambda got: got["Topics"][0]["ErrorCode"] != 0, "Metadata", 12,
            Topics=[{"Name": "fe-gone"}], AllowAutoTopicCreation=False)
    t.until(lambda got: got["Responses"][0]["Partitions"][0]["ErrorCode"] == 100, "Fetch", 16,
            SessionEpoch=-1, Topics=[{"TopicId": topic, "Partitions": [part]}])
    t.fetch(topic, 0, version=16, say="the deleted id")
    other = t.topic("fe-gone")
    t.say(f"a new id: {other != topic}")
    t.fetch(topic, 0, version=16, say="the deleted id")
    t.fetch("fe-gone", 0, say="the name")


def list_offsets(t, name, version, timestamp, say="", partition=0, isolation=0):
    t.ask("ListOffsets", version, f"{say or timestamp}", ReplicaId=-1, IsolationLevel=isolation,
          Topics=[{"Name": name, "Partitions": [
              {"PartitionIndex": partition, "Timestamp": timestamp}]}])


@case("21", "ListOffsets by every kind of time")
def times(t):
    t.topic("fe-time")
    t.topic("fe-empty")
    t.produce("fe-time", t.batch(b"a", b"b", b"c", time=t.at(100), step_ms=10), quietly=True)
    t.produce("fe-time", t.batch(b"d", b"e", time=t.at(500), step_ms=-50), quietly=True)
    t.at(110), t.at(120), t.at(450)
    for version in range(1, 12):
        list_offsets(t, "fe-time", version, -1)
    for name in ("fe-time", "fe-empty"):
        for kind in (-1, -2, -3, -4, -5):
            list_offsets(t, name, 11, kind)
    for kind in (-6, -7):
        list_offsets(t, "fe-time", 11, kind)
    for version, kind in ((6, -3), (7, -4), (8, -5), (10, -6), (1, -3)):
        list_offsets(t, "fe-time", version, kind, f"{kind} before its version")
    for delta in (0, 100, 105, 110, 120, 121, 450, 500, 501):
        list_offsets(t, "fe-time", 7, t.masker.now + delta, f"T+{delta}")
    list_offsets(t, "fe-time", 7, 0)
    list_offsets(t, "fe-time", 7, -1, "partition 9", partition=9)
    list_offsets(t, "fe-nix", 7, -1, "unknown topic")
    for version in (1, 4, 7):
        t.ask("ListOffsets", version, "a partition twice", ReplicaId=-1, Topics=[
            {"Name": "fe-time", "Partitions": [{"PartitionIndex": 0, "Timestamp": -1},
                                               {"PartitionIndex": 0, "Timestamp": -2}]}])


@case("21", "ListOffsets with equal times takes the first")
def equal_times(t):
    t.topic("fe-equal")
    for _ in range(3):
        t.produce("fe-equal", t.batch(b"a", b"b", time=t.at(7)), quietly=True)
    list_offsets(t, "fe-equal", 7, -3)
    list_offsets(t, "fe-equal", 7, t.at(7), "the time")


@case("15", "several fetches at once on one connection are answered in order")
def in_order(t):
    filled(t, "fe-order")
    c = t.connect()
    first = t.fetch("fe-order", 6, wait_ms=300, pending=True, on=c, say="waits")
    second = t.fetch("fe-order", 5, pending=True, on=c, say="has data")
    time.sleep(0.05)
    first.get()
    second.get()
