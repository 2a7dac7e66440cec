"""Consumer groups (KIP-848)."""
import time

from script import case

MEMBER = "AAAAAAAAAAAAAAAAAAAAAQ"


def beat(t, group, member, epoch, say="", version=1, **fields):
    return t.ask("ConsumerGroupHeartbeat", version, say, GroupId=group, MemberId=member,
                 MemberEpoch=epoch, **fields)


def join(t, group, member, topics, say="joins", **more):
    return beat(t, group, member, 0, say, RebalanceTimeoutMs=5000, SubscribedTopicNames=topics,
                TopicPartitions=[], **more)


@case("30", "one member joins, gets its partitions, leaves")
def one(t):
    t.topic("cg-a", 3)
    t.given("m1")
    got = join(t, "cg-one", "m1", ["cg-a"])
    beat(t, "cg-one", "m1", got["MemberEpoch"], "nothing new")
    beat(t, "cg-one", "m1", got["MemberEpoch"], "owns all", TopicPartitions=got[
        "Assignment"]["TopicPartitions"])
    t.ask("ConsumerGroupDescribe", 0, GroupIds=["cg-one"])
    t.ask("ConsumerGroupDescribe", 1, "with operations", GroupIds=["cg-one", "cg-nix", ""],
          IncludeAuthorizedOperations=True)
    t.ask("DescribeGroups", 5, "as a classic one", Groups=["cg-one"])
    t.ask("JoinGroup", 9, "a classic member of another protocol", GroupId="cg-one", MemberId="",
          SessionTimeoutMs=30000, RebalanceTimeoutMs=30000, ProtocolType="connect",
          Protocols=[{"Name": "x"}])
    beat(t, "cg-one", "m1", -1, "leaves")
    beat(t, "cg-one", "m1", 1, "after it left")
    t.ask("ConsumerGroupDescribe", 1, "empty", GroupIds=["cg-one"])
    t.ask("DeleteGroups", 2, GroupsNames=["cg-one"])
    t.ask("ConsumerGroupDescribe", 1, "deleted", GroupIds=["cg-one"])


@case("30", "heartbeats refused")
def refused(t):
    t.topic("cg-b", 2)
    join(t, "", "m1", ["cg-b"], "empty group")
    join(t, "cg-r", "", ["cg-b"], "empty member in version 1")
    beat(t, "cg-r", "m1", 0, "no topics", RebalanceTimeoutMs=5000, TopicPartitions=[])
    beat(t, "cg-r", "m1", 0, "no timeout", SubscribedTopicNames=["cg-b"], TopicPartitions=[])
    beat(t, "cg-r", "m1", 0, "no partitions", RebalanceTimeoutMs=5000,
         SubscribedTopicNames=["cg-b"])
    beat(t, "cg-r", "m1", 0, "owns something already", RebalanceTimeoutMs=5000,
         SubscribedTopicNames=["cg-b"],
         TopicPartitions=[{"TopicId": "AAAAAAAAAAAAAAAAAAAAZZ", "Partitions": [0]}])
    join(t, "cg-r", "m1", ["cg-b"], "unknown assignor", ServerAssignor="nonsense")
    join(t, "cg-r", "m1", ["cg-b"], "empty instance", InstanceId="")
    join(t, "cg-r", "m1", ["cg-b"], "empty rack", RackId="")
    join(t, "cg-r", "m1", None, "a bad expression", SubscribedTopicRegex="(")
    beat(t, "cg-r", "m1", 1, "unknown group")
    join(t, "cg-r", "m1", ["cg-b"])
    beat(t, "cg-r", "m1", 9, "epoch of the future")
    beat(t, "cg-r", "m9", 1, "unknown member")
    beat(t, "cg-r", "m1", -2, "static leave of a dynamic member")
    beat(t, "cg-r", "m1", -3, "epoch -3")


