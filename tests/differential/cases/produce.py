"""Produce: what is taken, what is refused and how."""
import codec
from script import case


@case("9, 10", "acks and topics that are wrong")
def acks_and_topics(t):
    t.topic("pr-a", 2)
    good = t.batch(b"v")
    for version in (3, 7, 8, 12):
        t.produce("pr-a", good, acks=2, version=version, say="acks=2")
        t.produce("pr-none", good, version=version, say="unknown topic")
        t.produce("pr-a", good, partition=5, version=version, say="unknown partition")
    t.produce("pr-a", good, partition=-1, say="partition -1")
    t.produce("", good, say="empty name")
    t.produce("a/b", good, say="invalid name")
    t.ask("Produce", 13, "unknown id", Acks=1, TopicData=[{
        "TopicId": "AAAAAAAAAAAAAAAAAAAAZZ", "PartitionData": [{"Index": 0, "Records": good}]}])
    t.ask("Produce", 13, "zero id", Acks=1, TopicData=[{
        "TopicId": codec.NO_ID, "PartitionData": [{"Index": 0, "Records": good}]}])
    t.ask("Produce", 12, "no topics", Acks=1, TopicData=[])
    t.ask("Produce", 12, "no partitions", Acks=1, TopicData=[{"Name": "pr-a"}])
    t.ask("Produce", 12, "acks=1 no wait", Acks=1, TimeoutMs=0, TopicData=[
        {"Name": "pr-a", "PartitionData": [{"Index": 0, "Records": good}]}])
    t.until(lambda got: True, "Metadata", 12, Topics=[{"Name": "pr-a"}])
    t.ask("Metadata", 9, "Produce made no topic", Topics=[{"Name": "pr-none"}],
          AllowAutoTopicCreation=False)


@case("", "every version answers")
def versions(t):
    topic = t.topic("pr-versions")
    for version in range(3, 13):
        t.produce("pr-versions", t.batch(b"v"), version=version)
    t.ask("Produce", 13, Acks=-1, TopicData=[
        {"TopicId": topic, "PartitionData": [{"Index": 0, "Records": t.batch(b"v")}]}])


@case("", "several partitions, one of them wrong")
def mixed(t):
    t.topic("pr-mixed", 2)
    good = t.batch(b"v")
    t.ask("Produce", 9, Acks=-1, TopicData=[
        {"Name": "pr-mixed", "PartitionData": [{"Index": 0, "Records": good},
                                               {"Index": 1, "Records": t.batch(b"w", crc_xor=1)},
                                               {"Index": 7, "Records": good}]},
        {"Name": "pr-nix", "PartitionData": [{"Index": 0, "Records": good}]}])


@case("9", "acks=0 is silent, an error closes")
def silent(t):
    t.topic("pr-silent")
    c = t.connect()
    good = {"Name": "pr-silent", "PartitionData": [{"Index": 0, "Records": t.batch(b"v")}]}
    c.send("Produce", 9, {"Acks": 0, "TopicData": [good]}, answered=False)
    t.ask("ListOffsets", 7, "after acks=0", on=c, ReplicaId=-1, Topics=[
        {"Name": "pr-silent", "Partitions": [{"PartitionIndex": 0, "Timestamp": -1}]}])
    c.send("Produce", 9, {"Acks": 0, "TopicData": [{**good, "Name": "pr-nix"}]}, answered=False)
    t.closes(c, "acks=0 to an unknown topic")
    c = t.connect()
    c.send("Produce", 9, {"Acks": 0, "TopicData": []}, answered=False)
    t.ask("Heartbeat", 0, "after acks=0 with nothing", on=c, GroupId="none")


@case("11", "batches that are wrong")
def bad_batches(t):
    t.topic("pr-bad", message_timestamp_type="CreateTime")
    b, two = t.batch, t.batch(b"v") + t.batch(b"w")
    for version in (3, 7, 9):
        t.produce("pr-bad", b(b"v", crc_xor=1), version=version, say="bad CRC")
        t.produce("pr-bad", two, version=version, say="two batches")
        t.produce("pr-bad", b"", version=version, say="empty records")
    t.say("null records are not sent: Kafka never answers them, we answer 87")
    t.produce("pr-bad", b(b"v")[:-3], say="cut off")
    t.produce("pr-bad", b(b"v") + b"abc", say="bytes after the batch")
    t.produce("pr-bad", b"abc", say="three bytes")
    t.produce("pr-bad", b(b"v", magic=1), say="magic 1")
    t.produce("pr-bad", b(b"v", magic=3), say="magic 3")
    t.produce("pr-bad", b(b"v", count=2), say="count too high")
    t.produce("pr-bad", b(b"v", b"w", count=1), say="count too low")
    t.produce("pr-bad", b(b"v", last_delta=4), say="last delta too high")
    t.produce("pr-bad", b(b"v", count=0, last_delta=-1), say="count 0")
    t.produce("pr-bad", b(b"v", base=5), say="base offset 5")
    t.produce("pr-bad", b(b"v", attributes=32), say="control batch")
    t.produce("pr-bad", b(b"v", attributes=16), say="transactional without producer")
    t.produce("pr-bad", b(b"v", attributes=5), say="codec 5")
    t.produce("pr-bad", b(b"v", attributes=7), say="codec 7")
    t.produce("pr-bad", b(b"v", attributes=2), say="snappy that is none")
    t.produce("pr-bad", b(b"v", attributes=4), version=6, say="zstd before v7")
    t.produce("pr-bad", b(), say="no records")
    t.fetch("pr-bad", 0, say="what was stored")


