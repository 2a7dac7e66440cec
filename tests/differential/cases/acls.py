"""Access control: what somebody without rights is told, and the lists themselves."""
from script import case

SUITE = "sasl"
TOPIC, GROUP, CLUSTER, TXN = 2, 3, 4, 5
ALL, READ, WRITE, DESCRIBE = 2, 3, 4, 8
ALLOW, DENY = 3, 2
LITERAL, PREFIXED, ANY_PATTERN, MATCH = 3, 4, 1, 2


def login(t, user):
    c = t.connect()
    c.send("SaslHandshake", 1, {"Mechanism": "PLAIN"})
    c.receive()
    c.send("SaslAuthenticate", 2, {"AuthBytes": f"\0{user}\0{user}-secret".encode()})
    c.receive()
    return c


def admin(t):
    t.main = login(t, "admin")
    return t.main


def entry(name, operation, kind=TOPIC, principal="User:alice", pattern=LITERAL, allow=ALLOW,
          host="*"):
    return {"ResourceType": kind, "ResourceName": name, "ResourcePatternType": pattern,
            "Principal": principal, "Host": host, "Operation": operation, "PermissionType": allow}


def grant(t, *entries):
    t.quiet("CreateAcls", 3, on=t.main, Creations=list(entries))
    name = entries[-1]["ResourceName"]
    t.until(lambda got: len([one for one in got["Resources"]
                             if one["ResourceName"] == name]) > 0, "DescribeAcls", 3,
            ResourceTypeFilter=1, ResourceNameFilter=None, PatternTypeFilter=ANY_PATTERN,
            PrincipalFilter=None, HostFilter=None, Operation=1, PermissionType=1)


@case("", "somebody without rights: topics")
def no_topics(t):
    admin(t)
    t.topic("ac-a", 2)
    a = login(t, "alice")
    for version in (1, 9, 12):
        t.ask("Metadata", version, "named", on=a, Topics=[{"Name": "ac-a"}, {"Name": "ac-nix"}])
        t.ask("Metadata", version, "all", on=a, Topics=None)
    t.ask("Metadata", 8, "operations", on=a, Topics=[], IncludeClusterAuthorizedOperations=True)
    for name in ("ac-a", "ac-nix"):
        where = [{"Name": name, "Partitions": [{"PartitionIndex": 0, "Timestamp": -1}]}]
        t.produce(name, t.batch(b"v"), on=a)
        t.fetch(name, 0, on=a)
        t.ask("ListOffsets", 7, on=a, ReplicaId=-1, Topics=where)
        t.ask("OffsetForLeaderEpoch", 4, on=a, ReplicaId=-1, Topics=[
            {"Topic": name, "Partitions": [{"Partition": 0, "LeaderEpoch": 0}]}])
        t.ask("DeleteRecords", 2, on=a, TimeoutMs=1000, Topics=[
            {"Name": name, "Partitions": [{"PartitionIndex": 0, "Offset": 0}]}])
        t.ask("DeleteTopics", 6, on=a, TimeoutMs=1000, Topics=[{"Name": name}])
        t.ask("CreatePartitions", 3, on=a, TimeoutMs=1000, Topics=[
            {"Name": name, "Count": 4, "Assignments": None}])
        t.ask("DescribeConfigs", 4, on=a, Resources=[
            {"ResourceType": 2, "ResourceName": name, "ConfigurationKeys": None}])
        t.ask("IncrementalAlterConfigs", 1, on=a, Resources=[
            {"ResourceType": 2, "ResourceName": name, "Configs": [
                {"Name": "retention.ms", "ConfigOperation": 0, "Value": "5"}]}])
        t.ask("AlterConfigs", 2, on=a, Resources=[
            {"ResourceType": 2, "ResourceName": name, "Configs": []}])
        t.ask("DescribeProducers", 0, on=a, Topics=[{"Name": name, "PartitionIndexes": [0]}])
        t.ask("DescribeTopicPartitions", 0, on=a, Topics=[{"Name": name}])
    t.ask("CreateTopics", 7, on=a, timeoutMs=1000, Topics=[
        {"Name": "ac-new", "NumPartitions": 1, "ReplicationFactor": 1}])
    t.ask("DescribeTopicPartitions", 0, "all", on=a, Topics=[])


