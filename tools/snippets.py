#!/usr/bin/env python3
"""Keeps the C++ in the pages under docs/ equal to the examples that are compiled and run.

usage: snippets.py check|write [ROOT]

A page asks for a part of an example by a comment in front of a cpp block:

    <!-- examples/consume.cc: loop -->

The part stands in the file between the lines `// [loop]` and `// [end]`. `write` copies it into the
page, `check` says which blocks differ and ends with 1. A part nobody asks for is a finding, too.
"""

import pathlib
import re
import sys
import textwrap

BLOCK = re.compile(r"(<!-- (examples/[\w/.]+): ([\w-]+) -->\n```cpp\n)(.*?)(^```$)", re.S | re.M)
PART = re.compile(r"^ *// \[(?!end\])([\w-]+)\]\n(.*?)^ *// \[end\]$", re.S | re.M)


def parts_of(path):
    return {name: textwrap.dedent(text) for name, text in PART.findall(path.read_text())}


def main(argv):
    if len(argv) < 2 or argv[1] not in ("check", "write"):
        print(__doc__)
        return 2
    root = pathlib.Path(argv[2]) if len(argv) > 2 else pathlib.Path(__file__).resolve().parents[1]
    examples = {path.relative_to(root).as_posix(): parts_of(path)
                for path in sorted((root / "examples").rglob("*.cc"))}
    unused = {(path, name) for path, parts in examples.items() for name in parts}
    findings = []

    for page in sorted((root / "docs").rglob("*.md")):
        text = page.read_text()

        def current(match):
            head, path, name, old, tail = match.groups()
            unused.discard((path, name))
            part = examples.get(path, {}).get(name)
            where = page.relative_to(root)
            if part is None:
                findings.append(f"{where}: {path} has no part [{name}]")
                return match.group(0)
            if part != old and argv[1] == "check":
                findings.append(f"{where}: [{name}] differs from {path}: snippets.py write")
            return head + part + tail

        renewed = BLOCK.sub(current, text)
        if argv[1] == "write" and renewed != text:
            page.write_text(renewed)
    findings += [f"{path}: no page shows [{name}]" for path, name in sorted(unused)]
    print("\n".join(findings) if findings else "snippets: pages and examples agree")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
