"""Classic groups and committed offsets."""
import time

from script import case

RANGE = [{"Name": "range", "Metadata": b"m1"}]
BOTH = [{"Name": "range", "Metadata": b"m1"}, {"Name": "sticky", "Metadata": b"m2"}]


def join(t, group, member="", version=9, protocols=None, pending=False, say="", on=None, **more):
    fields = {"SessionTimeoutMs": 30000, "RebalanceTimeoutMs": 30000, "ProtocolType": "consumer",
              **more}
    call = t.begin if pending else t.ask
    return call("JoinGroup", version, say, GroupId=group, MemberId=member, on=on,
                Protocols=protocols or RANGE, **fields)


def sync(t, group, member, generation=1, version=5, assign=(), pending=False, say="", **more):
    call = t.begin if pending else t.ask
    fields = {"ProtocolType": "consumer", "ProtocolName": "range", **more}
    if version < 5:
        fields = more
    return call("SyncGroup", version, say, GroupId=group, MemberId=member, GenerationId=generation,
                Assignments=[{"MemberId": one, "Assignment": data} for one, data in assign],
                **fields)


def beat(t, group, member, generation=1, version=4, say="", **more):
    return t.ask("Heartbeat", version, say, GroupId=group, MemberId=member,
                 GenerationId=generation, **more)


def member_of_one(t, group, **more):
    """A stable group with one member."""
    got = join(t, group, **more)
    got = join(t, group, got["MemberId"], **more)
    sync(t, group, got["MemberId"], got["GenerationId"], assign=[(got["MemberId"], b"a")])
    return got["MemberId"]


@case("22", "one member, every version of JoinGroup")
def versions(t):
    for version in range(10):
        group = f"gr-v{version}"
        got = join(t, group, version=version, say="first")
        if got["ErrorCode"] == 79:
            got = join(t, group, got["MemberId"], version=version, say="with its id")
        member = got["MemberId"]
        sync(t, group, member, version=min(version, 5), assign=[(member, b"plan")])
        beat(t, group, member, version=min(version, 4))
        t.ask("LeaveGroup", min(version, 2), GroupId=group, MemberId=member)
        beat(t, group, member, version=min(version, 4), say="after it left")


@case("22", "JoinGroup refused")
def refused(t):
    join(t, "", say="empty group")
    join(t, "gr-r", say="session too short", SessionTimeoutMs=10)
    join(t, "gr-r", say="session too long", SessionTimeoutMs=1_900_000)
    join(t, "gr-r", "stranger", say="unknown member of a new group")
    join(t, "gr-r", protocols=[{"Name": "range"}], ProtocolType="", say="no protocol type")
    t.ask("JoinGroup", 9, "no protocols", GroupId="gr-r", SessionTimeoutMs=30000,
          RebalanceTimeoutMs=30000, ProtocolType="consumer")
    member_of_one(t, "gr-r")
    join(t, "gr-r", "stranger", say="unknown member")
    join(t, "gr-r", ProtocolType="connect", say="other protocol type")
    join(t, "gr-r", protocols=[{"Name": "other"}], say="no common protocol")
    for version in (0, 5):
        sync(t, "gr-none", "m", version=version, say="unknown group")
        sync(t, "gr-r", "m", version=version, say="unknown member")
        beat(t, "gr-none", "m", version=min(version, 4), say="unknown group")
        beat(t, "gr-r", "m", version=min(version, 4), say="unknown member")
        beat(t, "", "m", version=min(version, 4), say="empty group")
        sync(t, "", "m", version=version, say="empty group")


@case("22, 23, 26", "two members: blocking join and sync, rebalance told by heartbeat, leader "
      "alone gets the list")
