"""Transactions."""
from script import case


def init(t, txn, version=5, say="", producer=-1, epoch=-1, timeout=60000, quietly=False):
    fields = {"TransactionalId": txn, "TransactionTimeoutMs": timeout}
    if version >= 3:
        fields.update(ProducerId=producer, ProducerEpoch=epoch)
    if quietly:
        return t.quiet("InitProducerId", version, **fields)
    return t.ask("InitProducerId", version, say, **fields)


def add(t, txn, producer, epoch, version=3, topics=(("tx-a", (0,)),), say="", quietly=False):
    topics = [{"Name": name, "Partitions": list(parts)} for name, parts in topics]
    fields = {"V3AndBelowTransactionalId": txn, "V3AndBelowProducerId": producer,
              "V3AndBelowProducerEpoch": epoch, "V3AndBelowTopics": topics}
    if version >= 4:
        fields = {"Transactions": [{"TransactionalId": txn, "ProducerId": producer,
                                    "ProducerEpoch": epoch, "Topics": topics}]}
    if quietly:
        return t.quiet("AddPartitionsToTxn", version, **fields)
    return t.ask("AddPartitionsToTxn", version, say, **fields)


def end(t, txn, producer, epoch, commit=True, version=5, say="", quietly=False):
    fields = {"TransactionalId": txn, "ProducerId": producer, "ProducerEpoch": epoch,
              "Committed": commit}
    if quietly:
        return t.quiet("EndTxn", version, **fields)
    return t.ask("EndTxn", version, say, **fields)


def settled(t, txn):
    """Until the markers are written."""
    t.until(lambda got: "Prepare" not in got["TransactionStates"][0]["TransactionState"],
            "DescribeTransactions", 0, TransactionalIds=[txn])


def write(t, txn, producer, epoch, sequence, topic="tx-a", version=12, say="", **more):
    return t.produce(topic, t.batch(b"v%d" % sequence, producer=producer, epoch=epoch,
                                    sequence=sequence, attributes=16), txn=txn, version=version,
                     say=say, **more)


@case("32", "InitProducerId: every version, bad input")
def inits(t):
    for version in range(6):
        init(t, f"tx-init{version}", version)
        init(t, f"tx-init{version}", version, "again")
    init(t, "", say="empty id")
    init(t, "tx-i", timeout=0, say="timeout 0")
    init(t, "tx-i", timeout=-1, say="timeout -1")
    init(t, "tx-i", timeout=900_001, say="timeout too long")
    init(t, "tx-i", timeout=900_000, say="the longest timeout")
    got = init(t, "tx-i", say="bumps")
    producer, epoch = got["ProducerId"], got["ProducerEpoch"]
    init(t, "tx-i", producer=producer, epoch=epoch, say="with its id and epoch")
    init(t, "tx-i", producer=producer, epoch=epoch, say="retried")
    for version in (3, 4, 5):
        init(t, "tx-i", version, producer=producer, epoch=0, say="an old epoch")
        init(t, "tx-i", version, producer=producer + 50, epoch=1, say="another producer")
    init(t, "tx-i", producer=producer, epoch=-1, say="an id without an epoch")


