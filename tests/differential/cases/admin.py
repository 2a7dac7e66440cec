"""Topics, partitions, configurations and what dashboards ask at their start."""
import codec
from script import case


def create(t, version, topics, say="", **more):
    return t.ask("CreateTopics", version, say, timeoutMs=10000, Topics=topics, **more)


def topic(name, partitions=1, replicas=1, assignments=(), **configs):
    made = {"Name": name, "NumPartitions": partitions, "ReplicationFactor": replicas,
            "Assignments": [{"PartitionIndex": n, "BrokerIds": list(ids)}
                            for n, ids in assignments]}
    if configs:
        made["Configs"] = [{"Name": key.replace("_", "."), "Value": value}
                           for key, value in configs.items()]
    return made


@case("34", "CreateTopics in every version")
def create_versions(t):
    for version in range(2, 8):
        got = create(t, version, [topic(f"ad-v{version}", 2)],
                     differ={"Configs": "compared in the case of DescribeConfigs"})
        if version >= 5:
            t.say(f"{len(got['Topics'][0]['Configs']) > 20} configs")
        create(t, version, [topic(f"ad-v{version}", 2)], say="again")


@case("34", "CreateTopics refused")
def create_refused(t):
    for version in (2, 4, 5, 7):
        for say, one in (
                ("partitions 0", topic("ad-r", 0)), ("partitions -2", topic("ad-r", -2)),
                ("replicas 0", topic("ad-r", 1, 0)), ("replicas 2", topic("ad-r", 1, 2)),
                ("replicas -2", topic("ad-r", 1, -2)),
                ("invalid name", topic("ad/r")), ("empty name", topic("")),
                ("a dot", topic(".")), ("250 characters", topic("x" * 250)),
                ("assignment and partitions", topic("ad-r", 1, 1, [(0, [1])])),
                ("assignment with a gap", topic("ad-r", -1, -1, [(1, [1])])),
                ("assignment to nobody", topic("ad-r", -1, -1, [(0, [])])),
                ("assignment to a stranger", topic("ad-r", -1, -1, [(0, [7])])),
                ("assignment twice to one", topic("ad-r", -1, -1, [(0, [1, 1])])),
                ("unknown config", topic("ad-r", nonsense="1")),
                ("bad value", topic("ad-r", cleanup_policy="shred")),
                ("null value", topic("ad-r", cleanup_policy=None)),
                ("bad number", topic("ad-r", retention_ms="soon"))):
            create(t, version, [one], say=say)
    t.ask("Metadata", 9, "nothing was made", Topics=[{"Name": "ad-r"}],
          AllowAutoTopicCreation=False)
    create(t, 7, [], say="none")
    create(t, 7, [topic("ad-twice"), topic("ad-twice")], say="one twice")


@case("34", "defaults, validation, one of two wrong")
def create_more(t):
    hide = {"Configs": "compared in the case of DescribeConfigs"}
    create(t, 7, [topic("ad-default", -1, -1)], say="defaults", differ=hide)
    create(t, 4, [topic("ad-default4", -1, -1)], say="defaults")
    create(t, 2, [topic("ad-default2", -1, -1)], say="defaults in an old version")
    create(t, 7, [topic("ad-check", 3)], say="validate only", validateOnly=True, differ=hide)
    create(t, 7, [topic("ad-good"), topic("ad-bad", 0)], say="one of two", differ=hide)
    create(t, 7, [topic("ad-assigned", -1, -1, [(0, [1]), (1, [1])])], say="assigned", differ=hide)
    for name in ("ad-good", "ad-assigned"):
        t.visible(name)
    t.ask("Metadata", 9, Topics=[{"Name": name} for name in ("ad-check", "ad-good", "ad-assigned")],
          AllowAutoTopicCreation=False)
    create(t, 7, [topic("ad.dot")], say="a dot", differ=hide)
    create(t, 7, [topic("ad_dot")], say="an underscore where a dot was", differ=hide)
    create(t, 7, [topic("__ad_internal")], say="two underscores", differ=hide)


@case("37", "DeleteTopics by name and id")
def delete(t):
    ids = {version: t.topic(f"ad-del{version}") for version in range(1, 7)}
    for version in range(1, 6):
        t.ask("DeleteTopics", version, TimeoutMs=5000,
              TopicNames=[f"ad-del{version}", "ad-nix"])
    t.ask("DeleteTopics", 6, "by id", TimeoutMs=5000, Topics=[
        {"Name": None, "TopicId": ids[6]}])
    t.ask("DeleteTopics", 6, "unknown id, unknown name", TimeoutMs=5000, Topics=[
        {"Name": None, "TopicId": "AAAAAAAAAAAAAAAAAAAAZZ"}, {"Name": "ad-nix"}])
    twice = t.topic("ad-del-both")
    t.ask("DeleteTopics", 6, "name and id", TimeoutMs=5000, Topics=[
        {"Name": "ad-del-both", "TopicId": twice}])
    t.ask("DeleteTopics", 6, "name twice", TimeoutMs=5000, Topics=[
        {"Name": "ad-del-both"}, {"Name": "ad-del-both"}])
    t.ask("DeleteTopics", 6, "neither", TimeoutMs=5000, Topics=[
        {"Name": None, "TopicId": codec.NO_ID}])
    t.ask("DeleteTopics", 5, "none", TimeoutMs=5000, TopicNames=[])