def two_members(t):
    a = member_of_one(t, "gr-two")
    b = t.quiet("JoinGroup", 9, GroupId="gr-two", SessionTimeoutMs=30000, RebalanceTimeoutMs=30000,
                ProtocolType="consumer", Protocols=BOTH)["MemberId"]
    joins = join(t, "gr-two", b, pending=True, protocols=BOTH, say="second member")
    joins.waits()
    beat(t, "gr-two", a, say="the first is told")
    t.ask("OffsetCommit", 8, "in PreparingRebalance", GroupId="gr-two", MemberId=a,
          GenerationIdOrMemberEpoch=1, Topics=[{"Name": "gr-topic", "Partitions": [
              {"PartitionIndex": 0, "CommittedOffset": 4}]}])
    sync(t, "gr-two", a, 1, say="in PreparingRebalance")
    got = join(t, "gr-two", a, protocols=BOTH, say="first member again")
    joins.get()
    beat(t, "gr-two", a, 2, say="in CompletingRebalance")
    t.ask("OffsetCommit", 8, "in CompletingRebalance", GroupId="gr-two", MemberId=a,
          GenerationIdOrMemberEpoch=2, Topics=[{"Name": "gr-topic", "Partitions": [
              {"PartitionIndex": 0, "CommittedOffset": 5}]}])
    waits = sync(t, "gr-two", b, 2, pending=True, say="follower")
    waits.waits()
    t.ask("DescribeGroups", 5, "in CompletingRebalance", Groups=["gr-two"])
    sync(t, "gr-two", a, 2, assign=[(a, b"for a")], say="leader leaves one out")
    waits.get()
    sync(t, "gr-two", b, 2, say="follower again")
    sync(t, "gr-two", b, 1, say="old generation")
    sync(t, "gr-two", b, 2, ProtocolName="sticky", say="other protocol")
    sync(t, "gr-two", b, 2, ProtocolType="connect", say="other protocol type")
    beat(t, "gr-two", b, 2)
    beat(t, "gr-two", b, 1, say="old generation")
    join(t, "gr-two", b, protocols=BOTH, say="follower unchanged: the same generation")
    for version in range(7):
        t.ask("DescribeGroups", version, Groups=["gr-two"])
    t.say(f"generation {got['GenerationId']}")
    t.ask("LeaveGroup", 4, "both and a stranger", GroupId="gr-two", Members=[
        {"MemberId": a}, {"MemberId": "stranger"}, {"MemberId": b}])
    t.ask("DescribeGroups", 5, "empty", Groups=["gr-two"])


@case("22", "a leader that joins again rebalances; so does a follower with other metadata")
def rejoin(t):
    a = member_of_one(t, "gr-rejoin")
    join(t, "gr-rejoin", a, say="leader again")
    join(t, "gr-rejoin", a, say="again before SyncGroup")
    sync(t, "gr-rejoin", a, 2, assign=[(a, b"x")])
    join(t, "gr-rejoin", a, protocols=BOTH, say="more protocols")


@case("22", "a full group")
def full(t):
    def quick(say, **more):
        return join(t, "gr-full", version=3, say=say, RebalanceTimeoutMs=1000, **more)
    quick("first")
    waiting = [quick(f"member {n}", pending=True) for n in (2, 3)]
    for pending in waiting:
        pending.waits(0.2)
    pending = quick("one too many", pending=True)
    got = pending.connection.receive()[0]
    t.say(f"one too many: {got['ErrorCode']}, generation {got['GenerationId']}")


@case("22", "a member whose session ends")
def session_ends(t):
    got = t.quiet("JoinGroup", 3, GroupId="gr-session", SessionTimeoutMs=150,
                  RebalanceTimeoutMs=500, ProtocolType="consumer", Protocols=RANGE)
    a = got["MemberId"]
    t.quiet("SyncGroup", 3, GroupId="gr-session", MemberId=a, GenerationId=1,
            Assignments=[{"MemberId": a, "Assignment": b"x"}])
    beat(t, "gr-session", a)
    time.sleep(0.5)
    beat(t, "gr-session", a, say="too late")
    t.ask("DescribeGroups", 5, Groups=["gr-session"])


