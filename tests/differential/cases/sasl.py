"""Authentication, on a listener of its own."""
import hashlib
import hmac
import base64
import struct

import codec
from script import case

SUITE = "sasl"


def plain(user="alice", password="alice-secret"):
    return f"\0{user}\0{password}".encode()


def handshake(t, c, mechanism="PLAIN", version=1, say=""):
    t.ask("SaslHandshake", version, say or mechanism, on=c, Mechanism=mechanism)


def authenticate(t, c, data, version=2, say=""):
    return t.ask("SaslAuthenticate", version, say, on=c, AuthBytes=data)


@case("40", "the handshake lists the mechanisms; a wrong one closes")
def mechanisms(t):
    hide = {"Mechanisms": "ours are those that are configured"}
    for version in (0, 1):
        c = t.connect()
        t.ask("SaslHandshake", version, "unknown", on=c, Mechanism="NONSENSE", differ=hide)
        t.closes(c, "then")
    c = t.connect()
    t.ask("SaslHandshake", 1, "empty", on=c, Mechanism="", differ=hide)
    t.closes(c, "then")


@case("41", "PLAIN")
def plain_works(t):
    for version in range(3):
        c = t.connect()
        c.send("ApiVersions", 3, {"ClientSoftwareName": "diff", "ClientSoftwareVersion": "1"})
        c.receive()
        t.ask("SaslHandshake", 1, on=c, Mechanism="PLAIN",
              differ={"Mechanisms": "ours are those that are configured"})
        authenticate(t, c, plain(), version)
        t.ask("Heartbeat", 0, "afterwards", on=c, GroupId="sa-none")


@case("41", "PLAIN refused")
def plain_refused(t):
    for say, data in (("wrong password", plain(password="x")), ("unknown user", plain("bob")),
                      ("no password", b"\0alice\0"), ("no user", b"\0\0x"), ("garbage", b"abc"),
                      ("nothing", b""), ("for somebody else", b"bob\0alice\0alice-secret"),
                      ("too many parts", b"\0alice\0alice-secret\0x")):
        for version in (0, 2) if say == "wrong password" else (2,):
            c = t.connect()
            c.send("SaslHandshake", 1, {"Mechanism": "PLAIN"})
            c.receive()
            authenticate(t, c, data, version, say)
            t.closes(c, "then")


@case("41", "handshake v0 and raw frames")
def raw(t):
    c = t.connect()
    c.send("SaslHandshake", 0, {"Mechanism": "PLAIN"})
    c.receive()
    c.send_bytes(struct.pack(">i", len(plain())) + plain())
    t.say(f"raw answer {c.frame().hex()!r}")
    t.ask("Heartbeat", 0, "afterwards", on=c, GroupId="sa-none")
    c = t.connect()
    c.send("SaslHandshake", 0, {"Mechanism": "PLAIN"})
    c.receive()
    c.send_bytes(struct.pack(">i", 3) + b"abc")
    t.closes(c, "garbage")


@case("41", "requests out of order")
def order(t):
    for api, version in (("Metadata", 1), ("Produce", 3), ("SaslAuthenticate", 1)):
        c = t.connect()
        c.send(api, version, {})
        t.closes(c, f"{api} first")
    # Not here: requests between the handshake and its end. We close at once, Kafka mostly with an
    # answer first; a second ApiVersions, which it refuses, we answer.
    c = t.connect()
    c.send_bytes(struct.pack(">i", 600_000) + b"x" * 1000)
    t.closes(c, "a frame of 600 kB before authentication")