@case("35", "CreatePartitions")
def partitions(t):
    t.topic("ad-parts", 2)

    def ask(count, say="", version=3, name="ad-parts", assignments=None, check=False):
        t.ask("CreatePartitions", version, say or str(count), TimeoutMs=5000, ValidateOnly=check,
              Topics=[{"Name": name, "Count": count, "Assignments": assignments}])

    for version in range(4):
        ask(2, "as many", version)
        ask(1, "fewer", version)
        ask(0, "none", version)
        ask(3, "unknown topic", version, "ad-nix")
    ask(4, "validate only", check=True)
    ask(3)
    ask(5, "assignments too few", assignments=[{"BrokerIds": [1]}])
    ask(4, "assigned to a stranger", assignments=[{"BrokerIds": [9]}])
    ask(4, "assigned", assignments=[{"BrokerIds": [1]}])
    ask(4, "assigned, too many", assignments=[{"BrokerIds": [1]}])
    ask(3, "internal", name="__consumer_offsets")
    t.ask("CreatePartitions", 3, "one twice", TimeoutMs=5000, Topics=[
        {"Name": "ad-parts", "Count": 6, "Assignments": None},
        {"Name": "ad-parts", "Count": 7, "Assignments": None}])
    t.ask("CreatePartitions", 3, "none", TimeoutMs=5000, Topics=[])


def describe(t, kind, name, keys=None, version=4, say="", synonyms=False, docs=False, **more):
    return t.ask("DescribeConfigs", version, say, IncludeSynonyms=synonyms,
                 IncludeDocumentation=docs, Resources=[
                     {"ResourceType": kind, "ResourceName": name, "ConfigurationKeys": keys}],
                 **more)


@case("36", "DescribeConfigs of a topic: all keys, sources, types, synonyms")
def describe_topic(t):
    t.topic("ad-conf", retention_ms="1000", cleanup_policy="compact,delete")
    # Kafka 4.3 sets it itself at the cluster's level when a node is formatted.
    t.quiet("IncrementalAlterConfigs", 1, Resources=[
        {"ResourceType": 4, "ResourceName": "", "Configs": [
            {"Name": "min.insync.replicas", "ConfigOperation": 0, "Value": "1"}]}])
    for version in range(1, 5):
        describe(t, 2, "ad-conf", version=version)
    describe(t, 2, "ad-conf", say="synonyms and documentation", synonyms=True, docs=True)
    describe(t, 2, "ad-conf", ["retention.ms", "nonsense"], say="two keys")
    describe(t, 2, "ad-conf", [], say="no keys")
    describe(t, 2, "ad-nix", say="unknown topic")
    describe(t, 2, "a/b", say="invalid topic")
    describe(t, 2, "", say="empty name")
    describe(t, 4, "7", say="another broker")
    describe(t, 4, "x", say="no broker id")
    describe(t, 99, "x", say="unknown kind")
    describe(t, 8, "x", say="a logger without levels")


@case("36", "DescribeConfigs of the broker: some keys")
def describe_broker(t):
    keys = ["num.partitions", "log.retention.ms", "log.retention.hours", "message.max.bytes",
            "auto.create.topics.enable", "group.max.size", "compression.type", "log.cleanup.policy"]
    for version in (1, 3, 4):
        describe(t, 4, "1", keys, version=version, synonyms=version == 4)
    describe(t, 4, "", keys, say="the default of all brokers")


def change(t, ops, kind=2, name="ad-inc", version=1, say="", check=False):
    t.ask("IncrementalAlterConfigs", version, say or str(ops), ValidateOnly=check, Resources=[
        {"ResourceType": kind, "ResourceName": name, "Configs": [
            {"Name": key, "ConfigOperation": op, "Value": value} for key, op, value in ops]}])