@case("", "somebody without rights: groups and transactions")
def no_groups(t):
    admin(t)
    t.topic("ac-b")
    a = login(t, "alice")
    part = [{"Name": "ac-b", "Partitions": [{"PartitionIndex": 0, "CommittedOffset": 1}]}]
    t.ask("FindCoordinator", 3, on=a, Key="ac-g")
    t.ask("FindCoordinator", 4, on=a, CoordinatorKeys=["ac-g"])
    t.ask("FindCoordinator", 4, "transaction", on=a, KeyType=1, CoordinatorKeys=["ac-t"])
    t.ask("JoinGroup", 9, on=a, GroupId="ac-g", SessionTimeoutMs=10000, ProtocolType="consumer",
          Protocols=[{"Name": "range"}])
    t.ask("SyncGroup", 5, on=a, GroupId="ac-g", MemberId="m")
    t.ask("Heartbeat", 4, on=a, GroupId="ac-g", MemberId="m")
    t.ask("LeaveGroup", 5, on=a, GroupId="ac-g", Members=[{"MemberId": "m"}])
    t.ask("OffsetCommit", 8, on=a, GroupId="ac-g", Topics=part)
    t.ask("OffsetFetch", 7, on=a, GroupId="ac-g", Topics=[
        {"Name": "ac-b", "PartitionIndexes": [0]}])
    t.ask("OffsetFetch", 8, on=a, Groups=[{"GroupId": "ac-g", "Topics": None}])
    t.ask("DescribeGroups", 6, on=a, Groups=["ac-g"])
    t.ask("ListGroups", 5, on=a)
    t.ask("DeleteGroups", 2, on=a, GroupsNames=["ac-g"])
    t.ask("OffsetDelete", 0, on=a, GroupId="ac-g", Topics=[
        {"Name": "ac-b", "Partitions": [{"PartitionIndex": 0}]}])
    t.ask("ConsumerGroupHeartbeat", 1, on=a, GroupId="ac-g", MemberId="m",
          RebalanceTimeoutMs=1000, SubscribedTopicNames=["ac-b"], TopicPartitions=[])
    t.ask("ConsumerGroupDescribe", 1, on=a, GroupIds=["ac-g"])
    t.ask("InitProducerId", 4, "transactional", on=a, TransactionalId="ac-t",
          TransactionTimeoutMs=1000)
    t.ask("InitProducerId", 4, "idempotent", on=a, TransactionalId=None,
          TransactionTimeoutMs=1000)
    t.ask("AddPartitionsToTxn", 3, on=a, V3AndBelowTransactionalId="ac-t", V3AndBelowTopics=[
        {"Name": "ac-b", "Partitions": [0]}])
    t.ask("AddOffsetsToTxn", 3, on=a, TransactionalId="ac-t", GroupId="ac-g")
    t.ask("EndTxn", 3, on=a, TransactionalId="ac-t")
    t.ask("TxnOffsetCommit", 3, on=a, TransactionalId="ac-t", GroupId="ac-g", Topics=[
        {"Name": "ac-b", "Partitions": [{"PartitionIndex": 0, "CommittedOffset": 1}]}])
    t.ask("WriteTxnMarkers", 1, on=a, Markers=[{"ProducerId": 1, "Topics": [
        {"Name": "ac-b", "PartitionIndexes": [0]}]}])
    t.ask("DescribeTransactions", 0, on=a, TransactionalIds=["ac-t"])
    t.ask("ListTransactions", 2, on=a)


