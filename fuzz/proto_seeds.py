#!/usr/bin/env python3
"""Writes a seed corpus for proto_fuzz from the golden bytes.

usage: proto_seeds.py [--message NAME] OUT_DIR
       proto_seeds.py --names

One file per sample: message number, version, body, as proto_fuzz reads them. With --message only
that message's samples, without the number, for ODK_FUZZ_MESSAGE=NAME. --names lists the messages.
"""
import argparse
import gzip
import pathlib
import struct
import sys

GOLDEN = pathlib.Path(__file__).parent.parent / "tests/golden/messages-4.4.0.bin.gz"


def samples():
    data = gzip.decompress(GOLDEN.read_bytes())
    at = len("ODKGOLD1")
    while at < len(data):
        name_end = at + 1 + data[at]
        name = data[at + 1:name_end].decode("ascii")
        version, fill, size = struct.unpack_from(">hbi", data, name_end)
        at = name_end + 7 + size
        yield name, version, fill, data[name_end + 7:at]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--message")
    parser.add_argument("--names", action="store_true")
    parser.add_argument("out", type=pathlib.Path, nargs="?")
    options = parser.parse_args()
    everything = list(samples())
    names = sorted({name for name, _, _, _ in everything})
    if options.names:
        print("\n".join(names))
        return
    if options.out is None:
        parser.error("OUT_DIR is missing")
    options.out.mkdir(parents=True, exist_ok=True)
    lowest = {}
    for name, version, _, _ in everything:
        lowest[name] = min(version, lowest.get(name, version))
    if options.message and options.message not in lowest:
        sys.exit(f"proto_seeds.py: no message {options.message}")
    for name, version, fill, body in everything:
        if options.message not in (None, name):
            continue
        number = b"" if options.message else struct.pack(">H", names.index(name))
        head = number + bytes([version - lowest[name]])
        (options.out / f"{name}-{version}-{fill}").write_bytes(head + body)


if __name__ == "__main__":
    main()