@case("22", "who does not join again in time is left out; who does not sync is thrown out")
def late(t):
    def quiet_join(member, **more):
        return t.begin("JoinGroup", 3, "joins", GroupId="gr-late", MemberId=member,
                       SessionTimeoutMs=30000, RebalanceTimeoutMs=600, ProtocolType="consumer",
                       Protocols=RANGE, **more)
    a = quiet_join("").get()["MemberId"]
    sync(t, "gr-late", a, 1, version=3, assign=[(a, b"x")])
    b = quiet_join("").get()["MemberId"]
    t.ask("DescribeGroups", 0, "the first did not come", Groups=["gr-late"])
    beat(t, "gr-late", a, 2)
    time.sleep(1.0)
    beat(t, "gr-late", b, 2, say="it never synced")
    t.ask("DescribeGroups", 0, Groups=["gr-late"])


@case("24", "static members")
def static(t):
    got = join(t, "gr-static", GroupInstanceId="i1", say="first")
    a = got["MemberId"]
    sync(t, "gr-static", a, 1, assign=[(a, b"x")], GroupInstanceId="i1")
    got = join(t, "gr-static", GroupInstanceId="i1", say="comes back")
    b = got["MemberId"]
    t.say(f"another member id: {a != b}")
    beat(t, "gr-static", a, 1, GroupInstanceId="i1", say="the old id")
    beat(t, "gr-static", b, 1, GroupInstanceId="i1", say="the new id")
    beat(t, "gr-static", b, 1, GroupInstanceId="i9", say="unknown instance")
    sync(t, "gr-static", b, 1, GroupInstanceId="i1", say="the assignment as it was")
    sync(t, "gr-static", a, 1, GroupInstanceId="i1", say="the old id")
    join(t, "gr-static", a, GroupInstanceId="i1", say="the old id")
    join(t, "gr-static", GroupInstanceId="i1", version=5, say="comes back, old version")
    t.ask("OffsetCommit", 8, "the old id", GroupId="gr-static", MemberId=a, GroupInstanceId="i1",
          GenerationIdOrMemberEpoch=1, Topics=[{"Name": "gr-topic", "Partitions": [
              {"PartitionIndex": 0, "CommittedOffset": 4}]}])
    t.ask("DescribeGroups", 5, Groups=["gr-static"])
    t.ask("LeaveGroup", 5, "by instance", GroupId="gr-static", Members=[
        {"MemberId": "", "GroupInstanceId": "i1"}, {"MemberId": "", "GroupInstanceId": "i9"},
        {"MemberId": "x", "GroupInstanceId": "i1"}])
    t.ask("DescribeGroups", 5, "after", Groups=["gr-static"])


@case("23", "describing and listing")
def describing(t):
    a = member_of_one(t, "gr-desc")
    for version in (0, 5, 6):
        t.ask("DescribeGroups", version, "unknown and empty name", Groups=["gr-nix", ""])
        t.ask("DescribeGroups", version, "none", Groups=[])
    t.ask("DescribeGroups", 5, "operations", Groups=["gr-desc"], IncludeAuthorizedOperations=True)
    for version in range(6):
        got = t.quiet("ListGroups", version)
        t.show("ListGroups", f"v{version}", {**got, "Groups": [
            one for one in got["Groups"] if one["GroupId"] == "gr-desc"]})
    for states in (["Stable"], ["stable"], ["Empty"], ["Nonsense"], ["Empty", "Stable"]):
        got = t.quiet("ListGroups", 4, StatesFilter=states)
        t.say(f"{states}: {got['ErrorCode']} {'gr-desc' in str(got)}")
    for types in (["classic"], ["Consumer"], ["nonsense"]):
        got = t.quiet("ListGroups", 5, TypesFilter=types)
        t.say(f"{types}: {got['ErrorCode']} {'gr-desc' in str(got)}")
    beat(t, "gr-desc", a)