@case("31, 32", "a transaction of the second kind: commit, retried, aborted")
def second_kind(t):
    t.topic("tx-a", 2)
    got = init(t, "tx-two", quietly=True)
    p, e = got["ProducerId"], got["ProducerEpoch"]
    end(t, "tx-two", p, e, say="nothing begun, commit")
    got = init(t, "tx-two", quietly=True)
    p, e = got["ProducerId"], got["ProducerEpoch"]
    write(t, "tx-two", p, e, 0, say="joins by itself")
    t.fetch("tx-a", 0, isolation=1, say="committed alone")
    t.fetch("tx-a", 0, isolation=0, say="all")
    t.ask("ListOffsets", 7, "committed end", ReplicaId=-1, IsolationLevel=1, Topics=[
        {"Name": "tx-a", "Partitions": [{"PartitionIndex": 0, "Timestamp": -1}]}])
    t.ask("DescribeTransactions", 0, TransactionalIds=["tx-two", "tx-nix", ""])
    t.ask("DescribeProducers", 0, Topics=[{"Name": "tx-a", "PartitionIndexes": [0, 1, 7]},
                                          {"Name": "tx-nix", "PartitionIndexes": [0]}])
    got = end(t, "tx-two", p, e, say="commit")
    settled(t, "tx-two")
    end(t, "tx-two", p, e, say="commit retried")
    end(t, "tx-two", p, e, commit=False, say="abort retried")
    write(t, "tx-two", p, e, 1, say="with the old epoch")
    p, e = got["ProducerId"], got["ProducerEpoch"]
    write(t, "tx-two", p, e, 0, say="the next one")
    write(t, "tx-two", p, e, 1, say="the next one")
    end(t, "tx-two", p, e, commit=False, say="abort")
    settled(t, "tx-two")
    t.fetch("tx-a", 0, isolation=1, say="committed alone, with the list of aborted ones")
    t.fetch("tx-a", 0, isolation=0, say="all")
    t.fetch("tx-a", 3, isolation=1, say="from 3")
    t.ask("DescribeProducers", 0, Topics=[{"Name": "tx-a", "PartitionIndexes": [0]}])
    t.ask("DescribeTransactions", 0, TransactionalIds=["tx-two"])


@case("31, 32", "a transaction of the first kind")
def first_kind(t):
    t.topic("tx-b", 2)
    where = (("tx-b", (0, 1)),)
    got = init(t, "tx-one", 4, quietly=True)
    p, e = got["ProducerId"], got["ProducerEpoch"]
    write(t, "tx-one", p, e, 0, "tx-b", version=11, say="not added")
    write(t, "tx-one", p, e, 0, "tx-b", version=9, say="not added")
    add(t, "tx-one", p, e, topics=where)
    add(t, "tx-one", p, e, topics=where, say="again")
    write(t, "tx-one", p, e, 0, "tx-b", version=11)
    end(t, "tx-one", p, e, version=3, say="commit")
    settled(t, "tx-one")
    end(t, "tx-one", p, e, version=3, say="commit retried")
    end(t, "tx-one", p, e, commit=False, version=3, say="abort retried")
    for version in range(5):
        add(t, "tx-one", p, e, version=min(version, 3), topics=where, quietly=True)
        write(t, "tx-one", p, e, version + 1, "tx-b", version=9)
        end(t, "tx-one", p, e, commit=version % 2 == 0, version=version)
        settled(t, "tx-one")
    t.fetch("tx-b", 0, isolation=1)
    t.fetch("tx-b", 0, isolation=1, partition=1, say="markers alone")


@case("32", "what the coordinator refuses")
def refusals(t):
    t.topic("tx-c")
    got = init(t, "tx-ref", 4, quietly=True)
    p, e = got["ProducerId"], got["ProducerEpoch"]
    where = (("tx-c", (0,)),)
    for version in range(4):
        add(t, "tx-nix", p, e, version, where, say="unknown id")
        add(t, "tx-ref", p, e + 1, version, where, say="epoch of the future")
        add(t, "tx-ref", p + 9, e, version, where, say="other producer")
        add(t, "tx-ref", p, e, version, (("tx-c", (0, 8)), ("tx-nix", (0,))), say="unknown ones")
        add(t, "", p, e, version, where, say="empty id")
    for version in range(6):
        end(t, "tx-nix", p, e, version=version, say="unknown id")
        end(t, "tx-ref", p, e + 1, version=version, say="epoch of the future")
        end(t, "tx-ref", p + 9, e, version=version, say="other producer")
        end(t, "", p, e, version=version, say="empty id")
    for version in range(5):
        t.ask("AddOffsetsToTxn", version, "unknown id", TransactionalId="tx-nix", ProducerId=p,
              ProducerEpoch=e, GroupId="g")
        t.ask("AddOffsetsToTxn", version, "epoch", TransactionalId="tx-ref", ProducerId=p,
              ProducerEpoch=e + 1, GroupId="g")
    t.ask("AddOffsetsToTxn", 3, "empty group", TransactionalId="tx-ref", ProducerId=p,
          ProducerEpoch=e, GroupId="")
    write(t, None, p, e, 0, "tx-c", say="no transactional id in the request")
    write(t, "tx-nix", p, e, 0, "tx-c", say="unknown id")
    write(t, "tx-ref", p, e + 3, 0, "tx-c", say="epoch of the future")
    t.produce("tx-c", t.batch(b"v", producer=p, epoch=e, sequence=0), txn="tx-ref",
              say="a batch that is not transactional")