@case("11", "too large, too far from now, no key where compacted")
def refused_records(t):
    t.topic("pr-small", max_message_bytes="200")
    t.produce("pr-small", t.batch(b"x" * 300), say="too large")
    t.produce("pr-small", t.batch(b"x" * 100), say="fits")
    t.topic("pr-compact", cleanup_policy="compact")
    for version in (7, 8, 12):
        t.produce("pr-compact", t.batch((b"k", b"a"), (None, b"b"), (b"", b"c"), (None, b"d")),
                  version=version, say="two without keys")
    t.topic("pr-time", message_timestamp_after_max_ms="1000",
            message_timestamp_before_max_ms="60000")
    for version in (7, 8, 12):
        t.produce("pr-time", t.batch(b"a", b"b", time=t.at(3_600_000)), version=version,
                  say="future")
    t.produce("pr-time", t.batch(b"a", time=t.at(-3_600_000)), say="past")
    t.produce("pr-time", t.batch(b"a", b"b", b"c", time=t.at(-50_000), step_ms=-8000),
              say="the third is too old")
    t.produce("pr-time", t.batch(b"a", time=-1), say="no time")
    t.produce("pr-time", t.batch(b"a", time=-5), say="negative time")
    t.produce("pr-time", t.batch(b"a"), say="now")


@case("", "min.insync.replicas that cannot be")
def insync(t):
    t.topic("pr-insync", min_insync_replicas="2")
    t.produce("pr-insync", t.batch(b"v"), say="acks=-1")
    t.produce("pr-insync", t.batch(b"v"), acks=1, say="acks=1")


@case("12", "sequences of an idempotent producer")
def sequences(t):
    t.topic("pr-seq")
    pid, epoch = t.producer()

    def send(say, sequence, count=1, at_epoch=epoch, producer=pid):
        t.produce("pr-seq", t.batch(*[b"v"] * count, producer=producer, epoch=at_epoch,
                                    sequence=sequence), say=say)

    send("first", 0, 3)
    send("again", 0, 3)
    send("next", 3, 2)
    send("gap", 9)
    send("overlap", 4, 2)
    for n in range(5, 12):
        send(f"sequence {n}", n)
    send("one of the last five again", 7)
    send("long gone", 0, 3)
    send("new epoch not at 0", 5, 1, epoch + 1)
    send("new epoch at 0", 0, 1, epoch + 1)
    send("old epoch", 12)
    send("negative sequence", -1)
    send("unknown producer, any sequence", 44, 1, 0, pid + 1000)
    send("producer without epoch", 0, 1, -1)
    t.fetch("pr-seq", 0, say="what was stored")


@case("12", "the sequence wraps around")
def wrap(t):
    t.topic("pr-wrap")
    pid, epoch = t.producer()
    top = 2**31 - 1
    t.produce("pr-wrap", t.batch(b"a", b"b", producer=pid, epoch=epoch, sequence=top - 1))
    t.produce("pr-wrap", t.batch(b"c", b"d", producer=pid, epoch=epoch, sequence=0))
    t.produce("pr-wrap", t.batch(b"c", b"d", producer=pid, epoch=epoch, sequence=0), say="again")


@case("13", "log append time")
def append_time(t):
    t.topic("pr-append", message_timestamp_type="LogAppendTime")
    t.produce("pr-append", t.batch(b"a", b"b", time=1000, step_ms=5))
    t.produce("pr-append", t.batch(b"a", attributes=1, time=1000), say="gzip")
    t.produce("pr-append", t.batch(b"a", attributes=8, time=1000), say="bit set by the client")
    t.fetch("pr-append", 0)
    t.topic("pr-create")
    t.produce("pr-create", t.batch(b"a", attributes=8, time=1000), say="CreateTime, bit set")
    t.fetch("pr-create", 0)


@case("", "records come back as they were sent")
def round_trip(t):
    t.topic("pr-trip")
    t.produce("pr-trip", t.batch((None, None), (b"", b""), (b"k", None), (None, b"v"),
                                 (b"k", b"v", [(b"h", None), (b"h", b""), (b"", b"x")]),
                                 time=t.at(), step_ms=3))
    t.produce("pr-trip", t.batch(b"a", b"b", attributes=1))
    t.fetch("pr-trip", 0)


@case("", "compression.type of the topic")
def recompressed(t):
    t.topic("pr-gzip", compression_type="gzip")
    t.produce("pr-gzip", t.batch(b"a", b"b"))
    t.fetch("pr-gzip", 0, differ={"Attributes": "see the answer's records"})


@case("", "InitProducerId without a transactional id")
def init(t):
    for version in range(6):
        t.ask("InitProducerId", version, TransactionalId=None, ProducerId=-1, ProducerEpoch=-1,
              TransactionTimeoutMs=0)
    t.given(4711)
    t.ask("InitProducerId", 4, "with an id of its own", TransactionalId=None, ProducerId=4711,
          ProducerEpoch=3)
    t.ask("InitProducerId", 4, "with an epoch alone", TransactionalId=None, ProducerId=-1,
          ProducerEpoch=3)