def commit(t, group, version=8, offset=5, metadata="note", member="", generation=-1, say="",
           topic="gr-topic", partition=0, **more):
    where = {"TopicId": topic} if version >= 10 else {"Name": topic}
    part = {"PartitionIndex": partition, "CommittedOffset": offset, "CommittedMetadata": metadata}
    if version >= 6:
        part["CommittedLeaderEpoch"] = 3
    return t.ask("OffsetCommit", version, say, GroupId=group, MemberId=member,
                 GenerationIdOrMemberEpoch=generation,
                 Topics=[{**where, "Partitions": [part]}], **more)


def fetched(t, group, version=8, say="", topics=(("gr-topic", (0, 1)),), **more):
    if version < 8:
        asked = None if topics is None else [
            {"Name": name, "PartitionIndexes": list(parts)} for name, parts in topics]
        return t.ask("OffsetFetch", version, say, GroupId=group, Topics=asked, **more)
    key = "TopicId" if version >= 10 else "Name"
    asked = None if topics is None else [
        {key: name, "PartitionIndexes": list(parts)} for name, parts in topics]
    return t.ask("OffsetFetch", version, say, Groups=[{"GroupId": group, "Topics": asked}], **more)


@case("25", "offsets without members, every version")
def offsets(t):
    topic = t.topic("gr-topic", 2)
    for version in range(2, 10):
        commit(t, f"gr-o{version}", version, offset=version)
        for fetch_version in (1, 5, 7, 9):
            fetched(t, f"gr-o{version}", fetch_version)
    commit(t, "gr-o10", 10, topic=topic)
    fetched(t, "gr-o10", 10, topics=((topic, (0, 1)),))
    fetched(t, "gr-o10", 10, topics=(("AAAAAAAAAAAAAAAAAAAAZZ", (0, 1)),), say="unknown id")
    for version in (2, 7, 9, 10):
        fetched(t, "gr-o5", version, topics=None, say="all")
        fetched(t, "gr-unknown", version, topics=None, say="all of an unknown group")
        fetched(t, "gr-unknown", min(version, 9), say="an unknown group")
        fetched(t, "gr-o5", min(version, 9), topics=(), say="none")
    fetched(t, "gr-o5", 5, topics=(("gr-nix", (0,)),), say="unknown topic")
    fetched(t, "gr-o5", 5, topics=(("gr-topic", (7,)),), say="unknown partition")
    fetched(t, "", 5, say="empty group")
    t.ask("OffsetFetch", 8, "two groups", Groups=[
        {"GroupId": "gr-o5", "Topics": [{"Name": "gr-topic", "PartitionIndexes": [0]}]},
        {"GroupId": "gr-o6", "Topics": None}])
    t.ask("OffsetFetch", 8, "no groups", Groups=[])
    fetched(t, "gr-o5", 7, RequireStable=True, say="stable ones")


@case("25", "commits refused")
def commits_refused(t):
    t.topic("gr-topic", 2)
    commit(t, "gr-c", topic="gr-nix", say="unknown topic")
    commit(t, "gr-c", partition=9, say="unknown partition")
    commit(t, "gr-c", topic="a/b", say="invalid topic")
    commit(t, "gr-c", 10, topic="AAAAAAAAAAAAAAAAAAAAZZ", say="unknown id")
    commit(t, "gr-c", metadata="x" * 5000, say="metadata too long")
    commit(t, "gr-c", metadata="x" * 4096, say="metadata just short enough")
    commit(t, "gr-c", metadata=None, say="null metadata")
    commit(t, "gr-c", metadata="", say="empty metadata")
    fetched(t, "gr-c")
    commit(t, "gr-c", offset=-1, say="offset -1")
    commit(t, "gr-c", offset=-5, say="offset -5")
    fetched(t, "gr-c")
    commit(t, "", say="empty group")
    commit(t, "gr-c", member="m", say="a member of an empty group")
    commit(t, "gr-c", generation=4, say="a generation of an empty group")
    commit(t, "gr-c2", member="m", generation=0, say="a member of an unknown group")
    a = member_of_one(t, "gr-c3")
    for version in (7, 9):
        commit(t, "gr-c3", version, say="no member, but the group has one")
        commit(t, "gr-c3", version, member=a, generation=1, say="the member")
        commit(t, "gr-c3", version, member=a, generation=7, say="other generation")
        commit(t, "gr-c3", version, member="x", generation=1, say="other member")
    t.ask("OffsetCommit", 8, "nothing", GroupId="gr-c", GenerationIdOrMemberEpoch=-1, Topics=[])