@case("36", "IncrementalAlterConfigs")
def incremental(t):
    t.topic("ad-inc")
    for version in (0, 1):
        change(t, [("retention.ms", 0, "5000")], version=version)
    change(t, [("cleanup.policy", 2, "compact")], say="append")
    change(t, [("cleanup.policy", 2, "compact")], say="append again")
    change(t, [("cleanup.policy", 3, "delete")], say="subtract")
    change(t, [("cleanup.policy", 3, "nothing")], say="subtract what is not there")
    change(t, [("retention.ms", 2, "5000")], say="append to a number")
    change(t, [("nonsense", 0, "1")], say="unknown key")
    change(t, [("retention.ms", 0, "soon")], say="bad value")
    change(t, [("retention.ms", 0, None)], say="null value")
    # Not here: an unknown operation, on which Kafka fails (-1) and we say 42.
    change(t, [("retention.ms", 0, "1"), ("retention.ms", 0, "2")], say="one twice")
    change(t, [("segment.bytes", 0, "1")], say="too small")
    change(t, [("retention.ms", 0, "77")], say="validate only", check=True)
    change(t, [("retention.ms", 0, "77")], name="ad-nix", say="unknown topic")
    change(t, [("retention.ms", 0, "77")], name="", say="empty name")
    change(t, [("retention.ms", 0, "77")], kind=99, say="unknown kind")
    change(t, [("log.retention.ms", 0, "77")], kind=4, name="7", say="another broker")
    change(t, [("nonsense.of.mine", 0, "77")], kind=4, name="1", say="unknown key of the broker")
    change(t, [("retention.ms", 1, None)], say="delete")
    change(t, [("retention.ms", 1, None)], say="delete again")
    change(t, [("max.message.bytes", 1, "5")], say="delete with a value")
    t.until(lambda got: "'5000'" not in str(got), "DescribeConfigs", 4, Resources=[
        {"ResourceType": 2, "ResourceName": "ad-inc", "ConfigurationKeys": ["retention.ms"]}])
    describe(t, 2, "ad-inc", ["retention.ms", "cleanup.policy"], synonyms=True)


@case("36", "AlterConfigs replaces all")
def alter(t):
    t.topic("ad-alter", retention_ms="5000", segment_ms="60000")

    def ask(configs, name="ad-alter", version=2, say="", kind=2, check=False):
        t.ask("AlterConfigs", version, say, ValidateOnly=check, Resources=[
            {"ResourceType": kind, "ResourceName": name, "Configs": [
                {"Name": key, "Value": value} for key, value in configs]}])

    for version in range(3):
        ask([("retention.ms", "7000")], version=version)
    t.until(lambda got: "60000" not in str(got), "DescribeConfigs", 4, Resources=[
        {"ResourceType": 2, "ResourceName": "ad-alter", "ConfigurationKeys": ["segment.ms"]}])
    describe(t, 2, "ad-alter", ["retention.ms", "segment.ms"])
    ask([("nonsense", "1")], say="unknown key")
    ask([("retention.ms", None)], say="null value")
    ask([("retention.ms", "x")], say="bad value")
    ask([("retention.ms", "1"), ("retention.ms", "2")], say="one twice")
    ask([("retention.ms", "1")], name="ad-nix", say="unknown topic")
    ask([("retention.ms", "9")], say="validate only", check=True)
    describe(t, 2, "ad-alter", ["retention.ms", "segment.ms"], say="as before")


@case("36, 39", "ListConfigResources")
def resources(t):
    for version in range(2):
        c = t.on(None)
        c.send("ListConfigResources", version, {"ResourceTypes": [16]} if version else {})
        answer, _ = c.receive()
        t.say(f"v{version}: {answer['ErrorCode']}")
    t.ask("ListConfigResources", 1, "brokers", ResourceTypes=[4])
    t.ask("ListConfigResources", 1, "unknown kind", ResourceTypes=[99])
    t.ask("ListConfigResources", 0, "client metrics")


@case("39", "DescribeLogDirs")
def log_dirs(t):
    t.topic("ad-dirs", 2)
    t.produce("ad-dirs", t.batch(b"v"), quietly=True)
    for version in range(1, 6):
        t.ask("DescribeLogDirs", version, Topics=[
            {"Topic": "ad-dirs", "Partitions": [0, 1, 7]}, {"Topic": "ad-nix", "Partitions": [0]}])
    t.ask("DescribeLogDirs", 4, "none", Topics=[])


