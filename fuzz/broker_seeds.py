#!/usr/bin/env python3
"""Writes a seed corpus for broker_fuzz: the requests of each case of the differential test.

usage: broker_seeds.py OUT_DIR [BROKER]     one file a case; needs a built odradek-broker to talk to
"""
import pathlib
import struct
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests" / "differential"))
import codec  # noqa: E402
import connection  # noqa: E402
import run  # noqa: E402
import script  # noqa: E402

OTHER_CONNECTION = 254
PASS_TIME = 255


class Recorder:
    """Stands in for Connection.send and notes what goes out, in broker_fuzz's format."""

    def __init__(self):
        self.out, self.last = b"", None
        self.send = connection.Connection.send

    def note(self, key, version, body=b"", length=None):
        size = len(body) if length is None else length
        self.out += struct.pack(">BBH", key, version, size) + body

    def wrap(self, one, api, version, fields, answered=True):
        if self.last not in (None, one):
            self.note(PASS_TIME, 0, b"\0" * 200)
            self.note(OTHER_CONNECTION, 0)
        self.last = one
        body = codec.Codec(api + "Request", version).encode(fields)
        if len(body) < 65536:
            self.note(codec.key_of(api), version, body)
        self.send(one, api, version, fields, answered)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    program = sys.argv[2] if len(sys.argv) > 2 else str(ROOT / "build/dev/bin/odradek-broker")
    if not pathlib.Path(program).exists():
        print(f"broker_seeds.py: no {program}, so no seeds")
        return
    broker = run.OurBroker(program, "plain")
    for number, (module, title, function) in enumerate(run.load("plain", "")):
        recorder = Recorder()
        connection.Connection.send = lambda *a, **k: recorder.wrap(*a, **k)
        script.run_case(broker.address, title, function)
        connection.Connection.send = recorder.send
        (out / f"{module}-{number}").write_bytes(recorder.out)
    broker.stop()


if __name__ == "__main__":
    main()