@case("30", "two members: nothing is given before it is given up")
def two(t):
    topic = t.topic("cg-c", 2)
    first = join(t, "cg-two", "m1", ["cg-c"], ServerAssignor="range")
    owned = first["Assignment"]["TopicPartitions"]
    beat(t, "cg-two", "m1", 1, "owns", TopicPartitions=owned)
    join(t, "cg-two", "m2", ["cg-c"], "the second joins", ServerAssignor="range")
    beat(t, "cg-two", "m2", 2, "the second asks again")
    beat(t, "cg-two", "m1", 1, "the first is told to give up one")
    beat(t, "cg-two", "m2", 2, "not yet")
    beat(t, "cg-two", "m1", 1, "gives it up",
         TopicPartitions=[{"TopicId": topic, "Partitions": [0]}])
    beat(t, "cg-two", "m2", 2, "now")
    beat(t, "cg-two", "m1", 2, "both are stable")
    t.ask("ConsumerGroupDescribe", 1, GroupIds=["cg-two"])
    t.ask("OffsetCommit", 9, "stale epoch", GroupId="cg-two", MemberId="m1",
          GenerationIdOrMemberEpoch=1, Topics=[{"Name": "cg-c", "Partitions": [
              {"PartitionIndex": 0, "CommittedOffset": 4}]}])
    for version in (8, 9):
        t.ask("OffsetCommit", version, "right epoch", GroupId="cg-two", MemberId="m1",
              GenerationIdOrMemberEpoch=2, Topics=[{"Name": "cg-c", "Partitions": [
                  {"PartitionIndex": 0, "CommittedOffset": 4}]}])
        t.ask("OffsetCommit", version, "unknown member", GroupId="cg-two", MemberId="m7",
              GenerationIdOrMemberEpoch=2, Topics=[{"Name": "cg-c", "Partitions": [
                  {"PartitionIndex": 0, "CommittedOffset": 4}]}])
        t.ask("OffsetCommit", version, "epoch of the future", GroupId="cg-two", MemberId="m1",
              GenerationIdOrMemberEpoch=8, Topics=[{"Name": "cg-c", "Partitions": [
                  {"PartitionIndex": 0, "CommittedOffset": 4}]}])
    t.ask("OffsetFetch", 9, "as a member", Groups=[
        {"GroupId": "cg-two", "MemberId": "m1", "MemberEpoch": 2, "Topics": [
            {"Name": "cg-c", "PartitionIndexes": [0]}]}])
    t.ask("OffsetFetch", 9, "as an old member", Groups=[
        {"GroupId": "cg-two", "MemberId": "m1", "MemberEpoch": 1, "Topics": None}])
    beat(t, "cg-two", "m1", -1, "the first leaves")
    beat(t, "cg-two", "m2", 2, "the second gets all")


@case("30", "static members")
def static(t):
    t.topic("cg-d", 2)
    join(t, "cg-static", "m1", ["cg-d"], InstanceId="i1")
    join(t, "cg-static", "m2", ["cg-d"], "the instance is taken", InstanceId="i1")
    beat(t, "cg-static", "m1", -2, "goes for a while", InstanceId="i1")
    join(t, "cg-static", "m2", ["cg-d"], "comes back under another id", InstanceId="i1")
    beat(t, "cg-static", "m1", 1, "the old id", InstanceId="i1")
    beat(t, "cg-static", "m2", 1, "the new id", InstanceId="i1")
    beat(t, "cg-static", "m2", 1, "another instance", InstanceId="i9")
    t.ask("ConsumerGroupDescribe", 1, GroupIds=["cg-static"])


@case("30", "by expression, unknown topics, none")
def expressions(t):
    t.topic("cg-re-1")
    t.topic("cg-re-2")
    # Kafka looks for the topics behind the first answer's back, we before it.
    got = t.quiet("ConsumerGroupHeartbeat", 1, GroupId="cg-regex", MemberId="m1", MemberEpoch=0,
                  RebalanceTimeoutMs=5000, TopicPartitions=[], SubscribedTopicRegex="cg-re-.*")
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if got["Assignment"] and len(got["Assignment"]["TopicPartitions"]) == 2:
            break
        time.sleep(0.1)
        got = t.quiet("ConsumerGroupHeartbeat", 1, GroupId="cg-regex", MemberId="m1",
                      MemberEpoch=got["MemberEpoch"]) or got
    t.say(f"has both topics: {len(got['Assignment']['TopicPartitions']) == 2}")
    join(t, "cg-unknown", "m1", ["cg-nix"], "unknown topic")
    join(t, "cg-none", "m1", [], "no topics at all")


@case("39", "ListGroups by type")
def listing(t):
    t.topic("cg-e")
    join(t, "cg-list", "m1", ["cg-e"])
    for version in (3, 4, 5):
        got = t.quiet("ListGroups", version)
        t.show("ListGroups", f"v{version}", [one for one in got["Groups"]
                                             if one["GroupId"] == "cg-list"])
    for types in (["classic"], ["consumer"], ["Consumer"]):
        t.say(f"{types}: {'cg-list' in str(t.quiet('ListGroups', 5, TypesFilter=types))}")