def scram_messages(t, c, mechanism, user, password, hash_name, tamper=lambda text: text):
    """Runs SCRAM up to the server's last message."""
    handshake_hide = {"Mechanisms": "ours are those that are configured"}
    t.ask("SaslHandshake", 1, mechanism, on=c, Mechanism=mechanism, differ=handshake_hide)
    bare = f"n={user},r=clientnonce"
    hide = {"AuthBytes": "nonce and salt are random"}
    got = t.ask("SaslAuthenticate", 2, "first", on=c, AuthBytes=f"n,,{bare}".encode(), differ=hide)
    if not got or got["ErrorCode"]:
        return
    first = got["AuthBytes"].decode()
    parts = dict(item.split("=", 1) for item in first.split(","))
    t.say(f"nonce begins with ours: {parts['r'].startswith('clientnonce')}, rounds {parts['i']}")
    salted = hashlib.pbkdf2_hmac(hash_name, password.encode(), base64.b64decode(parts["s"]),
                                 int(parts["i"]))
    client_key = hmac.digest(salted, b"Client Key", hash_name)
    without = f"c=biws,r={parts['r']}"
    text = f"{bare},{first},{without}".encode()
    stored = hashlib.new(hash_name, client_key).digest()
    signature = hmac.digest(stored, text, hash_name)
    proof = bytes(a ^ b for a, b in zip(client_key, signature))
    final = tamper(f"{without},p={base64.b64encode(proof).decode()}")
    got = t.ask("SaslAuthenticate", 2, "final", on=c, AuthBytes=final.encode(), differ=hide)
    if got and got["ErrorCode"] == 0:
        server_key = hmac.digest(salted, b"Server Key", hash_name)
        wanted = base64.b64encode(hmac.digest(server_key, text, hash_name)).decode()
        t.say(f"server's proof: {got['AuthBytes'].decode() == 'v=' + wanted}")
        t.ask("Heartbeat", 0, "afterwards", on=c, GroupId="sa-none")
    else:
        t.closes(c, "then")


@case("42", "SCRAM")
def scram(t):
    for mechanism, name in (("SCRAM-SHA-256", "sha256"), ("SCRAM-SHA-512", "sha512")):
        scram_messages(t, t.connect(), mechanism, "alice", "alice-secret", name)
        scram_messages(t, t.connect(), mechanism, "alice", "wrong", name)
        # Not here: an unknown user. Kafka refuses its first message, we its last, so that nobody
        # learns who is known.
    scram_messages(t, t.connect(), "SCRAM-SHA-256", "alice", "alice-secret", "sha256",
                   lambda text: text.replace("c=biws", "c=eSws"))
    scram_messages(t, t.connect(), "SCRAM-SHA-256", "alice", "alice-secret", "sha256",
                   lambda text: text.replace("r=client", "r=other"))
    for say, data in (("garbage", b"abc"), ("empty", b""), ("channel binding", b"p=tls,,n=a,r=b"),
                      ("no nonce", b"n,,n=alice"), ("authzid", b"n,a=bob,n=alice,r=x")):
        c = t.connect()
        c.send("SaslHandshake", 1, {"Mechanism": "SCRAM-SHA-256"})
        c.receive()
        t.ask("SaslAuthenticate", 2, say, on=c, AuthBytes=data,
              differ={"AuthBytes": "nonce and salt are random"})


@case("43", "authenticating again on the same connection")
def again(t):
    c = t.connect()
    hide = {"Mechanisms": "ours are those that are configured"}
    t.ask("SaslHandshake", 1, on=c, Mechanism="PLAIN", differ=hide)
    authenticate(t, c, plain())
    t.ask("SaslHandshake", 1, "again", on=c, Mechanism="PLAIN", differ=hide)
    authenticate(t, c, plain(), say="again")
    t.ask("Heartbeat", 0, "afterwards", on=c, GroupId="sa-none")
    t.ask("SaslHandshake", 1, "and again", on=c, Mechanism="PLAIN", differ=hide)
    authenticate(t, c, plain("admin", "admin-secret"), say="as somebody else")
    t.closes(c, "then")


@case("40", "ApiVersions before authentication")
def versions(t):
    c = t.connect()
    c.send("ApiVersions", 3, {"ClientSoftwareName": "d", "ClientSoftwareVersion": "1"})
    answer, _ = c.receive()
    t.say(f"{answer['ErrorCode']}, {len(answer['ApiKeys']) > 40}")
    c = t.connect()
    c.send_bytes(struct.pack(">ihhih", 15, 18, 77, 7, 4) + b"diff\0")
    reader = codec.Reader(c.frame())
    reader.take(4)
    t.say(f"v77: {codec.Codec('ApiVersionsResponse', 0).decode(reader.data[reader.at:])}")
