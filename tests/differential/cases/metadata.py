"""Metadata, DescribeCluster, DescribeTopicPartitions, FindCoordinator."""
from script import case


@case("6", "all, none, unknown, invalid")
def which(t):
    topic = t.topic("me-a", 2)
    for version in range(14):
        answer = t.quiet("Metadata", version, Topics=None if version else [])
        names = [one["Name"] for one in answer["Topics"]]
        t.say(f"v{version} all: has me-a {'me-a' in names}")
        if version:
            t.ask("Metadata", version, "none", Topics=[])
        t.ask("Metadata", version, "me-a", Topics=[{"Name": "me-a"}])
    for version in (1, 4, 9, 12):
        for name in ("me-none", "me/bad", "", ".", "..", "x" * 250):
            t.ask("Metadata", version if version > 3 else 4, name[:12], Topics=[{"Name": name}],
                  AllowAutoTopicCreation=False)
    for version in (10, 12, 13):
        t.ask("Metadata", version, "unknown id", Topics=[
            {"TopicId": "AAAAAAAAAAAAAAAAAAAAZZ", "Name": None}])
    t.ask("Metadata", 12, "id", Topics=[{"TopicId": topic, "Name": None}])
    t.ask("Metadata", 12, "id and name", Topics=[{"TopicId": topic, "Name": "me-b"}],
          AllowAutoTopicCreation=False)
    # Neither name nor id fails inside Kafka (-1 for all); we say 100 for that topic alone.
    t.ask("Metadata", 11, "null name", Topics=[{"Name": None}])
    t.ask("Metadata", 10, "by id too early", Topics=[{"TopicId": topic, "Name": None}])
    t.ask("Metadata", 12, "one twice", Topics=[{"Name": "me-a"}, {"Name": "me-a"}])
    t.ask("Metadata", 12, "operations", Topics=[{"Name": "me-a"}],
          IncludeTopicAuthorizedOperations=True)
    t.ask("Metadata", 10, "operations of the cluster", Topics=[],
          IncludeClusterAuthorizedOperations=True)


@case("6", "auto-create")
def auto_create(t):
    t.ask("Metadata", 9, "first", Topics=[{"Name": "me-auto"}], AllowAutoTopicCreation=True)
    t.visible("me-auto")
    t.ask("Metadata", 9, "then", Topics=[{"Name": "me-auto"}], AllowAutoTopicCreation=True)
    t.ask("Metadata", 3, "old clients always create", Topics=[{"Name": "me-auto3"}])
    t.visible("me-auto3")
    for name in ("me/bad", "", "x" * 250):
        t.ask("Metadata", 9, f"bad name {name[:8]}", Topics=[{"Name": name}],
              AllowAutoTopicCreation=True)


@case("7", "the cluster")
def cluster(t):
    for version in range(3):
        t.ask("DescribeCluster", version)
        t.ask("DescribeCluster", version, "with operations",
              IncludeClusterAuthorizedOperations=True)
    t.ask("DescribeCluster", 1, "controllers", EndpointType=2)
    t.ask("DescribeCluster", 2, "endpoint type 9", EndpointType=9)
    t.ask("DescribeCluster", 2, "fenced ones too", IncludeFencedBrokers=True)
    answer = t.quiet("Metadata", 9, Topics=[])
    t.say(f"cluster id of {len(answer['ClusterId'])} characters")


@case("29", "FindCoordinator")
def coordinators(t):
    for version in range(4):
        t.ask("FindCoordinator", version, Key="g")
    for version in range(1, 4):
        t.ask("FindCoordinator", version, "transaction", Key="t", KeyType=1)
    for version in (4, 5, 6):
        t.ask("FindCoordinator", version, "three", CoordinatorKeys=["a", "b", "c"])
        t.ask("FindCoordinator", version, "none", CoordinatorKeys=[])
    t.ask("FindCoordinator", 2, "kind 7", Key="g", KeyType=7)
    t.ask("FindCoordinator", 4, "kind 7", CoordinatorKeys=["g"], KeyType=7)
    t.ask("FindCoordinator", 4, "empty group", CoordinatorKeys=[""])
    t.ask("FindCoordinator", 3, "empty transactional id", Key="", KeyType=1)
    t.ask("FindCoordinator", 5, "share group in a version without", CoordinatorKeys=["a:b:0"],
          KeyType=2)


@case("39", "DescribeTopicPartitions and its pages")
def topic_partitions(t):
    t.topic("me-page-a", 3)
    t.topic("me-page-b", 3)
    names = [{"Name": name} for name in ("me-page-b", "me-page-a", "me-page-nix")]
    t.ask("DescribeTopicPartitions", 0, Topics=names)
    t.ask("DescribeTopicPartitions", 0, "limit 4", Topics=names, ResponsePartitionLimit=4)
    t.ask("DescribeTopicPartitions", 0, "from a cursor", Topics=names, ResponsePartitionLimit=4,
          Cursor={"TopicName": "me-page-b", "PartitionIndex": 1})
    t.ask("DescribeTopicPartitions", 0, "cursor behind the end", Topics=names,
          Cursor={"TopicName": "zz", "PartitionIndex": 0})
    t.ask("DescribeTopicPartitions", 0, "cursor of -1", Topics=names,
          Cursor={"TopicName": "me-page-b", "PartitionIndex": -1})
    t.ask("DescribeTopicPartitions", 0, "bad name", Topics=[{"Name": "a/b"}])
    t.ask("DescribeTopicPartitions", 0, "limit 0", Topics=names, ResponsePartitionLimit=0)