@case("39", "reassignments, elections, quorum, features")
def cluster_admin(t):
    t.topic("ad-move", 2)
    t.ask("ListPartitionReassignments", 0, "all", TimeoutMs=5000, Topics=None)
    t.ask("ListPartitionReassignments", 0, "some", TimeoutMs=5000, Topics=[
        {"Name": "ad-move", "PartitionIndexes": [0, 9]}])
    for version in (0, 1):
        t.ask("AlterPartitionReassignments", version, TimeoutMs=5000, Topics=[
            {"Name": "ad-move", "Partitions": [
                {"PartitionIndex": 0, "Replicas": [1]}, {"PartitionIndex": 1, "Replicas": None},
                {"PartitionIndex": 5, "Replicas": [1]}]},
            {"Name": "ad-nix", "Partitions": [{"PartitionIndex": 0, "Replicas": [1]}]}])
    t.ask("AlterPartitionReassignments", 0, "to strangers", TimeoutMs=5000, Topics=[
        {"Name": "ad-move", "Partitions": [{"PartitionIndex": 0, "Replicas": [7]},
                                           {"PartitionIndex": 1, "Replicas": []}]}])
    for version in range(3):
        kind = {"ElectionType": 0} if version else {}
        t.ask("ElectLeaders", version, TimeoutMs=5000, TopicPartitions=[
            {"Topic": "ad-move", "Partitions": [0, 9]}, {"Topic": "ad-nix", "Partitions": [0]}],
            **kind)
    t.ask("ElectLeaders", 2, "unclean", TimeoutMs=5000, ElectionType=1, TopicPartitions=[
        {"Topic": "ad-move", "Partitions": [0]}])
    t.ask("AlterReplicaLogDirs", 2, "unknown directory", Dirs=[
        {"Path": "/nowhere", "Topics": [{"Name": "ad-move", "Partitions": [0]}]}])


@case("39", "client quotas")
def quotas(t):
    def alter(entity, ops, say="", version=1, check=False):
        t.ask("AlterClientQuotas", version, say, ValidateOnly=check, Entries=[
            {"Entity": [{"EntityType": kind, "EntityName": name} for kind, name in entity],
             "Ops": [{"Key": key, "Value": value or 0.0, "Remove": value is None}
                     for key, value in ops]}])

    def show(components, strict=False, say="", version=1):
        t.ask("DescribeClientQuotas", version, say, Strict=strict, Components=[
            {"EntityType": kind, "MatchType": how, "Match": name}
            for kind, how, name in components])

    user = [("user", "ad-user")]
    for version in (0, 1):
        alter(user, [("producer_byte_rate", 1000.0 + version)], version=version)
    alter(user + [("client-id", "ad-c")], [("consumer_byte_rate", 5.0)], "user and client")
    alter(user, [("request_percentage", 1.0)], "validate only", check=True)
    alter(user, [("nonsense", 1.0)], "unknown key")
    alter(user, [("producer_byte_rate", -1.0)], "negative")
    alter(user, [("producer_byte_rate", 1.5)], "not whole")
    alter([("nonsense", "a")], [("producer_byte_rate", 1.0)], "unknown kind")
    alter([], [("producer_byte_rate", 1.0)], "no entity")
    t.until(lambda got: got["Entries"], "DescribeClientQuotas", 1, Strict=True, Components=[
        {"EntityType": "user", "MatchType": 0, "Match": "ad-user"}])
    for version in (0, 1):
        show([("user", 0, "ad-user")], version=version)
    show([("user", 0, "ad-user")], True, "strict")
    show([("user", 0, "ad-user"), ("client-id", 2, None)], True, "any client")
    show([("user", 1, None)], True, "default user")
    show([("user", 0, "ad-nobody")], True, "nobody")
    show([("nonsense", 0, "a")], True, "unknown kind")
    show([("user", 7, "a")], True, "unknown match")
    alter(user, [("producer_byte_rate", None)], "remove")
    alter(user + [("client-id", "ad-c")], [("consumer_byte_rate", None)], "remove")


@case("39", "SCRAM users")
def scram(t):
    def alter(say, up=(), down=()):
        t.ask("AlterUserScramCredentials", 0, say, Upsertions=list(up), Deletions=[
            {"Name": name, "Mechanism": how} for name, how in down])

    def one(name, how=1, rounds=4096):
        return {"Name": name, "Mechanism": how, "Iterations": rounds, "Salt": b"salt",
                "SaltedPassword": b"0" * 32}

    def show(say, *names):
        t.ask("DescribeUserScramCredentials", 0, say, Users=[{"Name": name} for name in names])

    alter("new", [one("ad-scram")])
    alter("too few rounds", [one("ad-scram2", rounds=100)])
    alter("too many rounds", [one("ad-scram2", rounds=20000)])
    alter("unknown mechanism", [one("ad-scram2", how=7)])
    alter("empty name", [one("")])
    alter("delete one that is not", down=[("ad-nobody", 1)])
    alter("twice", [one("ad-scram"), one("ad-scram")])
    alter("set and delete", [one("ad-scram")], [("ad-scram", 1)])
    t.until(lambda got: got["Results"][0]["ErrorCode"] == 0, "DescribeUserScramCredentials", 0,
            Users=[{"Name": "ad-scram"}])
    show("one", "ad-scram")
    show("unknown", "ad-nobody")
    show("twice", "ad-scram", "ad-scram")
    alter("delete", down=[("ad-scram", 1)])