@case("32", "a new producer aborts the open transaction and fences the old")
def fencing(t):
    t.topic("tx-d")
    got = init(t, "tx-fence", 4, quietly=True)
    p, e = got["ProducerId"], got["ProducerEpoch"]
    add(t, "tx-fence", p, e, topics=(("tx-d", (0,)),), quietly=True)
    write(t, "tx-fence", p, e, 0, "tx-d", version=11)
    init(t, "tx-fence", 4, "while one is open")
    settled(t, "tx-fence")
    init(t, "tx-fence", 4, "again")
    for version in (0, 1, 2, 3):
        add(t, "tx-fence", p, e, version, (("tx-d", (0,)),), say="old")
    for version in (0, 1, 2, 3):
        end(t, "tx-fence", p, e, version=version, say="old")
    for version in (1, 2, 3):
        t.ask("AddOffsetsToTxn", version, "old", TransactionalId="tx-fence", ProducerId=p,
              ProducerEpoch=e, GroupId="g")
    for version in (9, 12):
        write(t, "tx-fence", p, e, 1, "tx-d", version=version, say="old")
    for version in (3, 4):
        init(t, "tx-fence", version, "old epoch", producer=p, epoch=e)
    t.fetch("tx-d", 0, isolation=1)


@case("33", "offsets in a transaction")
def offsets(t):
    t.topic("tx-e")
    got = init(t, "tx-off", 4, quietly=True)
    p, e = got["ProducerId"], got["ProducerEpoch"]
    parts = [{"PartitionIndex": 0, "CommittedOffset": 42, "CommittedMetadata": "in txn"}]

    def commit(version, say="", group="tx-group", member="", generation=-1, epoch=None):
        fields = {}
        if version >= 3:
            fields = {"MemberId": member, "GenerationIdOrMemberEpoch": generation}
        t.ask("TxnOffsetCommit", version, say, TransactionalId="tx-off", GroupId=group,
              ProducerId=p, ProducerEpoch=e if epoch is None else epoch,
              Topics=[{"Name": "tx-e", "Partitions": parts}], **fields)

    def fetched(say, **more):
        t.ask("OffsetFetch", 7, say, GroupId="tx-group", Topics=[
            {"Name": "tx-e", "PartitionIndexes": [0, 1]}], **more)

    commit(3, "not added")
    for commit_it in (False, True):
        t.quiet("AddOffsetsToTxn", 3, TransactionalId="tx-off", ProducerId=p, ProducerEpoch=e,
                GroupId="tx-group")
        for version in range(5):
            commit(version)
        fetched("while open")
        fetched("while open, stable", RequireStable=True)
        t.ask("OffsetFetch", 7, "all, stable", GroupId="tx-group", Topics=None, RequireStable=True)
        end(t, "tx-off", p, e, commit_it, version=3, say=f"commit {commit_it}")
        settled(t, "tx-off")
        t.until(lambda got: 88 not in [one["ErrorCode"] for topic in got["Topics"]
                                       for one in topic["Partitions"]],
                "OffsetFetch", 7, GroupId="tx-group", RequireStable=True,
                Topics=[{"Name": "tx-e", "PartitionIndexes": [0, 1]}])
        fetched("afterwards")
    commit(3, "unknown member", member="m", generation=3)
    commit(3, "empty group", group="")
    commit(3, "old epoch", epoch=-1)
    got = init(t, "tx-off", quietly=True)
    p, e = got["ProducerId"], got["ProducerEpoch"]
    commit(5, "joins by itself")
    got = end(t, "tx-off", p, e)
    settled(t, "tx-off")


