"""Stops, kills and starts again; many members at once."""
from groups import RANGE, beat, commit, fetched, member_of_one
from script import case
from transactions import add, end, init, settled, write

SUITE = "life"


def before(t, topic, group):
    """A history with each kind of state; what is needed to go on with it."""
    state = {"id": t.topic(topic, 2)}
    state["cluster"] = t.quiet("Metadata", 12, Topics=[])["ClusterId"]
    t.produce(topic, t.batch(b"plain"))
    state["producer"] = t.producer()
    for sequence in (0, 1):
        idempotent(t, topic, state, sequence)
    init(t, topic, say="of the transactions")
    state["txn"] = t.producer(topic, version=5)
    state["txn"] = transaction(t, topic, state)
    add(t, topic, *state["txn"], topics=((topic, (0,)),), say="left open")
    write(t, topic, *state["txn"], 0, topic=topic, say="left open")
    state["member"] = member_of_one(t, group)
    commit(t, group, member=state["member"], generation=1, topic=topic)
    return state


def idempotent(t, topic, state, sequence, say=""):
    producer, epoch = state["producer"]
    t.produce(topic, t.batch(b"i%d" % sequence, producer=producer, epoch=epoch, sequence=sequence),
              partition=1, say=say or f"sequence {sequence}")


def transaction(t, topic, state):
    """A committed one; the producer id and epoch of the next."""
    add(t, topic, *state["txn"], topics=((topic, (0,)),))
    write(t, topic, *state["txn"], 0, topic=topic)
    got = end(t, topic, *state["txn"])
    settled(t, topic)
    return got["ProducerId"], got["ProducerEpoch"]


def after(t, topic, group, state):
    """Goes on with the history."""
    t.ask("Metadata", 12, Topics=[{"Name": topic}])
    t.say(f"same cluster: {t.quiet('Metadata', 12, Topics=[])['ClusterId'] == state['cluster']}")
    t.ask("OffsetForLeaderEpoch", 4, ReplicaId=-1, Topics=[{"Topic": topic, "Partitions": [
        {"Partition": 0, "CurrentLeaderEpoch": -1, "LeaderEpoch": 0}]}])
    for partition in (0, 1):
        t.fetch(topic, 0, partition)
    t.fetch(topic, 0, isolation=1, say="committed")
    idempotent(t, topic, state, 1, say="sequence 1 again")
    idempotent(t, topic, state, 2)
    t.ask("DescribeTransactions", 0, TransactionalIds=[topic])
    t.ask("DescribeProducers", 0, Topics=[{"Name": topic, "PartitionIndexes": [1]}])
    write(t, topic, *state["txn"], 1, topic=topic, say="goes on")
    end(t, topic, *state["txn"])
    settled(t, topic)
    t.fetch(topic, 0, isolation=1, say="committed")
    beat(t, group, state["member"], say="the member")
    fetched(t, group, topics=((topic, (0, 1)),))
    t.ask("DescribeGroups", 5, Groups=[group])
    new = t.producer()
    t.say(f"a new producer id: {new[0] not in (state['producer'][0], state['txn'][0])}")


def goes_on(t, how, topic, group):
    t.masker.epochs = True
    state = before(t, topic, group)
    t.restart(how)
    after(t, topic, group, state)


@case("19, 44", "stopped and started again")
def stopped(t):
    goes_on(t, "TERM", "lf-term", "lf-term")


@case("19, 45", "killed and started again")
def killed(t):
    goes_on(t, "KILL", "lf-kill", "lf-kill")


@case("44", "a stop does not wait for a fetch or a join")
def waiting(t):
    t.topic("lf-wait")
    member_of_one(t, "lf-wait")
    second = t.quiet("JoinGroup", 9, GroupId="lf-wait", SessionTimeoutMs=30000,
                     RebalanceTimeoutMs=30000, ProtocolType="consumer", Protocols=RANGE)
    joins = t.begin("JoinGroup", 9, "second member", GroupId="lf-wait", SessionTimeoutMs=30000,
                    RebalanceTimeoutMs=30000, ProtocolType="consumer", Protocols=RANGE,
                    MemberId=second["MemberId"])
    fetches = t.fetch("lf-wait", 0, wait_ms=60000, pending=True)
    joins.waits()
    fetches.waits()
    t.restart("TERM")
    joins.ends()
    fetches.ends()
    t.produce("lf-wait", t.batch(b"x"), say="after the start")


@case("28", "a hundred members at once")
def storm(t):
    pending = [t.begin("JoinGroup", 3, f"member {n}", GroupId="lf-storm", SessionTimeoutMs=30000,
                       RebalanceTimeoutMs=30000, ProtocolType="consumer", Protocols=RANGE)
               for n in range(100)]
    answers = [one.connection.receive()[0] for one in pending]
    t.say(f"codes {sorted({one['ErrorCode'] for one in answers})}")
    t.say(f"generations {sorted({one['GenerationId'] for one in answers})}")
    t.say(f"leaders {len({one['Leader'] for one in answers})}, "
          f"in its list {max(len(one['Members']) for one in answers)}")
    leader = next(one for one in answers if one["Members"])
    generation = leader["GenerationId"]
    t.quiet("SyncGroup", 3, GroupId="lf-storm", MemberId=leader["MemberId"],
            GenerationId=generation, Assignments=[
                {"MemberId": one["MemberId"], "Assignment": b"for %d" % n}
                for n, one in enumerate(answers)])
    wrong = [n for n, one in enumerate(answers) if t.quiet(
        "SyncGroup", 3, GroupId="lf-storm", MemberId=one["MemberId"],
        GenerationId=generation)["Assignment"] != b"for %d" % n]
    t.say(f"wrong assignments {wrong}")
