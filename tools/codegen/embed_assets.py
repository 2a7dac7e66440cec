#!/usr/bin/env python3
"""Turns the dashboard's files into C++: each packed with gzip, as an array of bytes.

usage: embed_assets.py FOLDER OUT.cc     standard library only; writes only when something changed
"""

import gzip
import hashlib
import pathlib
import sys

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}

HEAD = """// Generated from src/broker/dashboard/assets by tools/codegen/embed_assets.py.

#include "broker/dashboard/assets.h"

namespace odradek::broker::dashboard {
namespace {

"""

TAIL = """};

}  // namespace

std::span<const Asset> all_assets() { return kAssets; }

}  // namespace odradek::broker::dashboard
"""


def array_text(name, data):
    lines = [f"constexpr uint8_t {name}[] = {{"]
    for at in range(0, len(data), 24):
        lines.append("  " + ",".join(str(byte) for byte in data[at:at + 24]) + ",")
    lines.append("};\n")
    return "\n".join(lines)


def generate(folder):
    arrays, rows = [], []
    for number, path in enumerate(sorted(p for p in folder.iterdir() if p.suffix in TYPES)):
        content = path.read_bytes()
        packed = gzip.compress(content, 9, mtime=0)
        etag = hashlib.sha256(content).hexdigest()[:16]
        arrays.append(array_text(f"kBytes{number}", packed))
        rows.append(f'    {{"{path.name}", "{TYPES[path.suffix]}", "\\"{etag}\\"", '
                    f"kBytes{number}}},\n")
    return HEAD + "".join(arrays) + "\nconstexpr Asset kAssets[] = {\n" + "".join(rows) + TAIL


def main():
    folder, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    text = generate(folder)
    if out.exists() and out.read_text() == text:
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text)


if __name__ == "__main__":
    main()