@case("32", "the transaction that takes too long is aborted")
def timeout(t):
    t.topic("tx-f")
    got = init(t, "tx-late", timeout=200, quietly=True)
    p, e = got["ProducerId"], got["ProducerEpoch"]
    write(t, "tx-late", p, e, 0, "tx-f")
    t.until(lambda got: got["TransactionStates"][0]["TransactionState"] == "CompleteAbort",
            "DescribeTransactions", 0, TransactionalIds=["tx-late"])
    t.ask("DescribeTransactions", 0, TransactionalIds=["tx-late"])
    for version in (3, 5):
        end(t, "tx-late", p, e, version=version, say="too late")
    write(t, "tx-late", p, e, 1, "tx-f", say="too late")
    t.fetch("tx-f", 0, isolation=1)
    init(t, "tx-late", producer=p, epoch=e, say="goes on with its epoch")


@case("31", "two open transactions hold the stable offset; aborted ones are in order")
def interleaved(t):
    t.topic("tx-g")
    ids = [init(t, f"tx-inter{n}", quietly=True) for n in range(3)]
    for n in (0, 1, 2, 0, 1):
        one = ids[n]
        sequence = one.setdefault("next", 0)
        write(t, f"tx-inter{n}", one["ProducerId"], one["ProducerEpoch"], sequence, "tx-g",
              quietly=True)
        one["next"] = sequence + 1
    t.produce("tx-g", t.batch(b"plain"), quietly=True)
    for n, commit in ((1, False), (0, False), (2, True)):
        t.fetch("tx-g", 0, isolation=1, say=f"before {n} ends")
        end(t, f"tx-inter{n}", ids[n]["ProducerId"], ids[n]["ProducerEpoch"], commit, quietly=True)
        settled(t, f"tx-inter{n}")
    for offset in (0, 2, 5, 7, 8):
        t.fetch("tx-g", offset, isolation=1, say=f"from {offset}")


@case("39", "ListTransactions")
def listing(t):
    t.topic("tx-h")
    got = init(t, "tx-list-open", quietly=True)
    write(t, "tx-list-open", got["ProducerId"], got["ProducerEpoch"], 0, "tx-h", quietly=True)
    init(t, "tx-list-empty", quietly=True)
    mine = {"tx-list-open", "tx-list-empty"}

    def ask(version, say, **filters):
        got = t.quiet("ListTransactions", version, **filters)
        got["TransactionStates"] = [one for one in got["TransactionStates"]
                                    if one["TransactionalId"] in mine]
        t.show("ListTransactions", f"v{version} {say}", got)

    for version in range(3):
        ask(version, "all")
    ask(2, "open", StateFilters=["Ongoing"])
    ask(2, "unknown states", StateFilters=["Nonsense", "ongoing", "Empty"])
    ask(2, "by producer", ProducerIdFilters=[got["ProducerId"]])
    ask(2, "longer than an hour", DurationFilter=3_600_000)
    ask(2, "longer than 0", DurationFilter=0)
    ask(2, "pattern", TransactionalIdPattern="tx-list-o.*")
    ask(2, "half a pattern", TransactionalIdPattern="tx-list-o")
    ask(2, "empty pattern", TransactionalIdPattern="")
    ask(2, "pattern that is none", TransactionalIdPattern="(")
    end(t, "tx-list-open", got["ProducerId"], got["ProducerEpoch"], quietly=True)


@case("", "WriteTxnMarkers")
def markers(t):
    t.topic("tx-m", 2)
    got = init(t, "tx-mark", quietly=True)
    p, e = got["ProducerId"], got["ProducerEpoch"]
    write(t, "tx-mark", p, e, 0, "tx-m", quietly=True)

    def mark(say, version=1, epoch=e, coordinator=0, result=False, topics=(("tx-m", (0,)),)):
        t.ask("WriteTxnMarkers", version, say, Markers=[{
            "ProducerId": p, "ProducerEpoch": epoch, "TransactionResult": result,
            "CoordinatorEpoch": coordinator, "Topics": [
                {"Name": name, "PartitionIndexes": list(parts)} for name, parts in topics]}])

    mark("unknown ones", topics=(("tx-m", (0, 9)), ("tx-nix", (0,))))
    write(t, "tx-mark", p, e, 1, "tx-m", quietly=True)
    mark("old epoch", epoch=e - 1)
    mark("right")
    mark("again")
    mark("version 2", version=2)
    t.ask("WriteTxnMarkers", 1, "none", Markers=[])
    t.fetch("tx-m", 0, isolation=1)
