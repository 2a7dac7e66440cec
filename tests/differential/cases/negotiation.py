"""What is said before anything else: versions, frames, requests nobody should send."""
import struct

import codec
from script import case


def frame(body):
    return struct.pack(">i", len(body)) + body


def head(key, version, correlation=7, client=b"diff", tags=b""):
    return struct.pack(">hhih", key, version, correlation, len(client)) + client + tags


@case("1", "ApiVersions from the future is answered in version 0 with error 35")
def api_versions_99(t):
    c = t.connect()
    for version in (5, 99, 32767):
        c.send_bytes(frame(head(18, version, tags=b"\0") + b"\1\2\0"))
        reader = codec.Reader(c.frame())
        t.say(f"v{version}: correlation {reader.number('i')}")
        t.show("ApiVersions", "body", codec.Codec("ApiVersionsResponse", 0).decode(
            reader.data[reader.at:]))
    t.ask("Heartbeat", 0, "on the same connection", on=c, GroupId="c1-none")


# Never offered: delegation tokens, raft and broker life, telemetry without a reporter (README.md).
NEVER = {38, 39, 40, 41, 55, 64, 70, 71, 72, 80, 81, 83, 84, 85, 86, 87}
SHARE_AND_STREAMS = {76, 77, 78, 79, 88, 89, 90, 91, 92}
OUR_FEATURES = {"group.version", "kraft.version", "metadata.version", "transaction.version"}


@case("1, 2, 5", "the table of versions")
def api_versions_table(t):
    first = None
    for version in range(5):
        c = t.connect()
        fields = {"ClientSoftwareName": "diff", "ClientSoftwareVersion": "1"} if version > 2 else {}
        c.send("ApiVersions", version, fields)
        answer, tags = c.receive()
        keys = [api for api in answer.pop("ApiKeys")
                if api["ApiKey"] not in NEVER | SHARE_AND_STREAMS]
        for name in ("SupportedFeatures", "FinalizedFeatures"):
            if name in answer:
                answer[name] = [one for one in answer[name] if one["Name"] in OUR_FEATURES]
        first = first or keys
        t.show("ApiVersions", f"v{version}: the table of v0: {keys == first}, {tags}", answer)
    t.show("ApiVersions", "the table", {"ApiKeys": first})


@case("1", "ApiVersions with a software name that is none")
def api_versions_bad_name(t):
    for name, version in (("", "1"), ("a b", "1"), ("-a", "1"), ("a", ""), ("ok", "1.2_3-x")):
        c = t.connect()
        c.send("ApiVersions", 3, {"ClientSoftwareName": name, "ClientSoftwareVersion": version})
        answer, _ = c.receive()
        t.say(f"'{name}' '{version}': {answer['ErrorCode']}, {bool(answer['ApiKeys'])}")


@case("2", "Produce 0 to 2 is advertised and refused by closing")
def old_produce(t):
    for version in range(3):
        c = t.connect()
        c.send_bytes(frame(head(0, version) + struct.pack(">hii", 1, 1000, 0)))
        t.closes(c, f"Produce v{version}")


@case("3", "frames and requests nobody should send")
def garbage(t):
    # Not here: an array of -2 elements is null for Kafka; we close, for no client sends it.
    for label, data in (
            ("unknown key", frame(head(999, 0))),
            ("negative key", frame(head(-1, 0))),
            ("unknown version", frame(head(3, 99))),
            ("negative version", frame(head(3, -1))),
            ("a version below the least", frame(head(1, 3))),
            ("an inter-broker request", frame(head(4, 7, tags=b"\0"))),
            ("frame of negative size", struct.pack(">i", -1)),
            ("frame of 2 GiB", struct.pack(">i", 0x7FFFFFFF)),
            ("empty frame", struct.pack(">i", 0)),
            ("frame of three bytes", frame(b"abc")),
            ("a body that ends early", frame(head(3, 1) + b"\0\0\0\5")),
            ("an array of 2 billion", frame(head(3, 1) + b"\x7f\xff\xff\xff")),
            ("a string of -2", frame(head(3, 1) + b"\0\0\0\1\xff\xfe")),
            ("HTTP", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")):
        c = t.connect()
        c.send_bytes(data)
        t.closes(c, label)
    t.ask("Heartbeat", 0, "on a new connection", GroupId="c3-none")


@case("3", "bytes after the body, null client id, empty client id")
def odd_frames(t):
    c = t.connect()
    c.send_bytes(frame(head(12, 0) + b"\0\1g" + struct.pack(">i", 1) + b"\0\1m" + b"extra"))
    t.closes(c, "bytes after the body")
    for label, data in (("null", struct.pack(">hhih", 12, 0, 7, -1)),
                        ("empty", head(12, 0, client=b"")),
                        ("not UTF-8", head(12, 0, client=b"\xff\xfe"))):
        c = t.connect()
        c.send_bytes(frame(data + b"\0\1g" + struct.pack(">i", 1) + b"\0\1m"))
        t.say(f"client id {label}: {c.frame().hex()}")


@case("4", "unknown tagged fields are skipped")
def unknown_tags(t):
    c = t.connect()
    body = b"\2\2g" + struct.pack(">i", 1)
    tags = b"\1\x63\3abc"
    c.send_bytes(frame(head(12, 4, tags=tags) + b"\2g" + struct.pack(">i", 1) + b"\2m\0" + tags))
    t.say(f"answered: {c.frame().hex()} {len(body) > 0}")


@case("", "answers come in the order of the requests")
def pipelined(t):
    c = t.connect()
    for n in range(5):
        c.send("Heartbeat", 0, {"GroupId": f"p{n}", "MemberId": "m"})
        c.send("ListGroups", 0, {})
    for n in range(5):
        heartbeat, _ = c.receive()
        groups, _ = c.receive()
        t.say(f"{n}: {heartbeat['ErrorCode']} {groups['ErrorCode']}")


@case("40", "SASL on a listener without it")
def sasl_on_plaintext(t):
    for version in (0, 1):
        t.ask("SaslHandshake", version, on=t.connect(), Mechanism="PLAIN")
    for version in range(3):
        t.ask("SaslAuthenticate", version, on=t.connect(), AuthBytes=b"\0a\0b")