@case("38", "DeleteGroups and OffsetDelete")
def deleting(t):
    t.topic("gr-topic", 2)
    a = member_of_one(t, "gr-d1")
    commit(t, "gr-d2", say="a group of offsets alone")
    for version in range(3):
        t.ask("DeleteGroups", version, GroupsNames=["gr-d1", "gr-nix", ""])

    def delete(group, say, topics=(("gr-topic", (0, 1, 9)),)):
        t.ask("OffsetDelete", 0, say, GroupId=group, Topics=[
            {"Name": name, "Partitions": [{"PartitionIndex": n} for n in parts]}
            for name, parts in topics])

    delete("gr-d1", "a group with members")
    delete("gr-d2", "offsets")
    delete("gr-d2", "unknown topic", (("gr-nix", (0,)),))
    delete("gr-nix", "unknown group")
    delete("", "empty name")
    delete("gr-d2", "nothing", ())
    fetched(t, "gr-d2")
    t.ask("LeaveGroup", 4, GroupId="gr-d1", Members=[{"MemberId": a}])
    t.ask("DeleteGroups", 2, "both", GroupsNames=["gr-d1", "gr-d2"])
    t.ask("DescribeGroups", 5, Groups=["gr-d1", "gr-d2"])


@case("38", "offsets of subscribed topics stay")
def subscribed(t):
    t.topic("gr-topic", 2)
    subscription = b"\0\1\0\0\0\1\0\x08gr-topic\xff\xff\xff\xff\0\0\0\0"
    got = t.quiet("JoinGroup", 3, GroupId="gr-sub", SessionTimeoutMs=30000,
                  RebalanceTimeoutMs=3000, ProtocolType="consumer",
                  Protocols=[{"Name": "range", "Metadata": subscription}])
    a = got["MemberId"]
    t.quiet("SyncGroup", 3, GroupId="gr-sub", MemberId=a, GenerationId=1,
            Assignments=[{"MemberId": a, "Assignment": b"x"}])
    commit(t, "gr-sub", member=a, generation=1)
    t.ask("OffsetDelete", 0, "subscribed", GroupId="gr-sub", Topics=[
        {"Name": "gr-topic", "Partitions": [{"PartitionIndex": 0}]},
        {"Name": "gr-other", "Partitions": [{"PartitionIndex": 0}]}])


@case("27", "a broken connection is no leaving; two connections may be one member")
def connections(t):
    first = t.connect()
    got = join(t, "gr-conn", on=first)
    a = join(t, "gr-conn", got["MemberId"], on=first)["MemberId"]
    first.close()
    sync(t, "gr-conn", a, 1, assign=[(a, b"x")], say="from another connection")
    beat(t, "gr-conn", a, 1)
    t.ask("LeaveGroup", 0, "old version", GroupId="gr-conn", MemberId=a)
    t.ask("LeaveGroup", 0, "again", GroupId="gr-conn", MemberId=a)
    t.ask("LeaveGroup", 4, "unknown group", GroupId="gr-nix", Members=[{"MemberId": a}])
    t.ask("LeaveGroup", 4, "empty group", GroupId="", Members=[{"MemberId": a}])
    t.ask("LeaveGroup", 4, "nobody", GroupId="gr-conn", Members=[])