@case("", "somebody without rights: the cluster")
def no_cluster(t):
    admin(t)
    a = login(t, "alice")
    anything = {"ResourceTypeFilter": 1, "ResourceNameFilter": None, "PrincipalFilter": None,
                "PatternTypeFilter": ANY_PATTERN, "HostFilter": None, "Operation": 1,
                "PermissionType": 1}
    t.ask("DescribeAcls", 3, on=a, **anything)
    t.ask("CreateAcls", 3, on=a, Creations=[entry("ac-x", READ)])
    t.ask("DeleteAcls", 3, on=a, Filters=[anything])
    t.ask("DescribeCluster", 1, on=a, IncludeClusterAuthorizedOperations=True)
    t.ask("DescribeLogDirs", 4, on=a, Topics=None)
    t.ask("DescribeClientQuotas", 1, on=a, Components=[])
    t.ask("AlterClientQuotas", 1, on=a, Entries=[
        {"Entity": [{"EntityType": "user", "EntityName": "ac"}],
         "Ops": [{"Key": "producer_byte_rate", "Value": 1.0}]}])
    t.ask("DescribeUserScramCredentials", 0, on=a, Users=[{"Name": "alice"}])
    t.ask("AlterUserScramCredentials", 0, on=a, Deletions=[{"Name": "alice", "Mechanism": 1}])
    t.ask("ListPartitionReassignments", 0, on=a, Topics=None)
    t.ask("AlterPartitionReassignments", 0, on=a, Topics=[])
    t.ask("ElectLeaders", 2, on=a, TopicPartitions=[{"Topic": "ac-x", "Partitions": [0]}])
    t.ask("DescribeConfigs", 4, "the broker", on=a, Resources=[
        {"ResourceType": 4, "ResourceName": "1", "ConfigurationKeys": ["num.partitions"]}])
    t.ask("IncrementalAlterConfigs", 1, "the broker", on=a, Resources=[
        {"ResourceType": 4, "ResourceName": "1", "Configs": [
            {"Name": "log.cleaner.threads", "Value": "1"}]}])
    t.ask("ListConfigResources", 1, on=a, ResourceTypes=[2])
    t.ask("DescribeQuorum", 0, on=a, Topics=[
        {"TopicName": "__cluster_metadata", "Partitions": [{"PartitionIndex": 0}]}])


@case("", "what a grant gives, what a denial takes")
def grants(t):
    admin(t)
    t.topic("ac-pre-1")
    t.topic("ac-pre-2")
    grant(t, entry("ac-pre-", READ, pattern=PREFIXED), entry("ac-pre-2", DESCRIBE, allow=DENY),
          entry("ac-pre-2", READ, allow=DENY))
    a = login(t, "alice")
    for name in ("ac-pre-1", "ac-pre-2"):
        t.ask("Metadata", 9, on=a, Topics=[{"Name": name}], IncludeTopicAuthorizedOperations=True)
        t.fetch(name, 0, on=a)
        t.produce(name, t.batch(b"v"), on=a)
    t.ask("Metadata", 9, "not there, but would be allowed", on=a, Topics=[{"Name": "ac-pre-9"}],
          AllowAutoTopicCreation=True)


@case("", "making, showing and deleting entries")
def lists(t):
    admin(t)
    for version in (1, 2, 3):
        t.ask("CreateAcls", version, Creations=[entry(f"ac-list{version}", READ)])
    # Not here: kinds, operations and patterns that only filters have. Kafka fails on them (-1) or
    # closes, we say 42 in words.
    for say, one in (
            ("another cluster", entry("ac-l", READ, kind=CLUSTER)),
            ("no principal", entry("ac-l", READ, principal="alice")),
            ("empty name", entry("", READ)), ("empty host", entry("ac-l", READ, host=""))):
        t.ask("CreateAcls", 3, say, Creations=[one])
    t.until(lambda got: got["Resources"], "DescribeAcls", 3, ResourceTypeFilter=2,
            ResourceNameFilter="ac-list3", PatternTypeFilter=LITERAL, PrincipalFilter=None,
            HostFilter=None, Operation=1, PermissionType=1)

    def what(name, pattern=LITERAL, kind=2, principal=None, operation=1, permission=1, host=None):
        return {"ResourceTypeFilter": kind, "ResourceNameFilter": name,
                "PatternTypeFilter": pattern, "PrincipalFilter": principal, "HostFilter": host,
                "Operation": operation, "PermissionType": permission}

    for say, asked in (
            ("literal", what("ac-list1")), ("matching", what("ac-list1", MATCH)),
            ("prefixed", what("ac-list", PREFIXED)), ("none", what("ac-none")),
            ("other kind", what("ac-list1", kind=GROUP)),
            ("other principal", what("ac-list1", principal="User:bob")),
            ("operation", what("ac-list1", operation=READ)),
            ("other operation", what("ac-list1", operation=WRITE)),
            ("other host", what("ac-list1", host="1.2.3.4"))):
        t.ask("DescribeAcls", 3, say, **asked)
    t.ask("DescribeAcls", 1, "version 1", **what("ac-list1"))
    for version in (1, 2, 3):
        t.ask("DeleteAcls", version, Filters=[what(f"ac-list{version}"), what("ac-none")])
